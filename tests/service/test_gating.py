"""Each owner's budget is shared over all that would reach them, whatever the others' evidence says."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pytest

from alerting.lineage import FeatureView, Lineage
from alerting.ownership import Ownership
from alerting.ownership_file import parse_ownership
from alerting.tiers import QUALITY
from detectors.baseline import Baseline
from detectors.esr_state import EsrState
from detectors.fit import fit
from detectors.monitor_counts import MonitorName, names_of
from service.gating import Gating
from service.sequential import SequenceState
from service.settings import DetectionSettings
from service.store.changes import ModelKey

TICKS = 43_200
"""Minutes in 30 days."""

PARTIES = """\
version: 1
parties:
  ds: {contacts: [log]}
  desk: {contacts: [log]}
  strict: {contacts: [log], false_alarms: {pages: 0.5 per 30 days, tickets: 1 per 30 days, digests: 2 per 30 days}}
fallback: {owner: ds}
"""


def _table(**owners: str) -> Ownership:
    """Models by name, each with its owner, or with its owner and its steward."""
    rules = ""
    for model, names in owners.items():
        owner, _, steward = names.partition("+")
        assigned = f"owner: {owner}" + (f", data_steward: {steward}" if steward else "")
        rules += f"  - {{id: {model}, match: {{model: {model}}}, assign: {{{assigned}}}}}\n"
    return parse_ownership(PARTIES + (f"rules:\n{rules}" if rules else ""))


def _key(model: str) -> ModelKey:
    return ModelKey("prediction", model, "1")


def _hundred(seed: int = 1) -> Baseline:
    """16 numeric subjects of 5 monitors and 5 boolean ones of 4: 100 monitors."""
    rng = np.random.default_rng(seed)
    columns: dict[str, list[float | bool | str | int | None]] = {
        f"n{number:02}": rng.normal(0, 1, 400).tolist() for number in range(16)
    }
    columns |= {f"b{number}": (rng.random(400) < 0.4).tolist() for number in range(5)}
    return fit(columns, categories_max=10, segments_max=1)


HUNDRED = _hundred()
HUNDRED_NAMES = names_of(HUNDRED)
FIRST: MonitorName = ("", "n00", "psi")


@dataclass(slots=True)
class Fleet:
    """Model versions whose evidence is set by hand."""

    table: Ownership
    detection: DetectionSettings = field(default_factory=DetectionSettings)
    watched: dict[ModelKey, Baseline] = field(default_factory=dict)
    states: dict[ModelKey, SequenceState] = field(default_factory=dict)
    lineage: Lineage = field(default_factory=Lineage)
    gating: Gating = field(init=False)

    def __post_init__(self) -> None:
        self.gating = Gating(self.detection, lambda: self.table, 60, self.lineage)

    def watch(self, *models: str, baseline: Baseline = HUNDRED) -> None:
        for model in models:
            self.watched[_key(model)] = baseline
            self.states.setdefault(_key(model), SequenceState())

    def hold(self, model: str, evidence: Mapping[MonitorName, float]) -> None:
        """Give some monitors of a model that much evidence, and the others none."""
        monitors = self.gating.monitors(_key(model), self.watched[_key(model)])
        nothing = monitors.nothing()
        held = EsrState(0, nothing.histograms.copy(), nothing.rates.copy())
        first = monitors.histograms.monitors
        for name, value in evidence.items():
            place = monitors.names.index(name)
            rate = place >= first
            numbers, row = (held.rates if rate else held.histograms), place - first * rate
            number = (monitors.rates if rate else monitors.histograms).number[row]
            numbers[row, 0] = value * max(1, int(number))
        self.states[_key(model)].esr = held

    def ranks(self, model: str, tick: int = 1) -> dict[MonitorName, int]:
        """Evaluate once, and give the ranks of a model's monitors."""
        self.gating.raise_levels(self.watched, self.states, tick)
        return {name: level.rank for name, level in self.states[_key(model)].levels_of().items()}


def _fleet(**owners: str) -> Fleet:
    return Fleet(_table(**owners))


def _alone(fleet: Fleet, model: str, rank: int, name: MonitorName = FIRST) -> float:
    fleet.ranks(model)
    monitors = fleet.gating.monitors_of(_key(model))
    return fleet.gating.gathered(_key(model)).needed(monitors.names.index(name), rank)


def test_one_monitor_alone_needs_its_share_of_all_that_its_owner_has() -> None:
    fleet = _fleet()
    fleet.watch("a", "b")

    assert [_alone(fleet, "a", rank) for rank in (1, 2, 3)] == [200 * TICKS / 30, 200 * TICKS / 4, 200 * TICKS]


