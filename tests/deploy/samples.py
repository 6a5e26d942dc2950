"""An hour of every metric that the service exports, as OpenMetrics text to fill a Prometheus with."""

from collections.abc import Iterator
from itertools import product

from service.metrics.catalog import ALL, Family

# Label values that the board and the rules speak of; every other label gets one value.
_VALUES = {
    "model": ("loan-risk",),
    "segment": ("", "north"),
    "subject": ("salary",),
    "detector": ("psi", "ks"),
    "outcome": ("accepted", "dead"),
    "tier": ("investigate", "act"),
}
_STATES = {
    "driftwarden_monitor_state": ("ok", "drifting", "insufficient"),
    "driftwarden_models": ("learning", "watched"),
}
STEP_SECONDS, SAMPLES = 15, 240


def openmetrics(end: int) -> str:
    """Write samples up to `end` (seconds since 1970), oldest first, for every family there is."""
    lines: list[str] = []
    for family in ALL:
        kind = "gauge" if family.kind == "info" else family.kind
        lines.append(f"# TYPE {family.name.removesuffix('_total')} {kind}")
        for name, labels in _series(family):
            for i in range(SAMPLES):
                at = end - (SAMPLES - 1 - i) * STEP_SECONDS
                lines.append(f"{name}{{{labels}}} {_sample(family, labels, i)} {at}")
    return "\n".join([*lines, "# EOF", ""])


def _series(family: Family) -> Iterator[tuple[str, str]]:
    values = [_states(family) if label == "state" else _VALUES.get(label, ("one",)) for label in family.labels]
    for combination in product(*values):
        pairs = [f'{label}="{value}"' for label, value in zip(family.labels, combination, strict=True)]
        labels = ",".join(['instance="here:8350"', 'job="driftwarden"', *pairs])
        if family.kind == "histogram":
            yield from ((f"{family.name}_bucket", f'{labels},le="{bound}"') for bound in ("0.1", "1.0", "+Inf"))
            yield f"{family.name}_count", labels
            yield f"{family.name}_sum", labels
        else:
            yield family.name, labels


def _states(family: Family) -> tuple[str, ...]:
    return _STATES[family.name]


def _sample(family: Family, labels: str, i: int) -> float:
    """Counters climb; of the three states a monitor is drifting; anything else stands still at one."""
    if family.kind in {"counter", "histogram"}:
        return float(i)
    if family.name == "driftwarden_monitor_state":
        return float('state="drifting"' in labels)
    return 1.0
