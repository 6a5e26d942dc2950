"""YAML 1.2 read strictly, with the line and column of everything, so that every mistake can be pointed at."""

from dataclasses import dataclass, field
from datetime import date
from typing import TypeAlias

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from alerting.errors import Fault

CHARS_MAX = 1_000_000
FAULTS_MAX = 100

Value: TypeAlias = "bool | int | float | str | date | list[Value] | dict[str, Value] | None"
Path: TypeAlias = tuple[str | int, ...]

_TAG = "tag:yaml.org,2002:"
_PROBLEMS = {
    "found character '\\t' that cannot start any token": ("a tab is used to indent", "Indent with spaces"),
    "but found another document": ("the file holds a second document", "Remove everything from the second --- on"),
}


@dataclass(slots=True)
class Marked:
    """A file's values, where each key and each value stands (line and column from 1), and what is wrong with it."""

    value: Value = None
    keys: dict[Path, tuple[int, int]] = field(default_factory=dict)
    values: dict[Path, tuple[int, int]] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    def fault(self, path: Path, problem: str, fix: str, *, at_key: bool = False) -> None:
        """Note a fault at a path, or at the nearest thing around it that is in the file."""
        marks = self.keys if at_key else self.values
        while path and path not in marks:
            path = path[:-1]
        self.fault_at(marks.get(path, (1, 1)), problem, fix)

    def fault_at(self, place: tuple[int, int], problem: str, fix: str) -> None:
        """Note a fault at a line and column, the first 100 of a file.

        One place, one fault: whatever else is said about the same place follows from the first.
        """
        if len(self.faults) < FAULTS_MAX and all((fault.line, fault.column) != place for fault in self.faults):
            self.faults.append(Fault(*place, problem, fix))


def read(text: str) -> Marked:
    """Read one document; duplicate keys, anchors, tags of other kinds and keys that are not text are faults."""
    marked = Marked()
    if len(text) > CHARS_MAX:
        marked.faults.append(
            Fault(1, 1, f"the file has {len(text)} characters, over {CHARS_MAX}", "Split or shorten it")
        )
        return marked
    try:
        root = YAML(typ="safe", pure=True).compose(text)
    except MarkedYAMLError as error:
        marked.faults.append(_syntax(error))
        return marked
    except RecursionError:
        marked.faults.append(Fault(1, 1, "this is nested too deeply to be a table", "Write it flat"))
        return marked
    except (YAMLError, ValueError) as error:
        marked.faults.append(
            Fault(1, 1, f"this is not YAML ({type(error).__name__}: {str(error)[:100]})", "Rewrite it")
        )
        return marked
    if root is not None:
        marked.value = _taken(root, (), marked)
    return marked


def _taken(node: Node, path: Path, marked: Marked) -> Value:
    marked.values[path] = (node.start_mark.line + 1, node.start_mark.column + 1)
    if node.anchor is not None:
        marked.fault(path, f"the anchor &{node.anchor} is used", "Write the value out where it is needed")
        return None
    if isinstance(node, MappingNode):
        return _mapping(node, path, marked)
    if isinstance(node, SequenceNode):
        return [_taken(item, (*path, index), marked) for index, item in enumerate(node.value)]
    assert isinstance(node, ScalarNode), f"a YAML node is a mapping, a sequence or a scalar, not {type(node).__name__}"
    return _scalar(node, path, marked)


def _mapping(node: MappingNode, path: Path, marked: Marked) -> dict[str, Value]:
    values: dict[str, Value] = {}
    for key_node, value_node in node.value:
        if not isinstance(key_node, ScalarNode) or str(key_node.tag) != _TAG + "str":
            at = (key_node.start_mark.line + 1, key_node.start_mark.column + 1)
            shown = repr(key_node.value) if isinstance(key_node, ScalarNode) else "a list or mapping"
            marked.fault_at(at, f"the key {shown} is not text", "Write it in quotes")
            continue
        key = str(key_node.value)
        here = (*path, key)
        at = (key_node.start_mark.line + 1, key_node.start_mark.column + 1)
        if key in values:
            first = marked.keys[here][0]
            marked.fault_at(at, f"the key {key!r} is given twice, first in line {first}", "Keep one of the two")
            continue
        marked.keys[here] = at
        values[key] = _taken(value_node, here, marked)
    return values


def _scalar(node: ScalarNode, path: Path, marked: Marked) -> Value:
    text = str(node.value)
    match str(node.tag).removeprefix(_TAG):
        case "str":
            return text
        case "null":
            return None
        case "bool":
            return text.lower() in ("true", "yes", "on", "y")
        case "int":
            return _integer(text)
        case "float":
            return float(text.replace("_", "").replace(".inf", "inf").replace(".nan", "nan"))
        case "timestamp":
            try:
                return date.fromisoformat(text)
            except ValueError:
                return text
        case tag:
            marked.fault(path, f"the tag {tag} is used", "Write the plain value")
            return None


def _integer(text: str) -> int:
    """Read an integer; leading zeros, which Python's literals refuse, are allowed by YAML 1.2 and mean nothing."""
    try:
        return int(text, 0)
    except ValueError:
        return int(text)


def _syntax(error: MarkedYAMLError) -> Fault:
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)
    problem = str(error.problem or error.context or "this is not YAML")
    said, fix = _PROBLEMS.get(problem, (f"this is not YAML: {problem}", "Check brackets, quotes and indentation above"))
    return Fault(line, column, said, fix)
