"""Fixtures that give a real Apache Kafka: one that is running, the fetched jars, or a skip that says why."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.components.need import lacking
from tests.kafka.cluster import Cluster
from tests.kafka.fetch import fetch, jars


@pytest.fixture(scope="session")
def kafka() -> Iterator[Cluster]:
    """One broker for the whole session; each test makes topics of its own."""
    elsewhere = os.environ.get("DRIFTWARDEN_TEST_KAFKA")
    if elsewhere:
        yield Cluster.at(elsewhere)
        return
    with running(1) as cluster:
        yield cluster


@pytest.fixture(scope="session")
def kafka_cluster() -> Iterator[Cluster]:
    """Three brokers whose nodes a test may stop, kill and restart; it leaves all three running."""
    with running(3) as cluster:
        yield cluster


@contextmanager
def running(nodes: int) -> Iterator[Cluster]:
    """Start a cluster of our own and end it whatever happens."""
    cluster = Cluster(kafka_jars(), nodes)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()


def kafka_jars() -> Path:
    """Find the jars, or fetch them when DRIFTWARDEN_FETCH=1; otherwise the test that needs them is skipped."""
    if not shutil.which("java"):
        lacking("Apache Kafka needs java (17 or later), which is not on this machine")
    if not jars().is_dir() and os.environ.get("DRIFTWARDEN_FETCH") != "1":
        lacking("Apache Kafka is not on this machine: run `make components` or set DRIFTWARDEN_TEST_KAFKA=host:port")
    return fetch()
