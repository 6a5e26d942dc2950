"""The native events as they stand in JSON: the one place that says which fields they have."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, ClassVar, TypeAlias

from msgspec import Meta, Raw, Struct, field

from alerting.finding import EventKind
from detectors.columns import Scalar

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)
TIME_MS_MAX = 253_402_300_799_999
"""The last millisecond of the year 9999."""

EventId: TypeAlias = Annotated[
    str,
    Meta(min_length=1, description="Names the event; another one of the same stream with this id is a duplicate."),
]
Model: TypeAlias = Annotated[str, Meta(min_length=1, description="Name of the model.")]
Version: TypeAlias = Annotated[str, Meta(min_length=1, description="Version of the model; each has its own baseline.")]
ZonedTime: TypeAlias = Annotated[
    datetime,
    Meta(
        tz=True,
        description="RFC 3339 with an offset.",
        extra_json_schema={"pattern": "([Zz]|[+-][0-9]{2}:?[0-9]{2})$"},
    ),
]
EpochMs: TypeAlias = Annotated[
    int,
    Meta(
        description="Milliseconds since 1970-01-01T00:00Z.",
        extra_json_schema={"minimum": 0, "maximum": TIME_MS_MAX},
    ),
]
Time: TypeAlias = ZonedTime | EpochMs
Features: TypeAlias = Annotated[
    Raw,
    Meta(
        description="What the model read, by feature name. Arrays and objects are kept as text.",
        extra_json_schema={"type": "object"},
    ),
]
Attributes: TypeAlias = Annotated[dict[str, Raw], Meta(description="Anything else; kept out of all statistics.")]


class Prediction(Struct, tag_field="type", tag="prediction", gc=False):
    """One answer of a model: what it read, what it said, how long it took."""

    kind: ClassVar[EventKind] = "prediction"
    event_id: EventId
    model: Model
    version: Version
    time: Time
    features: Features
    prediction: Annotated[Scalar, Meta(description="The score, value or class the model gave; null if it gave none.")]
    segment: Annotated[
        str | None, Meta(description="The part of the population this belongs to; watched on its own.")
    ] = None
    latency_ms: Annotated[float | None, Meta(description="How long the model took, in milliseconds.")] = None
    attributes: Attributes | None = None


class Feature(Struct, tag_field="type", tag="feature", gc=False):
    """Feature values of one entity, as a feature store wrote or served them."""

    kind: ClassVar[EventKind] = "feature"
    segment: ClassVar[str | None] = None
    event_id: EventId
    model: Annotated[str, Meta(min_length=1, description="Name of the feature view.")] = field(name="feature_view")
    version: Annotated[str, Meta(min_length=1, description="Version of the feature view.")]
    time: Time
    entity: Annotated[str | int, Meta(description="Whose features these are; kept out of all statistics.")]
    features: Features


class Label(Struct, tag_field="type", tag="label", gc=False):
    """The truth about an earlier prediction, whenever it becomes known."""

    kind: ClassVar[EventKind] = "label"
    version: ClassVar[str] = ""
    segment: ClassVar[str | None] = None
    event_id: Annotated[str, Meta(min_length=1, description="The event_id of the prediction.")]
    model: Model
    time: Time
    label: Annotated[Scalar, Meta(description="What the prediction should have been.")]


class Health(Struct, tag_field="type", tag="health", gc=False):
    """How one instance of a model service is doing; every metric is optional."""

    kind: ClassVar[EventKind] = "health"
    event_id: ClassVar[None] = None
    segment: ClassVar[str | None] = None
    model: Model
    version: Version
    instance: Annotated[str, Meta(min_length=1, description="The process or pod that reports.")]
    time: Time
    latency: Annotated[float | None, Meta(description="Latency, in the unit the reference has.")] = None
    errors: Annotated[float | None, Meta(description="Errors since the last report.")] = None
    cpu: Annotated[float | None, Meta(description="Processor use.")] = None
    memory: Annotated[float | None, Meta(description="Memory use.")] = None
    deployment: Annotated[str | None, Meta(description="Name of what is deployed, to see a roll-out.")] = None


Body: TypeAlias = Prediction | Feature | Label | Health
# A tuple: `isinstance(x, A | B)` would build the union anew for every event.
FEATURED = (Prediction, Feature)
"""The events that have features."""

KINDS: dict[str, type[Body]] = {
    "prediction": Prediction,
    "feature": Feature,
    "label": Label,
    "health": Health,
}


def ms_of(time: datetime) -> int:
    """Milliseconds since 1970 of a time with an offset, rounded down; negative before 1970.

    >>> ms_of(datetime.fromisoformat("1970-01-01T01:00:00.0019+01:00"))
    1
    """
    return (time - _EPOCH) // _MS
