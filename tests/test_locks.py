"""The two locks: complete, hashed, and silent about where packages come from."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ("requirements.lock", "requirements-dev.lock")
_PINNED = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^ ;\\]+)")


def _entries(lock: str) -> list[str]:
    """Each requirement of the lock on one line, with its hashes."""
    joined = (ROOT / lock).read_text(encoding="utf-8").replace("\\\n", " ")
    return [line for line in joined.splitlines() if line.strip()]


def _pins(lock: str) -> set[tuple[str, str]]:
    matches = [_PINNED.match(entry) for entry in _entries(lock)]
    return {(_canonical(match[1]), match[2]) for match in matches if match}


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", re.split(r"[\[<>=!~; ]", name)[0]).lower()


def _required(lock: str) -> set[str]:
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    project = pyproject["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["parquet"]]
    if lock == "requirements-dev.lock":
        wanted += pyproject["dependency-groups"]["dev"]
    return {_canonical(requirement) for requirement in wanted}


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_host(lock: str) -> None:
    assert "://" not in (ROOT / lock).read_text(encoding="utf-8")


@pytest.mark.parametrize("lock", LOCKS)
def test_every_package_is_pinned_to_one_version_and_its_hashes(lock: str) -> None:
    loose = [entry for entry in _entries(lock) if not _PINNED.match(entry) or "--hash=sha256:" not in entry]

    assert loose == []


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_holds_every_direct_dependency(lock: str) -> None:
    assert _required(lock) - {name for name, _ in _pins(lock)} == set()


def test_the_development_lock_holds_the_whole_run_time_lock() -> None:
    assert _pins("requirements.lock") - _pins("requirements-dev.lock") == set()


def test_the_run_time_lock_holds_no_tool_of_development() -> None:
    names = {name for name, _ in _pins("requirements.lock")}

    assert names & {"pytest", "mypy", "ruff", "hypothesis", "playwright"} == set()
