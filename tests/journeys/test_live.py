"""Journeys under way in a real workspace: nobody is lost, nothing is done twice, whatever stops the work."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from habitue.app import Shop
from habitue.journeys.reading import from_text
from habitue.kernel.clock import DAY, HOUR
from habitue.kernel.errors import UserError
from habitue.messaging import outbox
from habitue.store import messages, runs
from tests.journeys.scene import CART, HAPPENINGS, T, Told, at, checkouts, go, state, tell, write


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shop with a live journey into which nobody has come yet."""
    place = tmp_path_factory.mktemp("journeys") / "shop"
    with Shop.create(place, now=T - DAY) as shop:
        seen: list[Told] = [(f"user:{n}", "Page Viewed", T - DAY, {}) for n in range(5)]
        tell(shop, T - DAY, *seen, ("user:0", "Checkout Started", T - HOUR, {"cart": 0, "total": 50}))
        shop.refresh(T)
        write(shop, "cart")
        journey, _ = from_text(CART)
        shop.publish_journey(journey, "ada", T)
    return place


@pytest.fixture
def shop(begun: Path, tmp_path: Path) -> Iterator[Shop]:
    shutil.copytree(begun, tmp_path / "shop")
    with Shop.open(tmp_path / "shop") as shop:
        shop.live.templates = lambda _: 7
        yield shop


def test_a_message_is_given_what_its_run_began_with(shop: Shop) -> None:
    go(shop, at(1), *checkouts(1, 2))
    go(shop, at(61))
    with shop.ops.read() as tx:
        rows = [messages.one(tx, told.message) for told in outbox.history(tx, range(100))]
    given = [msgspec.json.decode(row.values)["event"] for row in rows if row is not None]
    assert sorted(one["cart"] for one in given) == [1, 2]
    assert {one["total"] for one in given} == {20}


def test_a_journey_runs(shop: Shop) -> None:
    go(shop, at(1), *checkouts(0, 1, 2, 3))
    go(shop, at(30), ("user:1", "Order Completed", at(29), {}))
    go(shop, at(61))
    go(shop, at(90), ("user:2", "Mail Opened", at(89), {}))
    go(shop, at(61) + 2 * DAY)
    shop.refresh(at(62) + 2 * DAY)
    found = state(shop)
    ends = {(person, outcome): ended for person, _, _, _, ended, outcome, _ in found["runs"]}
    # What was not as wanted (0) stays out; who orders (1) is out when they do, and the others are done.
    assert ends == {(1, 2): at(29), (2, 0): at(89), (3, 0): at(61) + 2 * DAY}
    assert [step for _, step, _ in found["sent"]] == ["v1:mail"] * 2
    assert [(one["person"], one["name"]) for one in found["told"]] == [(2, "trait.opened")]
    assert [(node, text) for node, text, _ in found["tasks"]] == [(3, "Call them")]


def test_customers_are_put_in_by_hand_while_the_journey_is_live(shop: Shop) -> None:
    assert shop.enter_journey("cart", ["user:3", "user:4"], "ada", at(1)) == 2
    assert shop.enter_journey("cart", ["user:3"], "ada", at(2)) == 0  # is in it
    shop.advance(at(2))
    shop.pause_journey("cart", "ada", at(3))
    shop.advance(at(200))
    with shop.ops.read() as tx:
        assert {row.node for row in runs.of(tx, range(9))} == {0}  # nobody goes on
    with pytest.raises(UserError, match="not live"):
        shop.enter_journey("cart", ["user:2"], "ada", at(201))
    shop.resume_journey("cart", "ada", at(210))
    shop.advance(at(210))
    with shop.ops.read() as tx:
        assert {row.node for row in runs.of(tx, range(9))} == {2}


def test_who_has_left_a_stopped_journey_may_still_reach_its_goal(shop: Shop) -> None:
    go(shop, at(1), *checkouts(1, 2))
    shop.stop_journey("cart", "ada", "exit", at(2))
    other, _ = from_text(CART.replace('id = "cart"', 'id = "other"'))
    shop.publish_journey(other, "ada", at(3))
    go(shop, at(10), ("user:1", "Order Completed", at(9), {}))
    reached = {(row[0], row[6]) for row in state(shop)["runs"]}
    assert reached == {(1, at(9)), (2, None)}


