"""Nothing is documented that is not there, and nothing is there that is not documented."""

import re
from pathlib import Path

import pytest

from alerting.escalation_policy import DEFAULT
from alerting.ownership_answer import stated
from alerting.ownership_file import parse_ownership
from service.cli.reference import markdown as commands_markdown
from service.config_environment import settings_by_path
from service.metrics.catalog import ALL
from service.settings import Settings

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = [*sorted(DOCS.rglob("*.md")), *(ROOT / name for name in ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"))]


def _text(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def _settings() -> set[str]:
    return {".".join(path) for path in settings_by_path()}


def _sections() -> set[str]:
    """Every section, those within others too."""
    return {".".join(path[:length]) for path in settings_by_path() for length in range(1, len(path))}


def test_the_commands_reference_is_made_from_the_commands() -> None:
    assert _text("cli.md") == commands_markdown()


def test_every_setting_is_documented() -> None:
    text = _text("settings.md")

    assert {name for name in _settings() if f"`{name}`" not in text} == set()


def test_every_metric_is_documented_and_no_other() -> None:
    documented = set(re.findall(r"`(driftwarden_[a-z_]+)`", _text("metrics.md")))

    assert documented == {metric.name for metric in ALL}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_setting_named_anywhere_exists(page: Path) -> None:
    sections = "|".join(Settings.model_fields)
    named = set(re.findall(rf"`((?:{sections})\.[a-z_0-9.]+)`", page.read_text(encoding="utf-8")))
    files = {"kafka.md", "store.db"}

    assert {name for name in named if name not in _settings() | _sections() and name not in files} == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_link_to_a_file_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    broken = [link for link in links if "://" not in link and not (page.parent / link).exists()]

    assert broken == []


def test_every_command_in_the_readme_exists() -> None:
    headings = re.findall(r"^## `(.+)`$", commands_markdown(), re.MULTILINE)
    known = {" ".join(word for word in heading.split() if word.islower()) for heading in headings}
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    said = re.findall(r"driftwarden [a-z]+(?: (?:check|resolve|verify|fit|show|resample))?", readme)

    assert set(said) - known == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_ownership_table_shown_is_one_that_loads(page: Path) -> None:
    blocks = re.findall(r"^```yaml\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)

    for block in blocks:
        if "parties:" in block:
            assert parse_ownership(block, page.name).warnings == ()


def test_every_example_of_the_page_about_the_table_is_a_whole_table() -> None:
    blocks = re.findall(r"^```yaml\n(.*?)^```", _text("owners.md"), re.MULTILINE | re.DOTALL)

    # What else is shown there belongs into the settings or into Alertmanager's own file.
    others = [block.split(":")[0] for block in blocks if not block.startswith("version:")]
    assert [("parties:" in block) for block in blocks if block.startswith("version:")] == [True, True]
    assert sorted(others) == ["alerting", "lineage", "route"]


def test_the_default_policy_is_documented_as_it_is() -> None:
    rows = re.findall(r"^  \| (act|investigate|blind) \| (.*) \|$", _text("owners.md"), re.MULTILINE)
    shown = {name: [cell.strip() for cell in cells.split("|")] for name, cells in rows}

    assert shown == {
        tier.tier: [", ".join(tier.told), tier.ack, tier.findings, tier.decision, ", ".join(tier.steps)]
        for tier in stated(DEFAULT)
    }
