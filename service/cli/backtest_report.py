"""What a backtest prints: one line per finding, incident change and notice, then the summary."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import msgspec

from alerting.decide import Decisions
from alerting.finding import Finding

Value: TypeAlias = str | int | float | Mapping[str, int] | Mapping[str, str] | None


@dataclass(slots=True)
class Report:
    """Prints what the pipeline says, at once, and counts it; nothing is kept but the counts."""

    as_json: bool
    findings: int = 0
    incidents: int = 0
    notices: dict[str, int] = field(default_factory=dict)

    def found(self, findings: Sequence[tuple[Finding, str]]) -> None:
        """Take what began to drift."""
        for finding, tier in findings:
            self.findings += 1
            self._say(
                type="finding", time=finding.at.isoformat(), row=finding.row, model=finding.stream.model,
                subject=finding.subject, segment=finding.stream.segment, tier=tier, detector=finding.detector,
                window=finding.window, value=finding.value, low=finding.low, high=finding.high, n=finding.n,
                p_value=finding.p_value, reason=finding.reason,
            )  # fmt: skip

    def decided(self, decisions: Decisions) -> None:
        """Take what alerting made of it."""
        for change in decisions.changes:
            self.incidents += change.type == "opened"
            self._say(
                type="incident", change=change.type, time=change.at.isoformat(), row=change.row,
                model=change.incident.stream.model, subject=change.subject, tier=str(change.tier),
                detector=change.detector, reason=change.reason, incident=change.incident.id,
            )  # fmt: skip
        for notice in decisions.notices:
            tier = str(notice.tier)
            self.notices[tier] = self.notices.get(tier, 0) + 1
            self._say(
                type="notice", intent=notice.intent, time=notice.at.isoformat(), row=notice.row, model=notice.model,
                subject=notice.subject, tier=tier, detector=notice.detector, party=notice.party, reason=notice.title,
                incident=notice.incident,
            )  # fmt: skip

    def summarise(
        self,
        *,
        rows: int,
        ticks: int,
        monitors: int,
        rejected: Mapping[str, int],
        blind: Mapping[str, str],
        seconds: float,
    ) -> None:
        """Print the last line; `blind` gives the subjects that cannot be watched, with the reason."""
        if self.as_json:
            self._say(
                type="summary", rows=rows, ticks=ticks, monitors=monitors, findings=self.findings,
                incidents=self.incidents, notices=self.notices, rejected=rejected, blind=blind,
                seconds=round(seconds, 3),
            )  # fmt: skip
            return
        print(
            f"{rows:,} rows, {ticks:,} ticks, {monitors} monitors: {self.findings} findings, "
            f"{self.incidents} incidents, {sum(self.notices.values())} notices in {seconds:.1f} s"
        )

    def _say(self, **fields: Value) -> None:
        if self.as_json:
            print(msgspec.json.encode(fields).decode(), flush=True)
            return
        what = f"{fields['type']} {fields.get('change') or fields.get('intent') or ''}".strip()
        where = f"{fields['subject']}" + (f" [{fields['segment']}]" if fields.get("segment") else "")
        time = str(fields["time"])[:16]
        print(f"{time}  row {fields['row']:>8}  {fields['tier']:<11}  {what:<17}  {where:<20}  {fields['reason']}")