@pytest.mark.parametrize(("share", "ranks"), [(0.999, {FIRST: 2}), (1.001, {FIRST: 3})])
def test_a_page_takes_exactly_that_much(share: float, ranks: dict[MonitorName, int]) -> None:
    fleet = _fleet()
    fleet.watch("a", "b")
    fleet.hold("a", {FIRST: share * 200 * TICKS})

    assert fleet.ranks("a") == ranks


def test_a_thousand_quiet_monitors_more_make_one_alone_need_so_many_times_more() -> None:
    fleet = _fleet()
    fleet.watch("a")
    before = _alone(fleet, "a", 3)
    fleet.watch(*(f"quiet{number}" for number in range(10)))

    assert _alone(fleet, "a", 3) == before * 1_100 / 100
    fleet.hold("a", {FIRST: 10.99 * before})
    assert fleet.ranks("a") == {FIRST: 2}
    fleet.hold("a", {FIRST: 11.01 * before})
    assert fleet.ranks("a") == {FIRST: 3}


def test_monitors_of_one_model_that_move_together_need_less_each() -> None:
    fleet = _fleet()
    fleet.watch("a", "b")
    names: list[MonitorName] = [("", f"n{number:02}", "psi") for number in range(16)]
    fleet.hold("a", dict.fromkeys(names, 3.2 * TICKS))

    # Alone each would need 50 * TICKS for a ticket; 16 of 200 hold 0.256 * TICKS of the mean, where it takes 0.25.
    assert fleet.ranks("a") == dict.fromkeys(names, 2)


def test_each_model_that_is_told_of_has_paid_for_its_own_notice() -> None:
    fleet = _fleet()
    models = [f"m{number:02}" for number in range(20)]
    fleet.watch(*models)
    for model in models:
        fleet.hold(model, {FIRST: 20 * 0.99 * TICKS * len(HUNDRED_NAMES) / 4})

    # All together hold 19.8 times what one ticket takes; that is no reason for 20 of them.
    assert [fleet.ranks(model) for model in models] == [{FIRST: 1}] * 20
    fleet.hold("m07", {FIRST: 20 * 1.01 * TICKS * len(HUNDRED_NAMES) / 4})
    assert [fleet.ranks(model).get(FIRST) for model in models].count(2) == 1


def test_the_evidence_of_one_party_never_reaches_another() -> None:
    fleet = _fleet(a="ds", b="desk")
    fleet.watch("a", "b")
    fleet.hold("a", {FIRST: 1e12})
    fleet.hold("b", {FIRST: 0.99 * 100 * TICKS / 30})

    assert (fleet.ranks("a"), fleet.ranks("b")) == ({FIRST: 3}, {})


def test_two_parties_have_two_budgets() -> None:
    fleet = _fleet(a="ds", b="desk")
    fleet.watch("a", "b")
    before = _alone(fleet, "b", 3)
    fleet.watch("more", "and_more")

    assert (_alone(fleet, "b", 3), before) == (100 * TICKS, 100 * TICKS)
    assert {name: budget.monitors for name, budget in fleet.gating.budgets.items()} == {"ds": 300, "desk": 100}


def test_what_a_party_accepts_itself_comes_before_the_settings() -> None:
    fleet = _fleet(a="strict", b="ds")
    fleet.watch("a", "b")

    assert [_alone(fleet, "a", rank) for rank in (1, 2, 3)] == [100 * TICKS / 2, 100 * TICKS, 100 * TICKS / 0.5]
    assert fleet.gating.budget_of(_key("a"), 0).accepts == (2.0, 1.0, 0.5)
    assert fleet.gating.budget_of(_key("b"), 0).accepts == (30.0, 4.0, 1.0)


@pytest.mark.parametrize(("share", "rank"), [(0.999, 2), (1.001, 3)])
def test_importance_shifts_the_share_of_a_monitor_and_keeps_that_of_all(share: float, rank: int) -> None:
    fleet = Fleet(_table(), DetectionSettings(importance={"n00": 0.1}))
    fleet.watch("a")
    # Five of 100 monitors are of n00 and weigh a tenth.
    weighs = 95 + 5 * 0.1
    fleet.hold("a", {FIRST: share * TICKS * weighs / 0.1})
    assert fleet.ranks("a") == {FIRST: rank}

    other: MonitorName = ("", "n01", "psi")
    fleet.states[_key("a")] = SequenceState()
    fleet.hold("a", {other: share * TICKS * weighs})
    assert fleet.ranks("a") == {other: rank}


