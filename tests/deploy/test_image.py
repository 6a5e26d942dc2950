"""The Dockerfile: clean by hadolint, and what it relies on is so."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.components.need import need

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "deploy" / "Dockerfile").read_text(encoding="utf-8")
STAGES = TEXT.split("\nFROM ")[1:]
STEPS = [line for line in TEXT.replace("\\\n", " ").splitlines() if line and not line.startswith("#")]


def _copied() -> list[str]:
    """What the build stage takes from the repository."""
    words = [step.split()[1:-1] for step in STEPS if step.startswith("COPY ") and "--from" not in step]
    return [name for names in words for name in names]


def _of(instruction: str) -> str:
    """The last of these instructions, which is the one in force."""
    return next(step for step in reversed(STEPS) if step.startswith(f"{instruction} "))


@pytest.mark.component
def test_hadolint_finds_nothing() -> None:
    command = [str(need("hadolint")), str(ROOT / "deploy" / "Dockerfile")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    assert (done.returncode, done.stdout) == (0, "")


def test_both_stages_stand_on_the_same_image() -> None:
    assert {stage.split()[0] for stage in STAGES} == {"python:3.11-slim-bookworm"}


def test_dependencies_are_installed_from_the_lock_by_hash() -> None:
    installs = [step for step in re.split(r"&&|\n", TEXT.replace("\\\n", " ")) if "pip install" in step]

    assert [("--require-hashes" in step, "--no-deps" in step) for step in installs] == [(True, False), (False, True)]


def test_it_runs_as_a_user_that_is_not_root_and_known_by_number() -> None:
    assert _of("USER") == "USER 10001:10001"


def test_signals_reach_the_service_itself() -> None:
    assert (_of("ENTRYPOINT"), _of("CMD")) == ('ENTRYPOINT ["driftwarden"]', 'CMD ["serve"]')


def test_health_is_asked_at_the_path_that_never_needs_a_token() -> None:
    assert "http://127.0.0.1:8350/livez" in TEXT.split("HEALTHCHECK")[1]


def test_only_what_the_image_needs_is_sent_to_the_builder() -> None:
    ignore = (ROOT / "deploy" / "Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines()

    assert {line.removeprefix("!") for line in ignore if line.startswith("!")} == set(_copied())


@pytest.mark.component
def test_what_is_copied_into_the_image_is_enough_to_build_the_package(tmp_path: Path) -> None:
    source = tmp_path / "src"
    source.mkdir()
    for name in _copied():
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, source / name)
    command = [str(need("uv")), "build", "-q", "--wheel", "--out-dir", str(tmp_path), str(source)]
    subprocess.run(command, check=True, capture_output=True, timeout=300)

    assert len(list(tmp_path.glob("driftwarden-*.whl"))) == 1
