from __future__ import annotations

import pyotp
import pytest
from sqlalchemy import select

from habitue.kernel.clock import DAY, HOUR, MINUTE, SECOND
from habitue.kernel.errors import UserError
from habitue.store.tables import credential, member
from habitue.team import entry, factor, members
from habitue.team.entry import Came, FactorNeeded, TooMany
from habitue.team.guesses import REMEMBERED, Guesses, limits
from habitue.team.members import FIRST
from habitue.team.rights import Act, can
from tests.team.conftest import NOW, PASSWORD, House, actor


def test_a_session_tells_who_asks_until_it_is_left(house: House) -> None:
    entered = house.sign_in(" Mia@Shop.fr ")
    who = entry.actor(house.ops, entered.session, NOW)
    assert (who.kind, who.name, who.role, who.id) == ("member", "mia@shop.fr", "marketer", house.marketer.id)
    entry.leave(house.ops, who, NOW)
    assert entry.actor(house.ops, entered.session, NOW).kind == "nobody"


def test_a_session_ends_when_nothing_is_asked_in_it_and_when_it_is_old(house: House) -> None:
    quiet, busy = (house.sign_in("mia@shop.fr").session for _ in range(2))
    assert entry.actor(house.ops, quiet, NOW + 12 * HOUR).kind == "nobody"
    now = NOW
    while now < NOW + 30 * DAY:
        assert entry.actor(house.ops, busy, now).kind == "member"
        now += 11 * HOUR
    assert entry.actor(house.ops, busy, NOW + 30 * DAY).kind == "nobody"


def test_no_secret_stands_in_the_database(house: House) -> None:
    entered = house.sign_in("mia@shop.fr")
    key = entry.add_key(house.ops, actor(house.admin), "shop", ["read"], NOW, None)
    with house.ops.read() as tx:
        told = [str(tuple(row)) for table in (credential, member) for row in tx.execute(select(table))]
    for secret in (entered.session, entered.device, key, PASSWORD):
        assert not any(secret in row for row in told)


def test_neither_a_name_nor_a_password_is_told_apart_when_wrong(house: House) -> None:
    said = set()
    for email, password in (("mia@shop.fr", "wrong horse"), ("nobody@shop.fr", PASSWORD), ("", "")):
        with pytest.raises(UserError) as told:
            house.sign_in(email, password)
        said.add(str(told.value))
    assert len(said) == 1


