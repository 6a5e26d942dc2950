"""The demo is a test of the whole service: it ends well only once the owner has been told."""

import os
import pty
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.command import FOLDER

ROOT = FOLDER.parent.parent.parent
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("DRIFTWARDEN_")}
DEMO = (sys.executable, "-m", "service", "demo", "--exit-after-notice")


def _demo(*options: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [*DEMO, *options], cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True, timeout=180, check=False
    )


@pytest.mark.slow
def test_the_demo_ends_well_once_the_owner_has_been_told() -> None:
    ended = _demo("--port", "0")

    assert (ended.returncode, ended.stderr) == (0, "")
    assert "Notice to credit-risk" in ended.stdout
    assert re.search(r"What moved: +http://127\.0\.0\.1:\d+/model\?kind=prediction&model=loan-risk", ended.stdout)
    assert "records in, every one accounted for" in ended.stdout


def test_a_demo_that_tells_nobody_in_time_fails() -> None:
    ended = _demo("--port", "0", "--timeout", "1")

    assert ended.returncode == 1
    assert "Nobody was told within 1 s: the demo failed." in ended.stdout


def test_a_port_in_use_is_exchanged_for_a_free_one() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ended = _demo("--port", str(port), "--timeout", "1")
    found = re.search(r"http://127\.0\.0\.1:(\d+)", ended.stdout)

    assert found is not None
    assert int(found[1]) != port


def test_a_service_whose_port_is_taken_says_so(tmp_path: Path) -> None:
    from service.cli.backtest import OWNERS

    (tmp_path / "owners.yaml").write_text(OWNERS, encoding="utf-8")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        environment = ENVIRONMENT | {"DRIFTWARDEN_API__PORT": str(port), "PYTHONPATH": str(ROOT)}
        ended = subprocess.run(
            [sys.executable, "-m", "service", "serve"],
            cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip

    assert ended.returncode == 2
    assert f"api.port: cannot listen on 127.0.0.1:{port} (Address already in use)" in ended.stderr
    assert "Traceback" not in ended.stderr


def _backtest(folder: Path, *options: str) -> list[str]:
    command = [sys.executable, "-m", "service", "backtest", str(folder / "history.csv"), "--model", "m"]
    return [*command, "--baseline-rows", "1000", "--time", "at", *options]


def test_the_progress_bar_never_takes_the_lines(history: Path) -> None:
    """A terminal on standard error and a file on standard output: `backtest --json > lines`."""
    leader, follower = pty.openpty()
    with subprocess.Popen(
        _backtest(history.parent, "--json"), cwd=ROOT, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=follower
    ) as process:
        os.close(follower)
        out, _ = process.communicate(timeout=120)
    os.close(leader)

    assert [line[:8] for line in out.decode().splitlines() if line[:8] != '{"type":'] == []
    assert b'"type":"finding"' in out


def test_ctrl_c_ends_a_backtest_without_a_traceback(history: Path) -> None:
    head, *rows = history.read_text(encoding="utf-8").splitlines(keepends=True)
    parts = [row.partition(",") for row in rows]
    # The hour fifty times, one after the other: most of it is left when the first line is out, also on a busy machine.
    hours = [f"{int(at) + hour * len(rows)},{rest}" for hour in range(50) for at, _, rest in parts]
    history.write_text(head + "".join(hours), encoding="utf-8")
    with subprocess.Popen(
        _backtest(history.parent, "--json"), cwd=ROOT, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)

    assert (process.returncode, err) == (130, b"")
