"""What has to stand in DNS: asked of a server of our own, and each finding says what to do."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from msgspec import structs

from habitue.messaging import spf
from habitue.messaging.dns import Resolver, Silent
from habitue.messaging.domain import TITLES, Check, Sender, checks
from tests.messaging.nameserver import Zone, nameserver

DMARC = "v=DMARC1; p=none; rua=mailto:dmarc@shop.fr"
KEY = "v=DKIM1; k=rsa; p=MIIBIjANBgkqhkiG9w0BAQ"
OURS = Sender("shop.fr", "back.shop.fr", "mail.shop.fr", "s1", KEY, encrypted=True, bounces=True, secure=True)
GOOD: Zone = {
    ("back.shop.fr", "TXT"): ['"other"', '"v=spf1 ip4:8.8.0.0/16 " "include:_spf.shop.fr ~all"'],
    ("_spf.shop.fr", "TXT"): ['"v=spf1 a:mail.shop.fr -all"'],
    ("mail.shop.fr", "A"): ["8.8.8.8"],
    ("8.8.8.8.in-addr.arpa", "PTR"): ["mail.shop.fr."],
    ("s1._domainkey.shop.fr", "TXT"): ['"v=DKIM1; k=rsa; " "p=MIIBIjANBgkqhkiG9w0BAQ"'],
    ("_dmarc.shop.fr", "TXT"): ['"v=DMARC1; p=quarantine"'],
    ("shop.fr", "MX"): ["20 two.shop.fr.", "10 one.shop.fr."],
}


class Told:
    """Names as a dictionary has them: what is not in it does not stand there."""

    def __init__(self, zone: Zone) -> None:
        self.zone = zone

    def texts(self, name: str) -> list[str]:
        return ["".join(one.split('"')[1::2]) for one in self.zone.get((name, "TXT"), [])]

    def addresses(self, name: str) -> list[str]:
        return [*self.zone.get((name, "A"), []), *self.zone.get((name, "AAAA"), [])]

    def exchanges(self, name: str) -> list[str]:
        found = sorted((int(one.split()[0]), one.split()[1]) for one in self.zone.get((name, "MX"), []))
        return [host.rstrip(".") for _, host in found]

    def pointers(self, address: str) -> list[str]:
        name = ".".join(reversed(address.split("."))) + ".in-addr.arpa"
        return [one.rstrip(".") for one in self.zone.get((name, "PTR"), [])]


def found(zone: Zone, sender: Sender = OURS) -> dict[str, Check]:
    return {one.id: one for one in checks(sender, Told(zone))}


def changed(**more: list[str] | None) -> Zone:
    """The good zone with one thing otherwise: `TXT__dmarc_shop_fr` is that of `_dmarc.shop.fr`."""
    names = {f"{kind}_{name.replace('.', '_')}": (name, kind) for name, kind in GOOD}
    return {**GOOD, **{names[key]: value or [] for key, value in more.items()}}


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    zone = {
        **GOOD,
        ("slow.fr", "TXT"): ["broken"],
        ("v6.fr", "AAAA"): ["2001:db8::1"],
        ("none.fr", "MX"): ["0 ."],
    }
    with nameserver(zone) as running:
        yield running


def test_where_all_is_well_each_check_says_so_through_a_real_server(server: str) -> None:
    told = checks(OURS, Resolver([server]))
    assert [one.id for one in told] == [*TITLES]
    assert {one.id: one.state for one in told} == dict.fromkeys(TITLES, "good")
    assert told == checks(OURS, Told(GOOD))


def test_the_resolver_tells_nothing_from_no_answer(server: str) -> None:
    asked = Resolver([server])
    assert asked.texts("nowhere.fr") == []
    assert asked.texts("mail.shop.fr") == []
    assert asked.addresses("v6.fr") == ["2001:db8::1"]
    assert asked.exchanges("none.fr") == [""]
    assert asked.exchanges("shop.fr") == ["one.shop.fr", "two.shop.fr"]
    assert asked.pointers("8.8.8.8") == ["mail.shop.fr"]
    with pytest.raises(Silent):
        asked.texts("slow.fr")
    told = checks(structs.replace(OURS, back="slow.fr"), asked)[0]
    assert (told.id, told.state) == ("spf", "unknown")


@pytest.mark.parametrize(
    ("zone", "name", "state", "wanted"),
    [
        (changed(TXT_back_shop_fr=None), "spf", "bad", "v=spf1 a:mail.shop.fr ~all"),
        (changed(TXT_back_shop_fr=['"v=spf1 -all"', '"v=spf1 ~all"']), "spf", "bad", ""),
        (changed(TXT_back_shop_fr=['"v=spf1 include:_spf.shop.fr +all"']), "spf", "bad", ""),
        (changed(TXT_back_shop_fr=['"v=spf1 include:nobody.fr ~all"']), "spf", "bad", ""),
        (changed(TXT_back_shop_fr=['"v=spf1 include:back.shop.fr ~all"']), "spf", "bad", ""),
        (changed(TXT_back_shop_fr=[f'"v=spf1{" a:mail.shop.fr" * 11} ~all"']), "spf", "bad", ""),
        (changed(TXT_back_shop_fr=['"v=spf1 ip4:9.9.9.9 -all"']), "spf", "note", ""),
        (changed(TXT_s1__domainkey_shop_fr=None), "dkim", "bad", KEY),
        (changed(TXT_s1__domainkey_shop_fr=['"v=DKIM1; p="']), "dkim", "bad", KEY),
        (changed(TXT_s1__domainkey_shop_fr=['"v=DKIM1; p=QUJD"']), "dkim", "bad", KEY),
        (changed(TXT__dmarc_shop_fr=None), "dmarc", "bad", DMARC),
        (changed(TXT__dmarc_shop_fr=['"v=DMARC1; p=none"']), "dmarc", "good", ""),
        (changed(TXT__dmarc_shop_fr=['"v=DMARC1; p=maybe"']), "dmarc", "bad", DMARC),
        (changed(TXT__dmarc_shop_fr=['"v=DMARC1; p=none"', '"v=DMARC1; p=reject"']), "dmarc", "bad", ""),
        (changed(MX_shop_fr=None), "mx", "note", ""),
        (changed(MX_shop_fr=["0 ."]), "mx", "bad", ""),
        ({k: v for k, v in GOOD.items() if k[1] != "PTR"}, "reverse", "bad", "mail.shop.fr"),
        ({**GOOD, ("8.8.8.8.in-addr.arpa", "PTR"): ["elsewhere.fr."]}, "reverse", "bad", ""),
    ],
)  # fmt: skip
def test_what_is_wrong_says_what_to_write(zone: Zone, name: str, state: str, wanted: str) -> None:
    told = found(zone)
    assert (told[name].state, told[name].wanted) == (state, wanted)
    # It is the only thing that is wrong.
    assert {one.id for one in told.values() if one.state == "bad"} - {name} == set()


def test_what_is_no_matter_of_names_is_told_too() -> None:
    bare = Sender("shop.fr", "elsewhere.fr", "mail.shop.fr", encrypted=False)
    zone = {**GOOD, ("elsewhere.fr", "TXT"): ['"v=spf1 a:mail.shop.fr -all"']}
    told = found(zone, bare)
    assert {one.id: one.state for one in told.values()} == {
        "spf": "good",
        "dkim": "bad",
        "dmarc": "good",
        "aligned": "bad",
        "mx": "good",
        "reverse": "good",
        "tls": "note",
        "bounces": "bad",
        "unsubscribe": "bad",
    }
    assert found(GOOD, structs.replace(bare, back="back.shop.fr"))["aligned"].state == "good"


def test_a_provider_answers_for_its_own() -> None:
    told = found(GOOD, Sender("shop.fr", "shop.fr", provider="Brevo", bounces=True, secure=True))
    assert {one.id: one.state for one in told.values() if one.state != "good"} == {
        "dkim": "note",
        "aligned": "note",
        "reverse": "unknown",
    }


def test_a_subdomain_is_under_the_policy_of_what_is_above() -> None:
    zone = changed(TXT__dmarc_shop_fr=['"v=DMARC1; p=reject; sp=none"'])
    mail = structs.replace(OURS, domain="news.shop.fr", record="", selector="")
    assert found(zone, mail)["dmarc"].place == "_dmarc.shop.fr"
    assert "only reported" in found(zone, mail)["dmarc"].text
    assert found(zone, mail)["aligned"].state == "good"


@pytest.mark.parametrize(
    ("record", "address", "said"),
    [
        ("v=spf1 -all", "1.2.3.4", "fail"),
        ("v=spf1", "1.2.3.4", "neutral"),
        ("v=spf1 ip4:1.2.3.0/24 -all", "1.2.3.4", "pass"),
        ("v=spf1 ip6:2001:db8::/32 ~all", "2001:db8::5", "pass"),
        ("v=spf1 ip4:nonsense ~all", "1.2.3.4", "softfail"),
        ("v=spf1 mx -all", "5.6.7.8", "pass"),
        ("v=spf1 a/24 ?all", "9.9.9.200", "pass"),
        ("v=spf1 -include:one.fr +a ~all", "1.1.1.1", "fail"),
        ("v=spf1 exists:%{i}.x.fr redirect=one.fr", "1.1.1.1", "pass"),
        ("v=spf1 redirect=nobody.fr", "1.1.1.1", "none"),
    ],
)
def test_a_record_is_read_as_whoever_takes_mail_reads_it(record: str, address: str, said: str) -> None:
    zone: Zone = {
        ("x.fr", "TXT"): [f'"{record}"'],
        ("x.fr", "A"): ["9.9.9.9"],
        ("x.fr", "MX"): ["10 m.x.fr."],
        ("m.x.fr", "A"): ["5.6.7.8"],
        ("one.fr", "TXT"): ['"v=spf1 ip4:1.1.1.1 -all"'],
    }
    assert spf.Reader(Told(zone)).judged("x.fr", address) == said
