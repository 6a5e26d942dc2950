"""The schema for editors marks what the reader refuses, and nothing that it takes."""

import re
from collections.abc import Iterator
from pathlib import Path

import jsonschema
import pytest
from ruamel.yaml import YAML

from alerting.ownership_schema import owners_schema
from tests.alerting.examples import OWNERS

BROKEN = Path(__file__).parent / "broken_owners"
PAGE = Path(__file__).parent.parent.parent / "docs" / "owners.md"

SEEN = (
    "assign_empty", "contact_unknown", "contacts_empty", "contacts_missing", "contacts_too_many", "manager_unknown",
    "nobody_without_end", "nobody_without_reason", "parties_missing", "policy_field_unknown", "policy_step_unknown",
    "policy_tier_unknown", "role_unknown", "rule_field_unknown", "section_unknown", "slack_without_token",
    "version_missing", "webhook_field_unknown",
)  # fmt: skip


def complaints(text: str) -> list[str]:
    """What the schema says of a table."""
    table = YAML(typ="safe", pure=True).load(text)
    as_json = {**table, "rules": list(_plain(table.get("rules", [])))}
    return [error.message for error in jsonschema.Draft202012Validator(owners_schema()).iter_errors(as_json)]


def _plain(rules: list[object]) -> Iterator[object]:
    """JSON has no dates: an editor sees the text of one."""
    text = re.sub(r"datetime\.date\((\d+), (\d+), (\d+)\)", r"'\1-\2-\3'", repr(rules))
    yield from YAML(typ="safe", pure=True).load(text)


def tables() -> list[str]:
    """Tables that load."""
    blocks = re.findall(r"^```yaml\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return [OWNERS, *(block for block in blocks if "parties:" in block)]


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(owners_schema())


@pytest.mark.parametrize("text", tables(), ids=range(len(tables())))
def test_what_loads_is_not_marked(text: str) -> None:
    assert complaints(text) == []


@pytest.mark.parametrize("name", SEEN)
def test_what_an_editor_can_see_is_marked(name: str) -> None:
    assert complaints((BROKEN / f"{name}.yaml").read_text(encoding="utf-8"))
