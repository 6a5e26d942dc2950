"""What CONTRIBUTING.md and the decisions point at is there, and the recipes stay short."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))
RECIPES = CONTRIBUTING.split("## Recipes")[1].split("\n## ")[0].split("\n### ")[1:]


def _words(section: str) -> list[str]:
    return re.findall(r"`make ([a-z -]+)`", section)


def test_every_path_it_names_exists() -> None:
    named = re.findall(
        r"`((?:\.ci|alerting|deploy|detectors|docs|helm|service|tests)/[\w./-]*|[A-Z]+\.md)`", CONTRIBUTING
    )

    assert [path for path in named if not (ROOT / path).exists()] == []


def test_every_word_of_make_it_names_is_one() -> None:
    phony = next(line for line in (ROOT / "Makefile").read_text().splitlines() if line.startswith(".PHONY:")).split()

    assert [word for words in _words(CONTRIBUTING) for word in words.split() if word not in phony] == []


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.splitlines()[0])
def test_a_recipe_has_at_most_eight_steps(recipe: str) -> None:
    assert 1 <= len(re.findall(r"^\d+\. ", recipe, flags=re.MULTILINE)) <= 8


@pytest.mark.parametrize("page", DECISIONS, ids=lambda page: page.stem)
def test_a_decision_says_why_what_and_at_what_cost(page: Path) -> None:
    headings = re.findall(r"^## (.+)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)

    assert headings == ["Context", "Choice", "Cost"]


def test_every_decision_is_listed() -> None:
    listed = re.findall(r"\((\d{4}-[\w-]+\.md)\)", (ROOT / "docs" / "decisions" / "README.md").read_text("utf-8"))

    assert listed == [page.name for page in DECISIONS]
