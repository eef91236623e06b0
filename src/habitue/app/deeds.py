"""The record of who did what in a workspace, as its faces ask for it."""

from __future__ import annotations

from typing import Any, Final

from habitue.app.workspace import Workspace
from habitue.kernel import clock
from habitue.kernel.clock import Micros
from habitue.kernel.i18n import N_
from habitue.store import acts
from habitue.store.acts import Deed

ACTS: Final = {
    "publish": N_("published"),
    "retire": N_("retired"),
    "playbook": N_("wrote a playbook"),
    "erase": N_("erased customers"),
    "invite": N_("invited"),
    "withdraw": N_("withdrew an invitation"),
    "join": N_("joined"),
    "dismiss": N_("dismissed"),
    "role": N_("gave a role"),
    "rename": N_("renamed"),
    "password": N_("set a password"),
    "factor": N_("changed the second factor"),
    "sign in": N_("signed in"),
    "sign in refused": N_("could not sign in"),
    "sign out": N_("signed out"),
    "link": N_("made a one-time link"),
    "settings": N_("changed the settings"),
    "mail": N_("settled how e-mails leave"),
    "channel": N_("settled how a channel is reached"),
    "webhooks": N_("settled how programs are called"),
    "messaging rules": N_("changed how often and when customers are written to"),
    "halt marketing": N_("stopped marketing: too many complaints"),
    "resume marketing": N_("let marketing go on"),
    "brand": N_("changed what messages say of the shop"),
    "coupons": N_("made a pool of codes"),
    "coupons-end": N_("ended a pool of codes"),
    "test": N_("sent a test"),
    "attribution": N_("changed which message an order is put down to"),
    "retention": N_("changed how long people are kept"),
    "add key": N_("added a key"),
    "end key": N_("ended a key"),
    "import": N_("imported a file"),
    "undo import": N_("undid an import"),
    "add source": N_("added a source"),
    "rotate source": N_("gave a source another key"),
    "end source": N_("ended a source"),
    "export": N_("exported a list"),
    "set trait": N_("set a trait of many"),
    "record consent": N_("recorded consent of many"),
    "suppress": N_("blocked addresses of many"),
    "enter journey": N_("put customers into a journey"),
    "leave journey": N_("took customers out of a journey"),
    "add note": N_("wrote a note"),
    "add task": N_("wrote a task"),
    "change note": N_("changed a note"),
    "change task": N_("changed a task"),
    "finish task": N_("finished a task"),
    "reopen task": N_("opened a task again"),
    "delete note": N_("deleted a note"),
    "delete task": N_("deleted a task"),
    "delete notes": N_("deleted notes"),
    "pause": N_("paused a journey"),
    "resume": N_("let a journey go on"),
    "mute alert": N_("muted an alert"),
    "unmute alert": N_("let an alert tell again"),
    "snooze incident": N_("settled how long an incident sleeps"),
    "alert webhook": N_("settled a webhook for alerts"),
    "broadcast draft": N_("drafted a broadcast"),
    "broadcast dropped": N_("dropped the draft of a broadcast"),
    "broadcast scheduled": N_("scheduled a broadcast"),
    "broadcast sending": N_("let a broadcast go out"),
    "broadcast asking": N_("asked which variant the others get"),
    "broadcast paused": N_("paused a broadcast"),
    "broadcast finished": N_("finished a broadcast"),
    "broadcast cancelled": N_("cancelled a broadcast"),
}
"""What people call them."""


class Recorded(Workspace):
    """The part of a shop that is about what was done in it, and by whom."""

    def deeds(
        self, most: int = 100, before: int | None = None, act: str | None = None, by: str | None = None
    ) -> list[Deed]:
        """The latest acts, from the one before `before` on; of one kind, or by somebody."""
        return acts.latest(self.ops, most, before, act, by)

    def count_deeds(self) -> int:
        """How many there are."""
        return acts.count(self.ops)

    def tell(self, by: str, act: str, about: str, now: Micros | None = None, **detail: Any) -> None:
        """Note what somebody did on a page where nothing else notes it."""
        with self.ops.begin() as tx:
            acts.note(tx, clock.now() if now is None else now, by, act, about, **detail)

    def tampered(self) -> int | None:
        """The first row of the record that is not as it was written; None where all are."""
        return acts.broken(self.ops)
