"""Who gets which version and when: even, the same each time, at the pace, on the right clock."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from habitue.broadcasts import plan
from habitue.broadcasts.plan import LATER
from habitue.broadcasts.shape import Broadcast, Trial, Variant, gap
from habitue.kernel.clock import DAY, HOUR, MINUTE, SECOND, instant, moment
from habitue.kernel.errors import UserError
from habitue.messaging import quiet
from habitue.messaging.quiet import Quiet

T = instant("2026-11-02T10:00Z")
ZONES = ("Europe/Paris", "America/New_York", "Australia/Lord_Howe", "Pacific/Kiritimati", "Etc/GMT+12")
TWO = (Variant("a", "a"), Variant("b", "b"))


def zoned(count: int) -> tuple[tuple[str, ...], plan.Ints]:
    return ZONES, np.arange(count, dtype=np.int64) % len(ZONES)


def test_a_test_group_is_shared_evenly_and_the_others_wait() -> None:
    made = plan.variants(Broadcast("x", variants=TWO, trial=Trial(0.2)), 1000)
    assert [int((made == n).sum()) for n in (0, 1, LATER)] == [100, 100, 800]
    assert (plan.variants(Broadcast("x", variants=TWO), 7) == [0, 1, 0, 1, 0, 1, 0]).all()
    assert not plan.variants(Broadcast("x", variants=TWO[:1], trial=Trial(0.2)), 9).any()


def test_the_lot_falls_the_same_each_time_and_otherwise_for_another_broadcast() -> None:
    persons = np.arange(1, 500, dtype=np.int64)
    first = plan.order("spring", persons)
    assert (first == plan.order("spring", persons[::-1])).all()
    assert sorted(first.tolist()) == persons.tolist()
    assert (first != plan.order("summer", persons)).any()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("2026-03-29 02:30", {"Europe/Paris": "03:30"}),  # left out there that night
        ("2026-10-25 02:30", {}),  # comes twice in Paris: the first of the two
        ("2026-10-04 02:15", {"Australia/Lord_Howe": "02:45"}),  # half an hour is left out
        ("2026-11-26 09:00", {}),
    ],
)
def test_everybody_gets_it_when_their_own_clock_shows_the_time(text: str, shown: dict[str, str]) -> None:
    one = Broadcast("x", at=text, clock="customer")
    begins = plan.starts(one, "Europe/Paris", T)
    due = plan.wanted(one, begins, zoned(10))
    assert int(due.min()) >= begins
    assert int(due.max()) <= plan.ends(one, begins)
    for zone, at in zip(ZONES * 2, due.tolist(), strict=True):
        there = moment(at, zone)
        assert f"{there:%H:%M}" == shown.get(zone, text[-5:])
        assert there.fold == 0
    assert begins == instant(text.replace(" ", "T"), "Pacific/Kiritimati")


def test_the_shops_clock_holds_for_all_where_that_is_said() -> None:
    one = Broadcast("x", at="2026-03-29 02:30")
    begins = plan.starts(one, "Europe/Paris", T)
    assert f"{moment(begins, 'Europe/Paris'):%H:%M}" == "03:30"
    assert {*plan.wanted(one, begins, zoned(10)).tolist()} == {begins}
    assert plan.ends(one, begins) == begins
    assert plan.starts(Broadcast("x"), "Europe/Paris", T) == T


@pytest.mark.parametrize("text", ["fast", "0/h", "10/s", "1/", "/h"])
def test_what_is_no_pace_is_refused(text: str) -> None:
    with pytest.raises(UserError):
        gap(text)
    assert (gap("60/m"), gap("2 / h"), gap("")) == (SECOND, 30 * MINUTE, 0)


NIGHT = Quiet("22:00", "08:00", (7,))


@settings(max_examples=60)
@given(
    st.lists(st.integers(0, 30 * 60), min_size=1, max_size=40),
    st.sampled_from(["", "1/m", "3/h", "2000/h"]),
    st.sampled_from([None, *ZONES[:3]]),
)
def test_no_more_leave_in_a_while_and_none_at_night(minutes: list[int], pace: str, zone: str | None) -> None:
    due = T + np.array(minutes, np.int64) * MINUTE
    silence = None if zone is None else lambda at: quiet.untils(at, zone, NIGHT, None)
    found = plan.spread(due, pace, silence)
    assert (found >= due).all()
    ordered = np.sort(found)
    if pace:
        assert (np.diff(ordered) >= gap(pace)).all()
    if zone is not None:
        assert not quiet.untils(found, zone, NIGHT, None).any()
    if zone is None and pace:  # as early as can be: one after another, with no gap that nobody asked for
        plain, free = [], 0
        for at in sorted(due.tolist()):
            free = max(at, free)
            plain.append(free)
            free += gap(pace)
        assert ordered.tolist() == plain


def test_a_pace_that_leads_through_nights_and_sundays_goes_on_in_the_mornings() -> None:
    due = np.full(600, instant("2026-11-06T15:00", "Europe/Paris"), np.int64)  # a Friday
    found = plan.spread(due, "20/h", lambda at: quiet.untils(at, "Europe/Paris", NIGHT, None))
    wall = [moment(at, "Europe/Paris") for at in found.tolist()]
    assert {one.isoweekday() for one in wall} == {5, 6, 1}
    assert all(8 <= one.hour < 22 for one in wall)
    assert wall[-1].astimezone(ZoneInfo("UTC")) == moment(int(found.max()))
    assert found.max() - found.min() < 4 * DAY + 6 * HOUR
