"""Windows for "dormant" and "lost", proposed from a shop's own gaps between orders.

A gap is the time between two consecutive days on which a customer ordered (several orders of one UTC day
are one); the time since the last order is a gap that is still open. S(t), the share of gaps longer than
t days, is estimated by Kaplan and Meier's product limit (1958, see `metrics.survival`): an open gap counts
for as long as it has lasted, so recent customers do not look lost. It is read up to the horizon h, the last
day on which `RISK` gaps were watched.

- share of returns that have happened by day w:              (1 - S(w)) / (1 - S(h))
- chance that one silent for w days still comes back by h:   (S(w) - S(h)) / S(w)

A window is judged only where it was watched for half as long again: just before the horizon nobody would
seem to come back.

Dormant is the shortest window by which `RETURNS` of all returns have happened: longer silence is unusual.
Lost is the shortest longer window after which at most `CHANCE` would still come back. Every gap has the
same weight, so frequent customers count more in the first windows than in the last.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from babel.numbers import format_decimal, format_percent
from msgspec import Struct
from numpy.typing import NDArray

from habitue.kernel.clock import DAY, duration
from habitue.kernel.i18n import N_, Translator
from habitue.metrics.survival import Curve, estimate
from habitue.stages.kind import kinds
from habitue.store.warehouse import Warehouse

RETURNS: Final = 0.8
CHANCE: Final = 0.1
LEAST: Final = 100
RISK: Final = 50
FOLLOWED: Final = 1.5
"""A window is watched for so many times its length before it is judged."""

WINDOWS: Final = (
    7,
    14,
    21,
    30,
    45,
    60,
    75,
    90,
    120,
    150,
    180,
    210,
    240,
    270,
    300,
    330,
    365,
    450,
    540,
    630,
    730,
)
WIDTHS: Final = (1, 2, 7, 14, 30)

_GAPS = f"""
    WITH day AS (
        SELECT DISTINCT person, epoch_us(ts) // {DAY} AS day FROM event SEMI JOIN (
            FROM event_name WHERE name = $1
        ) USING (code) WHERE ts <= make_timestamp($2::BIGINT)
    ), gap AS (
        SELECT person, day, lead(day) OVER (PARTITION BY person ORDER BY day) AS next FROM day
    )
    SELECT coalesce(next, $2 // {DAY}) - day AS days, count(next) AS ended, count(*) - count(next) AS still
    FROM gap GROUP BY days ORDER BY days
"""
_LATEST = """
    SELECT epoch_us(max(ts)) AS at FROM event SEMI JOIN (FROM event_name WHERE name = $1) USING (code)
    WHERE ts <= make_timestamp($2::BIGINT)
"""


class Bin(Struct, frozen=True):
    """How many closed gaps are from `start` to before `stop` days long."""

    start: int
    stop: int
    n: int


class Window(Struct, frozen=True):
    """A candidate: `returned` of all returns have happened by then; `chance` of one that is still to come."""

    days: int
    returned: float
    chance: float


class Suggestion(Struct, frozen=True):
    """The proposal, in days, with what it rests on.

    `enough` is False where there are fewer than `LEAST` closed gaps, `seen` where no window holds `RETURNS`
    of the returns, `reached` where after every window more than `CHANCE` come back: then the usual windows
    stand in.
    """

    dormant: int
    lost: int
    enough: bool
    seen: bool
    reached: bool
    customers: int
    closed: int
    horizon: int
    histogram: tuple[Bin, ...]
    windows: tuple[Window, ...]

    def say(self, t: Translator) -> str:
        """The proposal and how it was found, in plain sentences, one to a line."""
        return "\n".join(t(text, **self._fields(t)) for text in self._sentences())

    def _sentences(self) -> list[str]:
        if not self.enough:
            return [_FEW, _USUAL]
        dormant = _DORMANT if self.seen else _UNSEEN
        return [_SEEN, dormant, _LOST if self.reached else _NEVER, _METHOD]

    def _fields(self, t: Translator) -> dict[str, Any]:
        number = {
            name: format_decimal(getattr(self, name), locale=t.language)
            for name in ("dormant", "lost", "customers", "closed", "horizon")
        }
        share = {"returns": RETURNS, "chance": CHANCE}
        return (
            number
            | {name: format_percent(one, locale=t.language) for name, one in share.items()}
            | {"least": LEAST}
        )


_SEEN = N_(
    "{closed} gaps between two orders of {customers} customers were looked at, "
    "and the time since each last order."
)
_DORMANT = N_("Dormant after {dormant} days: at least {returns} of those who come back do so sooner.")
_UNSEEN = N_(
    "Dormant after {dormant} days, the usual window: {horizon} days of history do not show by when "
    "{returns} of those who come back have done so."
)
_LOST = N_(
    "Lost after {lost} days: of those silent that long, at most {chance} still come back "
    "before {horizon} days of silence."
)
_NEVER = N_(
    "Lost after {lost} days, the usual window: {horizon} days of history "
    "show no silence after which at most {chance} come back."
)
_METHOD = N_(
    "A silence that still lasts counts for as long as it has lasted (Kaplan–Meier), "
    "so recent customers do not look lost."
)
_FEW = N_("There are too few gaps between orders to judge by: {closed}, where {least} are needed.")
_USUAL = N_("So these are the usual windows: dormant after {dormant} days, lost after {lost} days.")


def latest(warehouse: Warehouse, now: int, event: str = "Order Completed") -> int:
    """The last order up to `now`, and `now` where there is none: what came after an old file is not known."""
    found = warehouse.read(_LATEST, (event, now))["at"][0].as_py()
    return now if found is None else int(found)


class Gaps(Struct, frozen=True):
    """How long gaps between orders last: of each length in days how many `ended` and are `still` open."""

    days: NDArray[np.int64]
    ended: NDArray[np.int64]
    still: NDArray[np.int64]
    curve: Curve
    horizon: int

    def window(self, days: int) -> Window | None:
        """What a window of so many days means; None where it was not watched for long enough."""
        return _window(self.curve, days, self.horizon) if FOLLOWED * days <= self.horizon else None


def gaps(warehouse: Warehouse, now: int, event: str = "Order Completed") -> Gaps:
    """The gaps between a shop's orders up to `now`."""
    found = warehouse.read(_GAPS, (event, now))
    days, ended, still = (np.asarray(found[name].to_numpy(), np.int64) for name in ("days", "ended", "still"))
    return Gaps(days, ended, still, estimate(days, ended, still), _horizon(days, ended + still))


def suggest(warehouse: Warehouse, now: int, event: str = "Order Completed") -> Suggestion:
    """The windows that the gaps between a shop's orders up to `now` propose."""
    return proposed(gaps(warehouse, now, event))


def proposed(found: Gaps) -> Suggestion:
    """The windows that these gaps propose."""
    days, ended, still, horizon = found.days, found.ended, found.still, found.horizon
    windows = tuple(window for one in WINDOWS if (window := found.window(one)))
    enough = int(ended.sum()) >= LEAST and bool(windows)
    dormant, lost = _proposed(windows) if enough else (None, None)
    usual = {
        name: duration(str(kinds()["chabry6"].parameters[name].default)) // DAY
        for name in ("dormant", "lost")
    }
    after = dormant or usual["dormant"]
    return Suggestion(
        dormant=after,
        lost=lost or max(usual["lost"], 2 * after),
        enough=enough,
        seen=dormant is not None,
        reached=lost is not None,
        customers=int(still.sum()),
        closed=int(ended.sum()),
        horizon=horizon,
        histogram=_histogram(days, ended),
        windows=windows,
    )


def _horizon(days: NDArray[np.int64], n: NDArray[np.int64]) -> int:
    """The last day with `RISK` gaps that have lasted as long."""
    watched = days[np.cumsum(n[::-1])[::-1] >= RISK]
    return int(watched[-1]) if len(watched) else 0


def _window(curve: Curve, days: int, horizon: int) -> Window:
    here, last = curve.at(days), curve.at(horizon)
    return Window(days, (1 - here) / (1 - last) if last < 1 else 0.0, (here - last) / here if here else 0.0)


def _proposed(windows: tuple[Window, ...]) -> tuple[int | None, int | None]:
    dormant = next((window.days for window in windows if window.returned >= RETURNS), None)
    after = (window for window in windows if dormant is not None and window.days > dormant)
    return dormant, next((window.days for window in after if window.chance <= CHANCE), None)


def _histogram(days: NDArray[np.int64], ended: NDArray[np.int64]) -> tuple[Bin, ...]:
    """Closed gaps in bins of equal width, at most about fifty."""
    longest = int(days[ended > 0].max(initial=0))
    width = next((width for width in WIDTHS if longest <= 52 * width), WIDTHS[-1])
    counts = np.bincount(days // width, ended, 0).astype(np.int64)[: longest // width + 1] if longest else ()
    return tuple(Bin(n * width, (n + 1) * width, int(count)) for n, count in enumerate(counts))
