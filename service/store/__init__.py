"""State in one database; every change is one transaction."""
