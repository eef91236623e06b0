"""The guards at the door: each says of a message whether it goes, waits, or never goes, and why.

Pure: what is known is handed in, so that a past that never was can be judged as well as the present.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, Final, Literal, NamedTuple, TypeAlias

import numpy as np
from msgspec import Struct, field

from habitue.kernel.clock import LAST, Micros, duration, instant, moment
from habitue.messaging import caps, holdout, quiet
from habitue.messaging.rules import TRANSACTIONAL, Rules
from habitue.people.consent import SITE

WEBHOOK: Final = "webhook"

EXEMPT: Final = frozenset(("unsubscribed",))
"""Why an address is blocked that what customers wait for may still be sent to."""


BROADCAST: Final = "broadcast:"
"""How the origins begin that reach nobody twice, however long they take, and whichever of their steps."""


def part(origin: str, step: str) -> str:
    """Which part of an origin reaches an address once: a broadcast's steps are versions of one message."""
    return "" if origin.startswith(BROADCAST) else step


class Case(NamedTuple):
    """A message to be judged; `address` is a hash of where to, None where nothing is known."""

    id: int
    person: int
    channel: str
    purpose: str
    origin: str
    step: str
    priority: int
    planned: Micros
    expires: Micros | None
    address: str | None
    zone: str
    cost: int = 0
    """In hundredths of a cent."""

    @property
    def marketing(self) -> bool:
        return self.purpose != TRANSACTIONAL


class Rival(NamedTuple):
    """Another message that waits for the same customer on the same channel, and comes soon."""

    id: int
    origin: str
    priority: int


class Facts(Struct, frozen=True, kw_only=True):
    """What is known of the customers of some cases.

    `agreed`: by channel and purpose, who agrees. `suppressed`: by channel and address, why nobody may write.
    `sent`: by person and channel, when marketing left. `copies`: addresses that have a `part` of an origin.
    `met`: customers whom a broadcast has reached, wherever that was. `rivals`: by person and channel.
    `spent`: by channel, what left this month cost, in hundredths of a cent.
    """

    agreed: Mapping[tuple[str, str], Collection[int]] = {}
    suppressed: Mapping[tuple[str, str], Collection[str]] = {}
    sent: Mapping[tuple[int, str], Sequence[Micros]] = {}
    copies: Collection[tuple[str, str, str]] = frozenset()
    met: Collection[tuple[int, str]] = frozenset()
    rivals: Mapping[tuple[int, str], Sequence[Rival]] = {}
    spent: Mapping[str, int] = {}


class Verdict(NamedTuple):
    """What is to become of a message, by which guard, until when it waits, and what the sentence needs."""

    id: int
    act: Literal["go", "skip", "hold", "expire"]
    guard: str | None = None
    until: Micros | None = None
    fields: Mapping[str, Any] = {}


class _Desk(Struct):
    """The facts, with what was decided so far: who goes now counts for who comes next."""

    facts: Facts
    rules: Rules
    now: Micros
    held: Mapping[int, str]
    sent: dict[tuple[int, str], list[Micros]] = field(default_factory=dict)
    copies: set[tuple[str, str, str]] = field(default_factory=set)
    met: set[tuple[int, str]] = field(default_factory=set)
    spent: dict[str, int] = field(default_factory=dict)
    stays: dict[int, bool] = field(default_factory=dict)
    silences: dict[tuple[str, str], Micros | None] = field(default_factory=dict)


Guard: TypeAlias = Callable[[Case, _Desk], Verdict | None]


def judge(cases: Sequence[Case], facts: Facts, rules: Rules, now: Micros) -> list[Verdict]:
    """What becomes of each case, in their order; the higher priority is judged first."""
    desk = _Desk(facts, rules, now, _held(cases, rules))
    ranked = sorted(cases, key=lambda one: (one.marketing, -one.priority, one.planned, one.id))
    told = {case.id: _judged(case, desk) for case in ranked}
    return [told[case.id] for case in cases]


def refused(case: Case, facts: Facts) -> Verdict | None:
    """Whether the customer or the suppression list says no, whatever else holds."""
    if case.channel == WEBHOOK:
        return None
    desk = _Desk(facts, Rules(), 0, {})
    return suppressed(case, desk) or (consent(case, desk) if case.marketing else None)


def _judged(case: Case, desk: _Desk) -> Verdict:
    verdict = None
    for guard in _asked(case):
        verdict = guard(case, desk)
        if verdict is not None:
            break
    else:
        _goes(case, desk)
        verdict = Verdict(case.id, "go")
    soon = verdict.act == "hold" and (verdict.until or LAST) <= desk.now + duration(desk.rules.apart)
    desk.stays[case.id] = verdict.act == "go" or soon
    return verdict


def _asked(case: Case) -> Iterable[Guard]:
    if case.channel == WEBHOOK:
        return (late, holdouts, budget) if case.marketing else (late,)
    return ORDER.values() if case.marketing else (late, address, suppressed)


def _goes(case: Case, desk: _Desk) -> None:
    desk.spent[case.channel] = desk.spent.get(case.channel, 0) + case.cost
    if not case.marketing:
        return
    desk.sent.setdefault((case.person, case.channel), []).append(desk.now)
    if case.address is not None:
        desk.copies.add((case.address, case.origin, part(case.origin, case.step)))
    if case.origin.startswith(BROADCAST):
        desk.met.add((case.person, case.origin))


