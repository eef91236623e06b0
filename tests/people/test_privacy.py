from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from habitue.people.privacy import Marks, act, cut, nobody, token

SALT = b"salt"


def left(props: Any) -> Any:
    return json.loads(cut(json.dumps(props), SALT))


def test_of_an_event_stay_its_numbers_and_what_was_bought() -> None:
    products = [{"product_id": "P1", "name": "Tea", "quantity": 2, "price": 4.5, "engraving": "Ada"}]
    assert left(
        {
            "revenue": 9.0,
            "currency": "EUR",
            "products": products,
            "coupon": "ADA10",
            "address": {"street": "1 rue"},
            "name": "Ada",
            "gift": True,
            "quantity": "3",
            "price": "ada",
            "context": {"page": {"url": "https://x.fr/?q=ada"}, "ip": "10.0.0.1"},
        }
    ) == {
        "revenue": 9.0,
        "currency": "EUR",
        "quantity": "3",
        "products": [{"product_id": "P1", "name": "Tea", "quantity": 2, "price": 4.5}],
    }
    assert left({"product_id": "P1", "name": "Tea", "category": "Teas"}) == {
        "product_id": "P1",
        "name": "Tea",
        "category": "Teas",
    }
    assert left({"kind": "nps", "score": 9, "comment": "I am Ada"}) == {"kind": "nps", "score": 9}
    assert left({"kind": "ada"}) == {}
    assert left({"sku": "ada@b.fr"}) == {}


@pytest.mark.parametrize("props", ["", "null", "[1]", "{", "[" * 100_000, '"ada"'])
def test_of_what_can_not_be_read_nothing_stays(props: str) -> None:
    assert cut(props, SALT) == "{}"


def test_orders_stay_apart_and_together_under_names_that_nobody_knows() -> None:
    one, again, other = (left({"order_id": name})["order_id"] for name in ("A1", "A1", "A2"))
    assert one == again != other
    assert "A1" not in one
    assert json.loads(cut('{"order_id": "A1"}', b"other"))["order_id"] != one
    assert nobody(SALT, 1) != nobody(SALT, 2)
    assert len(token(SALT, "id", 1)) == 16


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | st.just("canary"),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    )
)
def test_a_text_never_stays_under_a_name_that_is_not_allowed(props: Any) -> None:
    assert "canary" not in cut(json.dumps(props), SALT)


def test_somebody_is_found_in_texts_by_their_addresses_names_and_in_fields_by_short_ids() -> None:
    marks = Marks(["user:7", "user:ada-1815", "email:ada@b.fr", "phone:+33612345678"], ["Ada Lovelace"], "FR")
    assert marks.within({"a": [{"b": "Ada@B.fr "}]})
    assert marks.within({"tel": "06 12 34 56 78"})
    assert marks.within({"comment": "ask ada lovelace, please"})
    assert marks.within({"ADA-1815": 1})
    assert marks.within({"userId": 7})
    assert marks.within({"about": "user:7"})
    assert not marks.within({"quantity": 7, "text": "7", "name": "Ada"})
    assert marks.spoken('{"userId": "ada-1815", broken')
    assert marks.spoken("mail <ada@b.fr>.")
    assert not marks.spoken("adalovelace ada-18150 bada@b.fr")


def test_what_is_sent_delivered_or_opened_is_no_act_and_a_click_is() -> None:
    ours = ("Email Sent", "email opened", "Email_Delivered", "SMS  Bounced", "Order Refunded", "$identify")
    theirs = ("Email Clicked", "Email Unsubscribed", "Page Viewed", "Order Completed", "Survey Answered")
    assert [name for name in (*ours, *theirs) if act(name)] == list(theirs)
