"""Definitions going live: what a draft changes, and making it so. What was live before stays kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from msgspec import Struct
from msgspec.structs import replace

from habitue.app.workspace import Workspace
from habitue.engine import refresh as engine
from habitue.engine.fold import Progress
from habitue.engine.plan import Definition
from habitue.engine.replay import compare, drafted
from habitue.kernel.clock import Micros
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_
from habitue.rules.check import check, references
from habitue.rules.problem import Problem
from habitue.segments import saved
from habitue.stages import versions
from habitue.stages.kind import Words
from habitue.stages.models import Model
from habitue.store import versions as store


class Change(Struct, frozen=True):
    """So many customers are in `before` by the old version and in `after` by the new one (None: in none)."""

    before: str | None
    after: str | None
    customers: int


class Published(Struct, frozen=True):
    """What publishing did, or would do on a dry run: `made` is False where nothing new was kept.

    `number` is the version's own, live `since` (µs); of the `customers` whom the old or the new version
    knows now, `changes` has those who stand elsewhere. `same` says that the live version means just this.
    """

    id: str
    number: int
    since: Micros
    made: bool
    same: bool = False
    customers: int = 0
    changes: tuple[Change, ...] = ()
    warnings: tuple[Problem, ...] = ()
    first: bool = False
    """Whether nothing of this id was live before."""
    titles: dict[str, Words] = {}
    """What the stages of both versions are called, by their ids."""

    @property
    def moved(self) -> int:
        return sum(change.customers for change in self.changes)


class Overtaken(UserError):
    """Somebody else saved a segment while it was being changed here; `live` is theirs (None: it is gone)."""

    def __init__(self, name: str, live: saved.Segment | None) -> None:
        self.live = live
        if live is None:
            super().__init__(N_("“{id}” was removed in the meantime. Nothing was saved."), id=name)
        else:
            text = N_("Version {number} of “{id}” was saved in the meantime. Yours was not saved.")
            super().__init__(text, id=name, number=live.number)


@dataclass(frozen=True)
class Publisher:
    """Publishes in a shop: `fold` folds what is kept before it goes live, so that nobody waits for it."""

    shop: Workspace
    by: str
    now: Micros
    dry_run: bool
    fold: Callable[[Definition], object]
    progress: Progress | None = None

    def model(self, draft: Model) -> Published:
        """Make the draft the live version of its id; raises `ModelError` with all that is wrong with it."""
        ops, beside = self.shop.ops, [one.definition() for one in self.shop.segments()]
        versions.check(ops, draft, beside)
        old = next((one for one in self.shop.models() if one.id == draft.id), None)
        if old and versions.same(old, draft):
            return _unchanged(old)
        before = old.definition() if old else None
        if self.dry_run:
            told = self._tried(before, draft.definition())
        else:
            new = versions.edit(ops, draft, self.now, self.by, beside)
            self.fold(new.definition())
            versions.publish(ops, new, self.now, self.by)
            told = self._told(before, new.definition(), new.number)
        stages = (*(old.stages if old else ()), *draft.stages)
        return replace(told, warnings=self._doubts(draft), titles={one.id: one.name for one in stages})

    def segment(
        self,
        name: str,
        rule: str,
        title: str | None = None,
        about: str | None = None,
        after: int | None = None,
    ) -> Published:
        """Keep a rule under a name, live at once; raises `RuleError` with all that is wrong with it.

        What is not said of its title stays as it was. `after` is the number of the version that it was made
        from, 0 for none: raises `Overtaken` where another is live by now.
        """
        ops, shop = self.shop.ops, self.shop
        old = next((one for one in shop.segments() if one.id == name), None)
        draft, warnings = saved.draft(
            ops,
            name,
            rule,
            shop.definitions(),
            shop.catalogue(),
            (old.name if old else "") if title is None else title,
            (old.about if old else "") if about is None else about,
        )
        if after is not None and after != (old.number if old else 0):
            raise Overtaken(name, old)
        if old and old.said == draft.said:
            return _unchanged(old)
        before = old.definition() if old else None
        if self.dry_run:
            told = self._tried(before, draft.definition())
        else:
            new = saved.keep(ops, draft, self.now, self.by)
            self.fold(new.definition())
            store.publish(ops, "segment", name, new.version, new.number, self.now, self.by)
            told = self._told(before, new.definition(), new.number)
        return replace(told, warnings=tuple(warnings))

    def _tried(self, old: Definition | None, draft: Definition) -> Published:
        kept = store.versions(self.shop.ops, draft.kind, draft.id)
        number = 1 + max((one.number for one in kept), default=0)
        with drafted(self.shop.warehouse, [draft], self.shop.known(), self.progress) as (tried,):
            return self._told(old, tried, number)

    def _told(self, old: Definition | None, new: Definition, number: int) -> Published:
        """How the two differ now; by their names, for stages change places."""
        was, here = old.values if old else (), new.values
        found = compare(self.shop.warehouse, old.version if old else 0, new.version, self.now)
        shifts = [Change(_name(was, one.old), _name(here, one.new), one.n) for one in found]
        return Published(
            new.id,
            number,
            self.now,
            made=not self.dry_run,
            customers=sum(one.customers for one in shifts),
            changes=tuple(one for one in shifts if one.before != one.after),
            first=old is None,
        )

    def _doubts(self, draft: Model) -> tuple[Problem, ...]:
        """Names in a model's own population that were never seen: it is folded all the same."""
        population = draft.definition().population
        return tuple(check(population, draft.subject, self.shop.catalogue())) if population else ()


def _unchanged(live: Model | saved.Segment) -> Published:
    return Published(live.id, live.number, live.since, made=False, same=True)


def _name(values: tuple[str, ...], value: int | None) -> str | None:
    return None if value is None else values[value]


def retire(shop: Workspace, mine: Definition, now: Micros, by: str) -> None:
    """Let a definition be live no more; raises `UserError` that names what still refers to it."""
    about = ("segment" if mine.kind == "segment" else "model", mine.id)
    users = [
        one.id
        for one in shop.definitions()
        if one.version != mine.version and any(about in references(rule) for rule in one.all)
    ]
    if users:
        raise UserError(
            N_("“{id}” is still used by: {users}. Change these first."), id=mine.id, users=", ".join(users)
        )
    store.retire(shop.ops, mine.kind, mine.id, now, by)
    engine.forget(shop.warehouse, mine.version)
