"""Every table but that of `deployments`. A change here needs a migration in `migrations/versions`; a test compares."""

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, String, Table, Text

from service.store.audit_tables import audit as audit
from service.store.audit_tables import checkpoint as checkpoint
from service.store.audit_tables import remark as remark
from service.store.metadata import metadata as metadata

meta = Table(
    "meta",
    metadata,
    Column("name", String, primary_key=True),
    Column("value", String, nullable=False),
)
"""Facts that must not change under a store, such as the length of a tick."""

source_partition = Table(
    "source_partition",
    metadata,
    Column("source", String, primary_key=True),
    Column("partition", String, primary_key=True),
    Column("begin", BigInteger, nullable=False),
    Column("next", BigInteger, nullable=False),
    *(
        Column(outcome, BigInteger, nullable=False)
        for outcome in ("accepted", "duplicate", "late", "dead", "filtered", "gap")
    ),
    Column("retired", BigInteger, nullable=False),
    Column("dead_retired", BigInteger, nullable=False),
    Column("time_max_ms", BigInteger),
    Column("idle", Integer, nullable=False),
    Column("end", BigInteger),
    Column("updated_ms", BigInteger, nullable=False),
)
"""Where each partition stands: `next` is the compare-and-swap key, the outcomes add up to next - begin.

`retired` and `dead_retired` count events and dead letters whose rows retention has removed.
"""

ledger = Table(
    "ledger",
    metadata,
    Column("source", String, primary_key=True),
    Column("partition", String, primary_key=True),
    Column("lo", BigInteger, primary_key=True),
    Column("hi", BigInteger, nullable=False),
    *(
        Column(outcome, BigInteger, nullable=False)
        for outcome in ("accepted", "duplicate", "late", "dead", "filtered", "gap")
    ),
    Column("at_ms", BigInteger, nullable=False),
)
"""One row per commit of a partition: what became of the offsets lo <= offset < hi."""

pane = Table(
    "pane",
    metadata,
    Column("span", Integer, primary_key=True),
    Column("tick", BigInteger, primary_key=True),
    Column("source", String, primary_key=True),
    Column("partition", String, primary_key=True),
    Column("kind", String, primary_key=True),
    Column("model", String, primary_key=True),
    Column("version", String, primary_key=True),
    Column("segment", String, primary_key=True),
    Column("baseline", String, primary_key=True),
    Column("events", BigInteger, nullable=False),
    Column("last_row", BigInteger, nullable=False),
    Column("counts", LargeBinary, nullable=False),
    Index("pane_stream", "kind", "model", "version", "segment", "span", "tick"),
)
"""Counts of one stream over `span` ticks that begin at `tick`. Span 1 is per partition; wider spans are merged."""

seen = Table(
    "seen",
    metadata,
    Column("source", String, primary_key=True),
    Column("partition", String, primary_key=True),
    Column("tick", BigInteger, primary_key=True),
    Column("lo", BigInteger, primary_key=True),
    Column("ids", LargeBinary, nullable=False),
)
"""Hashes of the event ids accepted in ticks that are still open, so that a repeat is known after a restart."""

dead_letter = Table(
    "dead_letter",
    metadata,
    Column("source", String, primary_key=True),
    Column("partition", String, primary_key=True),
    Column("offset", BigInteger, primary_key=True),
    Column("at_ms", BigInteger, nullable=False, index=True),
    Column("reason", String, nullable=False),
    Column("detail", Text, nullable=False),
    Column("value", LargeBinary),
    Column("headers", Text, nullable=False),
)
"""Records that could not become events: their first 64 KiB, and why."""

dead_reason = Table(
    "dead_reason",
    metadata,
    Column("reason", String, primary_key=True),
    Column("letters", BigInteger, nullable=False),
)
"""How many dead letters there ever were, by reason."""

model_version = Table(
    "model_version",
    metadata,
    Column("kind", String, primary_key=True),
    Column("model", String, primary_key=True),
    Column("version", String, primary_key=True),
    Column("state", String, nullable=False),
    Column("baseline", String, nullable=False),
    Column("learned", BigInteger, nullable=False),
    Column("first_ms", BigInteger, nullable=False),
    Column("last_ms", BigInteger, nullable=False),
)
"""Every model version (or feature view) ever seen: learning, or watched against its current baseline."""

