"""What `alias` joins, as Segment means it, in whatever order the calls come."""

from __future__ import annotations

from itertools import permutations

import pytest

from tests.api.door import NOW, Served, served, track

__all__ = ["served"]

VISITOR = "b0a1c2d3-0000-4000-8000-00000000000a"


def alias(user: str, previous: str) -> dict[str, object]:
    return {"type": "alias", "userId": user, "previousId": previous}


def taken(served: Served, *calls: dict[str, object]) -> None:
    """Each call comes and is taken in by itself."""
    for call in calls:
        assert served.post("batch", {"batch": [call]}).json()["success"]
        served.shop.refresh(NOW)


def keys(served: Served, customer: str) -> set[str]:
    return set(served.shop.identities(customer).keys)


CALLS = (
    track(userId=None, anonymousId=VISITOR, messageId="m1"),
    alias("ada", VISITOR),
    track(userId="ada", messageId="m2"),
)


@pytest.mark.parametrize("order", list(permutations(CALLS)))
def test_a_visitor_becomes_a_user_and_no_user_of_the_visitor_s_id_appears(
    served: Served, order: tuple[dict[str, object], ...]
) -> None:
    taken(served, *order)
    assert keys(served, "ada") == {"user:ada", f"anon:{VISITOR}"}
    assert served.shop.named(VISITOR) == (served.shop.person("ada"), f"anon:{VISITOR}")
    assert len(served.shop.customer("ada").events) == 3


OLD = (track(userId="old", messageId="m1"), alias("new", "old"), track(userId="new", messageId="m2"))


@pytest.mark.parametrize("order", list(permutations(OLD)))
def test_an_old_id_and_a_new_one_are_one_user(served: Served, order: tuple[dict[str, object], ...]) -> None:
    taken(served, *order)
    assert {"user:old", "user:new"} <= keys(served, "new")
    assert served.shop.person("old") == served.shop.person("new")


def test_a_user_may_have_been_many_visitors(served: Served) -> None:
    visitors = [f"visitor-{n}" for n in range(15)]
    taken(served, *(alias("ada", one) for one in visitors))
    assert keys(served, "ada") == {"user:ada", *(f"anon:{one}" for one in visitors)}
    assert served.shop.shared() == []


def test_a_device_that_one_user_s_two_ids_share_is_theirs(served: Served) -> None:
    both = [track(userId=user, anonymousId="phone", messageId=user) for user in ("old", "new")]
    taken(served, *both)
    assert [one.key for one in served.shop.shared()] == ["anon:phone"]
    taken(served, alias("new", "old"))
    assert {"user:old", "user:new", "anon:phone"} <= keys(served, "new")
    assert served.shop.shared() == []
    taken(served, track(userId="zoe", anonymousId="phone", messageId="m3"))
    assert [(one.key, one.many) for one in served.shop.shared()] == [("anon:phone", 2)]
    assert "anon:phone" not in keys(served, "new")


def test_32_an_alias_of_oneself_joins_nobody(served: Served) -> None:
    taken(served, track(userId="a"), alias("a", "a"))
    assert keys(served, "a") == {"user:a", "anon:a"}


@pytest.mark.parametrize("order", list(permutations((("b", "a"), ("c", "b"), ("a", "c")))))
def test_32_aliases_in_a_circle_are_one_user(served: Served, order: tuple[tuple[str, str], ...]) -> None:
    taken(served, *(alias(*pair) for pair in order))
    found = keys(served, "a")
    assert {"user:a", "user:b", "user:c"} <= found
    assert found == keys(served, "b") == keys(served, "c")


@pytest.mark.parametrize("nothing", ["", "   ", "null", "undefined", "0", None, 0])
def test_32_an_alias_of_nothing_joins_nobody(served: Served, nothing: object) -> None:
    calls = [track(userId=user, messageId=user) for user in "ab"]
    told = [{"type": "alias", "userId": user, "previousId": nothing} for user in "ab"]
    served.post("batch", {"batch": [*calls, *told]})
    served.shop.refresh(NOW)
    assert (keys(served, "a"), keys(served, "b")) == ({"user:a"}, {"user:b"})


def test_34_whoever_said_no_is_not_written_to_once_they_are_one_with_who_said_yes(served: Served) -> None:
    yes, no = {"email": True}, {"email": False}
    taken(served, track(userId="yes"), track(userId="no", messageId="m2"))
    for user, said in (("yes", yes), ("no", no)):
        served.shop.consent(f"user:{user}", "email", "granted" if said["email"] else "denied", at=NOW - 9)
    served.shop.refresh(NOW)
    assert [one.agreed for one in served.shop.standing("yes")] == [True]
    served.shop.merge("yes", "no", "ada", "the same person", NOW)
    assert [one.agreed for one in served.shop.standing("yes")] == [False]
    served.shop.split("yes", "no", "ada", "they are two", NOW)
    assert [one.agreed for one in served.shop.standing("yes")] == [True]


def claimed(served: Served, *calls: dict[str, object]) -> None:
    """As `taken`, from a page."""
    for call in calls:
        assert served.post("batch", {"batch": [call]}, auth=(served.public, "")).json()["success"]
        served.shop.refresh(NOW)


def on(device: str, user: str) -> dict[str, object]:
    return track(userId=user, anonymousId=device, messageId=f"{device}-{user}")


SHARED = (
    (on("e1", "pm@shop.fr"), on("e1", "pn@shop.fr")),
    (on("e1", "pm@shop.fr"), on("e1", "Pn")),
    ({"type": "alias", "anonymousId": "e1", "previousId": "e2"}, on("e1", "Pm"), on("e2", "Pn")),
    (
        {"type": "alias", "anonymousId": "e1", "previousId": "e2"},
        {"type": "alias", "anonymousId": "e2", "previousId": "e3"},
        on("e1", "Pm"),
        on("e3", "pn@shop.fr"),
    ),
)


@pytest.mark.parametrize("calls", SHARED)
@pytest.mark.parametrize("turn", [1, -1])
def test_a_page_joins_no_two_customers_by_any_device_or_chain_of_them(
    served: Served, calls: tuple[dict[str, object], ...], turn: int
) -> None:
    for user in ("Pm", "Pn"):
        taken(served, {"type": "identify", "userId": user, "traits": {"email": f"{user}@shop.fr"}})
    claimed(served, *calls[::turn])
    assert served.shop.person("Pm") != served.shop.person("Pn")
    assert [one.key for one in served.shop.shared()]
    assert served.shop.rebuild(NOW).differing == ()


def test_a_customer_s_id_and_address_share_a_device_and_its_earlier_visitor(served: Served) -> None:
    taken(served, {"type": "identify", "userId": "Pm", "traits": {"email": "pm@shop.fr"}})
    claimed(
        served,
        {"type": "alias", "anonymousId": "e1", "previousId": "e2"},
        on("e1", "pm@shop.fr"),
        on("e2", "Pm"),
    )
    assert keys(served, "Pm") == {"user:Pm".lower(), "email:pm@shop.fr", "anon:e1", "anon:e2"}
    assert served.shop.shared() == []
