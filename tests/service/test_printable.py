"""Names that other people chose, where a person or a program reads them line by line."""

import io
import logging

from service.printable import OneLine, on_one_line

FORGED = "credit\n2026-01-05 10:00:00,000 CRITICAL driftwarden: \x1b[31mforged\u202e"


def logged(message: str, *words: object, fault: Exception | None = None) -> list[str]:
    """The lines that one message makes."""
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(OneLine("%(levelname)s: %(message)s"))
    record = logging.LogRecord(
        "driftwarden", logging.INFO, "", 1, message, words, (type(fault), fault, None) if fault else None
    )
    handler.handle(record)
    return out.getvalue().splitlines()


def test_a_name_cannot_begin_a_line_of_the_log() -> None:
    (line,) = logged("baseline of %s learned", FORGED)

    assert line.startswith(r"INFO: baseline of credit\n2026-01-05")
    assert line.isprintable()


def test_a_traceback_keeps_its_lines() -> None:
    assert logged("it failed", fault=ValueError("why")) == ["INFO: it failed", "ValueError: why"]


def test_names_of_any_script_stay_as_they_are() -> None:
    assert on_one_line("kreditt-æøå 信用 κ") == "kreditt-æøå 信用 κ"
