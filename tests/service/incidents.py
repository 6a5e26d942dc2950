"""Rows of incidents, where a test needs one to be there and not what is in it."""

from sqlalchemy import insert, update

from service.store.engine import Store
from service.store.schema import incident


def put_open(store: Store, name: str) -> None:
    """Put an open incident in the store."""
    with store.write() as connection:
        connection.execute(
            insert(incident).values(
                id=name, cause=f"version:prediction/{name}@1", open=1, tier="act", condition="firing",
                handling="notified", opened_ms=0, updated_ms=0, content="",
            )
        )  # fmt: skip


def close(store: Store, name: str) -> None:
    """Say that it is over."""
    with store.write() as connection:
        connection.execute(update(incident).where(incident.c.id == name).values(open=0, handling="closed"))
