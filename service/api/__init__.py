"""The HTTP side: intake, reading API, health."""