def test_of_a_thousand_guesses_from_one_place_ten_are_looked_at(house: House) -> None:
    outcomes = []
    for n in range(1_000):
        with pytest.raises(UserError) as told:
            house.sign_in("mia@shop.fr", f"guess number {n}", now=NOW + n * SECOND // 2)
        outcomes.append(isinstance(told.value, TooMany))
    assert outcomes.count(False) <= 20
    assert house.sign_in("mia@shop.fr", address="203.0.113.9").member == house.marketer


def test_of_guesses_from_a_thousand_places_twenty_are_looked_at_and_she_still_gets_in(house: House) -> None:
    device = house.sign_in("mia@shop.fr").device
    outcomes = []
    for n in range(1_000):
        with pytest.raises(UserError) as told:
            house.sign_in("mia@shop.fr", f"guess number {n}", address=f"203.0.113.{n}")
        outcomes.append(isinstance(told.value, TooMany))
    assert outcomes.count(False) <= 20
    with pytest.raises(TooMany):
        house.sign_in("mia@shop.fr", address="198.51.100.8")
    assert house.sign_in("mia@shop.fr", address="198.51.100.8", device=device).member == house.marketer
    assert house.sign_in("mia@shop.fr", address="198.51.100.8", now=NOW + 10 * MINUTE)


def test_who_shares_an_address_with_a_guesser_gets_in_on_their_own_device(house: House) -> None:
    entered = house.sign_in("mia@shop.fr")
    device, own = entered.device, entry.actor(house.ops, entered.session, NOW).session
    members.swear(house.ops, house.marketer, PASSWORD, NOW, keep=own)  # she knows it is her own browser
    for n in range(12):
        with pytest.raises(UserError):
            house.sign_in(f"nobody{n}@shop.fr", "wrong horse")
    with pytest.raises(TooMany):
        house.sign_in("mia@shop.fr")
    assert house.sign_in("mia@shop.fr", device=device).member == house.marketer
    outcomes = []
    for n in range(12):
        with pytest.raises(UserError) as told:
            house.sign_in("mia@shop.fr", f"guess {n}", device=device)
        outcomes.append(isinstance(told.value, TooMany))
    assert outcomes == [False] * 10 + [True] * 2


def test_guesses_at_the_same_moment_are_counted_before_they_are_looked_at() -> None:
    guesses, mine = Guesses(), limits("198.51.100.7", "mia@shop.fr", None)
    assert [guesses.begin(mine, NOW) > 0 for _ in range(40)] == [False] * 10 + [True] * 30
    guesses.right(mine, NOW)
    assert guesses.begin(mine, NOW) == 0


def test_a_long_name_is_not_looked_for_and_what_is_old_is_not_kept(house: House) -> None:
    with pytest.raises(UserError, match="address or the password"):
        house.sign_in("a" * 1_000_000)
    assert len(house.guesses) == 0
    for n in range(5):
        house.guesses.begin(limits(f"198.51.100.{n}", f"name {n}", None), NOW)
    house.guesses.begin(limits("198.51.100.9", "name 9", None), NOW + HOUR)
    assert len(house.guesses) == 2
    for n in range(REMEMBERED):
        house.guesses.begin({f"name:{n}": 1}, NOW + HOUR)
    assert len(house.guesses) == REMEMBERED


def test_the_second_factor_is_asked_for_and_each_code_taken_once(house: House) -> None:
    secret = factor.made()
    app = pyotp.TOTP(secret)
    with pytest.raises(UserError, match="not right"):
        entry.firm_up(house.ops, house.seal, house.marketer, secret, "000000", NOW)
    entry.firm_up(house.ops, house.seal, house.marketer, secret, app.at(NOW // SECOND), NOW)
    later = NOW + 2 * MINUTE
    with pytest.raises(FactorNeeded):
        house.sign_in("mia@shop.fr", now=later)
    with pytest.raises(UserError, match="not right"):
        house.sign_in("mia@shop.fr", "wrong horse", app.at(later // SECOND), now=later)
    for wrong in ("123", "abcdef", app.at(NOW // SECOND)):
        with pytest.raises(UserError, match="code is not right"):
            house.sign_in("mia@shop.fr", code=wrong, now=later)
    code = app.at(later // SECOND)
    assert house.sign_in("mia@shop.fr", code=f"{code[:3]} {code[3:]}", now=later)
    with pytest.raises(UserError, match="used already"):
        house.sign_in("mia@shop.fr", code=code, now=later)
    entry.loosen(house.ops, house.marketer, "mia@shop.fr", later)
    assert house.sign_in("mia@shop.fr", now=later)


def test_the_code_must_follow_the_password_within_minutes(house: House) -> None:
    secret = factor.made()
    entry.firm_up(house.ops, house.seal, house.marketer, secret, pyotp.TOTP(secret).at(NOW // SECOND), NOW)
    with pytest.raises(FactorNeeded) as needed:
        house.sign_in("mia@shop.fr")
    late = NOW + 5 * MINUTE
    code = pyotp.TOTP(secret).at(late // SECOND)
    for half in (needed.value.secret, "made up"):
        with pytest.raises(UserError, match="took too long"):
            entry.second(house.ops, house.seal, house.guesses, half, code, Came(), late)


def test_a_code_can_t_be_guessed_either(house: House) -> None:
    secret = factor.made()
    entry.firm_up(house.ops, house.seal, house.marketer, secret, pyotp.TOTP(secret).at(NOW // SECOND), NOW)
    outcomes = []
    for n in range(100):
        with pytest.raises(UserError) as told:
            house.sign_in("mia@shop.fr", code=f"{n:06}", now=NOW + HOUR)
        outcomes.append(isinstance(told.value, TooMany))
    assert outcomes.count(False) <= 20


def test_a_link_printed_on_the_machine_lets_the_owner_in_once_within_the_hour(house: House) -> None:
    old, link = (members.link(house.ops, house.owner, FIRST, "command line", NOW) for _ in range(2))
    for secret, when in ((old, NOW), (link, NOW + HOUR), ("", NOW), ("made up", NOW)):
        with pytest.raises(UserError, match="habitue link"):
            entry.by_link(house.ops, secret, Came(), when)
    assert entry.by_link(house.ops, link, Came(), NOW).member.role == "owner"
    with pytest.raises(UserError):
        entry.by_link(house.ops, link, Came(), NOW)


def test_sessions_are_listed_and_ended_by_their_owner_alone(house: House) -> None:
    mine, other = (house.sign_in("mia@shop.fr", agent=name) for name in ("Firefox", "Safari"))
    adam = entry.actor(house.ops, house.sign_in("adam@shop.fr").session, NOW)
    mia = entry.actor(house.ops, mine.session, NOW)
    told = entry.sessions(house.ops, mia, NOW)
    assert [(one.agent, one.current) for one in told] == [("Safari", False), ("Firefox", True)]
    assert entry.revoke(house.ops, adam, told[0].id, NOW) == 0
    assert entry.actor(house.ops, other.session, NOW).kind == "member"
    assert entry.revoke(house.ops, mia, None, NOW) == 1
    assert entry.actor(house.ops, other.session, NOW).kind == "nobody"
    assert entry.actor(house.ops, mine.session, NOW).kind == "member"


def test_a_key_does_what_its_scopes_say_until_it_ends(house: House) -> None:
    by = actor(house.admin)
    secret = entry.add_key(house.ops, by, "warehouse", ["read"], NOW, 30)
    bears = entry.bearer(house.ops, secret, NOW)
    assert (bears.kind, bears.name) == ("key", "key:warehouse")
    assert can(bears, Act.PEOPLE)
    assert not any(can(bears, act) for act in (Act.NOTE, Act.PRIVACY, Act.TEAM, Act.OWN))
    assert entry.bearer(house.ops, secret, NOW + 30 * DAY).kind == "nobody"
    (kept,) = entry.keys(house.ops, NOW)
    assert (kept.name, list(kept.scopes), kept.by, kept.seen) == ("warehouse", ["read"], "adam@shop.fr", NOW)
    entry.end_key(house.ops, by, kept.id, NOW)
    assert entry.bearer(house.ops, secret, NOW).kind == "nobody"
    with pytest.raises(UserError, match="no such key"):
        entry.end_key(house.ops, by, kept.id, NOW)


@pytest.mark.parametrize(("name", "scopes"), [("", ["read"]), ("x", []), ("x", ["everything"])])
def test_a_key_needs_a_name_and_something_to_do(house: House, name: str, scopes: list[str]) -> None:
    with pytest.raises(UserError):
        entry.add_key(house.ops, actor(house.admin), name, scopes, NOW, None)  # type: ignore[arg-type]
