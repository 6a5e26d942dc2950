"""Secrets are named in files and looked up at the moment of use; a value is never kept, logged or shown."""

from collections.abc import Mapping
from pathlib import Path

from alerting.errors import SecretError

BYTES_MAX = 65_536


def secret_of(reference: str, environment: Mapping[str, str]) -> str:
    """Look up `env:NAME` in the environment given, or read `file:/path` without its trailing newline.

    Raises SecretError when it is not there or empty.
    """
    kind, _, place = reference.partition(":")
    if kind == "env":
        value = environment.get(place, "")
        if not value:
            raise SecretError(f"the secret {reference} is not set: set the environment variable {place}")
        return value
    if kind != "file":
        raise SecretError('a secret is given by "env:NAME" or "file:/path": this one is neither')
    try:
        with Path(place).open("rb") as file:
            value = file.read(BYTES_MAX).decode("utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as fault:
        raise SecretError(f"the secret {reference} cannot be read ({type(fault).__name__}): check the file") from fault
    if not value:
        raise SecretError(f"the secret {reference} is empty: write it into the file")
    return value
