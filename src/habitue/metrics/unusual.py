"""What is unexpected about an event: of its volume, and of its properties.

Volume. The last seven whole days are compared with each of the eight weeks before, which hold the same
weekdays. What is usual is their median; how much it varies is the median absolute deviation from it, times
1.4826 so that it is a standard deviation where the weeks are normal, and never less than the square root of
the median, which counts vary by chance alone (Poisson). A week further off than 3.5 of these is unusual: the
"modified z-score" of Iglewicz and Hoaglin, How to Detect and Handle Outliers (1993), with their limit. It is
told where it is also less or more than each of them, by at least 30 % or half of what is usual: what comes
once a month is expected then. Of a name younger than five weeks nothing is told.

Orders. Those that name an amount and have no revenue: it is no number, or not in the shop's currency.

Properties. Some events of the last seven days are compared with some of the eight weeks before. What all of
one side lack is told if they would do so by chance, at the share that it has on the other, less often than
once in a thousand times: (1 − share) to the power of their number.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import sqrt
from statistics import median
from typing import Any, Final, Literal

from babel.numbers import format_decimal, format_percent
from msgspec import Struct

from habitue.kernel.i18n import N_, Translator
from habitue.metrics import properties as props
from habitue.metrics.properties import Found
from habitue.metrics.volume import Volume

Kind = Literal["uncounted", "stopped", "drop", "jump", "new", "gone", "flip"]

FAR: Final = 3.5
LESS: Final = 0.7
MORE: Final = 1.5
WEEKS: Final = 8
KNOWN: Final = 5
"""Weeks since the first event: of a younger one nobody knows what is usual."""

DAILY: Final = 7
"""A week that usually has so many is not without any by chance (e to the power of −7)."""

CHANCE: Final = 0.001

CONTEXT: Final = "context"
"""Where our door keeps what SDKs say of the browser or the device: no property of the shop's."""

LEAST: Final = 5
"""Of fewer events on one side nothing is said about properties."""

SAID: Final[dict[Kind, str]] = {
    "uncounted": N_(
        "{count} with an amount that could not be read, or in another currency: they count without revenue."
    ),
    "stopped": N_("None has come for seven days; {usual} a week are usual."),
    "drop": N_("{now} in the last seven days; {usual} are usual."),
    "jump": N_("{now} in the last seven days; only {usual} are usual."),
    "new": N_("“{property}” is new: in {share} of the last seven days’ events, in none before."),
    "gone": N_("“{property}” is gone: it was in {share} of the events before, in none for seven days."),
    "flip": N_("“{property}” is now {now} in {share} of cases; it was {before}."),
}


class Oddity(Struct, frozen=True):
    """Something unexpected: what, of which property if of one, and the figures that `SAID` names."""

    kind: Kind
    property: str | None
    fields: dict[str, Any]


def said(odd: Oddity, say: Translator) -> str:
    """It in words."""

    def shown(name: str, value: Any) -> str:
        if isinstance(value, float):
            form = "#,##0.#\N{NARROW NO-BREAK SPACE}%" if say.language == "fr" else "#,##0.#%"
            return str(format_percent(max(value, 0.001), form, say.language))
        if isinstance(value, int):
            return str(format_decimal(value, "#,##0", say.language))
        return say(props.SAID[value]) if value in props.SAID and name != "property" else str(value)

    return say(SAID[odd.kind], **{name: shown(name, value) for name, value in odd.fields.items()})


def volume(found: Volume) -> Oddity | None:
    """What is unusual about the last seven whole days."""
    whole = found.days[:-1]
    weeks = [sum(whole[len(whole) - 7 * (n + 1) : len(whole) - 7 * n]) for n in range(WEEKS + 1)]
    before = known_weeks(weeks[1:], found)
    if len(before) < KNOWN:
        return None
    return week(weeks[0], before, found.days[-1])


def known_weeks(before: Sequence[int], found: Volume) -> Sequence[int]:
    """Of the weeks before, the newest first, those since the first event; all where it is further back."""
    if found.events > sum(found.days):
        return before
    had = [n for n, count in enumerate(before) if count]
    return before[: had[-1] + 1] if had else ()


def week(now: int, before: Sequence[int], today: int = 0) -> Oddity | None:
    """What is unusual about a week with so many events, `today` aside, after weeks with these."""
    usual = median(before)
    spread = max(1.4826 * median(abs(count - usual) for count in before), sqrt(max(usual, 1)))
    fields = {"now": now, "usual": round(usual)}
    if now + today == 0:
        return Oddity("stopped", None, fields) if usual >= DAILY else None
    if usual - now > FAR * spread and now < min(before) and now <= LESS * usual:
        return Oddity("drop", None, fields)
    if now - usual > FAR * spread and now > max(before) and now >= MORE * usual:
        return Oddity("jump", None, fields)
    return None


def uncounted(count: int) -> Iterator[Oddity]:
    """Orders whose amount is not in the shop's revenue."""
    if count:
        yield Oddity("uncounted", None, {"count": count})


def properties(
    recent: Mapping[str, Found], n_recent: int, before: Mapping[str, Found], n_before: int
) -> Iterator[Oddity]:
    """What is unexpected about the properties of `n_recent` events, after `n_before` others."""
    if min(n_recent, n_before) < LEAST:
        return
    told = {CONTEXT}
    for path in sorted(recent.keys() | before.keys()):
        if path in told or path.rpartition(".")[0] in told:  # what is new as a whole has only new parts
            told.add(path)
            continue
        here, there = recent.get(path), before.get(path)
        told |= {path} if here is None or there is None else set()
        if here is None and there is not None:
            yield from _missing("gone", path, there.n / n_before, n_recent)
        elif there is None and here is not None:
            yield from _missing("new", path, here.n / n_recent, n_before)
        elif here is not None and there is not None:
            yield from _flips(path, here, there)


def _missing(kind: Kind, path: str, share: float, n: int) -> Iterator[Oddity]:
    if _chance(share, n) < CHANCE:
        yield Oddity(kind, path, {"property": path, "share": share})


def _flips(path: str, here: Found, there: Found) -> Iterator[Oddity]:
    """Types that the property has now and had not; to be empty is none."""
    now, then = ({kind: n for kind, n in one.types.items() if kind != "null"} for one in (here, there))
    whole, had = sum(now.values()), sum(then.values())
    if min(whole, had) < LEAST:
        return
    usual = max(then, key=lambda kind: then[kind])
    for kind, n in now.items():
        if kind not in then and _chance(n / whole, had) < CHANCE:
            yield Oddity("flip", path, {"property": path, "now": kind, "before": usual, "share": n / whole})


def _chance(share: float, n: int) -> float:
    """How probable it is that none of `n` has what a share has."""
    return float((1 - min(share, 1.0)) ** n)
