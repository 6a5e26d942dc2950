"""What people do about an incident, done: read, decided and written in one transaction."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from alerting.incident import Incident
from alerting.remark import SALT_BYTES, Remark
from alerting.respond import Actor, Response
from service.store.decisions import put_response
from service.store.engine import Store
from service.store.records import incident_now


class IncidentUnknown(LookupError):
    """There is no incident of this id."""


class IncidentMoved(Exception):
    """More was told of the incident than whoever acts on it had seen; the message says how to go on."""


@dataclass(frozen=True, slots=True)
class Desk:
    """Where responders act. `random_bytes` gives salt and ids of remarks."""

    store: Store
    wall: Callable[[], datetime]
    random_bytes: Callable[[int], bytes] = secrets.token_bytes

    def respond(
        self,
        incident_id: str,
        name: str,
        text: str,
        act: Callable[[Incident, Actor], Response],
        *,
        seen: int | None = None,
    ) -> Incident:
        """Do it as `name`, who wrote `text` ("" for nothing); gives the incident as it is now.

        Raises IncidentUnknown, IncidentMoved when more than `seen` notices were told of it, ResponseRefused when it
        cannot be done, RemarkError when the text cannot be kept.
        """
        now = self.wall()
        with self.store.write() as connection:
            known = incident_now(connection, incident_id)
            if known is None:
                raise IncidentUnknown(incident_id)
            if seen is not None and known.notices > seen:
                raise IncidentMoved(
                    f"incident {incident_id} has moved on: {known.notices} notices were told of it by now, you saw "
                    f"{seen}; look at it again"
                )
            response = act(known, Actor(name, now, self._remark(incident_id, name, text, now)))
            put_response(connection, response, now)
        return response.incident

    def _remark(self, incident_id: str, author: str, text: str, now: datetime) -> Remark | None:
        if not text:
            return None
        return Remark(
            f"rmk_{self.random_bytes(8).hex()}", incident_id, now, text, self.random_bytes(SALT_BYTES), author
        )
