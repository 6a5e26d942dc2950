"""What the operator has chosen: when a change is told, when it is over, and what notices may say."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from alerting.lineage import Lineage
from alerting.tiers import Ladder, Tier


@dataclass(frozen=True, slots=True)
class Rules:
    """What `incident.step` goes by.

    `members_max` bounds one incident; monitors that break beyond it are counted, not kept.
    """

    ladder: Ladder = field(default_factory=Ladder)
    clear_evaluations: int = 3
    notify_from: Tier = Tier.INVESTIGATE
    members_max: int = 500

    def __post_init__(self) -> None:
        if self.clear_evaluations < 1 or self.members_max < 1:
            raise ValueError(
                f"clear_evaluations {self.clear_evaluations} and members_max {self.members_max} must be at least 1"
            )


@dataclass(frozen=True, slots=True)
class Policy:
    """Everything of the settings that alerting goes by or quotes.

    `importance` weighs features (0 to 1, 1 when absent) where evidence is ranked; `confidence` is that of the intervals
    findings carry; `notices_max` is what one party gets at a time; `lineage` says which features come from one source;
    `runbook_url` empty links to the incident's own page under `public_url`.
    """

    ladder: Ladder = field(default_factory=Ladder)
    notify_from: Literal["observe", "investigate", "act"] = "investigate"
    clear_evaluations: int = 3
    confidence: float = 0.99
    runbook_url: str = ""
    public_url: str = ""
    importance: Mapping[str, float] = field(default_factory=dict)
    owners_file: str = "owners.yaml"
    members_max: int = 500
    notices_max: int = 10
    lineage: Lineage = field(default_factory=Lineage)

    @property
    def rules(self) -> Rules:
        """The part that decides when an incident begins, rises and ends."""
        return Rules(self.ladder, self.clear_evaluations, Tier(self.notify_from), self.members_max)
