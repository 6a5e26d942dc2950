"""Remarks beside the audit, what was published of it, and triggers that refuse to change or delete its rows.

The triggers stop a mistake, not an administrator, who can drop them: what shows a change is the chain, and what shows a
rewritten chain are checkpoints kept elsewhere.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_WHY = "the audit is append-only, and a change of it breaks its hash chain: to correct an entry, append another"

_TRIGGERS = {
    "audit_not_changed": "BEFORE UPDATE ON audit",
    "audit_not_deleted": "BEFORE DELETE ON audit",
    # INSERT OR REPLACE deletes the row in its way without asking the trigger above.
    "audit_only_appended": "BEFORE INSERT ON audit WHEN NEW.seq <= (SELECT coalesce(max(seq), 0) FROM audit)",
}


def upgrade() -> None:
    op.create_table(
        "remark",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("incident", sa.String(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.Text()),
        sa.Column("erased_ms", sa.BigInteger()),
        sa.Column("erased_by", sa.String()),
    )
    op.create_index("ix_remark_incident", "remark", ["incident"])
    op.create_table(
        "checkpoint",
        sa.Column("place", sa.String(), primary_key=True),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
    )
    for name, when in _TRIGGERS.items():
        op.execute(f"CREATE TRIGGER {name} {when} BEGIN SELECT RAISE(ABORT, '{_WHY}'); END")


def downgrade() -> None:
    for name in _TRIGGERS:
        op.execute(f"DROP TRIGGER {name}")
    op.drop_table("checkpoint")
    op.drop_table("remark")
