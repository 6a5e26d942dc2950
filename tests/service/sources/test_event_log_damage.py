"""What the log says to files that no crash of its own can have left."""

from pathlib import Path

import pytest

from service.sources.log_errors import LogCorrupt
from tests.service.sources.logs import damaged, everything, opened


def test_damage_in_the_middle_names_file_and_offset(tmp_path: Path) -> None:
    log = opened(tmp_path)
    for value in (b"aaaa", b"bbbb", b"cccc"):
        log.append([value], now_ms=0)
    log.close()

    def flip(content: bytearray) -> None:
        content[content.index(b"bbbb")] ^= 1

    damaged(tmp_path, flip)

    with pytest.raises(LogCorrupt, match=r"0{20}\.segment at byte \d+: the block of offset 1 fails its checksum"):
        opened(tmp_path)


def test_a_damaged_block_header_in_the_middle_is_not_taken_for_a_torn_tail(tmp_path: Path) -> None:
    log = opened(tmp_path)
    for value in (b"aaaa", b"bbbb", b"cccc"):
        log.append([value], now_ms=0)
    log.close()

    def flip(content: bytearray) -> None:
        content[content.rindex(b"DWB1", 0, content.index(b"bbbb"))] ^= 1

    damaged(tmp_path, flip)

    with pytest.raises(LogCorrupt, match="the block of offset 1 fails its checksum"):
        opened(tmp_path)


def test_a_torn_tail_holding_a_foreign_block_is_still_cut(tmp_path: Path) -> None:
    other = opened(tmp_path / "other")
    other.append([b"inner"], now_ms=0)
    other.close()
    block = next((tmp_path / "other").glob("*.segment")).read_bytes()[24:]
    log = opened(tmp_path / "log")
    log.append([b"kept"], now_ms=0)
    log.append([block + b"torn"], now_ms=0)
    log.close()

    def tear(content: bytearray) -> None:
        del content[-2:]
        content[content.rindex(b"DWB1", 0, content.rindex(b"DWB1"))] ^= 1

    damaged(tmp_path / "log", tear)

    assert everything(opened(tmp_path / "log")) == [b"kept"]


def test_damage_in_a_segment_that_is_not_the_last_is_never_cut(tmp_path: Path) -> None:
    log = opened(tmp_path)
    for _ in range(20):
        log.append([b"x" * 10_000], now_ms=0)
    log.close()

    def tear(content: bytearray) -> None:
        del content[-1:]

    damaged(tmp_path, tear, segment=0)

    with pytest.raises(LogCorrupt, match=r"0{20}\.segment"):
        opened(tmp_path)


def test_a_missing_segment_is_noticed(tmp_path: Path) -> None:
    log = opened(tmp_path)
    for _ in range(20):
        log.append([b"x" * 10_000], now_ms=0)
    log.close()
    sorted(tmp_path.glob("*.segment"))[1].unlink()

    with pytest.raises(LogCorrupt, match="begins at offset 12, but 6 was to follow"):
        opened(tmp_path)


def test_damage_that_comes_while_the_log_is_open_is_found_on_reading(tmp_path: Path) -> None:
    log = opened(tmp_path)
    log.append([b"aaaa"], now_ms=0)

    def flip(content: bytearray) -> None:
        content[-1] ^= 1

    damaged(tmp_path, flip)

    with pytest.raises(LogCorrupt, match="the block of offset 0"):
        log.read(0, records_max=1)


def test_a_damaged_table_of_keys_is_noticed(tmp_path: Path) -> None:
    log = opened(tmp_path)
    for number in range(20):
        log.append([b"x" * 10_000], idempotency_key=str(number), now_ms=0)
    log.release(20)
    log.close()
    table = tmp_path / "identities"
    table.write_bytes(table.read_bytes()[:-1])

    with pytest.raises(LogCorrupt, match="table of idempotency keys"):
        opened(tmp_path)
