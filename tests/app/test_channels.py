"""Each channel is reached by one way, set by its own settings; what is secret is kept and never told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from habitue.api import channelling  # noqa: F401  carries the commands out
from habitue.api.answer import Facts
from habitue.api.perform import Asked, perform
from habitue.api.reaching import Channel, Channels, EndChannel, SetChannel, TryChannel
from habitue.app import Shop
from habitue.kernel.errors import UserError
from habitue.messaging.channel import Composed
from habitue.messaging.kinds import brevo
from tests.messaging.counter import window

GIVEN = {"sender": "Shop <hello@shop.fr>", "key": "xkeysib-canary"}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with Shop.create(tmp_path_factory.mktemp("channels") / "shop") as made:
        yield made


def test_what_is_not_said_stays_and_a_secret_is_never_told(shop: Shop) -> None:
    asked = Asked(shop, "en")
    shop.set_channel("brevo", GIVEN, "eva")
    hook = getattr(shop.channels()["email"].settings, "hook")  # noqa: B009
    told = perform(SetChannel(kind="brevo", given={"rate": "12.5"}, by="eva"), asked)
    assert isinstance(told, Facts)
    assert (told.fields["rate"], told.fields["key"], told.fields["sender"]) == (12.5, True, GIVEN["sender"])
    assert "canary" not in str(told)
    assert told.fields["hook"].endswith(f"/hooks/brevo/{hook}")
    assert shop.mail() is None
    held = [path for path in shop.directory.rglob("*") if path.is_file()]
    assert [path.name for path in held if b"canary" in path.read_bytes()] == []
    used = [row for row in perform(Channels(), asked).rows if row[3] is not None]  # type: ignore[union-attr]
    assert [row[:2] for row in used] == [["email", "brevo"]]
    shop.set_channel("postmark", {**GIVEN, "key": "other"}, "eva")
    assert shop.channels()["email"].kind.name == "postmark"
    assert "not in use" in str(perform(Channel(kind="brevo"), asked))
    perform(EndChannel(channel="email", by="eva"), asked)
    assert "email" not in shop.ways()


@pytest.mark.parametrize(
    ("kind", "given", "said"),
    [
        ("brevvo", GIVEN, "Did you mean “brevo”"),
        ("fax", GIVEN, "There are: brevo"),
        ("brevo", {**GIVEN, "regoin": "eu"}, "There is no setting “regoin”"),
        ("brevo", {**GIVEN, "rat": "1"}, "Did you mean “rate”"),
        ("postmark", {"sender": "a@b.fr"}, "The setting “key” is missing"),
        ("brevo", {**GIVEN, "connections": "many"}, "The setting “connections” takes a number"),
        ("mailgun", {**GIVEN, "domain": "b.fr", "region": "mars"}, "is one of: eu, us"),
    ],
)
def test_what_cannot_be_is_said(shop: Shop, kind: str, given: dict[str, Any], said: str) -> None:
    with pytest.raises(UserError) as found:
        shop.set_channel(kind, given, "eva")
    assert said in str(found.value)


def test_a_trial_goes_by_the_channel_that_is_set(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UserError, match="sms"):
        shop.try_channel("sms", "+33612345678", Composed("", "", "x"))
    with window() as desk:
        opened = brevo.opened
        kinds = {"brevo": shop.set_channel("brevo", GIVEN, "eva").kind}
        kinds["brevo"] = kinds["brevo"]._replace(opened=lambda told: opened(told, desk.url))
        monkeypatch.setattr("habitue.app.channels.kinds", lambda: kinds)
        desk.answers = [(201, {}, b"{}")]
        told = perform(TryChannel(channel="email", to="ada@b.fr"), Asked(shop, "fr"))
        assert isinstance(told, Facts)
        assert b"Habitu" in desk.heard[0].body
        desk.answers = [(401, {}, b'{"message": "Key not found"}')]
        with pytest.raises(UserError, match="Key not found"):
            perform(TryChannel(channel="email", to="ada@b.fr"), Asked(shop, "fr"))
    shop.end_channel("email", "eva")
