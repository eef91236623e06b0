"""Stages that a draft adds, leaves out or asks in another order."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final
from unicodedata import normalize

from msgspec.structs import replace

from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_
from habitue.stages.kind import CANONICAL, Stage
from habitue.stages.models import Model
from habitue.stages.sketch import LONGEST, LONGEST_NAME, Added, Sketch, applied

MOST: Final = 40
"""So many stages at most: nobody can tell more of them apart."""


def asked(live: Model, sketch: Sketch) -> list[str]:
    """The stages of the draft that have a rule, in the order in which they are asked."""
    return [stage.id for stage in applied(live, sketch).stages if stage.rule is not None]


def left_out(live: Model, sketch: Sketch) -> list[Stage]:
    """The live stages that the draft has no more."""
    kept = {stage.id for stage in applied(live, sketch).stages}
    return [stage for stage in live.stages if stage.id not in kept]


def moved(live: Model, sketch: Sketch, stage: str, by: int) -> Sketch:
    """The sketch with a stage asked earlier (−1) or later (1)."""
    order = asked(live, sketch)
    if stage not in order:
        return sketch
    place = order.index(stage)
    to = min(max(place + by, 0), len(order) - 1)
    order.insert(to, order.pop(place))
    return ordered(live, sketch, order)


def without(live: Model, sketch: Sketch, stage: str) -> Sketch:
    """The sketch without a stage: who was in it is in whichever stage is asked next and holds."""
    order = [one for one in asked(live, sketch) if one != stage]
    rules = {name: text for name, text in sketch.rules.items() if name != stage}
    added = {name: one for name, one in sketch.added.items() if name != stage}
    return ordered(live, replace(sketch, rules=rules, added=added), order)


def back(live: Model, sketch: Sketch, stage: str) -> Sketch:
    """The sketch with a live stage that it had left out, where it was."""
    was = [one.id for one in live.stages if one.rule is not None]
    order = asked(live, sketch)
    if stage not in was or stage in order:
        return sketch
    before = was[: was.index(stage)]
    place = max((order.index(one) + 1 for one in before if one in order), default=0)
    return ordered(live, sketch, [*order[:place], stage, *order[place:]])


def more(live: Model, sketch: Sketch, name: str, canonical: str, rule: str) -> Sketch:
    """The sketch with a stage of one's own, asked first; raises `UserError` for what can be none."""
    called = " ".join(normalize("NFC", name).split())
    if not called or len(called) > LONGEST_NAME or not called.isprintable():
        raise UserError(N_("Give the new stage a name of at most {most} characters."), most=LONGEST_NAME)
    if canonical not in CANONICAL:
        raise UserError(N_("Say what the new stage counts as."))
    if not rule.strip():
        raise UserError(N_("Write the rule of the new stage: who is in it."))
    order = asked(live, sketch)
    if len(order) >= MOST:
        raise UserError(N_("A model has at most {most} stages."), most=MOST)
    taken = {*order, *(stage.id for stage in live.stages), *live.kind.parameters, *live.kind.terms}
    own = _free(called, taken)
    added = sketch.added | {own: Added(called, canonical)}
    rules = sketch.rules | {own: rule.replace("\r\n", "\n").strip()[:LONGEST]}
    return ordered(live, replace(sketch, added=added, rules=rules), [own, *order])


def ordered(live: Model, sketch: Sketch, order: Sequence[str]) -> Sketch:
    """The sketch with its stages in an order; none where it is the live one."""
    was = [stage.id for stage in live.stages if stage.rule is not None]
    return replace(sketch, order=None if list(order) == was else tuple(order))


def _free(name: str, taken: set[str]) -> str:
    """An id that is like the name and nobody's yet."""
    plain = normalize("NFD", name.casefold()).encode("ascii", "ignore").decode()
    bare = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:40]
    stem = bare if bare[:1].isalpha() else f"stage-{bare}".rstrip("-")
    if stem not in taken:
        return stem
    return next(f"{stem}-{n}" for n in range(2, len(taken) + 3) if f"{stem}-{n}" not in taken)
