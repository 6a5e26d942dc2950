from service.clock import Due, PartitionTime, due

TICK = 60_000


def _due(*partitions: PartitionTime, now_ms: int = 0, live: bool = True, lateness_ms: int = 0) -> Due | None:
    return due(partitions, tick_ms=TICK, lateness_ms=lateness_ms, now_ms=now_ms, live=live)


def test_nothing_is_due_before_any_event_was_seen() -> None:
    assert _due() is None


def test_a_tick_is_due_once_the_watermark_reaches_its_end() -> None:
    assert _due(PartitionTime(TICK - 1, idle=False, updated_ms=0)) == Due(-1, TICK - 1, "watermark")
    assert _due(PartitionTime(TICK, idle=False, updated_ms=0)) == Due(0, TICK, "watermark")


def test_lateness_holds_the_watermark_back() -> None:
    found = _due(PartitionTime(TICK + 4_999, idle=False, updated_ms=0), lateness_ms=5_000)

    assert found == Due(-1, TICK - 1, "watermark")


def test_the_slowest_busy_partition_holds_the_clock() -> None:
    found = _due(PartitionTime(10 * TICK, False, 0), PartitionTime(2 * TICK, False, 0))

    assert found == Due(1, 2 * TICK, "watermark")


def test_an_idle_partition_does_not_hold_the_clock() -> None:
    found = _due(PartitionTime(10 * TICK, False, 0), PartitionTime(2 * TICK, True, 0))

    assert found == Due(9, 10 * TICK, "watermark")


def test_when_all_is_silent_event_time_goes_on_at_the_speed_of_the_wall_clock() -> None:
    silent = PartitionTime(TICK, idle=True, updated_ms=1_000)

    assert _due(silent, now_ms=1_000 + 3 * TICK) == Due(3, 4 * TICK, "idle")


def test_a_wall_clock_that_jumps_back_does_not_move_event_time_back() -> None:
    silent = PartitionTime(TICK, idle=True, updated_ms=50_000)

    assert _due(silent, now_ms=10_000) == Due(0, TICK, "idle")


def test_at_the_end_of_history_the_last_tick_is_closed_too() -> None:
    ended = PartitionTime(TICK + 1, idle=True, updated_ms=0)

    assert _due(ended, live=False) == Due(1, TICK + 1, "exhausted")
