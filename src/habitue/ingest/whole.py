"""Whether the event log is the one that took in all that was acknowledged, and has all of it still.

The operational database notes which log it fed and how far, the working copy which it was made from. A log
that was lost, or put back from an older copy, must not empty what was made from it.
"""

from __future__ import annotations

from typing import Any, Final

from habitue.ingest.apply import made_from
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_
from habitue.store.failure import StoreDown
from habitue.store.log import EventLog
from habitue.store.ops import Ops
from habitue.store.warehouse import Warehouse

SETTING: Final = "log"

LOST: Final = N_(
    "The event log in {folder} is not whole: {known} events were taken in, this log has {there}. "
    "It is neither refreshed nor rebuilt from."
)
MEND: Final = N_(
    "Put the last copy of the folder “log” in its place. Without one, keep a copy of work.duckdb: it holds "
    "the events it had; then move work.duckdb and the operational database (ops.sqlite) away and run "
    "habitue init on the directory: settings and models begin anew with the events of this log."
)


class LogLost(UserError):
    """The log lacks events that were acknowledged; nothing was changed."""


def note(ops: Ops, log: EventLog) -> None:
    """Note which log has the events, and how many, before what it took in is forgotten elsewhere."""
    said = f"{log.identity()} {log.end()}"
    if ops.setting(SETTING) != said:
        ops.put_setting(SETTING, said)


def lost(ops: Ops, log: EventLog, warehouse: Warehouse) -> dict[str, Any] | None:
    """The fields of `LOST` where the log is another than the one fed, or shorter; None where it is whole.

    A working copy of another log than the one that was fed says nothing: it is the copy that is wrong.
    """
    fed, here = _fed(ops), _made_from(warehouse)
    known = [end for name, end in (fed, here) if name == log.identity()]
    if fed[0] not in {"", log.identity()} or (not fed[0] and here[0] not in {"", log.identity()}):
        known = [fed[1], here[1]]
    elif max(known, default=0) <= log.end():
        return None
    return {"folder": str(log.folder), "known": max(known), "there": log.end()}


def check(ops: Ops, log: EventLog, warehouse: Warehouse) -> None:
    """Raise `LogLost` where the log is not whole."""
    if fields := lost(ops, log, warehouse):
        raise LogLost(
            N_(
                "The event log in {folder} is not whole: {known} events were taken in, this log has {there}. "
                "Nothing was changed. Put the last copy of the folder “log” in its place; habitue doctor "
                "says what to do without one."
            ),
            **fields,
        )


def _fed(ops: Ops) -> tuple[str, int]:
    name, _, end = (ops.setting(SETTING) or " 0").rpartition(" ")
    return name, int(end)


def _made_from(warehouse: Warehouse) -> tuple[str, int]:
    """A copy that can't be read says nothing."""
    try:
        return made_from(warehouse)
    except StoreDown:
        return "", 0
