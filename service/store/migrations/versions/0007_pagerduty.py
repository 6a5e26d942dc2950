"""Webhooks of PagerDuty that were taken."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "pagerduty_event",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("pagerduty_incident", sa.String(), nullable=False),
        sa.Column("incident", sa.String(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
    )
    op.create_index("pagerduty_event_incident", "pagerduty_event", ["pagerduty_incident"])
    op.create_index("pagerduty_event_at", "pagerduty_event", ["at_ms"])


def downgrade() -> None:
    op.drop_table("pagerduty_event")
