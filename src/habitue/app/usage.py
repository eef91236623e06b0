"""What names a segment, a stage or a template: models, segments, journeys, broadcasts, alerts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final, Literal

from msgspec import Struct

from habitue.alerts import kept as alerts
from habitue.alerts.kinds.flow import Flow
from habitue.alerts.kinds.segment import Segment as Counted
from habitue.alerts.kinds.stage import Stage as Sized
from habitue.alerts.roles import Kind
from habitue.app.workspace import Workspace
from habitue.broadcasts import state as broadcasts
from habitue.journeys import kept as journeys
from habitue.journeys.state import under_way
from habitue.journeys.writing import body
from habitue.rules.check import references, walk
from habitue.rules.nodes import Compare, Rule, Stage
from habitue.rules.problem import RuleError
from habitue.rules.text import parse
from habitue.store import drafts, versions

By = Literal["model", "segment", "journey", "broadcast", "alert"]
PLACES: Final[dict[By, str]] = {
    "model": "stages",
    "segment": "segments",
    "journey": "journeys",
    "broadcast": "campaigns",
    "alert": "alerts",
}
"""Where each is looked at."""


class Use(Struct, frozen=True):
    """Something that names it; `needs`: it is live, and could not go on without; `drafted`: it never was;
    `finishing`: only those need it who are under way in an earlier version, or in one that was stopped.
    """

    kind: By
    id: str
    title: str
    needs: bool
    drafted: bool = False
    finishing: bool = False

    @property
    def place(self) -> str:
        return f"/{PLACES[self.kind]}/{self.id}{'/edit' if self.drafted else ''}"


def segment_uses(shop: Workspace, name: str) -> list[Use]:
    """What names a segment."""

    def watched(watch: Kind) -> bool:
        return isinstance(watch, Counted) and watch.segment == name

    return list(_uses(shop, ("segment", name), lambda rule: ("segment", name) in references(rule), watched))


def stage_uses(shop: Workspace, model: str, stage: str) -> list[Use]:
    """What names a stage of a model."""

    def watched(watch: Kind) -> bool:
        if isinstance(watch, Sized):
            return (watch.model, watch.stage) == (model, stage)
        return isinstance(watch, Flow) and watch.model == model and stage in (watch.source, watch.target)

    return list(_uses(shop, ("model", model), lambda rule: _asked(rule, model, stage), watched))


def template_uses(shop: Workspace, slug: str) -> list[Use]:
    """What is live and sends a template, or has somebody under way to whom it will."""
    sending = [one.saved for one in under_way(shop.ops) if slug in slugs(body(one.saved.journey))]
    live = {one.journey.id for one in sending if one.live}
    last = {one.journey.id: one.journey for one in sending}
    sent = [
        Use("journey", name, one.title, needs=True, finishing=name not in live) for name, one in last.items()
    ]
    going = [one for one in broadcasts.every(shop.ops) if one.state in ("scheduled", *broadcasts.ACTIVE)]
    sent += [
        Use("broadcast", one.slug, one.body.get("name") or one.slug, needs=True)
        for one in going
        if slug in slugs(one.body)
    ]
    return sent


def slugs(part: Any) -> Iterator[str]:
    """The templates that a body sends."""
    match part:
        case dict():
            for name, one in part.items():
                if name == "template" and isinstance(one, str):
                    yield one
                else:
                    yield from slugs(one)
        case list() | tuple():
            for one in part:
                yield from slugs(one)


def _asked(rule: Rule, model: str, stage: str) -> bool:
    """Whether a rule compares a model's stage with this one."""
    for node in walk(rule):
        if isinstance(node, Compare) and isinstance(node.measure, Stage) and node.measure.model == model:
            value = node.value
            if stage in (value if isinstance(value, tuple) else (value,)):
                return True
    return False


def _uses(
    shop: Workspace, own: tuple[str, str], names: Callable[[Rule], bool], watched: Callable[[Kind], bool]
) -> Iterator[Use]:
    titles = {one.id: one.title for one in shop.segments()}
    for one in shop.definitions():
        kind: By = "segment" if one.kind == "segment" else "model"
        if one.kind != "watch" and (kind, one.id) != own and any(names(rule) for rule in one.all):
            yield Use(kind, one.id, titles.get(one.id, one.id), needs=True)
    for made in journeys.latest(shop.ops):
        if any(names(rule) for rule in _rules(body(made.journey))):
            yield Use("journey", made.journey.id, made.journey.title, needs=made.live)
    yield from _drafted(shop, names)
    for sent in broadcasts.every(shop.ops):
        if any(names(rule) for rule in _rules(sent.body)):
            needs = sent.state in ("scheduled", *broadcasts.ACTIVE)
            yield Use("broadcast", sent.slug, sent.body.get("name") or sent.slug, needs)
    for saved in alerts.live(shop.ops):
        if watched(saved.alert.watch):
            yield Use("alert", saved.alert.id, saved.alert.title, needs=True)


def _drafted(shop: Workspace, names: Callable[[Rule], bool]) -> Iterator[Use]:
    """The journeys that are only drafts so far: where they are put together."""
    for slug in sorted({*drafts.slugs(shop.ops, journeys.KIND)} - {*versions.slugs(shop.ops, journeys.KIND)}):
        draft = drafts.of(shop.ops, journeys.KIND, slug)[0]
        if any(names(rule) for rule in _rules(draft.body)):
            yield Use("journey", slug, draft.body.get("name") or slug, needs=False, drafted=True)


def _rules(part: Any) -> Iterator[Rule]:
    """The rules that stand in a body: its texts that name a segment or a stage, and are rules."""
    match part:
        case dict():
            for one in part.values():
                yield from _rules(one)
        case list() | tuple():
            for one in part:
                yield from _rules(one)
        case str() if "segment(" in part or "stage(" in part:
            try:
                yield parse(part)
            except RuleError:  # a text for people that only looks like one
                return
