"""Saved segments: a name, a rule as text, and every version that the rule ever had."""

from __future__ import annotations

import re
from collections.abc import Sequence
from keyword import iskeyword
from typing import Final, Literal

from msgspec import Struct
from msgspec.structs import replace

from habitue.engine.plan import Definition
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_
from habitue.rules.catalogue import Catalogue
from habitue.rules.check import accept, cycle
from habitue.rules.problem import Problem, RuleError, nearest
from habitue.rules.text import parse
from habitue.store import versions
from habitue.store.ops import Ops

NAME: Final = re.compile(r"[a-z][a-z0-9_-]{0,63}")


RESERVED: Final = frozenset({"new"})
"""Pages of their own under `/segments/`."""

NAMED: Final = 120
ABOUT: Final = 2_000


class Segment(Struct, frozen=True):
    """One version of a saved segment, kept `since` (µs); `version` is under which its intervals are kept.

    `name` is what people call it, in their own words; `id` is what rules do.
    """

    id: str
    rule: str
    subject: Literal["person", "account"] = "person"
    version: int = 0
    number: int = 0
    since: int = 0
    name: str = ""
    about: str = ""
    by: str = ""
    live: bool = True

    @property
    def title(self) -> str:
        return self.name or self.id

    @property
    def said(self) -> tuple[str, str, str]:
        """All that makes one version differ from another."""
        return self.rule, self.name, self.about

    def definition(self) -> Definition:
        """What the engine folds."""
        return Definition(self.version, "segment", self.id, self.subject, ("in",), (parse(self.rule),))


def draft(
    ops: Ops,
    name: str,
    rule: str,
    others: Sequence[Definition],
    catalogue: Catalogue | None = None,
    title: str = "",
    about: str = "",
) -> tuple[Segment, list[Problem]]:
    """The rule as a segment that can be kept; with warnings, such as names never seen.

    `others` are the live definitions it may refer to. Raises `RuleError` with all that is wrong.
    """
    if not NAME.fullmatch(name) or iskeyword(name) or name in RESERVED:
        raise UserError(N_("“{name}” can't name a segment. Use small letters, digits, - and _."), name=name)
    models = {d.id: d.values for d in others if d.kind == "model"}
    known = {d.id for d in others if d.kind == "segment"} | {name}
    tree, warnings = accept(rule, "person", catalogue, models, known)
    if circle := cycle({(d.kind, d.id): d.all for d in others} | {("segment", name): (tree,)}):
        raise RuleError([circle])
    if any(one.subject != "person" for one in versions.versions(ops, "segment", name)):
        raise UserError(_SUBJECT, name=name)
    return Segment(name, rule.strip(), name=_words(title, NAMED), about=_words(about, ABOUT)), warnings


def _words(text: str, most: int) -> str:
    """What people say of a segment, without blanks around it; raises `UserError` where it is too long."""
    found = text.strip()
    if len(found) > most:
        raise UserError(N_("This is too long: {n} characters; {most} are enough."), n=len(found), most=most)
    return found


def keep(ops: Ops, segment: Segment, now: int, by: str = "") -> Segment:
    """Keep a sound segment as its next version; the live one stays live."""
    said = {"name": segment.name, "about": segment.about}
    body = {"rule": segment.rule} | {field: text for field, text in said.items() if text}
    kept = versions.keep(ops, "segment", segment.id, segment.subject, body, now, by)
    if kept is None:
        raise UserError(_SUBJECT, name=segment.id)
    return replace(segment, version=kept.id, number=kept.number, since=now, by=by)


_SUBJECT: Final = N_("The segment “{name}” is about accounts; that can't change. Choose another name.")


def live(ops: Ops) -> list[Segment]:
    """The live version of every saved segment."""
    return [*ops.kept(live, lambda: [_kept(one) for one in versions.live(ops, "segment")])]


def all_versions(ops: Ops, name: str) -> list[Segment]:
    """Every version that a segment ever had, oldest first."""
    return [_kept(one) for one in versions.versions(ops, "segment", name)]


def _kept(one: versions.Kept) -> Segment:
    return Segment(
        one.slug,
        one.body["rule"],
        "account" if one.subject == "account" else "person",
        one.id,
        one.number,
        one.created,
        one.body.get("name", ""),
        one.body.get("about", ""),
        one.by,
        one.live,
    )


def named(segments: Sequence[Segment], name: str) -> Segment:
    """The saved segment of that name; raises `UserError` with the nearest one."""
    for one in segments:
        if one.id == name:
            return one
    near = nearest(name, [one.id for one in segments])
    if near:
        raise UserError(N_("There is no segment “{name}”. Did you mean “{near}”?"), name=name, near=near)
    raise UserError(N_("There is no segment “{name}”."), name=name)
