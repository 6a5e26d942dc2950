"""A broker that also listens with TLS and passwords, with a certificate made for this run."""

import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.kafka.broker import free_ports
from tests.kafka.cluster import Cluster
from tests.kafka.fixtures import kafka_jars

USER, PASSWORD = "watcher", "a-password-for-tests"
_STORE_PASSWORD = "changeit"


@dataclass(frozen=True, slots=True)
class Secured:
    """The cluster by its plain listener, and what a client needs for the other one."""

    cluster: Cluster
    bootstrap: str
    ca_file: Path


@contextmanager
def secured() -> Iterator[Secured]:
    """Start one broker with a SASL_SSL listener that takes USER by PLAIN and by SCRAM-SHA-512."""
    cluster = Cluster(kafka_jars(), 1)
    try:
        [port] = free_ports(1)
        ca_file = _certificate(cluster.folder)
        [broker] = cluster.brokers
        broker.properties = {**broker.properties, **_listener(broker.properties, port, cluster.folder)}
        cluster.start("--add-scram", f"SCRAM-SHA-512=[name={USER},password={PASSWORD}]")
        yield Secured(cluster, f"127.0.0.1:{port}", ca_file)
    finally:
        cluster.stop()


def _listener(plain: Mapping[str, str | int], port: int, folder: Path) -> dict[str, str | int]:
    login = "org.apache.kafka.common.security"
    prefix = "listener.name.sasl_ssl"
    return {
        **{name: f"{plain[name]},SASL_SSL://127.0.0.1:{port}" for name in ("listeners", "advertised.listeners")},
        "listener.security.protocol.map": f"{plain['listener.security.protocol.map']},SASL_SSL:SASL_SSL",
        "sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-512",
        f"{prefix}.ssl.keystore.location": str(folder / "broker.p12"),
        f"{prefix}.ssl.keystore.password": _STORE_PASSWORD,
        f"{prefix}.plain.sasl.jaas.config": f'{login}.plain.PlainLoginModule required user_{USER}="{PASSWORD}";',
        f"{prefix}.scram-sha-512.sasl.jaas.config": f"{login}.scram.ScramLoginModule required;",
    }


def _certificate(folder: Path) -> Path:
    """Make a key for 127.0.0.1 with java's own tool and give its certificate, which is its own authority."""
    store = ["-keystore", str(folder / "broker.p12"), "-storepass", _STORE_PASSWORD, "-alias", "broker"]
    make = ["-genkeypair", "-keyalg", "EC", "-dname", "CN=127.0.0.1", "-ext", "SAN=ip:127.0.0.1", "-ext", "bc=ca:true"]
    pem = folder / "ca.pem"
    for words in (make, ["-exportcert", "-rfc", "-file", str(pem)]):
        subprocess.run(["keytool", *words, *store], check=True, capture_output=True, timeout=60)
    return pem
