"""`driftwarden owners check` and `driftwarden owners diff`."""

import sys
from collections.abc import Collection
from datetime import UTC, datetime
from pathlib import Path

from alerting.ownership_warnings import matching_nothing
from alerting.table_change import change_between
from alerting.unowned import NOBODY
from service.cli.settings import DEFAULT_FILE, ownership_of, settings_of, store_missing, store_of
from service.lineage import lineage
from service.store.queries import models_predicting
from service.store.records import open_incidents

_MAILED = "is told by mail: set alerting.smtp.host in the settings of the service (this check read none)"


def check(file: Path | None, config: Path | None, *, models: Path | None, stored: bool) -> int:
    """Load the table; whatever is wrong with it is raised with its line, so reaching the end means it is good.

    A file by itself says nothing about a mail server; then a contact by mail is only warned of.
    """
    settings = settings_of(config)
    path = file if file is not None else settings.alerting.owners
    mail = bool(settings.alerting.smtp.host)
    alone = file is not None and config is None and not DEFAULT_FILE.exists()
    table = ownership_of(path, mail=mail or alone)
    parties = len(table.parties) - (NOBODY in table.parties)
    known = {*_listed(models), *(_stored(config) if stored else ())}
    print(f"{path}: {parties} parties, {len(table.rules)} rules, all good")
    mailed = () if mail else tuple(f"party {name} {_MAILED}" for name in table.mailed)
    overdue = table.overdue(datetime.now(UTC).date())
    for warning in (*table.warnings, *mailed, *overdue, *matching_nothing(table, known)):
        print(f"{path}: warning: {warning}")
    return 0


def diff(file: Path, config: Path | None) -> int:
    """Print what another table would change, also for the incidents that are open in the store, if there is one."""
    settings = settings_of(config)
    now, then = ownership_of(settings.alerting.owners), ownership_of(file)
    if store_missing(settings):
        change = change_between(now, then, ())
        print(f"there is no store at {settings.store.url}, so that no open incidents are looked at", file=sys.stderr)
    else:
        with store_of(settings, read_only=True) as store, store.read() as connection:
            change = change_between(now, then, open_incidents(connection), lineage(settings))
    print(f"{file} instead of {settings.alerting.owners}")
    for line in change.lines():
        print(f"  {line}")
    return 0


def _listed(file: Path | None) -> Collection[str]:
    """Read names of models, one a line."""
    if file is None:
        return ()
    return [name for line in file.read_text(encoding="utf-8", errors="replace").splitlines() if (name := line.strip())]


def _stored(config: Path | None) -> Collection[str]:
    with store_of(settings_of(config), read_only=True) as store:
        return models_predicting(store)
