"""Marketing stops by itself before mailboxes stop taking it, and goes on when somebody says why."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from habitue.app import Shop
from habitue.app.repute import Reputable
from habitue.kernel.clock import DAY, HOUR, instant
from habitue.kernel.errors import UserError
from habitue.messaging import outbox
from habitue.messaging.kinds.email_smtp import Settings
from habitue.messaging.mailbox import NAMES, mailbox
from habitue.messaging.repute import COMPLAINTS, LEAST, STOP, Rate, breach, whole
from habitue.store import acts, messages, repute
from habitue.store.messages import Change, Going
from habitue.store.ops import Ops
from tests.messaging.nameserver import nameserver
from tests.messaging.postoffice import customers, office, relay
from tests.messaging.sink import sink
from tests.messaging.test_domain import GOOD
from tests.messaging.wanted import NOW, wanted


@pytest.mark.parametrize(
    ("address", "whose"),
    [
        ("ada@gmail.com", "gmail"),
        ("ada@Hotmail.FR", "outlook"),
        ("ada@wanadoo.fr", "orange"),
        ("ada@free.fr", "free"),
        ("ada@notfree.fr", "other"),
        ("ada@shop.example", "other"),
    ],
)
def test_a_public_mailbox_is_known_by_its_domain(address: str, whose: str) -> None:
    assert mailbox(address) == whose
    assert whose in {*NAMES, "other"}


rates = st.builds(
    lambda sent, back, spam: Rate("x", sent, min(back, sent), min(spam, sent)),
    st.integers(0, 5000), st.integers(0, 60), st.integers(0, 30),
)  # fmt: skip


@given(st.lists(rates, max_size=4))
def test_it_is_too_much_where_enough_mails_say_so(some: list[Rate]) -> None:
    found = breach(some)
    every = [whole(some), *some]
    wrong = [r for r in every if r.sent >= LEAST and r.spam >= COMPLAINTS and r.spam >= STOP * r.sent]
    assert found == (wrong[0] if wrong else None)


@pytest.fixture
def ops(ops_url: str) -> Iterator[Ops]:
    opened = Ops.open(ops_url)
    yield opened
    opened.close()


def left(ops: Ops, n: int, back: int, spam: int, at: int, provider: str = "gmail", first: int = 0) -> None:
    """So many marketing mails left then, of which some came back and some were called spam."""
    with ops.begin() as tx:
        outbox.put(tx, [wanted(first + one, run=f"{at}-{one}") for one in range(n)], at)
        new = [row.id for row in messages.of(tx, range(first, first + n), n)]
        rows = [Going(one, None, "[]", provider) for one in new]
        messages.send(tx, rows, "me", 1, at + 1, at)
        ends = [Change(one, "bounced" if k < back else "sent") for k, one in enumerate(new)]
        messages.change(tx, dict.fromkeys(new, "[]"), ends, at)
        assert [repute.complain(tx, one, at) for one in new[-spam:] if spam] == [True] * spam


def test_what_came_of_mails_is_counted_by_whose_mailbox_it_was(ops: Ops) -> None:
    left(ops, 30, 2, 1, NOW)
    left(ops, 10, 0, 3, NOW - DAY, "free", first=100)
    left(ops, 5, 5, 0, NOW - 9 * DAY, "free", first=200)
    with ops.begin() as tx:
        assert repute.tallies(tx, "email", NOW - 7 * DAY, NOW) == [("gmail", 30, 2, 1), ("free", 10, 0, 3)]
        assert repute.tallies(tx, "sms", 0, NOW) == []
        days = repute.slots(tx, "email", NOW - 30 * DAY, DAY)
        assert [row[1:] for row in days] == [(5, 5, 0), (10, 0, 3), (30, 2, 1)]
        assert days[-1][0] == NOW // DAY
        assert not repute.complain(tx, 1, NOW + 1) or not repute.complain(tx, 1, NOW + 2)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with Shop.create(tmp_path_factory.mktemp("repute") / "shop") as made:
        yield made


def test_a_day_is_the_workspaces_own(tmp_path: Path) -> None:
    night = instant("2026-10-24T22:30Z")  # half past midnight in Paris, on the day the clocks go back
    with Shop.create(tmp_path / "shop") as made:
        left(made.ops, 4, 1, 1, night)
        left(made.ops, 3, 0, 0, night - HOUR, first=100)
        left(made.ops, 2, 0, 0, night + 24 * HOUR, first=200)
        left(made.ops, 9, 0, 0, night - 31 * DAY, first=300)
        found = made.daily_rates(30, night + 3 * DAY)
    assert found == {
        date(2026, 10, 24): Rate("", 3, 0, 0),
        date(2026, 10, 25): Rate("", 6, 1, 1),
    }


def test_marketing_stops_once_and_goes_on_with_a_reason(shop: Shop) -> None:
    left(shop.ops, LEAST, 0, 1, NOW)
    assert shop.heed_complaints(NOW) is None
    left(shop.ops, 500, 0, 2, NOW + 1, first=1000)
    found = shop.heed_complaints(NOW + HOUR)
    assert found == Rate("", 1000, 0, 3)
    assert shop.heed_complaints(NOW + HOUR) is None  # it stands still already
    halted = shop.halted()
    assert halted is not None
    assert (halted.since, halted.detail["spam"]) == (NOW + HOUR, 3)
    with pytest.raises(UserError, match="Say why"):
        shop.resume_marketing("ada", "  ", NOW + DAY)
    shop.resume_marketing("ada", "The old list is gone.", NOW + DAY)
    assert shop.halted() is None
    # What was before counts no more, though it is not a week old.
    assert shop.heed_complaints(NOW + DAY) is None
    with pytest.raises(UserError, match="goes"):
        shop.resume_marketing("ada", "again", NOW + DAY)
    told = [(one.by, one.act) for one in acts.latest(shop.ops, 9)]
    assert told[:2] == [("ada", "resume marketing"), ("habitue", "halt marketing")]
    assert [rate.provider for rate in shop.rates(7, NOW + DAY)] == ["gmail"]


def test_while_it_stands_still_only_what_customers_wait_for_goes(tmp_path: Path) -> None:
    with sink() as server, office(tmp_path) as shop:
        people = customers(shop.stores, ["ada@free.fr", "bob@gmail.com"])
        with shop.ops.begin() as tx:
            outbox.put(tx, [wanted(one) for one in people.values()], NOW)
            outbox.put(tx, [wanted(people["ada@free.fr"], run="t", purpose="transactional")], NOW)
            repute.stop(tx, "email", {}, NOW)
        way = relay(server.port)
        assert shop.sender({"email": way}, tmp_path / "out").round() == 0
        assert shop.sender({"email": way}, tmp_path / "out", 0).round() == 1
        with shop.ops.begin() as tx:
            assert repute.lift(tx, "email", "ada", "mended", NOW)
        assert shop.senders[0].round() == 2
        with shop.ops.read() as tx:
            assert repute.tallies(tx, "email", 0, NOW) == [("free", 1, 0, 0), ("gmail", 1, 0, 0)]


def test_what_dns_says_is_kept_with_its_time(shop: Shop) -> None:
    with pytest.raises(UserError, match="mail set"):
        Reputable.check_domain(shop, "ada", NOW)
    with nameserver(GOOD) as server:
        with (shop.directory / "habitue.toml").open("a") as settings:
            settings.write(f'dns = ["{server}"]\n')
        shop.set_mail(Settings("mail.shop.fr", "Shop <hello@shop.fr>", bounces="x@back.shop.fr"), "ada")
        assert shop.domain_checked() is None
        found = shop.check_domain("ada", NOW)
    states = {one.id: one.state for one in found.checks}
    assert (states["spf"], states["dkim"], states["dmarc"]) == ("good", "bad", "good")
    assert shop.domain_checked() == found
    shop.end_mail("ada")
    assert shop.domain_checked() is None
