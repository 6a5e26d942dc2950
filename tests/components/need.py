"""The one rule for a component that a test needs and the machine lacks: skipped with its reason, a failure in CI."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

import pytest

from tests.components.locate import find


def need(name: str, environment: Mapping[str, str] = os.environ) -> Path:
    """Give the program's path; without it skip the test, or fail it when CI=true."""
    path = find(name, environment)
    if path is None:
        lacking(f"{name} is not on this machine: run `make components`", environment)
    return path


def lacking(reason: str, environment: Mapping[str, str] = os.environ) -> NoReturn:
    """Skip the running test for this reason, or fail it when CI=true: there, nothing may go unproved."""
    if environment.get("CI") == "true":
        pytest.fail(f"{reason} (a failure because CI=true)", pytrace=False)
    pytest.skip(reason)
