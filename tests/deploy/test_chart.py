"""The Helm chart, rendered by Helm's engine and judged by Kubernetes' own schemas."""

import copy
import json
import os
from typing import Any

import helm_python
import kubernetes_validate
import pytest
from ruamel.yaml import YAML

from service.settings import Settings
from tests.deploy.chart import CHART, SCHEMA, least, notes, rendered, schema

MONITOR = {"enabled": True, "tokenSecret": {"name": "driftwarden-read", "key": "token"}}


def _object(kind: str, values: dict[str, Any] | None = None) -> dict[str, Any]:
    (found,) = [candidate for candidate in rendered(values or least()) if candidate["kind"] == kind]
    return found


def _pod(values: dict[str, Any] | None = None) -> dict[str, Any]:
    pod: dict[str, Any] = _object("StatefulSet", values)["spec"]["template"]
    return pod


def _container() -> dict[str, Any]:
    (container,) = _pod()["spec"]["containers"]
    found: dict[str, Any] = container
    return found


def _with(path: str, value: object) -> dict[str, Any]:
    """Give the least values with one more set, as `--set path=value` would."""
    values: dict[str, Any] = copy.deepcopy(least())
    *parents, last = path.split(".")
    place = values
    for name in parents:
        place = place.setdefault(name, {})
    place[last] = value
    return values


def test_helm_finds_nothing_to_complain_about() -> None:
    report = helm_python.lint(CHART, least(), strict=True)

    assert [message for message in report["messages"] if message["severity"] > 1] == []


@pytest.mark.parametrize("version", ["1.27", "1.31"])
def test_kubernetes_knows_every_field_of_every_object(version: str) -> None:
    valid = [kubernetes_validate.validate(found, version, strict=True) for found in rendered(least())]

    assert len(valid) == 4


def test_a_misspelt_field_would_be_noticed() -> None:
    broken = _object("StatefulSet")
    broken["spec"]["replica"] = 1

    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(broken, "1.31", strict=True)


def test_the_settings_in_the_pod_are_settings_of_the_service() -> None:
    text = _object("ConfigMap")["data"]["driftwarden.yaml"]

    settings = Settings.model_validate(YAML(typ="safe").load(text))

    assert (settings.api.host, settings.api.tokens[0].role) == ("0.0.0.0", "ingest")


def test_large_numbers_reach_the_settings_as_they_were_written() -> None:
    values = _with("config.http", {"directory": "/var/lib/driftwarden/log", "bytes_max": 107374182400})

    assert "bytes_max: 107374182400\n" in _object("ConfigMap", values)["data"]["driftwarden.yaml"]


def test_the_ownership_table_reaches_the_pod_word_for_word() -> None:
    assert _object("ConfigMap")["data"]["owners.yaml"].strip() == least()["owners"].strip()


def test_a_changed_owner_starts_a_new_pod() -> None:
    changed = _with("owners", least()["owners"] + "# reviewed\n")

    before, after = (_pod(values)["metadata"]["annotations"]["checksum/config"] for values in (least(), changed))

    assert before != after


def test_the_pod_may_do_nothing_it_does_not_need() -> None:
    pod, container = _pod()["spec"], _container()
    allowed = {
        "root": not pod["securityContext"]["runAsNonRoot"],
        "api token": pod["automountServiceAccountToken"] or _object("ServiceAccount")["automountServiceAccountToken"],
        "write to its image": not container["securityContext"]["readOnlyRootFilesystem"],
        "more privileges": container["securityContext"]["allowPrivilegeEscalation"],
        "keep capabilities": container["securityContext"]["capabilities"] != {"drop": ["ALL"]},
    }

    assert [what for what, may in allowed.items() if may] == []


def test_only_the_state_and_the_temporary_folder_can_be_written() -> None:
    mounts = _container()["volumeMounts"]

    assert [mount["mountPath"] for mount in mounts if not mount.get("readOnly")] == ["/var/lib/driftwarden", "/tmp"]


def test_the_probes_ask_the_paths_that_never_need_a_token() -> None:
    container = _container()
    probes = ("startupProbe", "livenessProbe", "readinessProbe")

    assert [container[probe]["httpGet"]["path"] for probe in probes] == ["/livez", "/livez", "/readyz"]


def test_the_probes_follow_the_port_of_the_settings() -> None:
    values = _with("config.api.port", 9000)
    (container,) = _pod(values)["spec"]["containers"]

    assert container["ports"] == [{"name": "http", "containerPort": 9000, "protocol": "TCP"}]


def test_a_secret_becomes_environment_only_when_named() -> None:
    (container,) = _pod(_with("existingSecret", "hooks"))["spec"]["containers"]

    assert (_container().get("envFrom"), container["envFrom"]) == (None, [{"secretRef": {"name": "hooks"}}])


def test_a_service_monitor_exists_only_when_asked_for() -> None:
    kinds = [found["kind"] for found in rendered(_with("serviceMonitor", MONITOR))]

    assert ("ServiceMonitor" in kinds, len(rendered(least()))) == (True, 4)


def test_a_digest_wins_over_a_tag() -> None:
    digest = "sha256:" + "a" * 64
    (container,) = _pod(_with("image.digest", digest))["spec"]["containers"]

    assert container["image"] == f"driftwarden@{digest}"


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        (_with("replicas", 2), "/replicas"),
        (_with("config.kafka", {"bootstap": "kafka:9092"}), "bootstap"),
        (_with("config.time", {"tick_seconds": 0}), "/config/time/tick_seconds"),
        (_with("config.api.tokens", [{"name": "x", "role": "root", "sha256": "0" * 64}]), "/config/api/tokens/0/role"),
        (_with("config.api.tokens", []), "at least one token is needed"),
        (_with("owners", ""), "--set-file owners=owners.yaml"),
        (_with("image.digest", "latest"), "/image/digest"),
        (_with("replica", 1), "replica"),
        (_with("serviceMonitor", {"enabled": True}), "serviceMonitor.tokenSecret.name"),
    ],
)
def test_values_that_cannot_work_are_refused_by_name(values: dict[str, Any], complaint: str) -> None:
    with pytest.raises(helm_python.HelmError, match=complaint):
        rendered(values)


def test_the_schema_of_the_settings_in_the_chart_is_the_services_own() -> None:
    if os.environ.get("DRIFTWARDEN_UPDATE_GOLDEN") == "1":
        SCHEMA.write_text(json.dumps(schema(), indent=2) + "\n", encoding="utf-8")

    assert json.loads(SCHEMA.read_text(encoding="utf-8")) == schema()


def test_every_value_is_explained_by_the_schema() -> None:
    values = YAML(typ="safe").load((CHART / "values.yaml").read_text(encoding="utf-8"))

    assert set(values) - set(schema()["properties"]) == set()


def test_the_chart_installs_the_version_that_the_project_is_at() -> None:
    chart = YAML(typ="safe").load((CHART / "Chart.yaml").read_text(encoding="utf-8"))
    pyproject = (CHART.parents[1] / "pyproject.toml").read_text(encoding="utf-8")

    assert f'version = "{chart["appVersion"]}"' in pyproject


def test_the_notes_say_where_events_go() -> None:
    assert "http://watch-driftwarden.ml.svc:8350/v1/events" in notes(least())
