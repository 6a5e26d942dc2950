"""A store with a history: a model that broke, one that is fine, one that is learning, a feature view, and the books."""

import functools
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import get_args

import httpx2
import msgspec
import numpy as np
from fastapi import APIRouter, FastAPI
from sqlalchemy import insert, update

from alerting.candidate import Candidate
from alerting.decide import Policy, decide
from alerting.finding import EventKind, Finding, Move, Stream
from alerting.ownership import Ownership
from alerting.ownership_file import parse_ownership
from alerting.secret import secret_of
from detectors.baseline import Baseline
from detectors.catalog import Options, read_window
from detectors.columns import Scalar, columns_of
from detectors.fit import fit
from detectors.fold import fold
from detectors.reading import Reading
from service.api.app import build_api
from service.api.dependencies import ApiDependencies
from service.metrics.exposition import Metrics
from service.progress import Progress
from service.settings import ApiSettings, Role, Settings, TokenSettings
from service.store.apply import apply
from service.store.changes import DeadLetter, ModelKey, Outcomes, PaneDelta, PartitionDelta
from service.store.decisions import put_decisions
from service.store.engine import Store, open_store
from service.store.learning import put_baseline
from service.store.reading_codec import encode_readings
from service.store.records import add_findings, put_readings
from service.store.schema import clock, model_version, tick_close
from service.watchlist import Watchlist

TICK = 29_400_059
"""The last closed tick: it ends an hour, so that every window was read with it."""

NOW = datetime.fromtimestamp((TICK + 1) * 60 + 75, UTC)
BROKE = TICK - 40
OPTIONS = Options(
    alpha=1e-6, confidence=0.99, events_min=50, psi_floor=0.02, ks_distance_min=0.05, rate_change_min=0.01
)
OWNERS = """\
version: 1
parties:
  platform: {contacts: [{log: platform}]}
  credit-risk: {contacts: [{log: credit-risk}], tz: Europe/Berlin}
fallback: {owner: platform}
rules:
  - {id: credit, match: {model: credit}, assign: {owner: credit-risk}}
  - {id: all, match: {model: "*"}, assign: {owner: platform}}
"""


@dataclass(slots=True)
class Seeded:
    """The store and everything the HTTP side is made of; change a field before the first request to change the app."""

    store: Store
    settings: Settings
    ownership: Ownership
    progress: Progress = field(default_factory=Progress)
    monotonic: Callable[[], float] = lambda: 1_000.0
    reasons: Sequence[str] = ()
    intake: APIRouter | None = None
    wall: Callable[[], datetime] = lambda: NOW
    environment: dict[str, str] = field(default_factory=dict)
    _app: FastAPI | None = None

    def dependencies(self) -> ApiDependencies:
        """What the composition root would give."""
        watchlist = Watchlist(self.store, self.settings.limits.models_max, learn=True)
        watchlist.refresh()
        metrics = Metrics(self.store, self.settings, self.progress, watchlist, lambda: round(NOW.timestamp() * 1000))
        return ApiDependencies(
            store=self.store, settings=self.settings, progress=self.progress, watchlist=watchlist,
            ownership=lambda: self.ownership, metrics=metrics.render, wall=self.wall, monotonic=self.monotonic,
            ready=lambda: self.reasons, intake=self.intake,
            secret_of=lambda reference: secret_of(reference, self.environment),
        )  # fmt: skip

    def client(self, token: str = "", *, host: str = "127.0.0.1") -> httpx2.AsyncClient:
        """A client of the app; errors of ours are raised here, never turned into a 500 that a test might miss."""
        self._app = self._app or build_api(self.dependencies())
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        transport = httpx2.ASGITransport(app=self._app)
        return httpx2.AsyncClient(transport=transport, base_url=f"http://{host}:8350", headers=headers)


def empty(settings: Settings | None = None, url: str = "sqlite://") -> Seeded:
    """A new store without anything."""
    store = open_store(url, tick_seconds=60, durable=False)
    return Seeded(store, settings or Settings(), parse_ownership(OWNERS))


@functools.cache
def shared() -> Seeded:
    """The seeded store for tests that only read; making it costs most of a second."""
    return seeded()


