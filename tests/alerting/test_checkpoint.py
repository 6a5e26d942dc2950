"""A checkpoint is what its key signed, and nothing else passes for one."""

import base64
import json
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from alerting.checkpoint import (
    CheckpointError,
    Signed,
    is_signed,
    key_id,
    pem,
    private_key,
    public_keys,
    sign,
)
from alerting.errors import SecretError
from tests.alerting.examples import NOON, at

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(32))
SIGNED = sign("a" * 64, 7, "b" * 64, NOON, KEY)
KEYS = public_keys([pem(KEY)[1]])


def test_the_line_is_the_one_that_is_documented() -> None:
    content = (
        f'{{"at":"2026-11-20T12:00:00+00:00","chain":"{"a" * 64}","hash":"{"b" * 64}",'
        f'"key":"{key_id(KEY.public_key())}","seq":7}}'
    )
    signature = base64.b64encode(KEY.sign(b"driftwarden audit checkpoint 1\n" + content.encode())).decode()

    assert SIGNED.to_line() == f'{{"checkpoint":{content},"signature":"{signature}"}}'


def test_a_line_read_back_is_the_same_and_good() -> None:
    again = Signed.from_line(SIGNED.to_line())

    assert (again, is_signed(again, KEYS)) == (SIGNED, True)


@pytest.mark.parametrize(
    "edit",
    [
        {"seq": 8}, {"hash": "c" * 64}, {"chain": "c" * 64}, {"at": at(1).isoformat()},
        {"key": key_id(OTHER.public_key())},
    ],
)  # fmt: skip
def test_a_checkpoint_edited_after_it_was_signed_is_not_good(edit: dict[str, object]) -> None:
    value = json.loads(SIGNED.to_line())
    value["checkpoint"] |= edit
    edited = Signed.from_line(json.dumps(value))

    assert not is_signed(edited, KEYS | public_keys([pem(OTHER)[1]]))


def test_a_checkpoint_by_another_key_is_not_good_even_under_the_name_of_ours() -> None:
    theirs = sign("a" * 64, 7, "b" * 64, NOON, OTHER)
    renamed = replace(theirs, checkpoint=replace(theirs.checkpoint, key=SIGNED.checkpoint.key))

    assert not is_signed(theirs, KEYS)
    assert not is_signed(renamed, KEYS)


def test_after_a_change_of_keys_both_are_accepted() -> None:
    keys = public_keys([pem(KEY)[1] + pem(OTHER)[1]])

    assert is_signed(SIGNED, keys)
    assert is_signed(sign("a" * 64, 9, "b" * 64, at(1), OTHER), keys)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("", "not JSON"), (SIGNED.to_line()[:-9], "torn by a full disk, or edited"), ("[]", "exactly the fields"),
        ("[" * 3_000, "not JSON"), ("x" * 5_000, "more than 4096 characters"),
        (SIGNED.to_line().replace('"seq":7', '"seq":"7"'), "not a whole number"),
        (SIGNED.to_line().replace('"seq":7', '"seq":true'), "not a whole number"),
        (SIGNED.to_line().replace('"seq":7', '"seq":0'), "count from 1"),
        (SIGNED.to_line().replace('"seq":7', '"seq":7,"x":1'), "exactly the fields"),
        (SIGNED.to_line().replace("aaaa", "AAAA"), "64 hex digits"),
        (SIGNED.to_line().replace("+00:00", ""), "no time zone"),
        (SIGNED.to_line().replace("2026-", "x-"), "cannot be read"),
        (SIGNED.to_line().replace('"signature":"', '"signature":"!'), "cannot be read"),
    ],
)  # fmt: skip
def test_what_is_no_checkpoint_is_refused_with_what_is_wrong(line: str, said: str) -> None:
    with pytest.raises(CheckpointError, match=said):
        Signed.from_line(line)


def test_a_private_key_is_read_from_pem_and_from_base64() -> None:
    raw = base64.b64encode(bytes(range(32))).decode()

    assert {key_id(private_key(text).public_key()) for text in (pem(KEY)[0], raw, f"{raw}\n")} == set(KEYS)


def test_a_public_key_is_read_from_pem_and_from_base64() -> None:
    assert set(public_keys([base64.b64encode(KEY.public_key().public_bytes_raw()).decode()])) == set(KEYS)


ELLIPTIC = generate_private_key(SECP256R1())
ELLIPTIC_PEM = ELLIPTIC.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
ELLIPTIC_PUBLIC = ELLIPTIC.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


@pytest.mark.parametrize("text", ["hunter2", "aHVudGVyMg==", ELLIPTIC_PEM, "-----BEGIN X-----\nhunter2\n", pem(KEY)[1]])
def test_what_is_no_key_is_refused_without_being_shown_and_with_the_way_out(text: str) -> None:
    with pytest.raises(SecretError, match="driftwarden audit key") as refused:
        private_key(text)

    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize("text", ["x", "", ELLIPTIC_PUBLIC, pem(KEY)[0]])
def test_what_is_no_public_key_is_refused_with_the_way_out(text: str) -> None:
    with pytest.raises(CheckpointError, match="driftwarden audit key"):
        public_keys([text])
