"""What was decided about one incident is found without reading the whole chain."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "audit_about",
        sa.Column("subject", sa.String(), primary_key=True),
        sa.Column("seq", sa.Integer(), primary_key=True, autoincrement=False),
    )
    # An entry that somebody damaged is for `audit verify` to name, not for a migration to fail on.
    op.execute(
        "INSERT INTO audit_about (subject, seq) SELECT json_extract(content, '$.subject'), seq FROM audit "
        "WHERE json_valid(content) AND json_extract(content, '$.subject') IS NOT NULL"
    )


def downgrade() -> None:
    op.drop_table("audit_about")
