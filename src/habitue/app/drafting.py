"""Drafts of stage models: begun, changed, passed on, published or discarded; and what is done in a stage."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec
from msgspec import Struct

from habitue.app.imports import Told
from habitue.app.publishing import Published
from habitue.app.shelf import Shelf
from habitue.engine.plan import Definition
from habitue.kernel.clock import Micros
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_
from habitue.rules.check import references
from habitue.stages.models import Fault, Model, faults
from habitue.stages.sketch import Sketch, applied
from habitue.stages.versions import Saved
from habitue.store import drafts, playbook
from habitue.store.drafts import Kept
from habitue.store.playbook import Play

KIND = "model"

OVERTAKEN: Final = N_(
    "Version {number} has gone live in the meantime, and nothing was published: what this draft changes is "
    "compared with that version now. Publish it again if that is what you mean, or begin again from what is "
    "live."
)


class Draft(Struct, frozen=True):
    """A draft of a live model: its sketch, who began it when, and who last changed it when (µs)."""

    id: int
    live: Model
    sketch: Sketch
    made: Micros
    by: str
    changed: Micros
    editor: str

    @property
    def model(self) -> Model:
        """What would be published; it may be wrong."""
        return applied(self.live, self.sketch)


class Drafting(Shelf):
    """The part of a shop that is about changing its models, and about working with their stages."""

    def drafts(self, model: Model) -> list[Draft]:
        """The drafts of a live model that are open, the last changed first."""
        return [_draft(model, one) for one in drafts.of(self.ops, KIND, model.id)]

    def draft(self, model: Model, number: int) -> Draft:
        """One of them; raises `UserError` where it is none any more."""
        found = drafts.one(self.ops, KIND, model.id, number)
        if found is None:
            raise UserError(
                N_("There is no draft {number} of “{id}” any more: it was published or discarded."),
                number=number,
                id=model.id,
            )
        return _draft(model, found)

    def keep_draft(self, model: Model, number: int | None, sketch: Sketch, by: str, now: Micros) -> int:
        """Keep a draft as it is now, a new one where there is no `number`; its number."""
        body = msgspec.to_builtins(sketch)
        if number is None:
            return drafts.add(self.ops, KIND, model.id, body, now, by)
        self.draft(model, number)
        drafts.change(self.ops, number, body, now, by)
        return number

    def overtaken(self, draft: Draft) -> Saved | None:
        """The version that has gone live since the draft was last changed, where one has."""
        live = next((one for one in self.versions(draft.live.id) if one.live), None)
        return live if live and live.since is not None and live.since > draft.changed else None

    def discard_draft(self, model: Model, number: int) -> None:
        """Let go of a draft; nothing of it is left."""
        self.draft(model, number)
        drafts.drop(self.ops, number)

    def publish_draft(
        self, model: Model, number: int, by: str, now: Micros, told: Told | None = None
    ) -> Published:
        """Make it the live version in place of `model`.

        Raises `ModelError` with all that is wrong, `UserError` where another version is live by now; then the
        draft is kept.
        """
        draft = self.draft(model, number)
        with self._publisher(by, False, now, told) as publisher:
            live = self.model(model.id)
            if live.version != model.version:
                raise UserError(OVERTAKEN, number=live.number)
            done = publisher.model(draft.model)
        drafts.drop(self.ops, number)
        return done

    def plays(self, model: str) -> dict[str, Play]:
        """What the shop has written of the stages of a model."""
        return playbook.plays(self.ops, model)

    def write_play(self, model: Model, play: Play, by: str, now: Micros) -> None:
        """Write down what is done in a stage; raises `UserError` for one that is none."""
        model.value(play.stage)
        playbook.write(self.ops, model.id, play, now, by)

    def faults(self, model: Model) -> list[Fault]:
        """All that is wrong with a model among those that are live."""
        return faults(model, [one for one in self.definitions() if not _is(one, model)])

    def dependents(self, model: Model) -> list[Definition]:
        """The live definitions whose rules ask for a stage of this model: publishing moves them too."""
        about = (KIND, model.id)
        return [
            one
            for one in self.definitions()
            if not _is(one, model) and any(about in references(rule) for rule in one.all)
        ]


def _is(one: Definition, model: Model) -> bool:
    return one.kind == KIND and one.id == model.id


def _draft(live: Model, kept: Kept) -> Draft:
    sketch = msgspec.convert(kept.body, Sketch)
    return Draft(kept.id, live, sketch, kept.made, kept.by, kept.changed, kept.editor)


def ids(found: Sequence[Definition]) -> list[str]:
    """What definitions are called."""
    return [one.id for one in found]
