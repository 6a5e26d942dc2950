"""Every setting: its name, type, default and limits; `service.config` reads them from a file and the environment."""

from pathlib import Path
from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

Role: TypeAlias = Literal["ingest", "read", "respond", "admin"]
Secret: TypeAlias = Annotated[str, Field(pattern=r"^(env|file):.+$")]
"""Where a secret is found (`env:NAME` or `file:/path`), never the secret itself."""


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class StoreSettings(_Section):
    """Where state, offsets, findings and outgoing messages live, in one database."""

    url: str = Field("sqlite:///driftwarden.db", description="SQLAlchemy URL of the database.")
    commit_events_max: int = Field(20_000, ge=1, description="Records folded before a commit is forced.")
    commit_seconds_max: float = Field(1.0, gt=0, description="Seconds between commits while records arrive.")
    panes_hours: int = Field(48, ge=2, description="Hours that 1-tick and 5-minute panes are kept after they close.")
    history_days: int = Field(
        90, ge=1, description="Days that hourly panes, readings, findings and dead letters are kept."
    )
    dead_letters_max: int = Field(
        100_000, ge=1, description="Dead letters kept; older ones go first, their count stays."
    )


class KafkaSettings(_Section):
    """Reading events from Kafka; off unless `bootstrap` is given."""

    bootstrap: str = Field("", description="host:port[,host:port]; empty switches Kafka off.")
    topics: tuple[str, ...] = Field(("model-events",), min_length=1, description="Topics to read, all partitions.")
    group: str = Field("driftwarden", description="Consumer group.")
    begin: Literal["earliest", "latest"] = Field("earliest", description="Where a partition never seen before begins.")
    security: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field("PLAINTEXT", description="Protocol.")
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = Field("PLAIN", description="SASL mechanism.")
    sasl_username: str = Field("", description="SASL user name.")
    sasl_password: Secret | None = Field(None, description="Where the SASL password is found.")
    ca_file: Path | None = Field(None, description="PEM file of the authority that signed the brokers' certificates.")
    cert_file: Path | None = Field(None, description="PEM file of our client certificate.")
    key_file: Path | None = Field(None, description="PEM file of our client key.")
    session_timeout_seconds: float = Field(45, gt=0, description="Group session timeout.")
    record_bytes_max: int = Field(1_048_576, ge=1024, description="Largest record read; larger ones are dead letters.")
    stall_seconds_max: float = Field(
        60, gt=0, description="Lag without progress for this long: the consumer is rebuilt."
    )


class HttpSettings(_Section):
    """Events by HTTP into a durable local log, read by the same pipeline as Kafka."""

    enabled: bool = Field(True, description="Accept POST /v1/events.")
    directory: Path = Field(Path("driftwarden-log"), description="Folder of the log's segments.")
    bytes_max: int = Field(1_073_741_824, ge=1_048_576, description="Unread bytes kept before intake answers 503.")
    segment_bytes: int = Field(67_108_864, ge=65_536, description="Size at which a new segment is begun.")
    producers_max: int = Field(10_000, ge=1, description="Idempotency keys remembered.")


class ApiSettings(_Section):
    """The HTTP side: intake, API, metrics and pages."""

    host: str = Field("127.0.0.1", description="Address to listen on; anything but loopback needs tokens.")
    port: int = Field(8350, ge=0, le=65535, description="Port to listen on (0: any free one).")
    body_bytes_max: int = Field(5_242_880, ge=1024, description="Largest request body accepted.")
    public_url: str = Field("", description="Address people reach us at, for links in notices.")
    tokens: tuple["TokenSettings", ...] = Field((), description="Bearer tokens; none means open, on loopback only.")
    link_key: Secret | None = Field(
        None,
        description="Where the key (32 bytes or more) is found that signs links in notices and forms; empty: no links.",
    )
    link_hours: float = Field(
        24, gt=0, le=168, description="Hours a signed link works, from the first attempt to send it."
    )


class TokenSettings(_Section):
    """One bearer token, by its hash."""

    name: str = Field(min_length=1, description="Who holds it; appears in the audit.")
    role: Role = Field(description="What it may do: ingest, read, respond or admin (admin may do all).")
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$", description="SHA-256 of the token, in hex.")


class TimeSettings(_Section):
    """Event time: ticks, how long to wait for stragglers, and what to do with impossible clocks."""

    tick_seconds: int = Field(60, ge=1, le=3600, description="Length of a tick of event time.")
    lateness_seconds: float = Field(
        60, ge=0, description="How far behind the newest event a partition may still deliver."
    )
    idle_seconds: float = Field(
        30, gt=0, description="A fully read partition silent for this long stops holding the clock."
    )
    skew_seconds: float = Field(
        300, ge=0, description="An event dated further after its record than this is dead-lettered."
    )
    age_seconds_max: float = Field(604_800, gt=0, description="An event dated further before its record is late.")


