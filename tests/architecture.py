"""The house rules that a machine can hold; each check takes parsed modules and gives its complaints as sentences.

The checks read source text only: nothing is imported, so a broken package is still described.
"""

import ast
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from statistics import median

PACKAGES = ("service", "detectors", "alerting")
LINES_MAX, LINES_MEDIAN_BELOW, FUNCTION_LINES_MAX = 300, 150, 60

_MAY_IMPORT = {
    "detectors": {"detectors", "numpy", "scipy", "river"},
    "alerting": {
        "alerting", "pydantic", "pydantic_core", "ruamel", "rfc8785", "httpx2", "jinja2", "apprise",
        "aiosmtplib", "cryptography",
    },
}  # fmt: skip
"""What a leaf may import beside the standard library; the trunk, `service`, may import anything but tests."""

_NOT_PURE = frozenset(
    {
        "asyncio", "concurrent", "contextvars", "ctypes", "datetime", "fcntl", "http", "importlib", "io", "logging",
        "multiprocessing", "os", "pathlib", "platform", "queue", "random", "secrets", "selectors", "shutil", "signal",
        "socket", "sqlite3", "ssl", "subprocess", "tempfile", "threading", "time", "urllib", "uuid", "warnings",
    }
)  # fmt: skip
"""Standard modules that know of clocks, chance, files, threads or sockets: not for detectors."""

_READS_ENVIRONMENT = frozenset({"service/app.py", "service/cli/settings.py"})
_BANNED_WORDS = frozenset({"manager", "helper", "util", "handler", "base", "data", "info"})
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")


@dataclass(frozen=True)
class Module:
    """One source file: `path` is relative to the repository, with slashes."""

    path: str
    text: str

    @property
    def package(self) -> str:
        """The top-level package that the file belongs to."""
        return self.path.split("/")[0]

    @cached_property
    def tree(self) -> ast.Module:
        """The file, parsed."""
        return ast.parse(self.text, self.path)

    @property
    def lines(self) -> int:
        """How long the file is."""
        return len(self.text.splitlines())


def modules(root: Path, packages: Iterable[str] = PACKAGES) -> list[Module]:
    """Read every Python file of the packages."""
    paths = sorted(path for package in packages for path in (root / package).rglob("*.py"))
    return [Module(path.relative_to(root).as_posix(), path.read_text(encoding="utf-8")) for path in paths]


def wrong_imports(module: Module) -> Iterator[str]:
    """The two leaves import neither each other nor the trunk, and nothing that is not theirs; nobody imports tests."""
    allowed = _MAY_IMPORT.get(module.package)
    for line, name in _imports(module):
        top = name.split(".")[0]
        where = f"{module.path}:{line} imports {name}"
        if name.startswith("."):
            yield f"{where}: imports are absolute"
        elif top in {"tests", "benchmarks"}:
            yield f"{where}: what ships does not know its tests"
        elif allowed is not None and top not in allowed and top not in sys.stdlib_module_names:
            yield f"{where}: {module.package} imports only the standard library and {', '.join(sorted(allowed))}"
        elif module.package == "detectors" and top in _NOT_PURE:
            yield f"{where}: detectors are pure arithmetic"
        elif top == "aiokafka" and not re.fullmatch(r"service/sources/kafka\w*\.py", module.path):
            yield f"{where}: only service/sources/kafka*.py knows aiokafka"


def impure_calls(module: Module) -> Iterator[str]:
    """Leaves are handed the time and their chance; detectors read and write nothing."""
    if module.package not in _MAY_IMPORT:
        return
    for node in ast.walk(module.tree):
        if not isinstance(node, ast.Call):
            continue
        called = ast.unparse(node.func)
        where = f"{module.path}:{node.lineno} calls {called}"
        if re.search(r"\b(now|utcnow|today)$", called) or called in {"time.time", "time.monotonic"}:
            yield f"{where}: time is an argument"
        elif re.match(r"(np|numpy)\.random\.(?!default_rng\b)|random\.(?!Random\b)", called):
            yield f"{where}: chance is an argument"
        elif called.endswith(("default_rng", "random.Random")) and not node.args:
            yield f"{where} without a seed"
        elif module.package == "detectors" and re.match(r"(open|print|input)$|sys\.std", called):
            yield f"{where}: detectors read and write nothing"


def environment_reads(module: Module) -> Iterator[str]:
    """The environment is read in the composition root and handed on from there."""
    if module.path in _READS_ENVIRONMENT:
        return
    complaint = f"reads the environment: only {', '.join(sorted(_READS_ENVIRONMENT))} may"
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Attribute) and ast.unparse(node) in {"os.environ", "os.environb", "os.getenv"}:
            yield f"{module.path}:{node.lineno} {complaint}"
        elif isinstance(node, ast.ImportFrom) and node.module == "os":
            taken = {alias.name for alias in node.names} & {"environ", "environb", "getenv"}
            yield from (f"{module.path}:{node.lineno} {complaint}" for _ in taken)


def banned_names(module: Module) -> Iterator[str]:
    """A name says what a thing is; words that say nothing are not names."""
    stem = Path(module.path).stem
    names = [(1, stem)] + [(node.lineno, node.name) for node in _definitions(module)]
    for line, name in names:
        for word in _WORD.findall(name):
            if word.lower().removesuffix("s") in _BANNED_WORDS or word.lower() in _BANNED_WORDS:
                yield f"{module.path}:{line} is named {name}: {word.lower()!r} says nothing"


def missing_docstrings(module: Module) -> Iterator[str]:
    """Every module and every public class says what it is."""
    if not ast.get_docstring(module.tree):
        yield f"{module.path}:1 has no docstring"
    for node in module.tree.body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_") and not ast.get_docstring(node):
            yield f"{module.path}:{node.lineno} class {node.name} has no docstring"


def overlong(module: Module) -> Iterator[str]:
    """A file has an end in sight and a function fits a screen; a docstring does not count."""
    if module.lines > LINES_MAX:
        yield f"{module.path} has {module.lines} lines: at most {LINES_MAX}"
    for node in _definitions(module):
        if isinstance(node, ast.ClassDef):
            continue
        length = (node.end_lineno or node.lineno) - node.lineno + 1
        first = node.body[0]
        if ast.get_docstring(node) is not None:
            length -= (first.end_lineno or first.lineno) - first.lineno + 1
        if length > FUNCTION_LINES_MAX:
            yield f"{module.path}:{node.lineno} {node.name} has {length} lines: at most {FUNCTION_LINES_MAX}"


def median_lines(found: Sequence[Module]) -> float:
    """The median length of the files that hold code: a package's bare docstring is not a file to read."""
    return median(module.lines for module in found if len(module.tree.body) > 1)


def _imports(module: Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.lineno, "." * node.level + (node.module or "")


def _definitions(module: Module) -> list[ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef]:
    kinds = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    return [node for node in ast.walk(module.tree) if isinstance(node, kinds)]
