"""`/api/v1/channels`, `/spending` and `/deliverability`: by whom messages leave, for how much, and whether
mails arrive.

To be read only; of what is secret it is told whether it is there.
"""

from __future__ import annotations

from typing import Any

from litestar import Request
from litestar.datastructures import State
from litestar.di import NamedDependency
from msgspec import Struct

from habitue.api.asked import read
from habitue.app import Shop
from habitue.app.channels import Standing, offered
from habitue.app.repute import Looking
from habitue.kernel import clock, money
from habitue.kernel.i18n import Translator, choose, translator
from habitue.messaging import repute
from habitue.messaging.registry import Kind
from habitue.messaging.repute import Rate

_WEEK, _MONTH = 7, 30


class Channel(Struct, frozen=True):
    """A way out; `since` and `by` are null where it is not in use. `secrets` says which of them are kept."""

    channel: str
    kind: str
    since: str | None
    by: str | None
    settings: dict[str, Any]
    secrets: dict[str, bool]


class Share(Struct, frozen=True):
    """Of marketing mails: how many left, came back, and were called spam."""

    sent: int
    bounced: int
    complaints: int


class Mailbox(Struct, frozen=True):
    """The same of the mails to one provider’s mailboxes, over 7 days; `other` are all that nobody knows."""

    provider: str
    share: Share


class Daily(Struct, frozen=True):
    """The same of a day in the workspace’s time zone."""

    day: str
    share: Share


class Examined(Struct, frozen=True):
    """What mailboxes look at: good, note, bad or unknown; `wanted` is to stand at `place` in DNS."""

    id: str
    state: str
    text: str
    found: list[str]
    place: str
    wanted: str


class Examination(Struct, frozen=True):
    """What stood in DNS for the sender’s domain when it was last looked at."""

    domain: str
    looked: str
    checks: list[Examined]


class Limits(Struct, frozen=True):
    """Shares of mails: complaints should stay under `warn`, what comes back under `bounced`; where `least`
    mails left within 7 days, marketing stops at `stop`.
    """

    warn: float
    stop: float
    bounced: float
    least: int


class Deliverability(Struct, frozen=True):
    """How it stands; `halted` is since when marketing by e-mail stands still, `domain` what DNS said last."""

    halted: str | None
    domain: Examination | None
    week: Share
    month: Share
    mailboxes: list[Mailbox]
    days: list[Daily]
    limits: Limits


class Costs(Struct, frozen=True):
    """So many messages left on a channel, and cost so much, of at most so much (null: whatever they do)."""

    channel: str
    messages: int
    cost: str
    most: str | None


class Month(Struct, frozen=True):
    """What messages cost in a month; a channel without a price isn’t in it."""

    month: str
    channels: list[Costs]


@read("/channels")
def index(shop: NamedDependency[Shop]) -> list[Channel]:
    """Every way out that there is, by channel: since when it is used, and with which settings."""
    standing = shop.channels()
    return [_channel(kind, standing.get(kind.channel)) for kind in offered()]


@read("/spending")
def spending(shop: NamedDependency[Shop]) -> list[Month]:
    """What messages cost in the last three months, the running one first, in the workspace’s currency."""
    zone, code = shop.settings.timezone, shop.settings.currency
    return [
        Month(
            f"{clock.moment(first, zone):%Y-%m}",
            [
                Costs(
                    one.channel,
                    one.messages,
                    money.written(one.cost, code),
                    None if one.most is None else money.written(one.most, code),
                )
                for one in rows
            ],
        )
        for first, rows in shop.spending()
    ]


@read("/deliverability")
def arriving(request: Request[Any, Any, State], shop: NamedDependency[Shop]) -> Deliverability:
    """Whether mails arrive: what DNS said when last looked at, what came back, what was called spam."""
    now, say = clock.now(), translator(choose(request.headers.get("accept-language", "")))
    looked, halted, week = shop.domain_checked(), shop.halted(), shop.rates(_WEEK, now)
    return Deliverability(
        clock.iso(halted.since) if halted else None,
        _examination(looked, say) if looked else None,
        _share(repute.whole(week)),
        _share(repute.whole(shop.rates(_MONTH, now))),
        [Mailbox(one.provider, _share(one)) for one in week],
        [Daily(day.isoformat(), _share(one)) for day, one in shop.daily_rates(_MONTH, now).items()],
        Limits(repute.WARN, repute.STOP, repute.BACK, repute.LEAST),
    )


def _channel(kind: Kind, standing: Standing | None) -> Channel:
    """As it stands; a setting that bears a secret (the address by which a provider tells) is not told."""
    used = standing if standing is not None and standing.kind.name == kind.name else None
    told = {one.name: getattr(used.settings, one.name) for one in kind.fields} if used else {}
    return Channel(
        kind.channel,
        kind.name,
        clock.iso(used.since) if used else None,
        used.by if used else None,
        {name: value for name, value in told.items() if name not in kind.secret},
        {name: bool(value) for name, value in told.items() if name in kind.secret},
    )


def _share(one: Rate) -> Share:
    return Share(one.sent, one.back, one.spam)


def _examination(one: Looking, say: Translator) -> Examination:
    checks = [
        Examined(each.id, each.state, say(each.text, **each.fields), [*each.found], each.place, each.wanted)
        for each in one.checks
    ]
    return Examination(one.domain, str(clock.iso(one.at)), checks)
