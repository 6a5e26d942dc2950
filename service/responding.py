"""What somebody does about an incident, in one transaction: read as it stands, decided, and written down whole."""

from collections.abc import Callable
from datetime import datetime

from alerting.errors import ResponseRefused
from alerting.incident import Incident
from alerting.remark import SALT_BYTES, Remark
from alerting.respond import Response
from service.store.decisions import put_response
from service.store.engine import Store
from service.store.records import incident_now, notices_of

REMARK_ID_BYTES = 8


class IncidentUnknown(LookupError):
    """There is no incident of this id; the message says so."""


def respond(
    store: Store,
    incident_id: str,
    act: Callable[[Incident], Response],
    now: datetime,
    *,
    expect_notices: int | None = None,
) -> Response:
    """Let somebody act on an incident as it stands now, and keep what follows from it.

    Whoever comes second finds what the first one did. `expect_notices` is how many notices of it the caller has seen.
    Raises IncidentUnknown, and ResponseRefused when there are other notices by now or `act` refuses; then nothing is
    written.
    """
    with store.write() as connection:
        known = incident_now(connection, incident_id)
        if known is None:
            raise IncidentUnknown(f"there is no incident {incident_id[:100]!r}")
        if expect_notices is not None:
            there = notices_of(connection, incident_id)
            if there != expect_notices:
                raise ResponseRefused(
                    f"incident {incident_id} has {there} notices by now, and you saw {expect_notices}: it is "
                    f"{known.handling} at tier {known.tier}; look at it again, then decide"
                )
        response = act(known)
        put_response(connection, response, now)
    return response


def remark_of(
    random_bytes: Callable[[int], bytes], incident_id: str, *, at: datetime, text: str, author: str
) -> Remark:
    """Make a remark of what somebody wrote, with an id and salt of its own; raises RemarkError on text it cannot keep.

    >>> remark_of(bytes, "inc_1", at=datetime.fromisoformat("2026-01-05T10:00:00Z"), text="Seen.", author="anna").id
    'rmk_0000000000000000'
    """
    return Remark(f"rmk_{random_bytes(REMARK_ID_BYTES).hex()}", incident_id, at, text, random_bytes(SALT_BYTES), author)
