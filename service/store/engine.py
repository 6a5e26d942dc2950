"""The database: opening it, and the one way to write to it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, insert, select
from sqlalchemy.engine import make_url
from sqlalchemy.pool import StaticPool

from service.store.errors import StoreMismatch
from service.store.migrate import is_current, migrate
from service.store.schema import meta

BUSY_SECONDS = 20
"""How long a transaction waits for the lock: less than what makes the service look dead to whoever watches it."""


@dataclass(frozen=True, slots=True)
class Store:
    """One database. `write` is a transaction that takes the write lock at once; `read` sees one consistent snapshot."""

    engine: Engine

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Run one transaction; everything in it happens, or nothing."""
        with self.engine.connect().execution_options(write=True) as connection, connection.begin():
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Read one snapshot."""
        with self.engine.connect() as connection, connection.begin():
            yield connection

    def close(self) -> None:
        """Give the connections back."""
        self.engine.dispose()


def open_store(url: str, *, tick_seconds: int, durable: bool = True) -> Store:
    """Open the database at a SQLAlchemy URL, creating or migrating its tables.

    `durable=False` skips fsync: right for a backtest, whose database is thrown away. Raises StoreMismatch when the
    store was made with another length of tick, since its panes would mean something else.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        raise StoreMismatch(f"store.url: {parsed.get_backend_name()!r} is not supported; use sqlite:///FILE")
    in_memory = parsed.database in (None, "", ":memory:")
    engine = create_engine(
        url,
        connect_args={"check_same_thread": False, "timeout": BUSY_SECONDS},
        **({"poolclass": StaticPool} if in_memory else {}),
    )
    _prepare_sqlite(engine, durable=durable)
    migrate(engine)
    store = Store(engine)
    _pin(store, "tick_seconds", str(tick_seconds))
    return store


def open_to_read(url: str, *, tick_seconds: int) -> Store:
    """Open a database that a service may be writing to; nothing in it can be changed from here.

    Raises StoreMismatch when another release made its tables, or when it was made with another length of tick.
    """
    engine = create_engine(url, connect_args={"check_same_thread": False, "timeout": BUSY_SECONDS})
    _prepare_sqlite(engine, durable=True)

    @event.listens_for(engine, "connect")
    def connect(connection: Any, _record: object) -> None:
        connection.execute("PRAGMA query_only=ON")

    if not is_current(engine):
        raise StoreMismatch(
            f"store.url: {url} was made by another release, and is only read here; use the driftwarden of its "
            "service, or start the service of this release once"
        )
    store = Store(engine)
    with store.read() as connection:
        held = connection.execute(select(meta.c.value).where(meta.c.name == "tick_seconds")).scalar()
    if held is not None:
        _check_pin("tick_seconds", held, str(tick_seconds))
    return store


def _prepare_sqlite(engine: Engine, *, durable: bool) -> None:
    @event.listens_for(engine, "connect")
    def connect(connection: Any, _record: object) -> None:
        # The driver's own transaction control begins too late to take the write lock first, so it is switched off.
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout={BUSY_SECONDS * 1000}")
        cursor.execute("PRAGMA journal_mode=WAL" if durable else "PRAGMA journal_mode=MEMORY")
        cursor.execute("PRAGMA synchronous=FULL" if durable else "PRAGMA synchronous=OFF")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        write = connection.get_execution_options().get("write", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


def _pin(store: Store, name: str, value: str) -> None:
    with store.write() as connection:
        held = connection.execute(select(meta.c.value).where(meta.c.name == name)).scalar()
        if held is None:
            connection.execute(insert(meta).values(name=name, value=value))
        else:
            _check_pin(name, held, value)


def _check_pin(name: str, held: str, value: str) -> None:
    if held != value:
        raise StoreMismatch(
            f"the store was made with {name} = {held}, the settings say {value}; "
            f"set it back to {held}, or begin a new store"
        )
