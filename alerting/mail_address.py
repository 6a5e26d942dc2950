"""Whether a text is an address that a mail can be written to, or a sender it can come from."""

from email.errors import HeaderParseError, MessageDefect
from email.headerregistry import Address
from email.utils import parseaddr


def is_mail_address(text: str) -> bool:
    r"""Say whether `text` is one plain address (RFC 5322 addr-spec) in ASCII, which every mail server takes.

    >>> is_mail_address("team@company.example"), is_mail_address("team"), is_mail_address("a@b\nBcc: c@d")
    (True, False, False)
    """
    if not text.isascii() or not text.isprintable() or any(c.isspace() or c in '<>,;"' for c in text):
        return False
    try:
        address = Address(addr_spec=text)
    except (HeaderParseError, MessageDefect, ValueError, IndexError):
        return False
    return bool(address.username and address.domain)


def is_sender(text: str) -> bool:
    """Say whether a mail can come from `text`: an address, or a name with an address in angle brackets.

    >>> is_sender("Driftwarden <drift@company.example>"), is_sender("Driftwarden")
    (True, False)
    """
    return text.isprintable() and is_mail_address(parseaddr(text)[1])
