"""The templates, opened once; every value is escaped, and a name a template does not get is an error."""

from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import urlencode

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from alerting.candidate import apart
from alerting.handling import HAPPENS
from service.printable import visible
from service.web.plots import number, percent

STATE_SHAPES = {
    "ok": '<circle cx="8" cy="8" r="6"/>',
    "drifting": '<path d="M8 1.5 15 14.5H1Z"/>',
    "insufficient": '<rect x="2.5" y="2.5" width="11" height="11" rx="1" stroke-dasharray="3 2"/>',
}
"""A state is told by its shape and its word; colour only adds to them."""


class Templates:
    """Renders the pages of `service/web/templates`."""

    def __init__(self) -> None:
        """Open the templates that lie beside this file."""
        self._environment = Environment(
            loader=PackageLoader("service.web", "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            finalize=_harmless,
        )
        self._environment.filters.update(
            utc=utc, number=number, percent=percent, ago=ago, apart=apart, badge=badge, link=link,
            incident_state=incident_state, happens=HAPPENS.__getitem__,
        )  # fmt: skip

    def render(self, name: str, facts: Mapping[str, object]) -> str:
        """Render one page."""
        return self._environment.get_template(name).render(facts)


def _harmless(value: object) -> object:
    return visible(value) if type(value) is str else value


def utc(at: datetime) -> Markup:
    """Write a time for people and programs.

    >>> from datetime import UTC
    >>> str(utc(datetime(2026, 1, 5, 10, 0, tzinfo=UTC)))
    '<time datetime="2026-01-05T10:00:00+00:00">2026-01-05 10:00 UTC</time>'
    """
    at = at.astimezone(UTC)
    return Markup('<time datetime="{}">{}</time>').format(at.isoformat(), f"{at:%Y-%m-%d %H:%M} UTC")


def ago(at: datetime, now: datetime) -> str:
    """Write how long ago a time was, in its largest unit.

    >>> from datetime import UTC, timedelta
    >>> now = datetime(2026, 1, 5, tzinfo=UTC)
    >>> [ago(now - timedelta(seconds=s), now) for s in (5, 90, 7_300, 200_000)]
    ['5 s', '1 min', '2 h', '2 d']
    """
    seconds = max(0, int((now - at).total_seconds()))
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def badge(state: str, word: str = "") -> Markup:
    """Draw a state as its shape with its word.

    >>> "ok</span>" in badge("ok")
    True
    """
    shape = Markup(STATE_SHAPES[state])
    return Markup(
        '<span class="badge {}"><svg viewBox="0 0 16 16" width="14" height="14" aria-hidden="true">{}</svg>{}</span>'
    ).format(state, shape, word or state)


def incident_state(tier: str) -> str:
    """Give the shape an incident's tier is drawn with: blind says that nothing can be seen.

    >>> incident_state("act"), incident_state("blind")
    ('drifting', 'insufficient')
    """
    return "insufficient" if tier == "blind" else "drifting"


def link(path: str, **query: str) -> str:
    """Make an address whose query may hold any text.

    >>> link("/model", model="a/b", version="1&2")
    '/model?model=a%2Fb&version=1%262'
    """
    return f"{path}?{urlencode(query)}"
