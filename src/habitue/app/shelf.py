"""What lives in a workspace: its definitions, kept fresh and changed in versions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from habitue.app.imports import Told
from habitue.app.publishing import Published, Publisher, retire
from habitue.app.workspace import When, Workspace
from habitue.engine import refresh as engine
from habitue.engine.plan import Definition
from habitue.ingest import inbox, loader, traces
from habitue.kernel import clock
from habitue.kernel.clock import Micros
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_
from habitue.segments import saved
from habitue.stages import drafts, versions
from habitue.stages.models import Model
from habitue.stages.versions import Saved
from habitue.store.warehouse import Warehouse


@dataclass(frozen=True)
class Fresh:
    """What a refresh did: new events, those dropped as known, people folded, definitions folded whole.

    `differing` of the known ones came with other contents than before: what came first stays. `returned` were
    told by old files of people who are erased, and left out.
    """

    events: int
    known: int
    people: int
    whole: int
    differing: int = 0
    returned: int = 0


class Shelf(Workspace):
    """A workspace with its definitions."""

    # --- keeping it fresh -------------------------------------------------------------------------

    def refresh(self, now: When = None, told: Told | None = None) -> Fresh:
        """Take in what waits in the inbox and bring every live definition up to `now`."""
        return self._brought(self.instant(now), told)

    def _brought(self, when: Micros, told: Told | None, *drafts: Definition) -> Fresh:
        """Bring up to `when` what is live and these drafts, which stand for the live ones of their ids."""
        with self.working:
            self.taking = inbox.oldest(self.ops) if self.taking is None else self.taking
            loaded = loader.load(
                self.ops,
                self.log,
                self.warehouse,
                step(told, N_("Loading")),
                self.settings.terms,
                self.ahead.waiting,
            )
            if not loaded.events:
                self.ahead.close()
            if loaded.returned:  # of who is erased nothing stays on the disk, in a file's free blocks neither
                self.ops.purge(*traces.CLEARED)
            since = self.ops.setting("told")
            folded = engine.refresh(
                self.warehouse,
                [*self.definitions(), *drafts],
                when,
                self.settings.digits,
                None if since is None else int(since),
                step(told, N_("Folding")),
            )
            told_to = str(max(when, int(since or when)))
            if told_to != since:
                self.ops.put_setting("told", told_to)
            self.generation += 1
            self.taking = None
        n = folded.subjects
        return Fresh(loaded.events, loaded.duplicates, n, folded.whole, loaded.differing, loaded.returned)

    def _fold(self, made: Warehouse, when: Micros, told: Told | None) -> None:
        """Make the intervals of a working copy that is not in use yet."""
        since, progress = self.ops.setting("told"), step(told, N_("Folding"))
        up_to = None if since is None else int(since)
        engine.refresh(made, self.definitions(), when, self.settings.digits, up_to, progress)

    # --- what is live -----------------------------------------------------------------------------

    def publish(
        self,
        draft: str,
        model: str | None = None,
        *,
        by: str = "",
        dry_run: bool = False,
        now: Micros | None = None,
        told: Told | None = None,
    ) -> Published:
        """Make a draft in TOML the live version of a model, or a new model; old versions stay kept.

        `model` is its id where the text does not say it. Raises `ModelError` with all that is wrong.
        """
        with self._publisher(by, dry_run, now, told) as publisher:
            return publisher.model(self._named(drafts.from_text(draft, model)))

    def restore(
        self,
        model: str,
        number: int,
        *,
        by: str = "",
        dry_run: bool = False,
        now: Micros | None = None,
        told: Told | None = None,
    ) -> Published:
        """Publish an earlier version of a model again, as its newest."""
        with self._publisher(by, dry_run, now, told) as publisher:
            return publisher.model(versions.numbered(self.ops, model, number))

    def versions(self, model: str) -> list[Saved]:
        """Every version that a model ever had, oldest first."""
        return versions.versions(self.ops, model)

    def remove_model(self, model: str, *, by: str = "", now: Micros | None = None) -> None:
        """Let a model be live no more; raises `UserError` while anything needs it."""
        mine = self.model(model)
        if len(self.models()) == 1:
            raise UserError(N_("“{id}” is the only stage model. Publish another one first."), id=model)
        self._retire(mine.definition(), by, now)

    def save_segment(
        self,
        name: str,
        rule: str,
        now: Micros | None = None,
        *,
        title: str | None = None,
        about: str | None = None,
        after: int | None = None,
        by: str = "",
        dry_run: bool = False,
        told: Told | None = None,
    ) -> Published:
        """Keep a rule under a name, for `segment("name")` in other rules; old versions stay kept.

        `title` and `about` are what people read. Raises `Overtaken` where `after`, the number of the version
        that this was made from, is not the live one's any more.
        """
        with self._publisher(by, dry_run, now, told) as publisher:
            return publisher.segment(name, rule, title, about, after)

    def remove_segment(self, name: str, *, by: str = "", now: Micros | None = None) -> None:
        """Let a saved segment be live no more; raises `UserError` while anything needs it."""
        self._retire(saved.named(self.segments(), name).definition(), by, now)

    def drawn(self, draft: str) -> Model:
        """The model of a draft in TOML, sound among those alive; raises `ModelError` with all its faults."""
        model = drafts.from_text(draft)
        versions.check(self.ops, model, [one.definition() for one in self.segments()])
        return model

    @contextmanager
    def _publisher(
        self, by: str, dry_run: bool, now: Micros | None, told: Told | None
    ) -> Iterator[Publisher]:
        when = clock.now() if now is None else now
        with self.working:
            if not dry_run:
                self.refresh(when)  # so that a new version tells no change that the old one told
            fold = partial(self._brought, when, told)
            yield Publisher(self, by, when, dry_run, fold, step(told, N_("Folding")))
            self.generation += 1

    def _retire(self, definition: Definition, by: str, now: Micros | None) -> None:
        with self.working:
            retire(self, definition, clock.now() if now is None else now, by)
            self.generation += 1

    def _named(self, draft: Model) -> Model:
        """The draft, once it is known of which model; raises `UserError` with those alive."""
        if draft.id:
            return draft
        known = ", ".join(model.id for model in self.models())
        text = N_(
            'Of which model is this a version? Write id = "…" first in the draft, or name it beside. '
            "Alive: {known}; another id makes a new model."
        )
        raise UserError(text, known=known)


def step(told: Told | None, name: str) -> Callable[[int, int], None] | None:
    """Tells how far a step of that name has come."""
    return None if told is None else lambda done, total: told(name, done, total)
