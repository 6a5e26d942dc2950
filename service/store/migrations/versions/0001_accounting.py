"""Where partitions stand, the ledger, panes, dead letters and baselines."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    _meta()
    _source_partition()
    _ledger()
    _pane()
    _seen()
    _dead_letter()
    _dead_reason()
    _model_version()
    _baseline()
    _learning()


def downgrade() -> None:
    for table in [
        "learning",
        "baseline",
        "model_version",
        "dead_reason",
        "dead_letter",
        "seen",
        "pane",
        "ledger",
        "source_partition",
        "meta",
    ]:
        op.drop_table(table)


def _meta() -> None:
    op.create_table(
        "meta",
        sa.Column("name", sa.String(), primary_key=True),
        sa.Column("value", sa.String(), nullable=False),
    )


def _source_partition() -> None:
    op.create_table(
        "source_partition",
        sa.Column("source", sa.String(), primary_key=True),
        sa.Column("partition", sa.String(), primary_key=True),
        sa.Column("begin", sa.BigInteger(), nullable=False),
        sa.Column("next", sa.BigInteger(), nullable=False),
        sa.Column("accepted", sa.BigInteger(), nullable=False),
        sa.Column("duplicate", sa.BigInteger(), nullable=False),
        sa.Column("late", sa.BigInteger(), nullable=False),
        sa.Column("dead", sa.BigInteger(), nullable=False),
        sa.Column("filtered", sa.BigInteger(), nullable=False),
        sa.Column("gap", sa.BigInteger(), nullable=False),
        sa.Column("retired", sa.BigInteger(), nullable=False),
        sa.Column("dead_retired", sa.BigInteger(), nullable=False),
        sa.Column("time_max_ms", sa.BigInteger()),
        sa.Column("idle", sa.Integer(), nullable=False),
        sa.Column("end", sa.BigInteger()),
        sa.Column("updated_ms", sa.BigInteger(), nullable=False),
    )


def _ledger() -> None:
    op.create_table(
        "ledger",
        sa.Column("source", sa.String(), primary_key=True),
        sa.Column("partition", sa.String(), primary_key=True),
        sa.Column("lo", sa.BigInteger(), primary_key=True),
        sa.Column("hi", sa.BigInteger(), nullable=False),
        sa.Column("accepted", sa.BigInteger(), nullable=False),
        sa.Column("duplicate", sa.BigInteger(), nullable=False),
        sa.Column("late", sa.BigInteger(), nullable=False),
        sa.Column("dead", sa.BigInteger(), nullable=False),
        sa.Column("filtered", sa.BigInteger(), nullable=False),
        sa.Column("gap", sa.BigInteger(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
    )


def _pane() -> None:
    op.create_table(
        "pane",
        sa.Column("span", sa.Integer(), primary_key=True),
        sa.Column("tick", sa.BigInteger(), primary_key=True),
        sa.Column("source", sa.String(), primary_key=True),
        sa.Column("partition", sa.String(), primary_key=True),
        sa.Column("kind", sa.String(), primary_key=True),
        sa.Column("model", sa.String(), primary_key=True),
        sa.Column("version", sa.String(), primary_key=True),
        sa.Column("segment", sa.String(), primary_key=True),
        sa.Column("baseline", sa.String(), primary_key=True),
        sa.Column("events", sa.BigInteger(), nullable=False),
        sa.Column("last_row", sa.BigInteger(), nullable=False),
        sa.Column("counts", sa.LargeBinary(), nullable=False),
    )
    op.create_index("pane_stream", "pane", ["kind", "model", "version", "segment", "span", "tick"])


def _seen() -> None:
    op.create_table(
        "seen",
        sa.Column("source", sa.String(), primary_key=True),
        sa.Column("partition", sa.String(), primary_key=True),
        sa.Column("tick", sa.BigInteger(), primary_key=True),
        sa.Column("lo", sa.BigInteger(), primary_key=True),
        sa.Column("ids", sa.LargeBinary(), nullable=False),
    )


def _dead_letter() -> None:
    op.create_table(
        "dead_letter",
        sa.Column("source", sa.String(), primary_key=True),
        sa.Column("partition", sa.String(), primary_key=True),
        sa.Column("offset", sa.BigInteger(), primary_key=True),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("value", sa.LargeBinary()),
        sa.Column("headers", sa.Text(), nullable=False),
    )
    op.create_index("ix_dead_letter_at_ms", "dead_letter", ["at_ms"])


def _dead_reason() -> None:
    op.create_table(
        "dead_reason",
        sa.Column("reason", sa.String(), primary_key=True),
        sa.Column("letters", sa.BigInteger(), nullable=False),
    )


def _model_version() -> None:
    op.create_table(
        "model_version",
        sa.Column("kind", sa.String(), primary_key=True),
        sa.Column("model", sa.String(), primary_key=True),
        sa.Column("version", sa.String(), primary_key=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("baseline", sa.String(), nullable=False),
        sa.Column("learned", sa.BigInteger(), nullable=False),
        sa.Column("first_ms", sa.BigInteger(), nullable=False),
        sa.Column("last_ms", sa.BigInteger(), nullable=False),
    )


def _baseline() -> None:
    op.create_table(
        "baseline",
        sa.Column("kind", sa.String(), primary_key=True),
        sa.Column("model", sa.String(), primary_key=True),
        sa.Column("version", sa.String(), primary_key=True),
        sa.Column("baseline", sa.String(), primary_key=True),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
    )


def _learning() -> None:
    op.create_table(
        "learning",
        sa.Column("kind", sa.String(), primary_key=True),
        sa.Column("model", sa.String(), primary_key=True),
        sa.Column("version", sa.String(), primary_key=True),
        sa.Column("source", sa.String(), primary_key=True),
        sa.Column("partition", sa.String(), primary_key=True),
        sa.Column("lo", sa.BigInteger(), primary_key=True),
        sa.Column("events", sa.Integer(), nullable=False),
        sa.Column("rows", sa.LargeBinary(), nullable=False),
    )
