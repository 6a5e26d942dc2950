"""The wire: the native schema, what wraps it, and how bytes become columns."""