def seeded(settings: Settings | None = None, url: str = "sqlite://") -> Seeded:
    """A store as it is some time after the income of the credit model broke."""
    made = empty(settings, url)
    store = made.store
    rng = np.random.default_rng(7)
    baseline = fit(rows_of(rng, 3_000), segments=segments_of(rng, 3_000), categories_max=100, segments_max=5)
    with store.write() as connection:
        for key in (ModelKey("prediction", "credit", "3"), ModelKey("prediction", "churn/eu", "2026.1")):
            put_baseline(connection, key, baseline, "fitted to reference.csv", 1_763_000_000_000)
        put_baseline(connection, ModelKey("feature", "credit", "3"), baseline, "fitted to view.csv", 1_763_000_000_000)
        connection.execute(
            insert(model_version).values(
                kind="prediction", model="fraud", version="1", state="learning", baseline="", learned=1_250,
                first_ms=1_763_000_000_000, last_ms=1_763_000_000_000,
            )
        )  # fmt: skip
        connection.execute(update(model_version).values(last_ms=round(NOW.timestamp() * 1000) - 4_000))
        connection.execute(insert(clock).values(id=1, closed=TICK))
        connection.execute(
            insert(tick_close).values(
                tick=TICK, at_ms=round(NOW.timestamp() * 1000) - 9_000, reason="watermark",
                watermark_ms=(TICK + 1) * 60_000, skipped=0, positions="{}",
            )
        )  # fmt: skip
    _write_readings(made, baseline, rng)
    _write_books(store)
    made.progress.polled(999.5)
    made.progress.committed(0.004)
    made.progress.committed(20.0)
    made.progress.delivered["credit-risk", "delivered"] = 1
    made.progress.refused["fenced"] = 2
    return made


def rows_of(rng: np.random.Generator, n: int, *, broken: bool = False) -> dict[str, list[Scalar]]:
    """Events of a credit model; when it is broken, incomes are in thousands and a tenth of them is missing."""
    income: list[Scalar] = rng.lognormal(10.4, 0.5, n).round(2).tolist()
    purpose: list[Scalar] = rng.choice(["car", "home", "other"], n, p=[0.5, 0.3, 0.2]).tolist()
    score = rng.beta(2, 5, n)
    if broken:
        income = [None if i % 10 == 0 else float(str(value)) / 2.2 for i, value in enumerate(income)]
        score = rng.beta(3.2, 4, n)
    return {
        "age": rng.integers(18, 90, n).tolist(), "income": income, "purpose": purpose,
        "prediction": score.tolist(), "latency_ms": rng.gamma(4, 6, n).tolist(),
        "employer <unknown> & \"quoted\"": rng.normal(0, 1, n).tolist(),
    }  # fmt: skip


def segments_of(rng: np.random.Generator, n: int) -> list[str]:
    """Two countries."""
    return [str(name) for name in rng.choice(["country=NO", "country=DE"], n)]


def _write_readings(made: Seeded, baseline: Baseline, rng: np.random.Generator) -> None:
    """Readings of an hour; what drifts at the end becomes findings, an incident and a notice."""
    found: list[Finding] = []
    for tick in range(TICK - 65, TICK + 1, 5):
        for window, n in (("5m", 400), ("1h", 1_200)):
            _put(made, "credit", "prediction", tick, window, _read(baseline, rng, n, window, broken=tick > BROKE))
            if tick == TICK:
                _put(made, "churn/eu", "prediction", tick, window, _read(baseline, rng, n, window))
        readings = _read(baseline, rng, 400, "5m", broken=tick > BROKE)
        found += _findings(Stream("prediction", "credit", "3"), readings, tick) if tick > BROKE else []
    for name, kind in (("credit", "prediction"), ("churn/eu", "prediction")):
        _put(made, name, kind, TICK, "1d", _read(baseline, rng, 20, "1d"))  # type: ignore[arg-type]
    for segment in ("country=NO", "country=DE"):
        for window, n in (("5m", 200), ("1h", 800)):
            _put(made, "credit", "prediction", TICK, window, _read(baseline, rng, n, window, segment=segment), segment)
    _put(made, "credit", "feature", TICK, "5m", _read(baseline, rng, 400, "5m"))
    decisions = decide(
        found, {}, made.ownership, Policy(public_url="http://127.0.0.1:8350"), NOW - timedelta(minutes=33),
        lambda stream, onset: [Candidate("deploy", "intake <2.3>", onset - timedelta(minutes=4), "announced by ci")],
    )  # fmt: skip
    with made.store.write() as connection:
        put_decisions(connection, decisions, NOW - timedelta(minutes=33))
        add_findings(connection, TICK, [(finding, "act", _json(finding)) for finding in found[:4]])


