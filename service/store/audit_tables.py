"""The tables of the audit: the chain, what people wrote beside it, and what of it was published."""

from sqlalchemy import BigInteger, Column, Integer, String, Table, Text

from service.store.metadata import metadata

audit = Table(
    "audit",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("content", Text, nullable=False),
    Column("previous", String, nullable=False),
    Column("hash", String, nullable=False),
)
"""Who decided what: a hash chain over canonical JSON. Triggers refuse to change or delete its rows."""

audit_about = Table(
    "audit_about",
    metadata,
    Column("subject", String, primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
)
"""Which entries are about what: a way to find them, never a proof."""

remark = Table(
    "remark",
    metadata,
    Column("id", String, primary_key=True),
    Column("incident", String, nullable=False, index=True),
    Column("at_ms", BigInteger, nullable=False),
    Column("content", Text),
    Column("erased_ms", BigInteger),
    Column("erased_by", String),
)
"""What people wrote, which the audit names by id and commitment; without content once it was erased."""

checkpoint = Table(
    "checkpoint",
    metadata,
    Column("place", String, primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("hash", String, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
)
"""What was last published to each place outside: a note of what is due next, never a proof."""
