"""Passwords and certificates, against a real broker that asks for both."""

import time
from collections.abc import Iterator

import pytest

from service.settings import KafkaSettings
from service.sources.errors import SourceFailed
from service.sources.kafka import KafkaSource
from tests.kafka.secured import PASSWORD, USER, Secured, secured
from tests.kafka.topic import Topic, new_topic, read_to, values

pytestmark = pytest.mark.kafka


@pytest.fixture(scope="module")
def guarded() -> Iterator[Secured]:
    with secured() as broker:
        yield broker


def source_of(guarded: Secured, topic: Topic, password: str, **changed: object) -> KafkaSource:
    plain: dict[str, object] = {
        "bootstrap": guarded.bootstrap,
        "topics": (topic.name,),
        "security": "SASL_SSL",
        "sasl_username": USER,
        "ca_file": guarded.ca_file,
    }
    settings = KafkaSettings.model_validate({**plain, **changed})
    return KafkaSource(settings, password=password, monotonic=time.monotonic, worker="w1")


async def refusal(source: KafkaSource, topic: Topic) -> str:
    """Start the source and give the words with which it fails."""
    try:
        with pytest.raises(SourceFailed) as raised:
            await source.start(topic.position)
        return str(raised.value)
    finally:
        await source.stop()


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-512"])
async def test_records_are_read_over_tls_with_a_password(guarded: Secured, mechanism: str) -> None:
    async with new_topic(guarded.cluster) as topic:
        await topic.write([b"secret"])
        source = source_of(guarded, topic, PASSWORD, sasl_mechanism=mechanism)
        await source.start(topic.position)
        try:
            assert values(await read_to(source, 1)) == [b"secret"]
        finally:
            await source.stop()


async def test_a_wrong_password_fails_the_source(guarded: Secured, caplog: pytest.LogCaptureFixture) -> None:
    async with new_topic(guarded.cluster) as topic:
        refused = await refusal(source_of(guarded, topic, "wrong"), topic)
        assert ("took us in with kafka.security SASL_SSL" in refused, "SaslAuthenticationFailed" in caplog.text) == (
            True,
            True,
        )


async def test_a_certificate_nobody_vouches_for_is_not_trusted(
    guarded: Secured, caplog: pytest.LogCaptureFixture
) -> None:
    async with new_topic(guarded.cluster) as topic:
        refused = await refusal(source_of(guarded, topic, PASSWORD, ca_file=None), topic)
        assert ("took us in with kafka.security SASL_SSL" in refused, "CERTIFICATE_VERIFY_FAILED" in caplog.text) == (
            True,
            True,
        )


async def test_the_password_is_not_in_the_words_of_the_failure(guarded: Secured) -> None:
    async with new_topic(guarded.cluster) as topic:
        assert "wrong-but-private" not in await refusal(source_of(guarded, topic, "wrong-but-private"), topic)
