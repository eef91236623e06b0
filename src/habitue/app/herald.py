"""Takes to the team what alerts tell: e-mails by the workspace's own server, webhooks to its channels."""

from __future__ import annotations

import logging
import re
from threading import Event, Thread
from typing import TYPE_CHECKING, Final

import msgspec

from habitue.alerts.alert import HOOK, Alert
from habitue.alerts.judge import Reading
from habitue.alerts.machine import What
from habitue.alerts.saying import Notice, notice
from habitue.app.channels import EMAIL, NO_MAIL
from habitue.kernel import clock
from habitue.kernel.clock import HOUR, MINUTE, Micros
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_
from habitue.messaging import reach
from habitue.messaging.channel import Letter, Outcome
from habitue.messaging.guards import WEBHOOK
from habitue.rules.problem import nearest
from habitue.store import incidents, members
from habitue.store.incidents import Due, Hook
from habitue.store.seal import Seal

if TYPE_CHECKING:
    from habitue.app.shop import Shop

PAUSE: Final = 5.0
"""Seconds between two looks at what is to be told."""
BROKEN: Final = 30.0

PATIENCE: Final = 72 * HOUR
"""How long it is tried to tell somebody; what is older is no news."""

NAME: Final = re.compile(r"[a-z][a-z0-9_-]{0,62}\Z")
_LOG: Final = logging.getLogger("habitue")
_TRIED: Final = N_("Habitué can write here. Alerts that name this webhook will be told in this channel.")


class Herald(Thread):
    """Tells what is due until `stop`; what goes wrong is told and tried again."""

    def __init__(self, shop: Shop) -> None:
        super().__init__(name="herald", daemon=True)
        self._shop = shop
        self._over = Event()

    def run(self) -> None:
        pause = 0.0
        while not self._over.wait(pause):
            try:
                tell(self._shop, clock.now())
                pause = PAUSE
            except UserError as error:
                _LOG.warning("%s", error)
                pause = BROKEN
            except Exception:  # noqa: BLE001  a herald that is gone tells nobody ever again
                _LOG.exception("Telling the team failed; it is tried again.")
                pause = BROKEN

    def stop(self) -> None:
        """End after what is under way."""
        self._over.set()
        self.join()


def tell(shop: Shop, now: Micros) -> int:
    """Tell all that is due by now, each to its target; how much was told."""
    due = incidents.due(shop.ops, now)
    if not due:
        return 0
    alerts = {one.alert.id: one for one in shop.alerts()}
    team = {one["email"] for one in members.all_(shop.ops)}
    hooks = {f"{HOOK}{one.slug}": one for one in incidents.hooks(shop.ops)}
    told = 0
    for one in due:
        watched = alerts.get(one.slug)
        known = one.target in team or one.target in hooks
        if watched is None or watched.state.muted is not None or not known or _past(shop, one):
            incidents.settle(shop.ops, one.id, "dropped", now, None, "")
        elif incidents.claim(shop.ops, one, now):
            words = _words(shop, watched.alert, one)
            outcome = _sent(shop, one, words, hooks.get(one.target))
            told += _settled(shop, one, outcome, now)
    return told


def _past(shop: Shop, one: Due) -> bool:
    """Whether it is no news: that it began, once it is over; that it is over, to whom didn't hear of it."""
    if one.what == "over":
        return not incidents.heard(shop.ops, one.incident, one.target)
    return one.ended is not None


def _words(shop: Shop, alert: Alert, one: Due) -> Notice:
    found = msgspec.convert(one.reading, Reading)
    what = msgspec.convert(one.what, What)
    at = one.ended if what == "over" and one.ended is not None else one.at
    return notice(shop.speech(), alert, found, what, one.begun, at, shop.base)


def _sent(shop: Shop, one: Due, words: Notice, hook: Hook | None) -> Outcome:
    """Hand it over. Tried again, it bears the mark that it bore: who has had it knows it again."""
    mark = shop.mark(one.id, "alert")
    if hook is not None:
        body = {"url": Seal(shop.directory).open(hook.url), "body": words.slack}
        return _handed(
            shop, WEBHOOK, Letter(0, "", mark, "", "", "", body, False, None, one.made, one.attempts)
        )
    letter = Letter(
        0, one.target, mark, words.subject, "", words.text, {}, False, None, one.made, one.attempts
    )
    return _handed(shop, EMAIL, letter)


def _handed(shop: Shop, channel: str, letter: Letter) -> Outcome:
    if channel == WEBHOOK:
        shop.hooks()  # what signs is made when it is first needed
    way = shop.ways().get(channel)
    if way is None:
        return Outcome("down", NO_MAIL)
    session = way.connect()
    try:
        return session.hand(letter, lambda: None)
    finally:
        session.close()


def _settled(shop: Shop, one: Due, outcome: Outcome, now: Micros) -> bool:
    if outcome.state in ("sent", "bounced", "failed"):
        state = "sent" if outcome.state == "sent" else "failed"
        incidents.settle(shop.ops, one.id, state, now, None, outcome.answer)
        return state == "sent"
    wait = min(MINUTE << min(one.attempts, 8), 4 * HOUR) if outcome.wait is None else outcome.wait
    late = now + wait > one.made + PATIENCE
    incidents.settle(
        shop.ops, one.id, "failed" if late else "due", now, None if late else now + wait, outcome.answer
    )
    return False


def add_hook(shop: Shop, name: str, url: str, by: str, now: Micros) -> None:
    """Let alerts be told to a channel of the team's under that name; its address is shown to nobody again."""
    if not NAME.match(name):
        raise UserError(N_("A webhook’s name begins with a small letter: a to z, digits, - and _."))
    reach.place(url, shop.hooks().inner)
    incidents.put_hook(shop.ops, name, Seal(shop.directory).close(url), by, now)


def end_hook(shop: Shop, name: str, by: str, now: Micros) -> None:
    """Tell nothing there any more."""
    _hook(shop, name)
    incidents.put_hook(shop.ops, name, None, by, now)


def try_hook(shop: Shop, name: str, now: Micros) -> Outcome:
    """Say something there at once; what was answered."""
    words = Notice("Habitué", (shop.speech().say(_TRIED),), ())
    body = {"url": Seal(shop.directory).open(_hook(shop, name).url), "body": words.slack}
    return _handed(shop, WEBHOOK, Letter(0, "", shop.mark(now, "try"), "", "", "", body, False, None, now))


def _hook(shop: Shop, name: str) -> Hook:
    found = {one.slug: one for one in incidents.hooks(shop.ops)}
    if name not in found:
        near = nearest(name, found)
        text = (
            N_("There is no webhook “{name}”. Did you mean “{near}”?")
            if near
            else N_("There is no webhook “{name}”.")
        )
        raise UserError(text, name=name, near=near)
    return found[name]
