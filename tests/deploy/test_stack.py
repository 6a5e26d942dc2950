"""The stack in compose.yaml: reachable from this machine only, bounded, and made of files that exist."""

import hashlib
import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from service.settings import Settings

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"


def _yaml(path: Path) -> Any:
    return YAML(typ="safe").load(path.read_text(encoding="utf-8"))


STACK: dict[str, Any] = _yaml(DEPLOY / "compose.yaml")
SERVICES: dict[str, dict[str, Any]] = STACK["services"]
NAMES = sorted(SERVICES)


@pytest.fixture
def with_secrets(tmp_path: Path) -> Path:
    """A copy of the folder in which secrets.sh has run."""
    copy = shutil.copytree(DEPLOY, tmp_path / "deploy", ignore=shutil.ignore_patterns(".secrets"))
    subprocess.run([copy / "secrets.sh"], check=True, capture_output=True, timeout=30)
    return copy


def _mounted(service: dict[str, Any]) -> list[str]:
    return [volume.split(":")[0] for volume in service.get("volumes", [])]


@pytest.mark.parametrize("name", NAMES)
def test_every_port_is_bound_to_this_machine(name: str) -> None:
    ports = SERVICES[name].get("ports", [])

    assert [port for port in ports if not port.startswith("127.0.0.1:")] == []


@pytest.mark.parametrize("name", NAMES)
def test_every_image_is_pinned(name: str) -> None:
    image = SERVICES[name]["image"]

    assert re.search(r":(v?\d+\.\d+\.\d+|local)$", image) is not None


@pytest.mark.parametrize("name", NAMES)
def test_every_service_has_bounds(name: str) -> None:
    service = SERVICES[name]
    bounds = (service["mem_limit"] != "", service["logging"]["options"]["max-size"], service["cap_drop"])

    assert bounds == (True, "10m", ["ALL"])


@pytest.mark.parametrize("name", NAMES)
def test_a_service_waits_only_for_services_that_exist(name: str) -> None:
    assert set(SERVICES[name].get("depends_on", [])) - set(SERVICES) == set()


@pytest.mark.parametrize("name", NAMES)
def test_every_mounted_file_exists_once_the_secrets_are_made(name: str, with_secrets: Path) -> None:
    files = [source for source in _mounted(SERVICES[name]) if source.startswith(".")]

    assert [source for source in files if not (with_secrets / source).exists()] == []


def test_every_named_volume_is_declared_and_used() -> None:
    used = {source for service in SERVICES.values() for source in _mounted(service) if not source.startswith(".")}

    assert used == set(STACK["volumes"])


def test_the_service_reads_the_topic_that_is_made_for_it() -> None:
    made = [word.removeprefix("--topic=") for word in SERVICES["topics"]["command"] if word.startswith("--topic=")]

    assert made == _yaml(DEPLOY / "driftwarden.yaml")["kafka"]["topics"]


def test_the_broker_that_is_advertised_inside_is_the_one_that_the_service_asks() -> None:
    advertised = SERVICES["kafka"]["environment"]["KAFKA_ADVERTISED_LISTENERS"].split(",")

    assert f"INSIDE://{_yaml(DEPLOY / 'driftwarden.yaml')['kafka']['bootstrap']}" in advertised


def test_the_settings_with_their_tokens_are_settings_of_the_service(with_secrets: Path) -> None:
    settings = Settings.model_validate(_yaml(with_secrets / ".secrets" / "driftwarden.yaml"))

    assert [token.role for token in settings.api.tokens] == ["read", "ingest"]


def test_the_hash_that_the_service_holds_is_that_of_the_token_prometheus_sends(with_secrets: Path) -> None:
    settings = Settings.model_validate(_yaml(with_secrets / ".secrets" / "driftwarden.yaml"))
    token = (with_secrets / ".secrets" / "read.token").read_bytes()

    assert settings.api.tokens[0].sha256 == hashlib.sha256(token).hexdigest()


def test_tokens_are_kept_when_the_secrets_are_made_again(with_secrets: Path) -> None:
    before = (with_secrets / ".secrets" / "read.token").read_bytes()

    subprocess.run([with_secrets / "secrets.sh"], check=True, capture_output=True, timeout=30)

    assert (with_secrets / ".secrets" / "read.token").read_bytes() == before


def test_nobody_else_on_the_machine_can_read_the_secrets(with_secrets: Path) -> None:
    assert (with_secrets / ".secrets").stat().st_mode & 0o077 == 0


def test_git_never_sees_the_secrets() -> None:
    assert ".secrets/" in (DEPLOY / ".gitignore").read_text(encoding="utf-8").splitlines()


def test_grafana_finds_the_data_source_that_the_board_asks() -> None:
    (source,) = _yaml(DEPLOY / "grafana" / "provisioning" / "datasources" / "prometheus.yaml")["datasources"]
    board = json.loads((DEPLOY / "grafana" / "overview.json").read_text(encoding="utf-8"))

    asked = {panel["datasource"]["uid"] for panel in board["panels"] if panel["type"] != "row"}

    assert asked == {source["uid"]}


def test_grafana_finds_the_board_where_it_is_mounted() -> None:
    (provider,) = _yaml(DEPLOY / "grafana" / "provisioning" / "dashboards" / "driftwarden.yaml")["providers"]
    targets = [volume.split(":")[1] for volume in SERVICES["grafana"]["volumes"]]

    assert os.path.join(provider["options"]["path"], "overview.json") in targets
