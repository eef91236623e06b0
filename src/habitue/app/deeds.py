"""The record of who did what in a workspace, as its faces ask for it."""

from __future__ import annotations

from habitue.app.workspace import Workspace
from habitue.store import acts
from habitue.store.acts import Deed


class Recorded(Workspace):
    """The part of a shop that is about what was done in it, and by whom."""

    def deeds(self, most: int = 100, before: int | None = None, act: str | None = None) -> list[Deed]:
        """The latest acts, from the one before `before` on."""
        return acts.latest(self.ops, most, before, act)

    def tampered(self) -> int | None:
        """The first row of the record that is not as it was written; None where all are."""
        return acts.broken(self.ops)