class BaselineSettings(_Section):
    """How a model without a fitted baseline gets one."""

    learn: bool = Field(True, description="Learn a baseline from the first events of an unknown model version.")
    learn_events: int = Field(5_000, ge=100, description="Events a baseline is learned from.")
    categories_max: int = Field(100, ge=2, description="Categories that get their own bin; the rest share `other`.")
    segments_max: int = Field(50, ge=0, description="Segments per model version watched on their own.")


class DetectionSettings(_Section):
    """When a change counts as real."""

    policy: Literal["budget", "fixed"] = Field(
        "budget",
        description="What may open an incident: evidence within the budget, or the field's fixed thresholds.",
    )
    pages_per_30_days: float = Field(
        1.0,
        gt=0,
        description="False alarms of tier act an owner accepts in 30 days, where owners.yaml says nothing.",
    )
    tickets_per_30_days: float = Field(4.0, gt=0, description="Likewise of tier investigate.")
    digests_per_30_days: float = Field(30.0, gt=0, description="Likewise of tier observe.")
    psi_fixed: tuple[float, float] = Field(
        (0.1, 0.25), description="Policy fixed: PSI from which on it is investigate, and act."
    )
    ks_p_fixed: float = Field(
        0.05, gt=0, lt=1, description="Policy fixed: p-value of KS up to which it is investigate."
    )
    confidence: float = Field(0.99, gt=0.5, lt=1, description="Confidence of the intervals shown and of the tiers.")
    events_min: int = Field(50, ge=10, description="Fewer events in a window: insufficient.")
    ks_distance_min: float = Field(0.05, ge=0, description="KS distance below which a change is negligible.")
    rate_change_min: float = Field(0.01, ge=0, description="Change of a quality rate below which it is negligible.")
    freshness_seconds: float = Field(900, gt=0, description="A stream silent for this long, and for 3 ticks, drifts.")
    importance: dict[str, Annotated[float, Field(gt=0, le=1)]] = Field(
        default_factory=dict,
        description="Weight of a feature (0-1): in its owner's budget, and in notices.",
    )


class SmtpSettings(_Section):
    """The mail server that takes notices by mail; needed as soon as a party has an `email` contact."""

    host: str = Field("", description="Name of the mail server; empty: no mail is sent.")
    port: int = Field(
        587, ge=1, le=65535, description="Its port: usually 587 with starttls, 465 with tls, 25 with none."
    )
    sender: str = Field("", description="Who mails come from: `drift@company.example`, or with a name before `<...>`.")
    username: str = Field("", description="User name to log in with; empty: no login.")
    password: Secret | None = Field(None, description="Where the password is found.")
    tls: Literal["starttls", "tls", "none"] = Field(
        "starttls", description="Encrypt after the greeting, from the first byte, or not at all."
    )
    ca_file: Path | None = Field(None, description="PEM file of the authority that signed the server's certificate.")
    hello: str = Field("", description="Name we greet with; empty: the name of this machine.")


class AlertingSettings(_Section):
    """Who is told, where the words come from, and how deliveries are retried."""

    owners: Path = Field(Path("owners.yaml"), description="The ownership table.")
    owners_seconds: float = Field(10, gt=0, description="How often the ownership table is looked at for changes.")
    psi_tiers: tuple[float, float, float] = Field(
        (0.02, 0.1, 0.2), description="Lower bound of PSI for observe, investigate, act."
    )
    ks_tiers: tuple[float, float, float] = Field((0.05, 0.12, 0.25), description="Lower bound of KS D for the same.")
    rate_tiers: tuple[float, float, float] = Field(
        (0.01, 0.05, 0.2), description="Lower bound of a rate's change, likewise."
    )
    notices_max: int = Field(
        10, ge=2, description="Notices one party gets at a time; the last of them stands for all that is beyond."
    )
    notify_from: Literal["observe", "investigate", "act"] = Field(
        "investigate", description="Lowest tier that is sent."
    )
    clear_evaluations: int = Field(3, ge=1, description="Clear evaluations in a row before an incident resolves.")
    runbook_url: str = Field(
        "",
        description="Runbook that notices link to, at the detector's section (headings as in docs/runbook.md); empty: "
        "the page this service serves.",
    )
    attempt_seconds_max: float = Field(15, gt=0, description="Timeout of one delivery attempt.")
    give_up_hours: float = Field(24, gt=0, description="A delivery that failed for this long is a dead delivery.")
    next_contact_minutes: float = Field(
        15, gt=0, description="A party out of reach for this long at act or blind, else four times it: others are told."
    )
    pagerduty_webhook_secrets: tuple[Secret, ...] = Field(
        (), max_length=10, description="Where the secrets are found that PagerDuty's webhooks are signed with."
    )
    smtp: SmtpSettings = SmtpSettings()


