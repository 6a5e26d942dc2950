"""`driftwarden backtest` on a history, run as its user runs it: a file in, lines of JSON out."""

import csv
import json
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from benchmarks.detection.histories import HOUR, History

SETTINGS = f"version: 1\ntime: {{tick_seconds: {HOUR}}}\n"
"""Everything as it is by default but the tick: the rows of these sets are minutes to hours apart."""

SECONDS_MAX = 900.0

BLIND = " cannot be watched: "

TOLD_CHARS_MAX = 200

TIERS = ("observe", "investigate", "act")


@dataclass(frozen=True, slots=True)
class Answer:
    """What the command said: findings and notices by tier, and row and subject of every finding that acts.

    `blind` are the subjects that it says it cannot watch; `told` is what else it says on standard error, or why it did
    not run to the end (`failed`).
    """

    findings: Counter[str]
    notices: Counter[str]
    acts: tuple[tuple[int, str], ...]
    seconds: float
    blind: tuple[str, ...] = ()
    told: str = ""
    failed: bool = False


def backtest(history: History, folder: Path) -> Answer:
    """Write the history and the settings into `folder` and run the command there."""
    file, settings = folder / "history.csv", folder / "settings.yaml"
    settings.write_text(SETTINGS, encoding="utf-8")
    with file.open("w", newline="", encoding="utf-8") as out:
        lines = csv.writer(out)
        lines.writerow(["time", *history.columns])
        lines.writerows(zip(history.times, *history.columns.values(), strict=True))
    command = [
        str(Path(sys.executable).with_name("driftwarden")), "backtest", str(file), "--model", "history",
        "--time", "time", "--baseline-rows", str(history.reference), "--config", str(settings), "--json",
    ]  # fmt: skip
    try:
        ended = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=SECONDS_MAX, check=False)
    except subprocess.TimeoutExpired:
        return Answer(Counter(), Counter(), (), SECONDS_MAX, (), f"not done after {SECONDS_MAX:.0f} s", failed=True)
    return read(ended.stdout, ended.stderr, ended.returncode)


def read(out: str, err: str, code: int) -> Answer:
    """Read what the command printed."""
    lines = [json.loads(line) for line in out.splitlines() if line.startswith("{")]
    findings = [line for line in lines if line["type"] == "finding"]
    acts = sorted((line["row"], line["subject"]) for line in findings if line["tier"] == "act")
    said = [line.removeprefix("driftwarden backtest: ").strip() for line in err.splitlines() if line.strip()]
    others = [line for line in said if BLIND not in line]
    return Answer(
        Counter(line["tier"] for line in findings),
        Counter(line["tier"] for line in lines if line["type"] == "notice"),
        tuple(acts),
        next((line["seconds"] for line in lines if line["type"] == "summary"), 0.0),
        tuple(line.split(BLIND)[0] for line in said if BLIND in line),
        (others[-1] if others else f"exit code {code}" if code else "")[:TOLD_CHARS_MAX],
        failed=code != 0,
    )
