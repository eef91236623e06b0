"""A journey tried on the past is judged as life would have judged it, and laid beside what was there then."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from habitue.app import Shop
from habitue.app.effects import effect
from habitue.engine.sweep import NEVER
from habitue.journeys.reading import from_text
from habitue.journeys.replay import Replayed
from habitue.kernel.clock import DAY, HOUR
from habitue.messaging import outbox
from habitue.messaging.outbox import Wanted
from habitue.messaging.quiet import Quiet
from habitue.messaging.rules import Budget, Cap, Rules
from habitue.store import messages, runs
from habitue.store.messages import Change
from habitue.store.runs import Entered
from tests.journeys.scene import T, Told, at, tell

SEND = """
id = "sale"
again = "always"
entry = { is = "event", event = "Looked", key = "n" }
[[steps]]
id = "mail"
is = "send"
template = "x"
"""
PEOPLE = 12


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A dozen customers with addresses who agreed to e-mails, and looked once; two share an address."""
    with Shop.create(tmp_path_factory.mktemp("past") / "shop", now=T - 20 * DAY) as made:
        told: list[Told] = [
            (f"user:{n}", "$identify", T - 18 * DAY, {"email": f"c{n if n != 11 else 10}@b.fr"})
            for n in range(PEOPLE)
        ]
        looked: list[Told] = [(f"user:{n}", "Looked", at(n), {"n": n}) for n in range(PEOPLE)]
        yes = {"channel": "email", "status": "granted"}
        agreed: list[Told] = [(f"user:{n}", "$consent", T - 17 * DAY, yes) for n in range(PEOPLE)]
        tell(made, at(20), *told, *agreed, *looked)
        made.refresh(at(20))
        yield made


def tried(shop: Shop, text: str = SEND, rules: Rules | None = None) -> Replayed:
    shop.set_sending_rules(rules or Rules(caps={}, quiet={}), "ada", at(30))
    return shop.replay_journey(from_text(text)[0], T + 9 * DAY, days=20)


def person(shop: Shop, n: int) -> int:
    return shop.person(f"user:{n}")


def left(shop: Shop, origin: str, n: int, when: int, priority: int = 0) -> None:
    """Something that was sent in truth."""
    with shop.ops.begin() as tx:
        wanted = Wanted(
            origin=origin, run="1", person=person(shop, n), channel="email", due=when, priority=priority
        )
        outbox.put(tx, [wanted], when)
        number = max(messages.waiting(tx, origin, None, None))
        messages.change(tx, {number: "[]"}, [Change(number, "sent")], when)
        tx.exec_driver_sql(f'UPDATE message SET "left" = {when} WHERE id = {number}')


def test_nothing_stops_who_agreed_but_an_address_written_to_already(shop: Shop) -> None:
    found = tried(shop)
    # The two who share an address would have had the same letter within a quarter of an hour.
    assert (found.entered, found.sent, found.stopped["twin"]) == (12, 11, 1)
    assert effect(shop, "sale", found).why == "new"


def test_who_is_on_the_suppression_list_is_stopped_by_it_and_what_is_part_of_an_order_comes(
    shop: Shop,
) -> None:
    shop.suppress("c1@b.fr", reason="unsubscribed")
    shop.suppress("c2@b.fr", reason="bounce")
    assert tried(shop).stopped["suppressed"] == 2
    pressing = SEND.replace('template = "x"', 'template = "x"\npurpose = "transactional"')
    assert (tried(shop, pressing).sent, tried(shop, pressing).stopped["suppressed"]) == (11, 1)
    for one in ("c1@b.fr", "c2@b.fr"):
        shop.lift(one)


def test_quiet_hours_put_off_and_a_budget_ends(shop: Shop) -> None:
    rest = Rules(caps={}, quiet={"email": Quiet("10:00", "13:00")}, zone="Europe/Paris")
    found = tried(shop, rules=rest)  # at eleven in Paris all are due; they leave at one
    assert (found.sent, found.waited, found.stopped["quiet"]) == (11, 11, 0)
    trip = shop.try_journey(from_text(SEND)[0], "user:3", T + 9 * DAY, days=20)[0]
    assert trip.stops[0].message == "sent"
    poor = Rules(caps={}, quiet={}, budgets={"email": Budget(50, 10, {"+33": 1})})
    found = tried(shop, rules=poor)
    assert (found.sent, found.stopped["budget"]) == (5, 6)


def test_what_was_sent_in_truth_counts_and_a_higher_priority_goes_first(shop: Shop) -> None:
    left(shop, "broadcast:9", 3, T - HOUR)
    left(shop, "journey:vip", 4, at(60), priority=5)
    left(shop, "journey:sale", 5, T - HOUR)  # its own: not beside itself
    once = Rules(caps={"email": (Cap(1, "7d"),)}, quiet={})
    found = tried(shop, rules=once)
    assert (found.stopped["cap"], found.stopped["collision"]) == (1, 1)
    assert found.same_day == 0
    free = tried(shop)
    assert (free.stopped["collision"], free.same_day) == (1, 1)  # customer 3 had another one that day
    short = Rules(caps={"email": (Cap(1, "16h"),)}, quiet={})
    found = tried(shop, rules=short)
    assert (found.stopped["cap"], found.waited) == (0, 1)  # fifteen hours later is soon enough


def test_other_journeys_that_people_were_in_meanwhile_are_told(shop: Shop) -> None:
    waits = SEND + '[[steps]]\nid = "rest"\nis = "wait"\nlength = "2d"\n'
    stays = [(0, T - 2 * DAY, T - DAY), (1, T - DAY, T + DAY), (2, T + DAY, None), (3, T + 3 * DAY, None)]
    rows = [
        Entered("winback", 1, person(shop, n), str(n), entered, None, None, ended, None)
        for n, entered, ended in stays
    ]
    with shop.ops.begin() as tx:
        runs.enter(tx, rows)
    assert [(one.journey, one.people) for one in tried(shop, waits).overlaps] == [("winback", 2)]
    assert NEVER > T
