"""Deployments that were announced."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "deployment",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("link", sa.String(), nullable=False),
        sa.Column("announced_by", sa.String(), nullable=False),
        sa.Column("announced_ms", sa.BigInteger(), nullable=False),
    )
    op.create_index("deployment_model", "deployment", ["model", "at_ms"])
    op.create_index("deployment_at", "deployment", ["at_ms"])


def downgrade() -> None:
    op.drop_table("deployment")
