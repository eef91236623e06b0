"""An incident is told once when it begins, once when it is over, between only where it is clearly worse."""

from __future__ import annotations

from typing import Final

from hypothesis import given
from hypothesis import strategies as st

from habitue.alerts.alert import Every
from habitue.alerts.judge import Reading
from habitue.alerts.machine import CALM, QUIET, Standing, What, look, snooze
from habitue.kernel.clock import HOUR, LAST

ACTS: Final = st.one_of(
    st.tuples(st.just("on"), st.integers(1, 8)),
    st.tuples(st.sampled_from(["off", "unknown", "mute", "unmute", "wake"]), st.just(0)),
    st.tuples(st.just("snooze"), st.sampled_from([1, 3, -1])),
)


def reading(act: str, gap: int) -> Reading:
    if act == "unknown":
        return Reading(None)
    return Reading(float(gap), on=act == "on", gap=float(gap))


class Model:
    """The same, said as a story: what people know of an incident, and what they asked for."""

    def __init__(self, every: Every) -> None:
        self.calm = CALM[every]
        self.open = self.muted = False
        self.known: float | None = None
        self.quiet_looks = 0
        self.until: int | None = None

    def wish(self, act: str, hours: int, now: int) -> None:
        if act in ("mute", "unmute"):
            self.muted = act == "mute"
        elif self.open:
            self.until = None if act == "wake" else LAST if hours < 0 else now + hours * HOUR

    def look(self, act: str, gap: int, now: int) -> What | None:
        if act == "unknown":
            return None
        if act == "off":
            return self.calmed()
        if not self.open:
            self.open, self.known, self.until = True, None, None
        self.quiet_looks = 0
        hushed = self.until is not None and (self.until == LAST or now < self.until)
        if self.muted or hushed:
            return None
        said: What | None = None
        if self.known is None:
            said = "begun"
        elif self.until is not None:
            said = "still"
        elif gap >= 2 * self.known:
            said = "worse"
        if said:
            self.known = max(self.known or 0, float(gap)) if said == "still" else float(gap)
            self.until = None
        return said

    def calmed(self) -> What | None:
        if not self.open:
            return None
        self.quiet_looks += 1
        if self.quiet_looks < self.calm:
            return None
        told = self.known is not None
        self.open, self.quiet_looks, self.until = False, 0, None
        return "over" if told else None


@given(st.lists(ACTS, max_size=40), st.sampled_from(["hour", "day"]))
def test_the_machine_tells_what_the_story_tells(acts: list[tuple[str, int]], every: Every) -> None:
    model, standing, muted = Model(every), QUIET, False
    told: list[What] = []
    for n, (act, size) in enumerate(acts):
        now = n * HOUR
        if act in ("mute", "unmute", "snooze", "wake"):
            model.wish(act, size, now)
            muted = model.muted
            if standing.begun is not None and act in ("snooze", "wake") and model.until is not None:
                standing = snooze(standing, model.until)
            elif standing.begun is not None and act == "wake":
                standing = Standing(standing.begun, standing.told, standing.fine)
            continue
        standing, what = look(standing, reading(act, size), now, every, muted)
        assert what == model.look(act, size, now)
        assert (standing.begun is not None) == model.open
        if what:
            told.append(what)
    _alternate(told)


def _alternate(told: list[What]) -> None:
    """No beginning is told twice before its end, and no end without its beginning."""
    ends = [what for what in told if what in ("begun", "over")]
    assert ends == [("begun", "over")[n % 2] for n in range(len(ends))]
    inside = False
    for what in told:
        assert inside or what == "begun"
        inside = what != "over"


def test_a_figure_at_the_edge_of_its_limit_is_one_incident() -> None:
    standing, told = QUIET, []
    for n, act in enumerate(["on", "off", "on", "off", "off", "on", "off", "off", "off"]):
        standing, what = look(standing, reading(act, 1), n * HOUR, "hour")
        told.append(what)
    assert [one for one in told if one] == ["begun", "over"]
    assert told[-1] == "over"


def test_what_is_snoozed_until_it_is_over_is_heard_of_when_it_is_over() -> None:
    standing, _ = look(QUIET, reading("on", 1), 0, "day")
    standing, what = look(snooze(standing, LAST), reading("on", 100), HOUR, "day")
    assert what is None
    assert look(standing, reading("off", 0), 2 * HOUR, "day") == (QUIET, "over")
