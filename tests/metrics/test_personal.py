"""Personal data are told by their name and by their look, and nothing else is."""

from __future__ import annotations

import pytest

from habitue.metrics.personal import called, looks


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("email", "email"),
        ("billing.emailAddress", "email"),
        ("courriel", "email"),
        ("phoneNumber", "phone"),
        ("telephone", "phone"),
        ("first_name", "name"),
        ("user.lastName", "name"),
        ("nom", "name"),
        ("shipping.street", "address"),
        ("code_postal", "address"),
        ("context.ip", "ip"),
        ("iban", "iban"),
        ("card_number", "card"),
        ("trait.birthday", "birth"),
        ("name", None),
        ("product_name", None),
        ("gift_card", None),
        ("price", None),
        ("city", None),
        ("shipping", None),
        ("tip", None),
        ("hotel", None),
        ("nombre", None),
    ],
)
def test_by_name(path: str, kind: str | None) -> None:
    assert called(path) == kind


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["ada@example.com"] + ["x"] * 40, "email"),
        (["https://shop.example/?mail=ada@example.com"], "email"),
        (["FR14 2004 1010 0505 0001 3M02 606"], "iban"),
        (["FR14 2004 1010 0505 0001 3M02 607"], None),
        (["4111 1111 1111 1111"], "card"),
        (["4111111111111112"], None),
        (["+33612345678", "06 12 34 56 78"], "phone"),
        (["192.0.2.7", "2001:db8::1"], "ip"),
        (["12 rue de la Paix", "5 bis, avenue Foch"], "address"),
        (["1.2.3", "12.50", "2026-11-22", "10:30:00"], None),
        (["Earl Grey", "A000083", "/thes/oolong", "300.1.2.3"], None),
        ([], None),
    ],
)
def test_by_look(values: list[str], kind: str | None) -> None:
    assert looks(values) == kind