def test_a_new_version_takes_those_under_way_along_or_lets_them_finish(shop: Shop) -> None:
    go(shop, at(1), *checkouts(1, 2))
    journey, _ = from_text(CART.replace('length = "1h"', 'length = "3h"'))
    shop.publish_journey(journey, "ada", at(5))  # they stay
    go(shop, at(6), *checkouts(3))
    assert {one.saved.number for one in shop.running()} == {1, 2}
    go(shop, at(62))
    assert [step for _, step, _ in state(shop)["sent"]] == ["v1:mail"] * 2
    third, _ = from_text(CART.replace('id = "pause"', 'id = "rest"'))
    shop.publish_journey(third, "ada", at(63), "move")
    shop.advance(at(63))
    # Who waited at a step that is gone goes on with the next one; the others wait where they were.
    assert [step for _, step, _ in state(shop)["sent"]] == ["v1:mail"] * 2 + ["v3:mail"]
    assert {one.saved.number for one in shop.running()} == {3}
    shop.stop_journey("cart", "ada", "exit", at(64))
    assert {row[5] for row in state(shop)["runs"]} == {5}
    assert shop.running() == []


def test_a_replay_finds_what_was_lived(shop: Shop) -> None:
    end = at(62) + 2 * DAY
    for now, told in HAPPENINGS:
        go(shop, now, *told)
    journey = shop.journey("cart").journey
    found = shop.replay_journey(journey, end, days=10)
    # Over ten days it also finds the checkout before the journey was live.
    assert (found.wanted, found.entered, found.converted) == (4, 4, 1)
    assert found.outcomes == {"done": 3, "goal": 1}
    assert (found.sent, found.stopped["address"]) == (0, 3)
    assert sum(found.arrivals) == 4
    assert [one.came for one in found.steps] == [4, 3, 3, 1, 2]
    (trip,) = shop.try_journey(journey, "user:2", end, days=10)
    assert [(one.step, one.branch) for one in trip.stops] == [
        ("pause", None),
        ("mail", None),
        ("seen", "met"),
        ("opened", None),
    ]
    assert (trip.outcome, trip.ended, trip.stops[1].message) == ("done", at(80), "address")
    assert shop.try_journey(journey, "user:4", end) == []


def test_who_is_to_be_left_alone_is_so_before_anything_is_loaded(shop: Shop) -> None:
    body = 'id = "end"\nentry = { is = "manual" }\n[[steps]]\nid = "stop"\nis = "withdraw"\n'
    shop.publish_journey(from_text(body)[0], "ada", at(1))
    shop.consent("user:1", status="granted", at=at(1), now=at(1))
    shop.consent("user:2", status="granted", at=at(1), now=at(1))
    assert shop.enter_journey("end", ["user:1"], "ada", at(2)) == 1
    both = {shop.person(f"user:{n}") for n in (1, 2)}
    assert shop.allowed(both, "email", now=at(2)) == both
    shop.advance(at(3))
    assert shop.allowed(both, "email", now=at(4)) == {shop.person("user:2")}
    shop.refresh(at(5))
    assert shop.allowed(both, "email", now=at(6)) == {shop.person("user:2")}
    assert shop.consents("user:1")[0].form == "journey"


CALL = """
id = "ask"
entry = { is = "event", event = "Signed Up" }
[[steps]]
id = "check"
is = "webhook"
url = "https://crm.example/score"
wait = "10m"
[[steps.branches]]
id = "met"
[[steps.branches.steps]]
id = "which"
is = "split"
[[steps.branches.steps.branches]]
id = "gold"
when = 'webhook.check.tier == "gold" and webhook.check.score >= 5'
[[steps.branches.steps.branches.steps]]
id = "praise"
is = "send"
template = "praise"
[[steps.branches]]
id = "late"
[[steps.branches.steps]]
id = "silent"
is = "tag"
tag = "silent"
"""


def test_a_journey_waits_for_what_a_program_answers_and_goes_by_it(shop: Shop) -> None:
    write(shop, "praise")
    shop.publish_journey(from_text(CALL)[0], "ada", at(0))
    go(shop, at(1), *[(f"user:{n}", "Signed Up", at(1), {}) for n in range(4)])
    with shop.ops.read() as tx:
        called = {one.person: one for one in runs.of(tx, range(9))}
        assert all(outbox.history(tx, [person])[0].channel == "webhook" for person in called)
    tiers = {0: ("gold", 7), 1: ("silver", 7), 2: ("gold", 3)}
    answers: list[Told] = []
    for n, (tier, score) in tiers.items():
        about = {"run": str(called[shop.person(f"user:{n}")].id), "origin": "journey:ask", "step": "check"}
        told = about | {"answer": {"tier": tier, "score": score}}
        answers.append((f"user:{n}", "Webhook Answered", at(3), told))
    other = ("user:3", "Webhook Answered", at(3), {"step": "check", "origin": "journey:x", "answer": {}})
    go(shop, at(4), *answers, other)
    with shop.ops.read() as tx:
        sent = [one for one in outbox.history(tx, range(9)) if one.channel == "email"]
        left = {one.person for one in runs.of(tx, range(9)) if one.ended is None}
    assert [(one.step, dict(one.values)) for one in sent] == [
        ("v1:praise", {"event": {}, "webhook": {"check": {"tier": "gold", "score": 7}}})
    ]
    assert left == {shop.person("user:3")}  # who was not answered
    go(shop, at(12))
    shop.refresh(at(13))
    tagged = shop.warehouse.read("SELECT person FROM trait WHERE name = 'trait.tag_silent'")
    assert tagged["person"].to_pylist() == [shop.person("user:3")]


