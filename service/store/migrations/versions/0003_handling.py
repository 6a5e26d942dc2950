"""What people do about incidents: when something is due by itself, what is still watched, and who a notice is for."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Incidents of an earlier release have no clocks yet; the service starts them when it finds them."""
    op.add_column("incident", sa.Column("watched", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("incident", sa.Column("due_ms", sa.BigInteger()))
    op.create_index("incident_due", "incident", ["due_ms"])
    op.add_column("notice", sa.Column("party", sa.String(), nullable=False, server_default=""))
    op.create_index("notice_party", "notice", ["party", "at_ms"])
    op.create_index("delivery_line", "delivery", ["incident", "destination", "seq"])


def downgrade() -> None:
    op.drop_index("delivery_line", "delivery")
    op.drop_index("notice_party", "notice")
    op.drop_column("notice", "party")
    op.drop_index("incident_due", "incident")
    op.drop_column("incident", "due_ms")
    op.drop_column("incident", "watched")
