"""Templates as they are kept: every version for ever, one of each live, made ready once."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from threading import Lock
from typing import Any, Final

import msgspec
from msgspec import Struct

from habitue.kernel.clock import Micros
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_
from habitue.rules.problem import nearest
from habitue.store import versions
from habitue.store.ops import Ops
from habitue.templates.fault import Fault, TemplateError
from habitue.templates.press import Press, pressed
from habitue.templates.shape import Template, checked

KIND: Final = "template"
READY: Final = 200
"""How many versions are held ready."""


class Kept(Struct, frozen=True):
    """One version of a template: its id is what a message names, `number` counts a template's own from 1."""

    template: Template
    version: int
    number: int
    made: Micros
    by: str
    live: bool
    since: Micros | None


def keep(ops: Ops, template: Template, now: Micros, by: str = "") -> Kept:
    """Keep a template as its next version, sound or not; the live one stays live. Raises `UserError`."""
    body: Any = msgspec.to_builtins(checked(template))
    kept = versions.keep(ops, KIND, template.slug, template.channel, body, now, by)
    if kept is None:
        raise UserError(
            N_("The template “{name}” is for another channel; that can't change. Choose another name."),
            name=template.slug,
        )
    return _kept(kept)


def sound(faults: Sequence[Fault]) -> None:
    """Raises `TemplateError` with what keeps a template from being sent."""
    if wrong := [one for one in faults if one.severity == "error"]:
        raise TemplateError(wrong)


def publish(ops: Ops, kept: Kept, now: Micros, by: str = "") -> None:
    """Let a sound version be the one that is sent."""
    versions.publish(ops, KIND, kept.template.slug, kept.version, kept.number, now, by)


def retire(ops: Ops, slug: str, now: Micros, by: str = "") -> None:
    """Send it no more; all versions stay kept."""
    versions.retire(ops, KIND, slug, now, by)


def live(ops: Ops, slug: str) -> int | None:
    """The version to send by this name; None where none is live."""
    return versions.lives(ops, KIND).get(slug)


def slugs(ops: Ops) -> list[str]:
    """The names of those that can be sent."""
    return sorted(versions.lives(ops, KIND))


def every(ops: Ops) -> list[Kept]:
    """Every version of every template, the oldest template first."""
    return [_kept(one) for one in versions.every(ops, KIND)]


def foremost(ops: Ops) -> list[Kept]:
    """Of each template the version that is live, else the newest."""
    return [_kept(one) for one in versions.foremost(ops, KIND)]


def all_versions(ops: Ops, slug: str) -> list[Kept]:
    """Every version of a template, oldest first; none where there is no such template."""
    return [_kept(one) for one in versions.versions(ops, KIND, slug)]


def history(ops: Ops, slug: str) -> list[Kept]:
    """Every version of a template, oldest first; raises `UserError` with the nearest name."""
    mine = all_versions(ops, slug)
    if mine:
        return mine
    near = nearest(slug, versions.slugs(ops, KIND))
    if near:
        raise UserError(N_("No message is called “{name}”. Did you mean “{near}”?"), name=slug, near=near)
    raise UserError(N_("No message is called “{name}”."), name=slug)


def version(ops: Ops, number: int) -> Template:
    """The template of a version's id. Raises `UserError`."""
    body = versions.body(ops, KIND, number)
    if body is None:
        raise UserError(N_("There is no template with the number {n}."), n=number)
    return msgspec.convert(body, Template)


class Presses:
    """Versions made ready, those used last; a version never changes, so it is made ready once."""

    def __init__(self, ops: Ops) -> None:
        self._ops, self._lock = ops, Lock()
        self._ready: OrderedDict[int, Press] = OrderedDict()

    def of(self, number: int) -> Press:
        """The version with this id. Raises `UserError`, `TemplateError`."""
        with self._lock:
            found = self._ready.get(number)
            if found is not None:
                self._ready.move_to_end(number)
                return found
        made = pressed(version(self._ops, number))
        with self._lock:
            self._ready[number] = made
            while len(self._ready) > READY:
                self._ready.popitem(last=False)
        return made


def _kept(one: versions.Kept) -> Kept:
    template = msgspec.convert(one.body, Template)
    return Kept(template, one.id, one.number, one.created, one.by, one.live, one.since)


def chosen(kept: Sequence[Kept]) -> Kept:
    """Of a template's versions the live one, else the newest."""
    return next((one for one in kept if one.live), kept[-1])
