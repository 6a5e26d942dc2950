"""Signed checkpoints of the audit: where it stood at a time, kept out of reach of whoever could rewrite the chain.

A checkpoint is one line of canonical JSON (RFC 8785). It names the chain by the hash of its first entry, so that one
of another store, or of a chain rewritten from its beginning, is told apart. Signatures are Ed25519 (RFC 8032).
"""

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

import rfc8785
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from alerting.errors import AlertingError, SecretError

LINE_CHARS_MAX = 4_096

_CONTEXT = b"driftwarden audit checkpoint 1\n"
"""Signed in front of the checkpoint, so that no signature made for another purpose passes as one of ours."""

_MAKE_ONE = "make one with: driftwarden audit key"
_HASH = re.compile(r"[0-9a-f]{64}")
_KEY = re.compile(r"[0-9a-f]{16}")
_PEM = re.compile(r"-----BEGIN [A-Z ]+-----.*?-----END [A-Z ]+-----", re.DOTALL)


class CheckpointError(AlertingError):
    """A line is not a checkpoint; the message says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """At time `at` entry `seq` had this hash; `chain` is the hash of the first entry, `key` the signer's id.

    Raises CheckpointError on a naive time, a seq below 1 and hashes that are not 64 hex digits.
    """

    chain: str
    seq: int
    hash: str
    at: datetime
    key: str

    def __post_init__(self) -> None:
        if self.at.tzinfo is None:
            raise CheckpointError(f"its time {self.at.isoformat()} has no time zone")
        if self.seq < 1:
            raise CheckpointError(f"its seq is {self.seq}, and entries count from 1")
        if not (_HASH.fullmatch(self.chain) and _HASH.fullmatch(self.hash) and _KEY.fullmatch(self.key)):
            raise CheckpointError("its chain and hash must be 64 hex digits each, its key 16")

    def to_json_object(self) -> dict[str, str | int]:
        """Give it as JSON values."""
        return {"at": self.at.isoformat(), "chain": self.chain, "hash": self.hash, "key": self.key, "seq": self.seq}


@dataclass(frozen=True, slots=True)
class Signed:
    """A checkpoint and the 64 bytes that its key made of it."""

    checkpoint: Checkpoint
    signature: bytes

    def to_line(self) -> str:
        """Give the line that is published, without its line end."""
        signature = base64.b64encode(self.signature).decode()
        return rfc8785.dumps({"checkpoint": self.checkpoint.to_json_object(), "signature": signature}).decode()

    @classmethod
    def from_line(cls, line: str) -> "Signed":
        """Read what `to_line` gave; raises CheckpointError on anything else, an unknown field included."""
        if len(line) > LINE_CHARS_MAX:
            raise CheckpointError(f"it has more than {LINE_CHARS_MAX} characters")
        try:
            value = json.loads(line)
        except (ValueError, RecursionError) as fault:
            raise CheckpointError("it is not JSON: the line was torn by a full disk, or edited") from fault
        held = _object(value, {"checkpoint", "signature"})
        fields = _object(held["checkpoint"], {"at", "chain", "hash", "key", "seq"})
        seq = fields["seq"]
        if not isinstance(seq, int) or isinstance(seq, bool):
            raise CheckpointError(f"its seq is {str(seq)[:50]!r}, not a whole number")
        chain, digest, key, at, signature = (
            _text(name, where) for name, where in
            [("chain", fields), ("hash", fields), ("key", fields), ("at", fields), ("signature", held)]
        )  # fmt: skip
        try:
            checkpoint = Checkpoint(chain, seq, digest, datetime.fromisoformat(at), key)
            return cls(checkpoint, base64.b64decode(signature, validate=True))
        except (binascii.Error, ValueError) as fault:
            raise CheckpointError("its time or its signature cannot be read") from fault


def sign(chain: str, seq: int, digest: str, at: datetime, key: Ed25519PrivateKey) -> Signed:
    """Make and sign a checkpoint."""
    checkpoint = Checkpoint(chain, seq, digest, at, key_id(key.public_key()))
    return Signed(checkpoint, key.sign(_content(checkpoint)))


def is_signed(signed: Signed, keys: Mapping[str, Ed25519PublicKey]) -> bool:
    """Whether the key that the checkpoint names is one of these (by id) and made its signature."""
    key = keys.get(signed.checkpoint.key)
    if key is None:
        return False
    try:
        key.verify(signed.signature, _content(signed.checkpoint))
    except InvalidSignature:
        return False
    return True


def key_id(key: Ed25519PublicKey) -> str:
    """The first 16 hex digits of the SHA-256 of the public key's 32 bytes."""
    return hashlib.sha256(key.public_bytes_raw()).hexdigest()[:16]


def private_key(text: str) -> Ed25519PrivateKey:
    """Read a private key: PEM (PKCS 8, no password), or its 32 bytes in base64; raises SecretError, without the key."""
    try:
        if "-----BEGIN" in text:
            key = serialization.load_pem_private_key(text.encode(), password=None)
        else:
            key = Ed25519PrivateKey.from_private_bytes(base64.b64decode(text.strip(), validate=True))
    except (ValueError, TypeError, binascii.Error) as fault:
        raise SecretError(f"the audit's key is neither PEM nor 32 bytes in base64: {_MAKE_ONE}") from fault
    if not isinstance(key, Ed25519PrivateKey):
        raise SecretError(f"the audit's key is not an Ed25519 key: {_MAKE_ONE}")
    return key


def public_keys(texts: Iterable[str]) -> dict[str, Ed25519PublicKey]:
    """Read public keys by their ids, each text one or more PEM blocks or 32 bytes in base64; raises CheckpointError."""
    found: dict[str, Ed25519PublicKey] = {}
    for text in texts:
        for block in _PEM.findall(text) or [text]:
            try:
                if block.startswith("-----BEGIN"):
                    key = serialization.load_pem_public_key(block.encode())
                else:
                    key = Ed25519PublicKey.from_public_bytes(base64.b64decode(block.strip(), validate=True))
            except (ValueError, binascii.Error) as fault:
                raise CheckpointError(f"it holds no public key in PEM or base64; {_MAKE_ONE}") from fault
            if not isinstance(key, Ed25519PublicKey):
                raise CheckpointError(f"it holds a key that is not Ed25519; {_MAKE_ONE}")
            found[key_id(key)] = key
    return found


def pem(key: Ed25519PrivateKey) -> tuple[str, str]:
    """Give the private and the public half as PEM text."""
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )  # fmt: skip
    return private.decode(), public.decode()


def _content(checkpoint: Checkpoint) -> bytes:
    return _CONTEXT + rfc8785.dumps(checkpoint.to_json_object())


def _object(value: object, names: set[str]) -> Mapping[str, object]:
    if not isinstance(value, dict) or set(value) != names:
        raise CheckpointError(f"it has not exactly the fields {', '.join(sorted(names))}")
    return value


def _text(name: str, where: Mapping[str, object]) -> str:
    value = where[name]
    if not isinstance(value, str):
        raise CheckpointError(f"its {name} is not text")
    return value
