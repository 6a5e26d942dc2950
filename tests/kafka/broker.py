"""One node of a real Apache Kafka in KRaft mode: a JVM on loopback whose files live in one folder."""

import os
import socket
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

# Tests are many short lives of a small broker: a quick start matters more than its peak throughput.
_JVM = ("-Xms128m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto")
_QUIET = """<?xml version="1.0" encoding="UTF-8"?>
<Configuration status="OFF">
<Appenders><Console name="out"><PatternLayout pattern="%d %p %c %m%n"/></Console></Appenders>
<Loggers><Root level="WARN"><AppenderRef ref="out"/></Root></Loggers></Configuration>
"""


@dataclass(slots=True)
class Broker:
    """A node that can be stopped, killed and started again on the same ports and files."""

    jars: Path
    folder: Path
    node: int
    listener: str
    properties: Mapping[str, str | int]
    process: subprocess.Popen[bytes] | None = field(default=None)

    def format(self, cluster_id: str, *options: str) -> None:
        """Prepare the folder; raises with the tool's own words when it refuses."""
        self.folder.mkdir(parents=True)
        (self.folder / "log.xml").write_text(_QUIET)
        lines = (f"{name}={value}\n" for name, value in self.properties.items())
        (self.folder / "server.properties").write_text("".join(lines))
        # One word, since an id may begin with a hyphen.
        tool = ["kafka.tools.StorageTool", "format", f"--cluster-id={cluster_id}", "-c", "server.properties", *options]
        done = subprocess.run(self._java(tool), cwd=self.folder, capture_output=True, text=True, timeout=120)
        if done.returncode != 0:
            raise RuntimeError(f"formatting {self.folder} failed:\n{done.stdout}{done.stderr}")

    def start(self) -> None:
        with (self.folder / "broker.out").open("ab") as out:
            self.process = subprocess.Popen(
                self._java(["kafka.Kafka", "server.properties"]), cwd=self.folder, stdout=out, stderr=out
            )

    def stop(self) -> None:
        """End politely: partitions are handed over and files closed."""
        if self.process is not None:
            self.process.terminate()
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.kill()
            self.process = None

    def kill(self) -> None:
        """End at once, as a machine that loses power would."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(30)
            self.process = None

    def said(self) -> str:
        """Give the last lines of the broker's output, for the message of a failed start."""
        out = self.folder / "broker.out"
        return out.read_text(errors="replace")[-4000:] if out.exists() else ""

    def _java(self, words: Sequence[str]) -> list[str]:
        java = os.environ.get("JAVA_HOME")
        program = str(Path(java) / "bin" / "java") if java else "java"
        return [program, *_JVM, "-Dlog4j2.configurationFile=log.xml", "-cp", f"{self.jars}/*", *words]


def free_ports(count: int) -> list[int]:
    """Ports of loopback that were free a moment ago."""
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [int(one.getsockname()[1]) for one in held]
    for one in held:
        one.close()
    return ports
