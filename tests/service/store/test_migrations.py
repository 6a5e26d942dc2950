from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine

from service.store.canaries import canary
from service.store.deployments import deployment
from service.store.links import used_link
from service.store.migrate import migrate
from service.store.pagerduty import pagerduty_event
from service.store.schema import metadata


def test_the_migrations_make_exactly_the_tables_of_the_schema() -> None:
    assert {table.metadata for table in (canary, deployment, used_link, pagerduty_event)} == {metadata}
    engine = create_engine("sqlite://")
    migrate(engine)

    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
