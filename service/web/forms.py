"""Forms that a browser sends us: only from our own pages, and only what was asked there.

Browsers send a password along unasked, also for a form on somebody else's page. Such a form cannot know the token that
our page carries, and the browser says where it came from.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

from fastapi import Request

from service.api.problem import Problem

FORM = "application/x-www-form-urlencoded"
KEY_BYTES = 32
FIELDS_MAX = 20


@dataclass(frozen=True, slots=True)
class FormKey:
    """What signs the forms of our pages."""

    key: bytes

    @classmethod
    def of(cls, secret: bytes) -> "FormKey":
        """Derive it from the key of links, which every process has; neither can stand for the other."""
        return cls(hmac.new(secret, b"driftwarden forms 1", hashlib.sha256).digest())

    def token(self, incident_id: str, caller: str) -> str:
        """Make the token for the forms about one incident that one caller is shown."""
        said = "\x00".join((incident_id, caller)).encode("utf-8", "surrogatepass")
        return hmac.new(self.key, said, hashlib.sha256).hexdigest()

    def check(self, token: str, incident_id: str, caller: str) -> None:
        """Raise Problem 403 unless it is the token that `token` makes."""
        made = self.token(incident_id, caller)
        if not hmac.compare_digest(made.encode(), token.encode("utf-8", "surrogatepass")):
            raise Problem(403, detail="This form is not from a page of this service as it runs now: load it again.")


def refuse_other_than_a_form(request: Request) -> None:
    """Raise Problem 415 for what is not sent as a form: what it says would be lost in silence."""
    media_type = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if media_type != FORM:
        raise Problem(415, detail=f"Content-Type {media_type or '(none)'!r} is not read here; send {FORM}.")


def refuse_foreign(request: Request, public_url: str) -> None:
    """Raise Problem 403 when a browser says that another site's page sent the form."""
    site = request.headers.get("sec-fetch-site", "same-origin")
    origin = request.headers.get("origin")
    ours = {request.headers.get("host", ""), urlsplit(public_url).netloc} - {""}
    if site not in ("same-origin", "none") or (origin is not None and _netloc(origin) not in ours):
        raise Problem(403, detail="The form was sent by a page of another site; act from this service's own page.")


def fields_of(body: bytes) -> Mapping[str, str]:
    """Read a form; fields left empty are left out. Raises Problem 400 when it is none."""
    try:
        text = body.decode("utf-8")
        pairs = parse_qsl(text, keep_blank_values=True, strict_parsing=True, max_num_fields=FIELDS_MAX, errors="strict")
    except ValueError:
        raise Problem(400, detail="The form cannot be read; send it from the incident's page.") from None
    return {name: value.replace("\r\n", "\n") for name, value in pairs if value.strip()}


def _netloc(origin: str) -> str:
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return ""
