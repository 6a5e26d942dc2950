"""`driftwarden owners check`, `driftwarden owners diff` and `driftwarden owners resolve`."""

from datetime import UTC, datetime
from pathlib import Path

from alerting.finding import Stream
from alerting.ownership import ROLES
from alerting.table_change import change_between
from service.cli.mistakes import Mistake
from service.cli.settings import DEFAULT_FILE, ownership_of, settings_of, store_of
from service.store.records import open_incidents

_MAILED = "is told by mail: set alerting.smtp.host in the settings of the service (this check read none)"


def check(file: Path | None, config: Path | None) -> int:
    """Load the table; whatever is wrong with it is raised with its line, so reaching the end means it is good.

    A file by itself says nothing about a mail server; then a contact by mail is only warned of.
    """
    settings = settings_of(config)
    path = file if file is not None else settings.alerting.owners
    mail = bool(settings.alerting.smtp.host)
    alone = file is not None and config is None and not DEFAULT_FILE.exists()
    ownership = ownership_of(path, mail=mail or alone)
    print(f"{path}: {len(ownership.parties)} parties, {len(ownership.rules)} rules, all good")
    mailed = () if mail else tuple(f"party {name} {_MAILED}" for name in ownership.mailed)
    for warning in (*ownership.warnings, *mailed, *ownership.overdue(datetime.now(UTC).date())):
        print(f"{path}: warning: {warning}")
    return 0


def diff(file: Path, config: Path | None) -> int:
    """Print what another table would change, also for the incidents that are open in the store, if there is one."""
    settings = settings_of(config)
    now, then = ownership_of(settings.alerting.owners), ownership_of(file)
    with store_of(settings, read_only=True) as store, store.read() as connection:
        change = change_between(now, then, open_incidents(connection))
    print(f"{file} instead of {settings.alerting.owners}")
    for line in change.lines():
        print(f"  {line}")
    return 0


def resolve(
    file: Path | None, config: Path | None, *, model: str, version: str, segment: str, feature: str, role: str
) -> int:
    """Print the winner, the rule it came from, and the losers, for one role or all."""
    path = file if file is not None else settings_of(config).alerting.owners
    ownership = ownership_of(path)
    if role and role not in ROLES:
        raise Mistake(f"--role: {role!r} is not a role; choose from {', '.join(ROLES)}")
    stream = Stream("prediction", model, version, segment)
    for name in ROLES:
        if role and name != role:
            continue
        found = ownership.resolve(name, stream, feature)
        by = "the fallback, since no rule names one" if found.fallback else f"rule {found.rule}"
        print(f"{name}: {found.party} (by {by})")
        for loser in found.losers:
            print(f"    not {loser}")
    return 0