baseline = Table(
    "baseline",
    metadata,
    Column("kind", String, primary_key=True),
    Column("model", String, primary_key=True),
    Column("version", String, primary_key=True),
    Column("baseline", String, primary_key=True),
    Column("content", Text, nullable=False),
    Column("origin", String, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
)
"""Frozen baselines; the current one is named in model_version."""

learning = Table(
    "learning",
    metadata,
    Column("kind", String, primary_key=True),
    Column("model", String, primary_key=True),
    Column("version", String, primary_key=True),
    Column("source", String, primary_key=True),
    Column("partition", String, primary_key=True),
    Column("lo", BigInteger, primary_key=True),
    Column("events", Integer, nullable=False),
    Column("rows", LargeBinary, nullable=False),
)
"""The first events of a model version, kept only until its baseline is frozen."""

clock = Table(
    "clock",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("closed", BigInteger),
)
"""One row: the last tick that is closed. Closing moves it by compare-and-swap."""

tick_close = Table(
    "tick_close",
    metadata,
    Column("tick", BigInteger, primary_key=True),
    Column("at_ms", BigInteger, nullable=False),
    Column("reason", String, nullable=False),
    Column("watermark_ms", BigInteger, nullable=False),
    Column("skipped", BigInteger, nullable=False),
    Column("positions", Text, nullable=False),
)
"""The journal of closes: which tick, when and why, at which source positions; `skipped` empty ticks before it."""

sequence = Table(
    "sequence",
    metadata,
    Column("kind", String, primary_key=True),
    Column("model", String, primary_key=True),
    Column("version", String, primary_key=True),
    Column("segment", String, primary_key=True),
    Column("tick", BigInteger, nullable=False),
    Column("content", LargeBinary, nullable=False),
)
"""State of the detectors that run tick by tick, with the last tick that is in it."""

reading = Table(
    "reading",
    metadata,
    Column("kind", String, primary_key=True),
    Column("model", String, primary_key=True),
    Column("version", String, primary_key=True),
    Column("segment", String, primary_key=True),
    Column("window", String, primary_key=True),
    Column("tick", BigInteger, primary_key=True),
    Column("content", LargeBinary, nullable=False),
    Index("reading_tick", "tick"),
)
"""All readings of one stream in one window that ends with `tick`, as compressed JSON."""

finding = Table(
    "finding",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("tick", BigInteger, nullable=False, index=True),
    Column("kind", String, nullable=False),
    Column("model", String, nullable=False),
    Column("version", String, nullable=False),
    Column("segment", String, nullable=False),
    Column("subject", String, nullable=False),
    Column("detector", String, nullable=False),
    Column("window", String, nullable=False),
    Column("tier", String),
    Column("content", Text, nullable=False),
)
"""Findings: a monitor whose reading began to drift (not every reading that goes on drifting)."""

incident = Table(
    "incident",
    metadata,
    Column("id", String, primary_key=True),
    Column("cause", String, nullable=False),
    Column("open", Integer, nullable=False),
    Column("tier", String, nullable=False),
    Column("condition", String, nullable=False),
    Column("handling", String, nullable=False),
    Column("opened_ms", BigInteger, nullable=False),
    Column("updated_ms", BigInteger, nullable=False),
    Column("resolved_ms", BigInteger),
    Column("content", Text, nullable=False),
    Column("watched", Integer, nullable=False, server_default="0"),
    Column("due_ms", BigInteger),
    Index("incident_due", "due_ms"),
    Index(
        "incident_open_cause",
        "cause",
        unique=True,
        sqlite_where=Column("open") == 1,
        postgresql_where=Column("open") == 1,
    ),
)
"""Incidents; the unique index holds «one open incident per cause» whatever the code does.

`due_ms` is when the next of its timers runs out; `watched` is 1 while people have closed it and its data still speaks.
"""

notice = Table(
    "notice",
    metadata,
    Column("id", String, primary_key=True),
    Column("incident", String, nullable=False, index=True),
    Column("at_ms", BigInteger, nullable=False),
    Column("content", Text, nullable=False),
    Column("party", String, nullable=False, server_default=""),
    Index("notice_party", "party", "at_ms"),
)
"""Words for one party, as they were composed."""

delivery = Table(
    "delivery",
    metadata,
    Column("key", String, primary_key=True),
    Column("incident", String, nullable=False),
    Column("destination", String, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("state", String, nullable=False),
    Column("next_ms", BigInteger, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("content", Text, nullable=False),
    Index("delivery_due", "state", "next_ms"),
    Index("delivery_line", "incident", "destination", "seq"),
)
"""The outbox: one notice at one destination, until it is sent or dead."""

lease = Table(
    "lease",
    metadata,
    Column("name", String, primary_key=True),
    Column("holder", String, nullable=False),
    Column("until_ms", BigInteger, nullable=False),
)
"""Work that only one worker does at a time (sending notices), and until when it is the holder's."""