def test_bad_values_are_the_stewards_and_everything_else_is_the_owners() -> None:
    fleet = _fleet(a="ds+desk")
    fleet.watch("a")
    fleet.ranks("a")
    names = fleet.gating.monitors_of(_key("a")).names
    owned = dict(zip(names, fleet.gating.parties_of(_key("a")), strict=True))

    assert owned == {name: "desk" if name[2] in QUALITY else "ds" for name in names}
    assert {party: budget.monitors for party, budget in fleet.gating.budgets.items()} == {"ds": 21, "desk": 79}


def test_bad_values_of_a_declared_view_are_of_its_steward_not_of_the_models() -> None:
    table = parse_ownership(
        PARTIES + "rules:\n  - {id: all, match: {model: a}, assign: {owner: ds}}\n"
        "  - {id: orders, match: {feature_view: orders}, assign: {data_steward: desk}}\n"
    )
    fleet = Fleet(table, lineage=Lineage((FeatureView("orders", ("n0*",)),)))
    fleet.watch("a")
    fleet.ranks("a")
    names = fleet.gating.monitors_of(_key("a")).names
    owned = dict(zip(names, fleet.gating.parties_of(_key("a")), strict=True))

    theirs = {name for name in names if name[1].startswith("n0") and name[2] in QUALITY}
    assert {name for name, party in owned.items() if party == "desk"} == theirs != set()


def test_a_new_table_moves_monitors_to_their_new_owner_at_the_next_tick() -> None:
    fleet = _fleet(a="ds", b="desk")
    fleet.watch("a", "b")
    fleet.hold("a", {FIRST: 150 * TICKS})
    fleet.table = _table(a="desk", b="desk")

    assert fleet.ranks("a") == {FIRST: 2}
    assert fleet.gating.budget_of(_key("a"), 0).party == "desk"
    fleet.table = _table(a="ds", b="desk")
    assert fleet.ranks("a") == {FIRST: 2}
    assert list(fleet.gating.budgets) == ["ds", "desk"]


def test_what_was_gathered_with_a_small_share_counts_no_more_when_the_share_grows() -> None:
    fleet = _fleet()
    fleet.watch("a", "b")
    fleet.hold("a", {FIRST: 0.9 * 200 * TICKS})
    assert fleet.ranks("a") == {FIRST: 2}
    fleet.states[_key("a")] = SequenceState.decode(fleet.states[_key("a")].encode())
    del fleet.watched[_key("b")]

    assert fleet.ranks("a") == {FIRST: 2}
    assert _alone(fleet, "a", 3) == 100 * TICKS
    assert fleet.gating.gathered(_key("a")).evidence.max() == pytest.approx(0.9 * 100 * TICKS)


def test_a_model_that_leaves_and_returns_costs_nobody_evidence() -> None:
    fleet = _fleet()
    fleet.watch("a")
    fleet.hold("a", {FIRST: 90 * TICKS})
    fleet.ranks("a")
    for _ in range(5):
        fleet.watch("b")
        fleet.ranks("a")
        assert fleet.gating.gathered(_key("a")).evidence.max() == pytest.approx(180 * TICKS)
        del fleet.watched[_key("b")]
        fleet.ranks("a")

    assert fleet.gating.gathered(_key("a")).evidence.max() == pytest.approx(90 * TICKS)


def test_a_mark_does_not_fade_because_shares_changed() -> None:
    fleet = _fleet()
    fleet.watch("a", *(f"quiet{number}" for number in range(199)))
    fleet.hold("a", {FIRST: 1.5 * 200 * 100 * TICKS})
    assert fleet.ranks("a") == {FIRST: 3}
    before = fleet.states[_key("a")].level(FIRST)
    for number in range(199):
        del fleet.watched[_key(f"quiet{number}")]
    fleet.ranks("a")
    after = fleet.states[_key("a")].level(FIRST)

    assert before is not None
    assert after is not None
    assert after.e_needed == pytest.approx(before.e_needed - 2.30, abs=0.011)
    assert after.e_value - after.e_needed == pytest.approx(before.e_value - before.e_needed, abs=0.011)


def test_a_larger_budget_of_one_level_changes_nothing_for_the_others() -> None:
    fleet = Fleet(_table(), DetectionSettings(pages_per_30_days=1))
    fleet.watch("a")
    fleet.hold("a", {FIRST: 24 * TICKS})
    assert fleet.ranks("a") == {FIRST: 1}
    fleet.gating.detection = DetectionSettings(pages_per_30_days=4)

    assert fleet.ranks("a") == {FIRST: 1}
    assert fleet.gating.gathered(_key("a")).evidence.max() == pytest.approx(24 * TICKS)


