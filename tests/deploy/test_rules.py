"""Prometheus' configuration and alert rules, checked and run by promtool."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from service.metrics.catalog import ALL

FOLDER = Path(__file__).resolve().parents[2] / "deploy" / "prometheus"
CASES = Path(__file__).with_name("rules_test.yml")


def _promtool(promtool: Path, *words: str) -> tuple[int, str]:
    done = subprocess.run([promtool, *words], capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """The folder as the container sees it, with a stand-in for the token that is mounted there."""
    shutil.copytree(FOLDER, tmp_path / "prometheus")
    (tmp_path / "read.token").write_text("token")
    config = tmp_path / "prometheus" / "prometheus.yml"
    config.write_text(config.read_text().replace("/run/secrets/read.token", str(tmp_path / "read.token")))
    return tmp_path / "prometheus"


@pytest.mark.component
def test_prometheus_accepts_the_configuration_and_its_rules(promtool: Path, copied: Path) -> None:
    code, said = _promtool(promtool, "check", "config", str(copied / "prometheus.yml"))

    assert (code, "SUCCESS: 18 rules found" in said) == (0, True), said


@pytest.mark.component
def test_each_alert_fires_for_its_fault_and_only_then(promtool: Path, copied: Path) -> None:
    cases = shutil.copy(CASES, copied)

    code, said = _promtool(promtool, "test", "rules", str(cases))

    assert code == 0, said


def test_the_rules_speak_only_of_metrics_that_exist() -> None:
    expressions = (FOLDER / "rules.yml").read_text()
    spoken_of = set(re.findall(r"\bdriftwarden_[a-z_]+", expressions))

    assert spoken_of - {family.name for family in ALL} == set()


def test_every_alert_has_a_case_that_fires_and_one_that_does_not_unless_it_always_fires() -> None:
    rules, cases = (FOLDER / "rules.yml").read_text(), CASES.read_text()
    alerts = re.findall(r"- alert: (\w+)", rules)
    always = {"DriftwardenWatchdog"}
    quiet = re.findall(r"alertname: (\w+), exp_alerts: \[\]", cases)
    firing = re.findall(r"alertname: (\w+)\n +exp_alerts:\n +- exp_labels", cases)

    assert (set(alerts) - set(quiet) - always, set(alerts) - set(firing)) == (set(), set())
