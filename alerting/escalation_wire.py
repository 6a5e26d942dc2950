"""Escalation policies as they are written in the ownership table, and what they are once laid over the default."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from alerting.escalation_policy import (
    ASKED,
    DEFAULT,
    EXAMPLE,
    STEPS_MAX,
    EscalationPolicy,
    Span,
    TierPolicy,
    built_in,
    parse_span,
    span_text,
)
from alerting.marked_yaml import Marked
from alerting.route import Role

BUILT_IN = frozenset(built_in())
"""Policies that a rule may name though the table does not write them."""


def _span(text: object) -> object:
    if isinstance(text, bool) or not isinstance(text, str | int | float):
        return text
    try:
        return parse_span(str(text))
    except ValueError as fault:
        raise ValueError(f"{str(fault).partition(': ')[0]}|{EXAMPLE[:1].upper()}{EXAMPLE[1:]}") from fault


def _short(roles: list[Role]) -> list[Role]:
    if len(roles) > STEPS_MAX:
        raise ValueError(f"{len(roles)} steps are over {STEPS_MAX}|Leave out who would not answer either")
    return _once(roles)


def _once(roles: list[Role]) -> list[Role]:
    twice = next((role for role in roles if roles.count(role) > 1), None)
    if twice is not None:
        raise ValueError(f"{twice} is named twice|Name each role once")
    return roles


SpanText = Annotated[str, Field(examples=["15 min", "4 h", "3 working days"])]
Time = Annotated[Span, BeforeValidator(_span, json_schema_input_type=SpanText)]
"""A time within which something is expected."""


class _Wire(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class WireTier(_Wire):
    """What one tier expects; a field that is not given is as in the default policy."""

    told: Annotated[list[Role], Field(min_length=1), AfterValidator(_once)] | None = None
    ack: Time | None = None
    findings: Time | None = None
    decision: Time | None = None
    steps: Annotated[list[Role], Field(min_length=1), AfterValidator(_short)] | None = None


class WirePolicy(_Wire):
    """What each tier expects; a tier that is not given is as in the default policy."""

    act: WireTier = WireTier()
    investigate: WireTier = WireTier()
    blind: WireTier = WireTier()


def policies_of(written: Mapping[str, WirePolicy], marked: Marked) -> Mapping[str, EscalationPolicy]:
    """Lay each policy over `default`, as the table has it, or over the built-in one of its name.

    A clock that would run out before the one it comes before is noted as a fault.
    """
    wire = written.get("default")
    default = _laid_over(DEFAULT, wire, marked) if wire is not None else DEFAULT
    known = built_in(default)
    below = {name: replace(known.get(name, default), name=name) for name in written if name != "default"}
    return {**known, **{name: _laid_over(below[name], written[name], marked) for name in below}}


def _laid_over(under: EscalationPolicy, wire: WirePolicy, marked: Marked) -> EscalationPolicy:
    def tier(name: str, default: TierPolicy, mine: WireTier) -> TierPolicy:
        given = {asked: span for asked in ASKED if (span := getattr(mine, asked)) is not None}
        clocks = replace(default.clocks, **given)
        wrong = clocks.disorder()
        if wrong is not None:
            first, later = wrong
            path = ("policies", under.name, name, first if first in given else later)
            problem = (
                f"{first} may take {span_text(getattr(clocks, first))}, but {later} is wanted within "
                f"{span_text(getattr(clocks, later))}"
            )
            marked.fault(path, problem, f"Give {later} more time, or {first} less")
        told, steps = mine.told or default.told, mine.steps or default.steps
        return TierPolicy(tuple(told), clocks, tuple(steps))

    return replace(
        under,
        act=tier("act", under.act, wire.act),
        investigate=tier("investigate", under.investigate, wire.investigate),
        blind=tier("blind", under.blind, wire.blind),
    )
