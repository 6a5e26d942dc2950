"""A real mail server on this machine (aiosmtpd) that keeps what it is handed, or misbehaves as told."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

LOGIN = LoginPassword(b"drift", b"s3cret-word")


@dataclass(slots=True)
class Mailbox:
    """What arrived. `rcpt` and `data` are answers to give instead of taking a mail; "hang" and "drop" are no answers.

    Each is used up in turn; after that mail is taken.
    """

    rcpt: list[str] = field(default_factory=list)
    data: list[str] = field(default_factory=list)
    mails: list[EmailMessage] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    senders: list[str] = field(default_factory=list)
    recipients: list[list[str]] = field(default_factory=list)
    logins: list[bool] = field(default_factory=list)
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    port: int = 0

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Answer RCPT TO."""
        if self.rcpt:
            return self.rcpt.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Answer the end of the message."""
        if self.data:
            return self.data.pop(0)
        content = envelope.content
        assert isinstance(content, bytes), "aiosmtpd gives bytes unless told to decode"
        self.raw.append(content)
        self.mails.append(message_from_bytes(content, _class=EmailMessage, policy=policy.default))
        self.senders.append(str(envelope.mail_from))
        self.recipients.append([str(address) for address in envelope.rcpt_tos])
        return "250 OK"

    def authenticate(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        """Let in whoever knows the password."""
        self.logins.append(data == LOGIN)
        return AuthResult(success=data == LOGIN, handled=False)


class _Rude(SMTP):
    """Answers DATA by hanging or by dropping the connection in the middle of the message, QUIT by hanging."""

    def __init__(self, box: Mailbox, how: str, **settings: Any) -> None:
        super().__init__(box, **settings)
        self.box, self.how = box, how

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802
        """Misbehave."""
        if self.how == "hang on quit":
            await super().smtp_DATA(arg)
            return
        await self.push("354 go on")
        await self._reader.readline()
        if self.how == "hang":
            await self.box.stopping.wait()
        assert isinstance(self.transport, asyncio.WriteTransport), "there is a transport while a client is connected"
        self.transport.abort()

    async def smtp_QUIT(self, arg: str) -> None:  # noqa: N802
        """Misbehave."""
        await self.box.stopping.wait()


@asynccontextmanager
async def mailbox(
    *, how: str = "", tls: ssl.SSLContext | None = None, wrapped: bool = False, login: bool = False
) -> AsyncIterator[Mailbox]:
    """Run a mail server on the loopback. With `tls` it insists on STARTTLS, or on TLS from the start if `wrapped`."""
    box = Mailbox()
    settings: dict[str, Any] = {"hostname": "mail.example", "timeout": 20}
    if tls is not None and not wrapped:
        settings |= {"tls_context": tls, "require_starttls": True}
    if login:
        settings |= {"authenticator": box.authenticate, "auth_required": True}
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: _Rude(box, how, **settings) if how else SMTP(box, **settings),
        "127.0.0.1",
        0,
        ssl=tls if wrapped else None,
    )
    box.port = server.sockets[0].getsockname()[1]
    try:
        yield box
    finally:
        box.stopping.set()
        server.close()
        await server.wait_closed()


def certificate(folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Make a certificate for 127.0.0.1; gives what a server shows and what a client that trusts it uses."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail.example")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = made.public_bytes(serialization.Encoding.PEM)
    (folder / "cert.pem").write_bytes(pem)
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "key.pem").write_bytes(secret)
    shown = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    shown.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return shown, ssl.create_default_context(cadata=pem.decode())
