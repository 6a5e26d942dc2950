from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine

from service.store.canaries import canary
from service.store.deployments import deployment
from service.store.engine import open_store
from service.store.links import used_link
from service.store.migrate import migrate
from service.store.pagerduty import pagerduty_event
from service.store.queries import audit_entries
from service.store.schema import metadata


def test_the_migrations_make_exactly_the_tables_of_the_schema() -> None:
    # Tables belong to the schema once their modules are imported.
    assert {table.metadata for table in (canary, deployment, used_link, pagerduty_event)} == {metadata}
    engine = create_engine("sqlite://")
    migrate(engine)

    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_what_was_decided_before_is_found_by_what_it_is_about() -> None:
    store = open_store("sqlite://", tick_seconds=60)
    with store.engine.connect() as connection, connection.begin():
        connection.exec_driver_sql("DROP TABLE audit_about")
        connection.exec_driver_sql("DROP TABLE canary")
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0007'")
        rows = [(1, '{"subject": "inc_1"}'), (2, '{"subject": "inc_2"}'), (3, "damaged"), (4, '{"subject": "inc_1"}')]
        for row in rows:
            connection.exec_driver_sql("INSERT INTO audit VALUES (?, 0, ?, '', '')", row)

    migrate(store.engine)

    assert [entry["seq"] for entry in audit_entries(store, subject="inc_1")] == [4, 1]
