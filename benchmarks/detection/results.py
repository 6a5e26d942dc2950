"""Sections as they were measured, with the machine, the seed and the seconds, and as JSON that can be read again."""

import os
import platform
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

import msgspec

from benchmarks.detection.section import Goal, Scale, Section, Value

PACKAGES = ("driftwarden", "numpy", "scipy", "river")


@dataclass(frozen=True, slots=True)
class Result:
    """A section and how it was run: versions, cores, seed, share of the full scale, and seconds of wall clock."""

    name: str
    rows: Sequence[Mapping[str, Value]]
    goals: Sequence[Goal]
    note: str = ""
    run: Mapping[str, Value] = field(default_factory=dict)


class _Document(msgspec.Struct):
    sections: list[Result]


class _Alone(msgspec.Struct):
    """One section by itself, as far as a file gives it."""

    rows: list[dict[str, Value]]
    goals: list[Goal]
    name: str = ""
    note: str = ""
    run: dict[str, Value] = {}
    seconds: float | None = None
    seed: int | None = None


def measured(section: Section, scale: Scale, seconds: float) -> Result:
    """Join a section with what there is to say of this run."""
    run: dict[str, Value] = {
        **{name: version(name) for name in PACKAGES},
        "python": platform.python_version(),
        "machine": platform.machine(),
        "cores": os.cpu_count(),
        "seed": scale.seed,
        "share": scale.share,
        "seconds": round(seconds, 1),
    }
    return Result(section.name, section.rows, section.goals, section.note, run)


def as_json(results: Iterable[Result]) -> bytes:
    """Give one JSON object, a line to a row."""
    return b'{"benchmark":"detection","sections":%s}' % _list(_section(result) for result in results)


def read(file: Path) -> list[Result]:
    """Read what `as_json` wrote, or one section by itself; raises ValueError that names the file."""
    content = file.read_bytes()
    try:
        if b'"sections"' in content:
            return msgspec.json.decode(content, type=_Document).sections
        alone = msgspec.json.decode(content, type=_Alone)
    except msgspec.DecodeError as error:
        raise ValueError(f"{file}: not a result of this benchmark: {error}") from error
    run = {**{key: value for key, value in (("seed", alone.seed), ("seconds", alone.seconds)) if value}, **alone.run}
    return [Result(alone.name or file.stem, alone.rows, alone.goals, alone.note, run)]


def joined(files: Iterable[Path], order: Sequence[str]) -> list[Result]:
    """Read all files; of a section that is in several, the last file counts. Sections come in the given order."""
    found = {result.name: result for file in files for result in read(file)}
    places = {name: place for place, name in enumerate(order)}
    return sorted(found.values(), key=lambda result: places.get(result.name, len(places)))


def _section(result: Result) -> bytes:
    rows, goals = (_list(map(msgspec.json.encode, part)) for part in (result.rows, result.goals))
    name, note, run = map(msgspec.json.encode, (result.name, result.note, result.run))
    return b'{"name":%s,"rows":%s,"goals":%s,"note":%s,"run":%s}' % (name, rows, goals, note, run)


def _list(values: Iterable[bytes]) -> bytes:
    return b"[\n%s\n]" % b",\n".join(values)
