from __future__ import annotations

import pytest
from msgspec.structs import replace

from habitue.kernel.clock import DAY, HOUR
from habitue.kernel.errors import UserError
from habitue.store import acts, notes, views
from habitue.team import entry, members
from habitue.team.guesses import AGAIN
from habitue.team.members import RESET, Forbidden
from tests.team.conftest import NOW, PASSWORD, House, actor, joined


def test_an_invitation_lets_one_in_once_as_what_it_says(house: House) -> None:
    secret = members.invite(house.ops, actor(house.admin), " Ann@Shop.FR ", "analyst", NOW)
    assert [(one.email, one.role, one.by) for one in members.invitations(house.ops, NOW)] == [
        ("ann@shop.fr", "analyst", "adam@shop.fr")
    ]
    ann = members.join(house.ops, secret, "Ann  Lee", PASSWORD, NOW)
    assert (ann.email, ann.name, ann.role, ann.sworn) == ("ann@shop.fr", "Ann Lee", "analyst", True)
    assert members.invitations(house.ops, NOW) == []
    with pytest.raises(UserError, match="used already"):
        members.join(house.ops, secret, "Eve", PASSWORD, NOW)


def test_a_password_that_can_t_be_used_doesn_t_use_the_invitation_up(house: House) -> None:
    secret = members.invite(house.ops, actor(house.admin), "ann@shop.fr", "analyst", NOW)
    for bad in ("short", "password", "iloveyou1", "ann@shop.fr", "x" * 300):
        with pytest.raises(UserError, match=r"password"):
            members.join(house.ops, secret, "Ann", bad, NOW)
    assert members.join(house.ops, secret, "Ann", PASSWORD, NOW).email == "ann@shop.fr"


def test_an_invitation_ends_after_a_week_when_withdrawn_and_by_the_next_one(house: House) -> None:
    by = actor(house.admin)
    first = members.invite(house.ops, by, "ann@shop.fr", "viewer", NOW)
    second = members.invite(house.ops, by, "ann@shop.fr", "viewer", NOW)
    with pytest.raises(UserError):
        members.join(house.ops, first, "Ann", PASSWORD, NOW)
    with pytest.raises(UserError):
        members.join(house.ops, second, "Ann", PASSWORD, NOW + 7 * DAY)
    members.withdraw(house.ops, by, members.invitations(house.ops, NOW)[0].id, NOW)
    with pytest.raises(UserError):
        members.join(house.ops, second, "Ann", PASSWORD, NOW)


@pytest.mark.parametrize("email", ["", "ann", "ann@", "ann@shop", "a n@shop.fr"])
def test_only_an_address_can_be_invited(house: House, email: str) -> None:
    with pytest.raises(UserError, match="no e-mail address"):
        members.invite(house.ops, actor(house.owner), email, "viewer", NOW)


def test_who_is_in_is_not_invited_again(house: House) -> None:
    with pytest.raises(UserError, match="in the team already"):
        members.invite(house.ops, actor(house.owner), "MIA@shop.fr", "viewer", NOW)


def test_a_marketer_changes_nobody_and_an_administrator_no_owner(house: House) -> None:
    for who in (house.marketer, house.admin):
        with pytest.raises(Forbidden):
            members.invite(house.ops, actor(who), "eve@shop.fr", "owner", NOW)
        with pytest.raises(Forbidden):
            members.promote(house.ops, actor(who), house.owner.id, "viewer", NOW)
        with pytest.raises(Forbidden):
            members.dismiss(house.ops, actor(who), house.owner.id, NOW)
        with pytest.raises(Forbidden):
            members.promote(house.ops, actor(who), house.admin.id, "owner", NOW)
    with pytest.raises(Forbidden):
        members.invite(house.ops, actor(house.marketer), "eve@shop.fr", "viewer", NOW)


