import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.pane import decode, encode

INT64 = st.integers(-(2**63), 2**63 - 1)


@settings(deadline=None, derandomize=True)
@given(st.lists(st.one_of(INT64, st.integers(0, 300)), max_size=60))
def test_every_pane_survives_encoding(counts: list[int]) -> None:
    assert decode(encode(np.array(counts, np.int64))).tolist() == counts


def test_small_counts_take_one_byte_each_and_the_sum_is_an_exception() -> None:
    counts = np.full(1_000, 3, np.int64)
    counts[7] = -40_000_000
    assert len(encode(counts)) == 10 + 12 + 1_000


def test_a_decoded_pane_can_be_written_to() -> None:
    counts = decode(encode(np.zeros(3, np.int64)))
    counts += 1
    assert counts.tolist() == [1, 1, 1]


def test_the_bytes_of_a_pane_never_change() -> None:
    assert encode(np.array([500, 0, -1, 2**40], np.int64)).hex() == (
        "010204000000" + "01000000" + "03000000" + "0000000000010000" + "f401" + "0000" + "ffff" + "0000"
    )


def test_an_unknown_version_is_refused() -> None:
    with pytest.raises(ValueError, match="version 9 cannot be read"):
        decode(b"\x09" + encode(np.zeros(2, np.int64))[1:])


@pytest.mark.parametrize("content", [b"", b"\x01", encode(np.arange(9))[:-1], encode(np.arange(9)) + b"\0"])
def test_bytes_of_another_length_are_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match="pane"):
        decode(content)


def test_an_exception_outside_the_pane_is_refused() -> None:
    content = bytearray(encode(np.array([0] * 20 + [2**40], np.int64)))
    content[10] = 200
    with pytest.raises(ValueError, match="cell 200 of 21"):
        decode(bytes(content))
