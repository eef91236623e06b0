"""Two ways are tried against each other until the better one is known; then everybody takes it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from habitue.app import Shop
from habitue.journeys import trials
from habitue.journeys.fault import JourneyError
from habitue.journeys.plan import plan
from habitue.journeys.reading import from_text
from habitue.kernel.clock import DAY
from habitue.kernel.errors import UserError
from habitue.metrics.uplift import Group
from habitue.store import arms, runs
from tests.journeys.scene import T, Told, at, go, tell

BODY = """
id = "try"
entry = { is = "event", event = "Signed Up" }
goal = { event = "Order Completed", within = "30d", leaves = false }

[[steps]]
id = "which"
is = "chance"
winner = "goal"
people = 250

[[steps.branches]]
id = "plain"
share = 0.5
[[steps.branches.steps]]
id = "one"
is = "tag"
tag = "one"
[[steps.branches]]
id = "warm"
share = 0.5
[[steps.branches.steps]]
id = "two"
is = "tag"
tag = "two"

[[steps]]
id = "rest"
is = "wait"
length = "60d"
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A shop in whose journey 260 customers took one of two ways."""
    with Shop.create(tmp_path_factory.mktemp("trials") / "shop", now=T - DAY) as made:
        tell(made, T - DAY, ("user:0", "Page Viewed", T - DAY, {}))
        made.refresh(T)
        made.publish_journey(from_text(BODY)[0], "ada", T)
        go(made, at(1), *signed_up(200))
        yield made


def signed_up(last: int, first: int = 0) -> list[Told]:
    return [(f"user:{n}", "Signed Up", at(1), {}) for n in range(first, last)]


def ways(shop: Shop) -> dict[int, int]:
    """Which way each customer went."""
    with shop.ops.read() as tx:
        whose = {row.id: row.person for row in runs.of(tx, range(2000))}
        sent = arms.sent(tx, trial(shop).name)
    return {whose[run]: way for run, way, *_ in sent}


def trial(shop: Shop, now: int = T) -> trials.Trial:
    (found,) = shop.journey_trials(shop.journey("try"), now)
    return found


def test_the_better_way_is_taken_by_all_once_it_is_known(shop: Shop) -> None:
    early = trial(shop)
    assert (early.lead, early.due, early.people) == (None, False, 200)
    assert early.lacking > 0
    go(shop, at(10), *signed_up(260, 200))
    # Of those who went the second way every third buys, of the first every twentieth.
    bought: list[Told] = [
        (f"user:{shop_person(shop, person)}", "Order Completed", at(20), {})
        for n, (person, way) in enumerate(sorted(ways(shop).items()))
        if n % (3 if way else 20) == 0
    ]
    go(shop, at(30), *bought)
    found = trial(shop)
    assert found.verdict is not None
    assert (found.verdict.by, found.verdict.way, found.ways[1].id) == ("habitue", 1, "warm")
    assert found.gap is not None
    assert 0 < found.gap.low < found.gap.estimate < found.gap.high
    assert found.verdict.figures["gap"][0] == found.gap.estimate
    before = dict(ways(shop))
    go(shop, at(40), *[(f"user:{n}", "Signed Up", at(35), {}) for n in range(300, 330)])
    with shop.ops.read() as tx:
        figures = {row.node: int(row.n) for row in runs.passed(tx, [1, 2], 0) if row.what == "in"}
    assert dict(ways(shop)) == before
    assert figures[1] == sum(1 for way in before.values() if way == 0)
    assert figures[2] == sum(1 for way in before.values() if way == 1) + 30
    with pytest.raises(UserError, match="already"):
        shop.choose_way("try", "which", "plain", "ada", at(50))
    with pytest.raises(UserError, match="No two ways"):
        shop.choose_way("try", "rest", "plain", "ada", at(50))


def shop_person(shop: Shop, person: int) -> str:
    keys = shop.warehouse.read("SELECT key FROM person WHERE person = ?", (person,))["key"].to_pylist()
    return str(keys[0]).partition(":")[2]


def test_a_changed_branch_is_another_trial_and_its_measure_may_be_clicks(shop: Shop) -> None:
    body = BODY.replace('tag = "two"', 'tag = "three"').replace(
        '"goal"\npeople = 250', '"click"\nafter = "2d"'
    )
    journey, _ = from_text(body.replace('"try"', '"click"'))
    shop.publish_journey(journey, "ada", at(100))
    go(shop, at(102), *[(f"user:{n}", "Signed Up", at(101), {"n": 2}) for n in range(210)])
    (first,) = shop.journey_trials(shop.journey("click"), at(102))
    assert (first.people, first.due, first.verdict) == (210, False, None)
    with shop.ops.read() as tx:
        sent = arms.sent(tx, first.name)
    clicks: list[Told] = []
    for run, way, *_ in sent:
        if run % 4 == 0 or way == 0:
            props = {"run": str(run), "origin": "journey:click", "machine": way == 1}
            clicks.append((f"user:{run}", "Email Clicked", at(200), props))
    go(shop, at(201), *clicks)
    (second,) = shop.journey_trials(shop.journey("click"), at(201))
    assert second.ways[0].reached == second.ways[0].people
    assert second.ways[1].reached == 0  # what a program clicked is nobody's click
    shop.advance(at(102) + 2 * DAY)
    (third,) = shop.journey_trials(shop.journey("click"), at(103) + 2 * DAY)
    assert third.verdict is not None
    assert third.verdict.way == 0


def test_who_leads_is_told_once_enough_is_known() -> None:
    assert trials.leader([Group(30, 3), Group(30, 1)])[2] > 0
    lead, gap, lacking = trials.leader([Group(500, 20), Group(500, 60), Group(500, 58)])
    assert (lead, lacking) == (1, 0)
    assert gap is not None
    assert gap.low < 0 < gap.high


@pytest.mark.parametrize(
    "wrong", ["people = 250", 'goal = { event = "Order Completed", within = "30d", leaves = false }']
)
def test_a_test_says_by_what_and_when_it_ends(wrong: str) -> None:
    with pytest.raises(JourneyError):
        from_text(BODY.replace(wrong, ""))


def test_a_step_is_its_own_trial_as_long_as_its_branches_stay() -> None:
    names = [
        next(node.trial for node in plan(from_text(text)[0]).nodes if node.trial)
        for text in (BODY, BODY.replace("people = 250", "people = 900"), BODY.replace('"two"', '"three"'))
    ]
    assert names[0] == names[1] != names[2]
