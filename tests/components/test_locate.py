"""Locating real programs, and what happens to a test that lacks one."""

from pathlib import Path

import pytest

from tests.components.fetch import FetchError, outcome
from tests.components.locate import cache, find
from tests.components.need import need


def _program(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


def test_the_cache_is_where_the_environment_says(tmp_path: Path) -> None:
    assert cache({"DRIFTWARDEN_COMPONENTS": str(tmp_path)}) == tmp_path


def test_the_cache_lies_outside_the_repository_by_default() -> None:
    assert Path(__file__).resolve().parents[2] not in cache({}).resolve().parents


def test_a_fetched_program_is_preferred_to_one_on_the_path(tmp_path: Path) -> None:
    fetched = _program(tmp_path / "cache" / "prometheus" / "usr" / "bin" / "promtool")
    _program(tmp_path / "bin" / "promtool")
    environment = {"DRIFTWARDEN_COMPONENTS": str(tmp_path / "cache"), "PATH": str(tmp_path / "bin")}

    assert find("promtool", environment) == fetched


def test_a_program_is_found_by_the_name_its_distribution_gave_it(tmp_path: Path) -> None:
    installed = _program(tmp_path / "bin" / "prometheus-alertmanager")
    environment = {"DRIFTWARDEN_COMPONENTS": str(tmp_path / "cache"), "PATH": str(tmp_path / "bin")}

    assert find("alertmanager", environment) == installed


def test_a_program_that_is_nowhere_is_not_found(tmp_path: Path) -> None:
    assert find("no-such-program", {"DRIFTWARDEN_COMPONENTS": str(tmp_path), "PATH": str(tmp_path)}) is None


def test_a_test_that_lacks_a_program_is_skipped_with_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(pytest.skip.Exception, match="no-such-program is not on this machine: run `make components`"):
        need("no-such-program", {"DRIFTWARDEN_COMPONENTS": str(tmp_path)})


def test_a_test_that_lacks_a_program_fails_in_ci(tmp_path: Path) -> None:
    with pytest.raises(pytest.fail.Exception, match="a failure because CI=true"):
        need("no-such-program", {"DRIFTWARDEN_COMPONENTS": str(tmp_path), "CI": "true"})


def test_a_component_that_cannot_be_had_is_passed_over_with_its_reason() -> None:
    def refuse() -> str:
        raise FetchError("java is not installed")

    assert outcome("Apache Kafka", refuse) == "Apache Kafka: NOT AVAILABLE, java is not installed"
