"""A notice as a mail: text and HTML, and headers that keep an incident in one thread."""

from datetime import datetime, timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import parseaddr

from alerting.outbox import Delivery
from alerting.sinks.email_page import ACTIONS_HEADING, page
from alerting.sinks.told import Told, told, utc
from alerting.wording import clean

SUBJECT_CHARS_MAX = 200
PICTURE_BYTES_MAX = 262_144

LATE = timedelta(minutes=15)
"""From this on a mail says that it comes later than it was written."""

_IMPORTANCE = {"act": ("high", "1"), "blind": ("high", "1"), "observe": ("low", "5")}


def message(delivery: Delivery, sender: str, now: datetime) -> EmailMessage:
    """Set a notice out as a mail to `delivery.target`.

    The Message-ID is made of the delivery's key, so that a repeat is known as one; every mail of an incident answers a
    first message that need not exist. Date is when the notice was written; the body says so when that was long ago.
    """
    about = told(delivery)
    name, address = parseaddr(sender)
    domain = address.rpartition("@")[2]
    root = f"<{clean(delivery.incident_id)}@{domain}>"
    mail = EmailMessage(policy=SMTP)
    mail["From"] = Address(clean(name), addr_spec=address)
    mail["To"] = Address(addr_spec=delivery.target.address)
    mail["Subject"] = clean(about.title, SUBJECT_CHARS_MAX)
    mail["Date"] = about.at or now
    mail["Message-ID"] = f"<{delivery.key}@{domain}>"
    mail["In-Reply-To"] = root
    mail["References"] = root
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "All"
    mail["X-Driftwarden-Incident"] = clean(delivery.incident_id)
    mail["Importance"], mail["X-Priority"] = _IMPORTANCE.get("" if about.over else about.tier, ("normal", "3"))
    late = _late(about, now)
    picture = about.picture_svg.encode(errors="replace")
    attached = b"" if len(picture) > PICTURE_BYTES_MAX else picture
    parts = [part for part in (late, about.text, _actions(about)) if part]
    mail.set_content("\n\n".join(parts), cte="quoted-printable")
    mail.add_alternative(page(about, late, pictured=bool(attached)), subtype="html", cte="quoted-printable")
    if attached:
        mail.add_attachment(attached, maintype="image", subtype="svg+xml", filename="drift.svg")
    return mail


def _actions(about: Told) -> str:
    if not about.actions:
        return ""
    return "\n".join([ACTIONS_HEADING, *(f"  {text}: {url}" for text, url in about.actions)]) + "\n"


def _late(about: Told, now: datetime) -> str:
    if about.at is None or now - about.at < LATE:
        return ""
    minutes = int((now - about.at).total_seconds() // 60)
    ago = f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"
    return f"Late: written at {utc(about.at)}, and sent {ago} after that. Things may have changed meanwhile."