class ViewSettings(_Section):
    """A table or topic that features of models are read from."""

    name: str = Field(min_length=1, max_length=256, description="Its name, as rules of owners.yaml match it.")
    features: tuple[Annotated[str, Field(min_length=1)], ...] = Field(
        min_length=1, max_length=500, description="Features that come from it: names or globs."
    )
    models: tuple[Annotated[str, Field(min_length=1)], ...] = Field(
        ("*",), min_length=1, max_length=500, description="Models that read them: names or globs."
    )
    source: str = Field("", description="Where the view itself comes from; quoted to its steward.")


class LineageSettings(_Section):
    """Where features come from: what breaks together because one source broke is one incident of its steward."""

    views: tuple[ViewSettings, ...] = Field((), max_length=500, description="The views; the first that fits counts.")
    together_min: int = Field(
        3, ge=2, description="Features of one view that must be broken at a time before it is the view's incident."
    )
    wait_seconds: float = Field(
        90, ge=0, le=900, description="Seconds that the first features to break of a view wait for the rest, untold."
    )


class PlaceSettings(_Section):
    """A place out of reach of the database's administrator; either `file` or `url`."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$", description="What metrics and the log call it.")
    file: Path | None = Field(None, description="File that lines are appended to, or folder that gets a file for each.")
    url: str = Field("", description="HTTPS address to POST to, or where it is found (`env:NAME` or `file:/path`).")
    secret: Secret | None = Field(None, description="Where the secret is found that signs the POST as a webhook.")


class AuditSettings(_Section):
    """Signed checkpoints of the audit, published where the database's administrator cannot write; off without `key`."""

    key: Secret | None = Field(None, description="Where the private key is found that `driftwarden audit key` made.")
    checkpoint_seconds: float = Field(3_600, ge=10, description="Seconds between checkpoints while the audit grows.")
    publish: tuple[PlaceSettings, ...] = Field((), max_length=10, description="Places they are published to.")


class CanarySettings(_Section):
    """A made-up change that goes through the outbox and back, so that it is noticed when a real one could not."""

    minutes: float = Field(15, ge=0, le=1_440, description="Minutes between canaries; 0: none is sent.")


class HeartbeatSettings(_Section):
    """A sign of life to a service outside that raises the alarm when it stops; off without `url`."""

    url: str = Field("", description="HTTPS address to call, or where it is found (`env:NAME` or `file:/path`).")
    method: Literal["GET", "POST"] = Field("POST", description="How it is called; few services need GET.")
    seconds: float = Field(60, ge=5, le=86_400, description="Seconds between signs of life.")


class LimitSettings(_Section):
    """A limit on everything that can grow; what happens at each is in docs/limits.md."""

    models_max: int = Field(1_000, ge=1, description="Model versions watched; events of further ones are dead letters.")
    features_max: int = Field(500, ge=1, description="Features per event; an event with more is a dead letter.")
    string_chars_max: int = Field(
        256, ge=16, description="Longest event id, model, version or segment; longer categories are cut."
    )
    series_max: int = Field(50_000, ge=100, description="Prometheus series of monitors on /metrics.")
    memory_events_max: int = Field(
        1_000_000, ge=1_000, description="Event ids remembered per partition for duplicates."
    )


class Settings(_Section):
    """The whole configuration file."""

    version: Literal[1] = 1
    store: StoreSettings = StoreSettings()
    kafka: KafkaSettings = KafkaSettings()
    http: HttpSettings = HttpSettings()
    api: ApiSettings = ApiSettings()
    time: TimeSettings = TimeSettings()
    baseline: BaselineSettings = BaselineSettings()
    detection: DetectionSettings = DetectionSettings()
    alerting: AlertingSettings = AlertingSettings()
    lineage: LineageSettings = LineageSettings()
    audit: AuditSettings = AuditSettings()
    canary: CanarySettings = CanarySettings()
    heartbeat: HeartbeatSettings = HeartbeatSettings()
    limits: LimitSettings = LimitSettings()
