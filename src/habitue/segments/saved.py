"""Saved segments: a name, a rule as text, and every version that the rule ever had."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, Literal

from msgspec import Struct

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


class Segment(Struct, frozen=True):
    """One version of a saved segment; `version` is under which its intervals are kept."""

    id: str
    rule: str
    subject: Literal["person", "account"] = "person"
    version: int = 0
    number: int = 0

    def definition(self) -> Definition:
        """What the engine folds."""
        return Definition(self.version, "segment", self.id, self.subject, ("in",), (parse(self.rule),))


def save(
    ops: Ops,
    name: str,
    rule: str,
    now: int,
    others: Sequence[Definition],
    catalogue: Catalogue | None = None,
    by: str = "",
) -> tuple[Segment, list[Problem]]:
    """Keep the rule as the segment's next version and make it live; with warnings, such as names never seen.

    `others` are the live definitions it may refer to. Raises `RuleError` with all that is wrong.
    """
    if not NAME.fullmatch(name):
        raise UserError(N_("“{name}” can't name a segment. Use small letters, digits, - and _."), name=name)
    models = {d.id: d.values for d in others if d.kind == "model"}
    known = {d.id for d in others if d.kind == "segment"} | {name}
    tree, warnings = accept(rule, "person", catalogue, models, known)
    rules = {(d.kind, d.id): [r for r in (*d.rules, d.population) if r is not None] for d in others}
    if circle := cycle({**rules, ("segment", name): [tree]}):
        raise RuleError([circle])
    kept = versions.keep(ops, "segment", name, "person", {"rule": rule}, now, by)
    if kept is None:
        raise UserError(
            N_("The segment “{name}” is about accounts; that can't change. Choose another name."), name=name
        )
    versions.publish(ops, "segment", name, kept.id, kept.number, now, by)
    return Segment(name, rule, "person", kept.id, kept.number), warnings


def live(ops: Ops) -> list[Segment]:
    """The live version of every saved segment."""
    return [
        Segment(
            one.slug,
            one.body["rule"],
            "account" if one.subject == "account" else "person",
            one.id,
            one.number,
        )
        for one in versions.live(ops, "segment")
    ]


def named(segments: Sequence[Segment], name: str) -> Segment:
    """The saved segment of that name; raises `UserError` with the nearest one."""
    for one in segments:
        if one.id == name:
            return one
    near = nearest(name, [one.id for one in segments])
    if near:
        raise UserError(N_("There is no segment “{name}”. Did you mean “{near}”?"), name=name, near=near)
    raise UserError(N_("There is no segment “{name}”."), name=name)
