"""What is built and installed is the three packages as they stand, and nothing else."""

import subprocess
import zipfile
from pathlib import Path

import pytest

from tests.architecture import PACKAGES
from tests.components.need import need

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def wheel_names(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The names of the files in the wheel."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [str(need("uv")), "build", "-q", "--wheel", "--out-dir", str(folder), str(ROOT)]
    subprocess.run(command, check=True, timeout=300)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return archive.namelist()


@pytest.mark.component
def test_the_wheel_holds_the_three_packages_and_nothing_else(wheel_names: list[str]) -> None:
    assert {name.split("/")[0] for name in wheel_names if ".dist-info/" not in name} == set(PACKAGES)


@pytest.mark.component
def test_the_wheel_holds_every_file_of_the_packages(wheel_names: list[str]) -> None:
    ours = {
        path.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }

    assert ours - set(wheel_names) == set()


@pytest.mark.component
def test_the_wheel_brings_the_licence(wheel_names: list[str]) -> None:
    assert [name for name in wheel_names if name.endswith(".dist-info/licenses/LICENSE")] != []
