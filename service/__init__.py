"""Sockets, clocks, environment and database around `detectors` and `alerting`."""
