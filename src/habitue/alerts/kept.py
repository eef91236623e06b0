"""Alerts in versions, kept for ever like every definition (`store.versions`); and as files."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from habitue.alerts.alert import LIMITED, Alert
from habitue.alerts.reading import read
from habitue.kernel.clock import Micros
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_
from habitue.rules.problem import nearest
from habitue.store import versions as store
from habitue.store.ops import Ops

KIND: Final = "alert"


class Saved(Struct, frozen=True):
    """The live version of an alert: who made it, when, and under which number."""

    alert: Alert
    version: int
    number: int
    created: Micros
    by: str


def body(alert: Alert) -> dict[str, Any]:
    """What is kept; `reading.read` reads it back the same."""
    found: dict[str, Any] = msgspec.to_builtins(alert)
    watch = {key: one for key, one in found["watch"].items() if one != ""}
    when = {key: one for key, one in found["when"].items() if key != "limit" or alert.when.rule in LIMITED}
    plain = {key: list(one) if key == "to" else one for key, one in found.items() if one not in ("", ())}
    return {**plain, "watch": watch, "when": when}


def to_toml(alert: Alert) -> str:
    """The alert as a file that can be changed and saved again."""
    return "".join(f"{key} = {_value(value)}\n" for key, value in body(alert).items())


def _value(value: Any) -> str:
    match value:
        case dict():
            return "{ " + ", ".join(f"{key} = {_value(one)}" for key, one in value.items()) + " }"
        case list():
            return "[" + ", ".join(_value(one) for one in value) + "]"
        case str():
            # JSON's escapes are TOML's but for one: there a DEL must be escaped too.
            return msgspec.json.encode(value).decode().replace("\x7f", "\\u007f")
    return msgspec.json.encode(value).decode()


def keep(ops: Ops, alert: Alert, now: Micros, by: str) -> Saved:
    """Keep it as the live version of its id; one that says the same is not kept twice in a row."""
    for one in live(ops):
        if one.alert == alert:
            return one
    kept = store.keep(ops, KIND, alert.id, "person", body(alert), now, by)
    assert kept is not None  # all alerts are about the shop as a whole
    store.publish(ops, KIND, alert.id, kept.id, kept.number, now, by)
    return Saved(alert, kept.id, kept.number, now, by)


def live(ops: Ops) -> list[Saved]:
    """The live version of every alert, the oldest first."""
    return [*ops.kept(live, lambda: [_saved(one) for one in store.live(ops, KIND)])]


def _saved(one: store.Kept) -> Saved:
    return Saved(read(one.body), one.id, one.number, one.created, one.by)


def named(ops: Ops, name: str) -> Saved:
    """The alert of that id; raises `UserError` with the nearest one."""
    found = {one.alert.id: one for one in live(ops)}
    if name not in found:
        near = nearest(name, found)
        text = (
            N_("There is no alert “{name}”. Did you mean “{near}”?")
            if near
            else N_("There is no alert “{name}”.")
        )
        raise UserError(text, name=name, near=near)
    return found[name]


def remove(ops: Ops, name: str, now: Micros, by: str) -> None:
    """Let it look no more; its versions and what it told stay kept."""
    named(ops, name)
    store.retire(ops, KIND, name, now, by)


def readdress(ops: Ops, before: str, after: str, now: Micros) -> None:
    """A member goes by another address: what is told to them, or theirs to answer for, stays so."""
    for one in live(ops):
        alert = one.alert
        to = tuple(after if each == before else each for each in alert.to)
        owner = after if alert.owner == before else alert.owner
        if before != after and (to, owner) != (alert.to, alert.owner):
            keep(ops, replace(alert, to=to, owner=owner), now, after)
