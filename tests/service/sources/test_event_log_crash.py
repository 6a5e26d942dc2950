"""What is left of the log after a crash at any byte, and after a writer was killed."""

import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.sources.event_log import EventLog
from service.sources.log_commit import Appended
from service.sources.log_segment import SEGMENT_HEAD_BYTES


def opened(directory: Path) -> EventLog:
    return EventLog(directory, bytes_max=8_388_608, segment_bytes=65_536, producers_max=10_000)


def values_of(log: EventLog) -> list[bytes | None]:
    values: list[bytes | None] = []
    while records := log.read(log.first + len(values), records_max=10_000):
        values += [record.value for record in records]
    return values


def written(directory: Path, appends: list[list[bytes]]) -> tuple[Path, list[int]]:
    """Write the appends one by one; give the segment and its size before the first and after each of them."""
    log = opened(directory)
    ends = [SEGMENT_HEAD_BYTES]
    for number, values in enumerate(appends):
        log.append(values, idempotency_key=str(number), now_ms=number)
        ends.append(log.bytes_used)
    log.close()
    return next(directory.glob("*.segment")), ends


def test_a_tail_cut_at_every_byte_leaves_the_whole_appends_before_it(tmp_path: Path) -> None:
    appends = [[b"one", b"two"], [b""], [b"three" * 5]]
    path, ends = written(tmp_path, appends)
    content = path.read_bytes()

    for cut in range(len(content) + 1):
        path.write_bytes(content[:cut])
        log = opened(tmp_path)
        whole = max(0, sum(end <= cut for end in ends) - 1)
        assert values_of(log) == [value for values in appends[:whole] for value in values], f"cut at byte {cut}"
        assert log.append([b"next"], now_ms=0).first_offset == sum(map(len, appends[:whole]))
        log.close()
        assert opened_and_closed(tmp_path) == [*[v for values in appends[:whole] for v in values], b"next"]


def opened_and_closed(directory: Path) -> list[bytes | None]:
    log = opened(directory)
    values = values_of(log)
    log.close()
    return values


@settings(max_examples=60, deadline=None)
@given(
    appends=st.lists(st.lists(st.binary(max_size=60), min_size=1, max_size=4), min_size=1, max_size=6),
    lost=st.floats(0, 1, exclude_max=True),
    garbage=st.one_of(st.binary(max_size=80), st.integers(0, 5000).map(bytes)),
)
def test_a_torn_last_append_takes_no_other_with_it(
    tmp_path_factory: pytest.TempPathFactory, appends: list[list[bytes]], lost: float, garbage: bytes
) -> None:
    directory = tmp_path_factory.mktemp("log")
    path, ends = written(directory, appends)
    content = path.read_bytes()
    begin = ends[-2]
    kept = begin + int((len(content) - begin) * lost)
    # What a crash leaves: part of the last write, then whatever the file system had in its place.
    torn = content[:kept] + garbage[: len(content) - kept]
    path.write_bytes(torn)

    log = opened(directory)

    survivors = [value for values in appends[:-1] for value in values]
    if torn == content:
        survivors += appends[-1]
    assert values_of(log) == survivors
    log.close()


@settings(max_examples=60, deadline=None)
@given(content=st.binary(max_size=200))
def test_no_bytes_whatsoever_are_taken_for_records(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    directory = tmp_path_factory.mktemp("log")
    path, _ = written(directory, [[b"kept"]])
    path.write_bytes(path.read_bytes() + content)

    log = opened(directory)

    assert values_of(log) == [b"kept"]
    log.close()


WRITER = """
import itertools, sys
from pathlib import Path
from service.sources.event_log import EventLog

log = EventLog(Path(sys.argv[1]), bytes_max=8_388_608, segment_bytes=65_536, producers_max=10_000)
for number in itertools.count(int(sys.argv[2])):
    values = [b"%d/%d" % (number, part) + b"." * (number * 37 % 900) for part in range(1 + number % 4)]
    appended = log.append(values, producer="w", sequence=number, now_ms=number)
    print(number, appended.first_offset, appended.next_offset, flush=True)
"""


def test_every_record_acknowledged_to_a_killed_writer_is_there_exactly_once(tmp_path: Path) -> None:
    rng = random.Random(20261123)
    acknowledged: dict[int, tuple[int, int]] = {}
    following = 0
    for _ in range(8):
        acks = killed_writer(tmp_path, following, rng.randint(1, 150))
        acknowledged.update(acks)
        # The killed writer's last append may or may not be in the log: like any producer, it is sent again.
        following = max(acknowledged) + 1

    log = opened(tmp_path)
    values = [value.rstrip(b".") for value in values_of(log) if value is not None]
    last = max(acknowledged)
    again = log.append(
        [b"%d/%d" % (last, part) + b"." * (last * 37 % 900) for part in range(1 + last % 4)],
        producer="w", sequence=last, now_ms=0,
    )  # fmt: skip
    log.close()

    assert len(values) == len(set(values))
    for number, (first, end) in acknowledged.items():
        assert values[first:end] == [b"%d/%d" % (number, part) for part in range(1 + number % 4)]
    assert again == Appended(*acknowledged[last], repeated=True)


def killed_writer(directory: Path, following: int, acks: int) -> dict[int, tuple[int, int]]:
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(directory), str(following)],
        stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip
    assert writer.stdout is not None
    lines = [writer.stdout.readline() for _ in range(acks)]
    writer.send_signal(signal.SIGKILL)
    lines += writer.stdout.read().splitlines(keepends=True)
    writer.stdout.close()
    writer.wait()
    whole = [line.split() for line in lines if line.endswith(b"\n")]
    return {int(number): (int(first), int(end)) for number, first, end in whole}
