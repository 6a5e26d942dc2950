"""Closes, readings, findings, incidents, the outbox and the audit."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _clock()
    _tick_close()
    _sequence()
    _reading()
    _finding()
    _incident()
    _notice()
    _delivery()
    _audit()
    _lease()


def downgrade() -> None:
    for table in [
        "lease",
        "audit",
        "delivery",
        "notice",
        "incident",
        "finding",
        "reading",
        "sequence",
        "tick_close",
        "clock",
    ]:
        op.drop_table(table)


def _clock() -> None:
    op.create_table(
        "clock",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("closed", sa.BigInteger()),
    )


def _tick_close() -> None:
    op.create_table(
        "tick_close",
        sa.Column("tick", sa.BigInteger(), primary_key=True),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("watermark_ms", sa.BigInteger(), nullable=False),
        sa.Column("skipped", sa.BigInteger(), nullable=False),
        sa.Column("positions", sa.Text(), nullable=False),
    )


def _sequence() -> None:
    op.create_table(
        "sequence",
        sa.Column("kind", sa.String(), primary_key=True),
        sa.Column("model", sa.String(), primary_key=True),
        sa.Column("version", sa.String(), primary_key=True),
        sa.Column("segment", sa.String(), primary_key=True),
        sa.Column("tick", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
    )


def _reading() -> None:
    op.create_table(
        "reading",
        sa.Column("kind", sa.String(), primary_key=True),
        sa.Column("model", sa.String(), primary_key=True),
        sa.Column("version", sa.String(), primary_key=True),
        sa.Column("segment", sa.String(), primary_key=True),
        sa.Column("window", sa.String(), primary_key=True),
        sa.Column("tick", sa.BigInteger(), primary_key=True),
        sa.Column("content", sa.LargeBinary(), nullable=False),
    )
    op.create_index("reading_tick", "reading", ["tick"])


def _finding() -> None:
    op.create_table(
        "finding",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=True),
        sa.Column("tick", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("segment", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("detector", sa.String(), nullable=False),
        sa.Column("window", sa.String(), nullable=False),
        sa.Column("tier", sa.String()),
        sa.Column("content", sa.Text(), nullable=False),
    )
    op.create_index("ix_finding_tick", "finding", ["tick"])


def _incident() -> None:
    op.create_table(
        "incident",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("cause", sa.String(), nullable=False),
        sa.Column("open", sa.Integer(), nullable=False),
        sa.Column("tier", sa.String(), nullable=False),
        sa.Column("condition", sa.String(), nullable=False),
        sa.Column("handling", sa.String(), nullable=False),
        sa.Column("opened_ms", sa.BigInteger(), nullable=False),
        sa.Column("updated_ms", sa.BigInteger(), nullable=False),
        sa.Column("resolved_ms", sa.BigInteger()),
        sa.Column("content", sa.Text(), nullable=False),
    )
    op.create_index(
        "incident_open_cause",
        "incident",
        ["cause"],
        unique=True,
        sqlite_where=sa.text("open = 1"),
        postgresql_where=sa.text("open = 1"),
    )


def _notice() -> None:
    op.create_table(
        "notice",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("incident", sa.String(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
    )
    op.create_index("ix_notice_incident", "notice", ["incident"])


def _delivery() -> None:
    op.create_table(
        "delivery",
        sa.Column("key", sa.String(), primary_key=True),
        sa.Column("incident", sa.String(), nullable=False),
        sa.Column("destination", sa.String(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("next_ms", sa.BigInteger(), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
    )
    op.create_index("delivery_due", "delivery", ["state", "next_ms"])


def _audit() -> None:
    op.create_table(
        "audit",
        sa.Column("seq", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("previous", sa.String(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
    )


def _lease() -> None:
    op.create_table(
        "lease",
        sa.Column("name", sa.String(), primary_key=True),
        sa.Column("holder", sa.String(), nullable=False),
        sa.Column("until_ms", sa.BigInteger(), nullable=False),
    )
