"""Work for one worker at a time: a row with an end, taken over when its holder has been silent."""

import contextlib

from sqlalchemy import Connection, delete, func, insert, or_, select, update
from sqlalchemy.exc import OperationalError

from service.store.engine import Store
from service.store.schema import lease

AHEAD_MAX = 10
"""How many times its length a lease may seem to last, as clocks of two machines differ, before it is not believed."""


def hold(store: Store, name: str, holder: str, now_ms: int, seconds: float) -> bool:
    """Take or prolong the lease; False while another worker holds it.

    One that lasts for much longer than any is taken for was taken by a clock that ran ahead, and holds nobody up.
    """
    until = now_ms + round(seconds * 1000)
    beyond = now_ms + AHEAD_MAX * round(seconds * 1000)
    with store.write() as connection:
        moved = connection.execute(
            update(lease)
            .where(
                lease.c.name == name,
                or_(lease.c.holder == holder, lease.c.until_ms < now_ms, lease.c.until_ms > beyond),
            )
            .values(holder=holder, until_ms=until)
        )
        if moved.rowcount == 1:
            return True
        if connection.execute(lease.select().where(lease.c.name == name)).one_or_none() is not None:
            return False
        connection.execute(insert(lease).values(name=name, holder=holder, until_ms=until))
        return True


def let_go(store: Store, name: str, holder: str) -> None:
    """Give a lease back before it ends."""
    with store.write() as connection:
        connection.execute(delete(lease).where(lease.c.name == name, lease.c.holder == holder))


def give_back(store: Store, name: str, holder: str) -> None:
    """Give it back at the end of a process; where the store cannot be used just then, it ends by itself."""
    with contextlib.suppress(OperationalError):
        let_go(store, name, holder)


def held(connection: Connection, prefix: str, now_ms: int) -> bool:
    """Whether anybody holds a lease whose name begins like this."""
    query = select(func.count()).where(lease.c.name.startswith(prefix, autoescape=True), lease.c.until_ms >= now_ms)
    return connection.execute(query).scalar_one() > 0
