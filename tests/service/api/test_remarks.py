"""Erasing a remark over the API."""

from alerting.audit import AuditEntry, verify
from alerting.remark import Remark
from service.store.records import append_audit, audit_rows
from service.store.remarks import put_remark, remark_row
from tests.service.api.seed import NOW, Seeded, empty, tokens

WRITTEN = Remark("rmk_1", "inc_1", NOW, "Ms Okafor called.", bytes(16), "anna")
URL = "/v1/remarks/rmk_1?reason=asked"


def noted() -> Seeded:
    """A store with one remark, behind tokens."""
    made = empty(tokens())
    with made.store.write() as connection:
        put_remark(connection, WRITTEN)
        entry = AuditEntry(NOW, "anna", "incident.noted", "inc_1", remark=WRITTEN.reference())
        append_audit(connection, [entry])
    return made


async def test_an_admin_erases_and_the_audit_names_the_token_and_the_reason() -> None:
    made = noted()
    async with made.client("admin") as client:
        answer = await client.delete(URL)
        listed = (await client.get("/v1/audit")).json()["items"]

    erased = answer.json()
    assert (erased["id"], erased["incident"], erased["erased_by"]) == ("rmk_1", "inc_1", "admin-holder")
    assert [(item["action"], item["actor"], item["reason"]) for item in listed] == [
        ("remark.erased", "admin-holder", "asked"), ("incident.noted", "anna", ""),
    ]  # fmt: skip
    assert [item["remark"] for item in listed] == ["", WRITTEN.reference()]
    with made.store.read() as connection:
        row = remark_row(connection, "rmk_1")
        assert verify(audit_rows(connection)) is None
    assert row is not None
    assert row.content is None


async def test_nobody_else_may_erase() -> None:
    for token in ("read", "respond", "ingest"):
        async with noted().client(token) as client:
            assert (await client.delete(URL)).status_code == 403


async def test_a_reason_must_be_given_and_not_be_blank() -> None:
    async with noted().client("admin") as client:
        answers = [await client.delete(url) for url in ("/v1/remarks/rmk_1", "/v1/remarks/rmk_1?reason=%20")]

    assert [answer.status_code for answer in answers] == [422, 422]


async def test_a_remark_that_is_not_there_is_told_of() -> None:
    async with noted().client("admin") as client:
        answer = await client.delete("/v1/remarks/rmk_9?reason=asked")

    assert (answer.status_code, "no remark 'rmk_9'" in answer.json()["detail"]) == (404, True)