def _read(
    baseline: Baseline, rng: np.random.Generator, n: int, window: str, *, broken: bool = False, segment: str = ""
) -> list[Reading]:
    columns = rows_of(rng, n, broken=broken)
    rows = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
    counts = fold(baseline, columns_of(baseline, rows))
    readings = read_window(baseline, segment, counts, window, OPTIONS)
    return [*readings, *(_evidence(reading) for reading in readings if reading.detector == "psi" and window == "5m")]


def _evidence(psi: Reading) -> Reading:
    """The evidence beside a PSI: much where it drifts."""
    told = psi.state == "drifting"
    why = (
        "location up: evidence 10^9.1; it was 10^7.4 when a page was due, which took 10^6.3"
        if told
        else "evidence 10^0.4 of the 10^4.8 that a digest takes"
    )
    return Reading(
        psi.subject, "esr", "5m", "drifting" if told else "ok", psi.n, psi.reference_n, 9.1 if told else 0.4,
        threshold=6.3 if told else 4.8, why=f"{why}; lasting shifts are seen from 0.07 standard deviations",
    )  # fmt: skip


def _put(
    made: Seeded, model: str, kind: EventKind, tick: int, window: str, readings: Sequence[Reading], segment: str = ""
) -> None:
    stream = Stream(kind, model, "3" if model == "credit" else "2026.1", segment)
    with made.store.write() as connection:
        put_readings(connection, tick, window, {stream: encode_readings(readings)})


def _findings(stream: Stream, readings: Sequence[Reading], tick: int) -> list[Finding]:
    at = datetime.fromtimestamp((tick + 1) * 60, UTC)
    return [
        Finding(
            stream=stream, subject=r.subject, detector=r.detector, window=r.window, condition=r.state,
            since=at - timedelta(minutes=5), at=at, n=r.n, reference_n=r.reference_n, reason=r.why, value=r.value,
            low=r.low, high=r.high, p_value=r.p_value, threshold=r.threshold, row=123, e_value=9.1, e_needed=6.3,
            budget="Expected at this setting: at most 1 false page in 30 days for credit-risk, over its 40 monitors.",
            moves=tuple(Move(m.label, m.expected, m.observed, m.place) for m in r.moves),
        )
        for r in readings
        if r.state == "drifting" and r.detector != "esr"
    ]  # fmt: skip


def _json(finding: Finding) -> str:
    return msgspec.json.encode(finding).decode()


def _write_books(store: Store) -> None:
    letters = [
        DeadLetter(3, "not_json", "Expecting value", b"\xff{", [("h", b"1")]),
        DeadLetter(4, "missing_field", "model is missing", b"x" * 5_000),
        DeadLetter(5, "tombstone", "the record has no value", None),
    ]
    stream = Stream("prediction", "fraud", "1")
    apply(
        store,
        [
            PartitionDelta(
                source="kafka", partition="events/0", lo=0, hi=1_000, end=1_250, closed=TICK,
                outcomes=Outcomes(accepted=990, duplicate=4, late=2, dead=3, gap=1),
                time_max_ms=(TICK + 2) * 60_000, dead_letters=letters,
                panes={(stream, TICK + 1): PaneDelta(990, 999, None, "")},
            ),
            PartitionDelta(
                source="log", partition="log/0", lo=0, hi=50, end=None, closed=TICK, outcomes=Outcomes(filtered=50),
                time_max_ms=None,
            ),
        ],
        round(NOW.timestamp() * 1000),
    )  # fmt: skip


async def get(made: Seeded, path: str, **query: object) -> httpx2.Response:
    """Ask the app once."""
    async with made.client() as client:
        return await client.get(path, params={name: str(value) for name, value in query.items()} or None)


def tokens() -> Settings:
    """Settings with one token per role; each token is its role's name."""
    held = tuple(
        TokenSettings(name=f"{role}-holder", role=role, sha256=hashlib.sha256(role.encode()).hexdigest())
        for role in get_args(Role)
    )
    return Settings(api=ApiSettings(tokens=held))