def test_another_baseline_has_monitors_of_its_own() -> None:
    fleet = _fleet()
    fleet.watch("a")
    fleet.ranks("a")
    before = fleet.gating.monitors_of(_key("a"))
    fleet.watch("a", baseline=_hundred(seed=2))
    fleet.states[_key("a")].gather(fleet.gating.monitors(_key("a"), fleet.watched[_key("a")]), 1, [{}])

    assert fleet.ranks("a") == {}
    assert fleet.gating.monitors_of(_key("a")) is not before
    assert fleet.gating.monitors_of(_key("a")).baseline.id == fleet.watched[_key("a")].id


def test_a_model_that_is_no_longer_watched_is_forgotten() -> None:
    fleet = _fleet(gone="desk")
    fleet.watch("a", "gone")
    fleet.ranks("a")
    del fleet.watched[_key("gone")]
    fleet.ranks("a")

    assert fleet.gating.budgets.keys() == {"ds"}
    with pytest.raises(KeyError):
        fleet.gating.monitors_of(_key("gone"))


def test_a_monitor_that_rose_is_given_once_and_keeps_what_it_took() -> None:
    fleet = _fleet()
    fleet.watch("a")
    fleet.hold("a", {FIRST: 1_000 * TICKS})
    fresh = fleet.gating.raise_levels(fleet.watched, fleet.states, 1)
    level = fleet.states[_key("a")].level(FIRST)

    assert fresh == {_key("a"): [fleet.gating.monitors_of(_key("a")).names.index(FIRST)]}
    assert level is not None
    assert (level.rank, level.at, level.e_value, level.e_needed) == (3, 1, 7.64, 6.64)
    assert fleet.gating.raise_levels(fleet.watched, fleet.states, 2) == {}


def test_nothing_watched_raises_nothing() -> None:
    fleet = _fleet()

    assert fleet.gating.raise_levels({}, {}, 1) == {}
    assert fleet.gating.budgets == {}


def test_what_is_not_enough_for_a_ticket_is_never_enough_for_a_page() -> None:
    fleet = Fleet(_table(), DetectionSettings(tickets_per_30_days=4, pages_per_30_days=10))
    fleet.watch("a")
    fleet.hold("a", {FIRST: 0.999 * 100 * TICKS / 4})

    assert fleet.ranks("a") == {FIRST: 1}
    assert [_alone(fleet, "a", rank) for rank in (2, 3)] == [pytest.approx(100 * TICKS / 4)] * 2


def test_what_one_needs_alone_counts_its_importance() -> None:
    fleet = Fleet(_table(), DetectionSettings(importance={"n00": 0.1}))
    fleet.watch("a")

    assert _alone(fleet, "a", 3) == pytest.approx(TICKS * 95.5 / 0.1)
    assert _alone(fleet, "a", 3, ("", "n01", "psi")) == pytest.approx(TICKS * 95.5)


def test_monitors_that_rise_together_do_not_say_that_they_lack_evidence() -> None:
    fleet = _fleet()
    fleet.watch("a")
    names: list[MonitorName] = [("", f"n{number:02}", "psi") for number in range(16)]
    fleet.hold("a", dict.fromkeys(names, 6.5 * TICKS))
    fleet.ranks("a")
    levels = fleet.states[_key("a")].levels.values()

    assert len(levels) == 16
    assert all(level.e_value >= level.e_needed for level in levels)


def test_a_table_that_is_replaced_during_an_evaluation_counts_from_the_next_one() -> None:
    tables = [_table(a="desk"), _table(a="ds")]
    gating = Gating(DetectionSettings(), lambda: tables.pop(0) if len(tables) > 1 else tables[0], 60)
    watched, states = {_key("a"): HUNDRED}, {_key("a"): SequenceState()}
    gating.raise_levels(watched, states, 1)
    owners = [set(gating.budgets)]
    gating.raise_levels(watched, states, 2)

    assert [*owners, set(gating.budgets)] == [{"desk"}, {"ds"}]


def test_how_much_of_a_model_a_rule_gives_to_somebody_is_known() -> None:
    fleet = _fleet(a="desk")
    fleet.watch("a", "nobodys")
    fleet.ranks("a")

    assert fleet.gating.covered() == {_key("a"): 1.0, _key("nobodys"): 0.0}
