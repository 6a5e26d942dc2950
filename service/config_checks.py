"""Settings that are each allowed but contradict one another."""

import ipaddress
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from alerting.mail_address import is_sender
from service.settings import Settings


@dataclass(frozen=True, slots=True)
class Contradiction:
    """What is wrong between some settings, told at one of them."""

    path: tuple[str | int, ...]
    problem: str
    fix: str


def contradictions(settings: Settings) -> Iterator[Contradiction]:
    """Find all of them."""
    yield from _open_doors(settings)
    yield from _kafka(settings)
    yield from _sizes(settings)
    yield from _tiers(settings)
    yield from _mail(settings)
    yield from _audit(settings)
    yield from _heartbeat(settings)


def _open_doors(settings: Settings) -> Iterator[Contradiction]:
    api = settings.api
    if not api.tokens and not _is_loopback(api.host):
        yield Contradiction(
            ("api", "host"),
            f"api.host: {api.host!r} can be reached from other machines, and api.tokens is empty",
            "Add a token to api.tokens, or listen on 127.0.0.1",
        )
    if api.link_key is not None and not api.public_url:
        yield Contradiction(
            ("api", "link_key"),
            "api.link_key signs links in notices, and api.public_url does not say where they lead",
            "Give the address that people reach the service at, or remove the key",
        )
    if api.public_url and urlsplit(api.public_url).scheme not in ("http", "https"):
        yield Contradiction(
            ("api", "public_url"),
            f"api.public_url: {api.public_url!r} is not an address that a browser opens",
            "Write it like https://drift.example",
        )
    for name, times in Counter(token.name for token in api.tokens).items():
        if times > 1:
            yield Contradiction(
                ("api", "tokens"), f"api.tokens: {times} are called {name!r}", "Name each, the audit shows the name"
            )


def _kafka(settings: Settings) -> Iterator[Contradiction]:
    kafka = settings.kafka
    if kafka.security.startswith("SASL") and (not kafka.sasl_username or kafka.sasl_password is None):
        yield Contradiction(
            ("kafka", "security"),
            f"kafka.security: {kafka.security} needs kafka.sasl_username and kafka.sasl_password",
            "Give both, or choose PLAINTEXT or SSL",
        )
    if not kafka.security.startswith("SASL") and kafka.sasl_password is not None:
        yield Contradiction(
            ("kafka", "security"),
            f"kafka.security: {kafka.security} does not use kafka.sasl_password",
            "Choose SASL_SSL, or remove the password",
        )
    if (kafka.cert_file is None) != (kafka.key_file is None):
        yield Contradiction(
            ("kafka", "cert_file"), "kafka.cert_file and kafka.key_file belong together", "Give both or neither"
        )


def _sizes(settings: Settings) -> Iterator[Contradiction]:
    http, api, store = settings.http, settings.api, settings.store
    if http.enabled and http.bytes_max < 4 * api.body_bytes_max:
        yield Contradiction(
            ("http", "bytes_max"),
            f"http.bytes_max: {http.bytes_max} is less than four times api.body_bytes_max = {api.body_bytes_max}",
            "Raise the first or lower the second",
        )
    if store.history_days * 24 < store.panes_hours:
        yield Contradiction(
            ("store", "history_days"),
            f"store.history_days: {store.history_days} days are less than store.panes_hours = {store.panes_hours}",
            "Hourly panes are made of those; keep them at least as long",
        )


def _tiers(settings: Settings) -> Iterator[Contradiction]:
    alerting = settings.alerting
    for name in ("psi_tiers", "ks_tiers", "rate_tiers"):
        tiers: tuple[float, float, float] = getattr(alerting, name)
        if not 0 <= tiers[0] < tiers[1] < tiers[2]:
            yield Contradiction(
                ("alerting", name),
                f"alerting.{name}: {list(tiers)} do not rise",
                "Give observe, investigate and act, each above the one before",
            )
    fixed = settings.detection.psi_fixed
    if not 0 < fixed[0] < fixed[1]:
        yield Contradiction(
            ("detection", "psi_fixed"),
            f"detection.psi_fixed: {list(fixed)} do not rise from above 0",
            "Give investigate and act, the second above the first",
        )


def _mail(settings: Settings) -> Iterator[Contradiction]:
    smtp = settings.alerting.smtp
    path = ("alerting", "smtp")
    if smtp.host and not is_sender(smtp.sender):
        yield Contradiction(
            (*path, "sender"),
            f"alerting.smtp.sender: {smtp.sender!r} is not who a mail can come from",
            'Write it like "drift@company.example" or "Driftwarden <drift@company.example>"',
        )
    if bool(smtp.username) != (smtp.password is not None):
        yield Contradiction(
            (*path, "username"),
            "alerting.smtp.username and alerting.smtp.password belong together",
            "Give both, or neither for a server that takes mail without a login",
        )
    if smtp.username and smtp.tls == "none" and not _is_loopback(smtp.host):
        yield Contradiction(
            (*path, "tls"),
            f"alerting.smtp.tls: none would send the password in the clear to {smtp.host!r}",
            "Choose starttls or tls",
        )
    for name in ("host", "hello"):
        if any(c.isspace() or not c.isprintable() for c in getattr(smtp, name)):
            yield Contradiction(
                (*path, name), f"alerting.smtp.{name}: {getattr(smtp, name)!r} is not a name of a machine",
                "Write it like mail.company.example",
            )  # fmt: skip


def _audit(settings: Settings) -> Iterator[Contradiction]:
    audit = settings.audit
    if (audit.key is None) != (not audit.publish):
        yield Contradiction(
            ("audit", "publish"),
            "audit.key and audit.publish belong together: checkpoints are signed and published, or not made at all",
            "Give both or neither; `driftwarden audit key` makes a key",
        )
    for name, times in Counter(place.name for place in audit.publish).items():
        if times > 1:
            problem = f"audit.publish: {times} places are called {name!r}"
            yield Contradiction(("audit", "publish"), problem, "Name each, metrics and the log show the name")
    for index, place in enumerate(audit.publish):
        here = ("audit", "publish", index)
        if (place.file is None) != bool(place.url):
            yield Contradiction(here, f"audit.publish: {place.name!r} needs either file or url", "Give one of them")
        if place.secret is not None and not place.url:
            problem = f"audit.publish: {place.name!r} has a secret, which signs a POST, and no url"
            yield Contradiction(here, problem, "Remove the secret, or give a url")
        if place.url and not _is_private(place.url):
            # The address itself may be a secret.
            problem = f"audit.publish: the url of {place.name!r} is not https, so anybody on the way could change it"
            yield Contradiction(here, problem, "Begin it with https://")


def _heartbeat(settings: Settings) -> Iterator[Contradiction]:
    if settings.heartbeat.url and not _is_private(settings.heartbeat.url):
        problem = (
            "heartbeat.url: it is not https, so anybody on the way could read it and keep our silence from showing"
        )
        yield Contradiction(
            ("heartbeat", "url"), problem, "Begin it with https://, or name where it is found (env:NAME)"
        )


def _is_private(url: str) -> bool:
    return url.startswith(("https://", "env:", "file:")) or _on_loopback(url)


def _on_loopback(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme == "http" and _is_loopback(parts.hostname or "")
    except ValueError:
        return False


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
