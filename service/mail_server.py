"""The mail server of the settings, with what judges its certificate."""

import ssl

from alerting.sinks.email import MailServer
from service.config import ConfigError
from service.config_faults import Fault
from service.settings import SmtpSettings


def mail_server(smtp: SmtpSettings) -> MailServer:
    """Read `alerting.smtp`; raises ConfigError where the file of the authority cannot be used."""
    try:
        trust = ssl.create_default_context(cafile=smtp.ca_file) if smtp.tls != "none" else None
    except (OSError, ssl.SSLError) as fault:
        problem = f"alerting.smtp.ca_file: {smtp.ca_file} cannot be used ({type(fault).__name__})"
        raise ConfigError((Fault("settings", problem, "Name a PEM file of certificates"),)) from fault
    return MailServer(
        smtp.host, smtp.port, smtp.sender, smtp.username, smtp.password or "", smtp.tls, smtp.hello, trust
    )
