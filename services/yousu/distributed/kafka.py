"""A real Kafka broker from Maven jars: KRaft, one node."""

import os
import shutil
import subprocess
import uuid
from base64 import urlsafe_b64encode
from pathlib import Path

POM = Path(__file__).parents[3] / "deploy" / "kafka" / "pom.xml"
_COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies"
PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
log.dirs={data}
auto.create.topics.enable=false
default.replication.factor=1
min.insync.replicas=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
num.network.threads=2
num.io.threads=4
"""


def missing() -> str | None:
    """Which program Kafka needs and this machine lacks."""
    return next((name for name in ("java", "mvn") if shutil.which(name) is None), None)


def jars() -> Path:
    """The broker's jars, fetched by Maven the first time; kept in YOUSU_KAFKA_JARS or the user's cache."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = Path(os.environ.get("YOUSU_KAFKA_JARS") or cache / "yousu" / "kafka-jars")
    if not folder.exists():
        draft = folder.with_name(f"{folder.name}.{os.getpid()}")
        draft.mkdir(parents=True)
        order = ["mvn", "-q", "-B", "-f", str(POM), _COPY, "-DincludeScope=runtime", f"-DoutputDirectory={draft}"]
        subprocess.run(order, check=True)
        if not folder.exists():
            draft.rename(folder)
    return folder


def prepare(home: Path, port: int) -> list[str]:
    """Format the broker's storage when it is new; the command that runs the broker on this port (controller: +1)."""
    home.mkdir(parents=True, exist_ok=True)
    data, properties = home.absolute() / "data", home / "server.properties"
    properties.write_text(PROPERTIES.format(port=port, controller=port + 1, data=data))
    java = ["java", "-Xms256m", "-Xmx512m", "-XX:+UseSerialGC", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"]
    java += ["-cp", f"{jars()}/*"]
    if not (data / "meta.properties").exists():
        cluster = urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        subprocess.run(
            [*java, "kafka.tools.StorageTool", "format", f"--cluster-id={cluster}", "-c", str(properties)], check=True
        )
    return [*java, "kafka.Kafka", str(properties)]