def _held(cases: Sequence[Case], rules: Rules) -> dict[int, str]:
    """The cases of those who are left alone, by the group's name."""
    marketing = [one for one in cases if one.marketing]
    persons = np.array([one.person for one in marketing], np.int64)
    origins = {one.origin for one in marketing}
    groups = [(name, share) for name, share in rules.holdouts.items() if name in origins]
    found: dict[int, str] = {}
    for name, share in [*groups, (holdout.GLOBAL, rules.holdout)]:
        inside = holdout.held(rules.salt + name, share, persons) if share else ()
        for one, alone in zip(marketing, inside, strict=False):
            if alone and name in (holdout.GLOBAL, one.origin):
                found[one.id] = name
    return found


# --- the guards, in their order -------------------------------------------------------------------


def late(case: Case, desk: _Desk) -> Verdict | None:
    """What comes too late doesn't come: after it expires, and marketing a day after it was due."""
    if desk.now <= deadline(case, desk.rules):
        return None
    return Verdict(case.id, "expire", "late", fields={"due": case.planned})


def deadline(case: Case, rules: Rules) -> Micros:
    """After this a message never goes."""
    own = LAST if case.expires is None else case.expires
    return min(own, case.planned + duration(rules.late)) if case.marketing else own


def month(now: Micros, zone: str) -> Micros:
    """When the month began, for which budgets are set."""
    return instant(f"{moment(now, zone):%Y-%m-01}", zone)


def address(case: Case, _: _Desk) -> Verdict | None:
    """Somewhere to send it to."""
    return Verdict(case.id, "skip", "address") if case.address is None else None


def suppressed(case: Case, desk: _Desk) -> Verdict | None:
    """Nobody writes to who is on the list; who only unsubscribed still gets what they wait for."""
    listed = desk.facts.suppressed.get((case.channel, case.address or ""))
    if not listed:
        return None
    why = set(listed) - (frozenset() if case.marketing else EXEMPT)
    return Verdict(case.id, "skip", "suppressed", fields={"why": min(why)}) if why else None


def consent(case: Case, desk: _Desk) -> Verdict | None:
    """Marketing goes to who agreed to it, on this channel and for this purpose; on the site nobody has to."""
    if case.channel == SITE or case.person in desk.facts.agreed.get((case.channel, case.purpose), ()):
        return None
    return Verdict(case.id, "skip", "consent", fields={"channel": case.channel, "purpose": case.purpose})


def holdouts(case: Case, desk: _Desk) -> Verdict | None:
    """Control groups are left alone."""
    group = desk.held.get(case.id)
    return Verdict(case.id, "skip", "holdout", fields={"group": group}) if group else None


def twin(case: Case, desk: _Desk) -> Verdict | None:
    """One address gets a step once, however many customer records it stands in; a customer, a broadcast."""
    one = (case.address or "", case.origin, part(case.origin, case.step))
    two = case.person, case.origin
    again = one in desk.facts.copies or one in desk.copies or two in desk.facts.met or two in desk.met
    return Verdict(case.id, "skip", "twin") if again else None


def collision(case: Case, desk: _Desk) -> Verdict | None:
    """Of two origins' messages that come near each other the one of higher priority goes."""
    for rival in desk.facts.rivals.get((case.person, case.channel), ()):
        higher = rival.priority > case.priority and rival.origin != case.origin
        if higher and desk.stays.get(rival.id, True):
            return Verdict(case.id, "skip", "collision", fields={"origin": rival.origin})
    return None


def cap(case: Case, desk: _Desk) -> Verdict | None:
    """Not more often than the caps have it; what may go in time waits for it."""
    key = case.person, case.channel
    times = [*desk.facts.sent.get(key, ()), *desk.sent.get(key, ())]
    free, by = caps.freed(times, desk.rules.capped(case.channel))
    if by is None or free <= desk.now:
        return None
    fields = {"most": by.most, "within": by.within}
    if free > deadline(case, desk.rules):
        return Verdict(case.id, "skip", "cap", fields=fields)
    return Verdict(case.id, "hold", "cap", free, {"until": free, **fields})


def quiet_(case: Case, desk: _Desk) -> Verdict | None:
    """Not while customers are not to be disturbed; it waits until that ends."""
    silence = desk.rules.quiet.get(case.channel)
    if silence is None:
        return None
    key = case.channel, case.zone
    if key not in desk.silences:
        desk.silences[key] = quiet.until(desk.now, case.zone, silence, desk.rules.country)
    end = desk.silences[key]
    if end is None:
        return None
    act: Literal["hold", "expire"] = "expire" if case.expires is not None and end > case.expires else "hold"
    return Verdict(case.id, act, "quiet", end if act == "hold" else None, {"until": end})


def budget(case: Case, desk: _Desk) -> Verdict | None:
    """Not beyond what a channel may cost in a month; what customers wait for goes anyhow, and counts."""
    limit = desk.rules.budgets.get(case.channel)
    if limit is None or limit.most is None:
        return None
    spent = desk.facts.spent.get(case.channel, 0) + desk.spent.get(case.channel, 0)
    if spent + case.cost <= limit.most:
        return None
    fields = {"most": limit.most, "spent": spent, "cost": case.cost, "currency": desk.rules.currency}
    return Verdict(case.id, "skip", "budget", fields=fields)


ORDER: Final[Mapping[str, Guard]] = {
    "late": late,
    "address": address,
    "suppressed": suppressed,
    "consent": consent,
    "holdout": holdouts,
    "twin": twin,
    "collision": collision,
    "cap": cap,
    "quiet": quiet_,
    "budget": budget,
}
"""What marketing has to pass, in this order."""