def test_what_was_kept_long_enough_goes_and_what_is_under_way_stays(shop: Shop) -> None:
    go(shop, at(1), *checkouts(1, 2))
    go(shop, at(61))
    go(shop, at(61) + 3 * DAY)
    once, _ = from_text(
        'id = "once"\nagain = "never"\nentry = { is = "manual" }\n[[steps]]\nid = "out"\nis = "exit"\n'
    )
    shop.publish_journey(once, "ada", at(61) + 3 * DAY)
    shop.enter_journey("once", ["user:3"], "ada", at(61) + 3 * DAY)
    shop.advance(at(62) + 3 * DAY)
    assert shop.forget_sent(at(62) + 3 * 365 * DAY) == 0  # three years are not over
    assert shop.keep_for(messages="1y", by="ada").messages == "1y"
    with shop.ops.begin() as tx:
        outbox.cancel(tx, "journey:cart", ["1"], now=at(62) + 3 * DAY)
    before = state(shop)
    assert shop.forget_sent(at(63) + 10 * DAY + 365 * DAY) == 3  # two runs, and the message that ended
    after = state(shop)
    assert (len(before["runs"]), len(after["runs"]), len(after["sent"])) == (3, 1, 1)
    with shop.ops.read() as tx:
        assert [row.journey for row in runs.of(tx, range(9))] == ["once"]
    assert shop.keep_for(messages="never", by="ada").messages is None
    assert shop.forget_sent(at(63) + 90 * 365 * DAY) == 0


class Died(BaseException):
    """The process is gone."""


class Nemesis:
    """Kills at every boundary between two steps when it is reached the first time in a tick."""

    def __init__(self) -> None:
        self.killed: set[tuple[int, str, int]] = set()
        self.tick = 0
        self.seen: Counter[str] = Counter()

    def __call__(self, step: str) -> None:
        self.seen[step] += 1
        here = self.tick, step, self.seen[step]
        if here not in self.killed:
            self.killed.add(here)
            raise Died

    def through(self, shop: Shop, now: int) -> None:
        """A tick, tried again until nothing is left that could kill it."""
        self.tick = now
        while True:
            self.seen.clear()
            try:
                shop.advance(now)
                return
            except Died:
                continue


@pytest.mark.long
def test_a_crash_between_any_two_steps_loses_nothing_and_repeats_nothing(begun: Path, tmp_path: Path) -> None:
    nemesis, found = Nemesis(), []
    for place in ("whole", "killed"):
        shutil.copytree(begun, tmp_path / place)
        with Shop.open(tmp_path / place) as shop:
            shop.live.templates = lambda _: 7
            if place == "killed":
                shop.live.between = nemesis
            for now, told in HAPPENINGS:
                if told:
                    tell(shop, now, *told)
                shop.refresh(now)
                nemesis.through(shop, now)
            shop.refresh(at(63) + 2 * DAY)
            found.append(state(shop))
    assert found[0]["sent"]
    assert found[0] == found[1]
    assert {step for _, step, _ in nemesis.killed} == {"read", "heard", "timed", "walked", "forward"}
    assert len(nemesis.killed) >= 12


def test_a_journey_whose_template_is_not_there_is_not_published(shop: Shop) -> None:
    wrong, _ = from_text(CART.replace('template = "cart"', 'template = "cartt"'))
    with pytest.raises(UserError, match="There is no “cartt”\\. Did you mean “cart”"):
        shop.publish_journey(wrong, "ada", at(1))
    _, warnings = shop.read_journey(CART.replace('template = "cart"', 'template = "later"'))
    assert "mail.template" in [one.place for one in warnings]  # it may be kept meanwhile


def test_what_can_not_be_written_says_so_of_each_message(shop: Shop) -> None:
    shop.live.templates = lambda _: None  # as when it was retired since
    go(shop, at(1), *checkouts(1, 2))
    go(shop, at(61))
    (told,) = shop.customer_messages("user:1")
    assert (told.state, told.reason, told.lines[-1].fields) == ("failed", "gone", {"template": "cart"})
    with shop.ops.read() as tx:
        assert outbox.ended(tx, 0, 9) == []
        assert messages.due(tx, 1, at(9_999), 9) == []
    assert {row[2] for row in state(shop)["counted"]} >= {"unsent"}
