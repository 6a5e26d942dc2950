"""The house rules hold for the code as it is, and each rule names what breaks it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.architecture import (
    LINES_MEDIAN_BELOW,
    PACKAGES,
    Module,
    banned_names,
    environment_reads,
    impure_calls,
    median_lines,
    missing_docstrings,
    modules,
    overlong,
    wrong_imports,
)

ROOT = Path(__file__).resolve().parent.parent
RULES = (wrong_imports, impure_calls, environment_reads, banned_names, missing_docstrings, overlong)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_code_keeps_the_rule(rule: Callable[[Module], Iterator[str]]) -> None:
    complaints = [complaint for module in modules(ROOT) for complaint in rule(module)]

    assert complaints == []


@pytest.mark.parametrize("package", PACKAGES)
def test_each_package_was_found(package: str) -> None:
    assert f"{package}/__init__.py" in {module.path for module in modules(ROOT)}


def test_most_files_are_short() -> None:
    assert median_lines(modules(ROOT)) < LINES_MEDIAN_BELOW


def test_no_package_below_tests_can_shadow_a_real_one() -> None:
    assert list((ROOT / "tests").rglob("__init__.py")) == []


@pytest.mark.parametrize(
    ("rule", "path", "text", "complaint"),
    [
        (wrong_imports, "detectors/psi.py", "import service.pipeline", "detectors/psi.py:1 imports service.pipeline"),
        (wrong_imports, "detectors/psi.py", "from alerting.tiers import Tier", "imports alerting.tiers"),
        (wrong_imports, "detectors/psi.py", "def f():\n    import pandas", "detectors/psi.py:2 imports pandas"),
        (wrong_imports, "detectors/psi.py", "import asyncio", "detectors are pure arithmetic"),
        (wrong_imports, "detectors/psi.py", "from . import ks", "imports are absolute"),
        (wrong_imports, "alerting/tiers.py", "from detectors.reading import Reading", "imports detectors.reading"),
        (wrong_imports, "alerting/tiers.py", "import numpy as np", "imports numpy"),
        (wrong_imports, "service/pipeline.py", "from aiokafka import AIOKafkaConsumer", "only service/sources/kafka"),
        (wrong_imports, "service/pipeline.py", "import tests.fakes", "does not know its tests"),
        (impure_calls, "detectors/psi.py", "print(1)", "detectors read and write nothing"),
        (impure_calls, "detectors/psi.py", "sys.stdout.write('')", "detectors read and write nothing"),
        (impure_calls, "detectors/psi.py", "x = np.random.normal()", "chance is an argument"),
        (impure_calls, "detectors/psi.py", "x = np.random.default_rng()", "without a seed"),
        (impure_calls, "alerting/notice.py", "x = datetime.now(UTC)", "time is an argument"),
        (environment_reads, "service/pipeline.py", "import os\nx = os.environ['A']", "service/pipeline.py:2 reads"),
        (environment_reads, "service/pipeline.py", "from os import environ", "service/pipeline.py:1 reads"),
        (banned_names, "service/alert_utils.py", "", "'utils' says nothing"),
        (banned_names, "service/a.py", "class StoreManager: ...", "is named StoreManager"),
        (banned_names, "service/a.py", "class A:\n    def get_info(self): ...", "is named get_info"),
        (missing_docstrings, "service/a.py", '"""Something."""\nclass A: ...', "class A has no docstring"),
        (missing_docstrings, "service/a.py", "x = 1", "service/a.py:1 has no docstring"),
        (overlong, "service/a.py", "x = 1\n" * 301, "has 301 lines"),
        (overlong, "service/a.py", "def f():\n" + "    x = 1\n" * 60, "f has 61 lines"),
    ],
)
def test_a_planted_fault_is_named(
    rule: Callable[[Module], Iterator[str]], path: str, text: str, complaint: str
) -> None:
    assert [complaint in found for found in rule(Module(path, text))] == [True]


@pytest.mark.parametrize(
    ("rule", "path", "text"),
    [
        (wrong_imports, "detectors/psi.py", "import math\nimport numpy as np\nfrom scipy import stats"),
        (wrong_imports, "service/pipeline.py", "import asyncio\nfrom detectors.psi import psi\nimport alerting.tiers"),
        (wrong_imports, "service/sources/kafka_guard.py", "import aiokafka"),
        (impure_calls, "detectors/psi.py", "x = np.random.default_rng(7)"),
        (environment_reads, "service/app.py", "import os\nx = os.environ"),
        (banned_names, "detectors/baseline.py", "def database_of(candidate): ..."),
        (missing_docstrings, "service/a.py", '"""Something."""\nclass _Private: ...'),
        (overlong, "service/a.py", 'def f():\n    """' + "Long.\n" * 70 + '"""\n'),
    ],
)
def test_what_the_rules_allow_is_let_through(rule: Callable[[Module], Iterator[str]], path: str, text: str) -> None:
    assert list(rule(Module(path, text))) == []