def test_the_last_owner_stays(house: House) -> None:
    by = actor(house.owner)
    with pytest.raises(UserError, match="needs an owner"):
        members.promote(house.ops, by, house.owner.id, "admin", NOW)
    with pytest.raises(UserError, match="needs an owner"):
        members.dismiss(house.ops, by, house.owner.id, NOW)
    assert members.numbered(house.ops, house.owner.id).role == "owner"
    members.promote(house.ops, by, house.admin.id, "owner", NOW)
    members.dismiss(house.ops, by, house.owner.id, NOW)
    assert [one.email for one in members.team(house.ops)] == ["adam@shop.fr", "mia@shop.fr"]


def test_who_is_dismissed_is_out_at_once_and_may_be_invited_again(house: House) -> None:
    session = house.sign_in("mia@shop.fr").session
    members.dismiss(house.ops, actor(house.admin), house.marketer.id, NOW)
    assert entry.actor(house.ops, session, NOW).kind == "nobody"
    with pytest.raises(UserError, match="not right"):
        house.sign_in("mia@shop.fr")
    back = joined(house.ops, actor(house.admin), "mia@shop.fr", "viewer")
    assert (back.id, back.role) == (house.marketer.id, "viewer")


def test_a_new_role_counts_from_the_next_request_on(house: House) -> None:
    session = house.sign_in("mia@shop.fr").session
    members.promote(house.ops, actor(house.admin), house.marketer.id, "viewer", NOW)
    assert entry.actor(house.ops, session, NOW).role == "viewer"


def test_a_lost_password_is_set_anew_by_a_link_within_the_hour_and_ends_every_session(house: House) -> None:
    session = house.sign_in("mia@shop.fr").session
    old, link = (members.link(house.ops, house.marketer, RESET, "adam@shop.fr", NOW) for _ in range(2))
    for secret, when in ((old, NOW), (link, NOW + HOUR)):
        with pytest.raises(UserError, match="too old"):
            members.reset(house.ops, secret, "another horse", when)
    with pytest.raises(UserError, match="too short"):
        members.reset(house.ops, link, "short", NOW)
    members.reset(house.ops, link, "another horse", NOW)
    with pytest.raises(UserError, match="used already"):
        members.reset(house.ops, link, "a third horse", NOW)
    assert entry.actor(house.ops, session, NOW).kind == "nobody"
    assert house.sign_in("mia@shop.fr", "another horse").member.email == "mia@shop.fr"


def test_who_did_what_is_noted_and_sealed(house: House) -> None:
    members.promote(house.ops, actor(house.admin), house.marketer.id, "viewer", NOW)
    told = acts.latest(house.ops, 1)[0]
    assert (told.by, told.act, told.about) == ("adam@shop.fr", "role", "mia@shop.fr")
    assert told.detail == {"role": "viewer", "before": "marketer"}
    assert acts.broken(house.ops) is None


def test_who_goes_by_another_address_keeps_their_notes_tasks_and_views(house: House) -> None:
    mia = house.marketer
    notes.write(house.ops, [{"node": 1, "task": False, "text": "Rang."}], mia.email, NOW)
    ring = {"node": 1, "task": True, "text": "Ring", "assignee": mia.email}
    notes.write(house.ops, [ring], "olga@shop.fr", NOW)
    views.keep(house.ops, "Mine", mia.email, False, "q=a", NOW)
    members.rename(house.ops, mia, "Mia Martin", "mia.martin@shop.fr", NOW)
    assert {(one.by, one.assignee) for one in notes.every(house.ops)} == {
        ("mia.martin@shop.fr", None),
        ("olga@shop.fr", "mia.martin@shop.fr"),
    }
    assert [one.owner for one in views.seen(house.ops, "mia.martin@shop.fr")] == ["mia.martin@shop.fr"]


def test_a_stolen_session_does_not_keep_the_owner_from_saying_their_password(house: House) -> None:
    thief, owner = (replace(actor(house.owner), session=number) for number in (1, 2))
    for n in range(AGAIN):
        with pytest.raises(UserError, match="not your password"):
            entry.confirmed(house.ops, house.guesses, thief, "guess", NOW + n)
    with pytest.raises(entry.TooMany):
        entry.confirmed(house.ops, house.guesses, thief, PASSWORD, NOW + AGAIN)
    assert entry.confirmed(house.ops, house.guesses, owner, PASSWORD, NOW + AGAIN).id == house.owner.id
