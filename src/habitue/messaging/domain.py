"""What has to stand in DNS, and elsewhere, for mails to arrive: what was found, and what to do.

Gmail, Yahoo and Microsoft ask whoever sends much for SPF, DKIM and DMARC, and that one of the first two is of
the domain that customers see (alignment). Names are asked for; nothing is changed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final

from msgspec import Struct

from habitue.kernel.i18n import N_
from habitue.messaging import spf
from habitue.messaging.dns import Names, Silent
from habitue.messaging.reach import public

TITLES: Final = {
    "spf": N_("SPF: who may send for you"),
    "dkim": N_("DKIM: mails are signed"),
    "dmarc": N_("DMARC: what is done with forgeries"),
    "aligned": N_("Alignment: signed by whom customers see"),
    "mx": N_("MX: answers can come"),
    "reverse": N_("Reverse name of the mail server"),
    "tls": N_("Encrypted on the way"),
    "bounces": N_("What comes back is read"),
    "unsubscribe": N_("Unsubscribing by one click"),
}


class Sender(Struct, frozen=True):
    """How mails leave: the `domain` that customers see, `back` that of the envelope, the server's `host`.

    `selector` and `record` are those by which we sign ourselves; `provider` is who sends and signs for us.
    """

    domain: str
    back: str
    host: str = ""
    selector: str = ""
    record: str = ""
    provider: str = ""
    encrypted: bool = True
    bounces: bool = False
    secure: bool = False


class Check(Struct, frozen=True):
    """One thing that was looked at: `state` is good, note, bad or unknown; `text` is a message for `fields`.

    `found` is what stands there, `wanted` what should, at `place`.
    """

    id: str
    state: str
    text: str
    fields: dict[str, str] = {}
    found: tuple[str, ...] = ()
    place: str = ""
    wanted: str = ""


def checks(sender: Sender, names: Names) -> list[Check]:
    """Them all, in the order of `TITLES`."""
    return [_told(name, check, sender, names) for name, check in _CHECKS.items()]


def _told(name: str, check: Callable[[Sender, Names], Check], sender: Sender, names: Names) -> Check:
    try:
        return check(sender, names)
    except Silent as error:
        text = N_("DNS could not be asked: {reason} Look again in a while.")
        return Check(name, "unknown", text, {"reason": str(error)})


# --- who may send ---------------------------------------------------------------------------------


def _spf(sender: Sender, names: Names) -> Check:
    place, domain = sender.back, sender.back
    own = _own(sender, names)
    usual = "" if own is None else f"v=spf1 {'ip4' if own == sender.host else 'a'}:{sender.host} ~all"
    reader = spf.Reader(names)
    try:
        record = reader.record(domain)
        said = reader.judged(domain, own)
    except spf.Broken as error:
        return Check(
            "spf", "bad", _BROKEN[str(error)], {"domain": domain}, tuple(_spfs(names, domain)), place
        )
    if sender.provider:
        text = N_("{provider} sends under an address of its own, and SPF speaks for that one.")
        return Check("spf", "good", text, {"provider": sender.provider}, (record,) if record else (), place)
    if record is None:
        text = N_("{domain} says nowhere who may send for it.")
        return Check("spf", "bad", text, {"domain": domain}, (), place, usual)
    found = (record,)
    if reader.lookups > spf.MOST:
        text = N_("The record takes {n} lookups; with more than {most} it counts for nothing.")
        fields = {"n": str(reader.lookups), "most": str(spf.MOST)}
        return Check("spf", "bad", text, fields, found, place)
    if reader.wide:
        return Check(
            "spf", "bad", N_("The record ends in +all: it lets everybody send for you."), {}, found, place
        )
    if own and said in ("fail", "softfail", "neutral"):
        text = N_("The mail server {host} ({address}) is not in it: right only where others send for it.")
        return Check("spf", "note", text, {"host": sender.host, "address": own}, found, place)
    return Check("spf", "good", N_("{domain} says who may send for it."), {"domain": domain}, found, place)


_BROKEN: Final = {
    "several": N_("{domain} has several SPF records: together they count for nothing. Make one of them."),
    "include": N_("The SPF record of {domain} includes a domain that has none: it counts for nothing."),
    "lookups": N_("The SPF record of {domain} goes round in circles: it counts for nothing."),
}


def _spfs(names: Names, domain: str) -> list[str]:
    return [one for one in names.texts(domain) if one.lower().startswith("v=spf1")]


def _own(sender: Sender, names: Names) -> str | None:
    """The IP address of a mail server of one's own; None where it isn't seen from outside."""
    if not sender.host:
        return None
    return next((one for one in names.addresses(sender.host) if public(one)), None)


# --- signatures -----------------------------------------------------------------------------------


def _dkim(sender: Sender, names: Names) -> Check:
    if not sender.record:
        text = (
            N_("{provider} signs; under which name can’t be seen from here. Set your domain up there.")
            if sender.provider
            else N_(
                "Mails are not signed here. Give a key, or be sure that your mail server signs as {domain}."
            )
        )
        state = "note" if sender.provider else "bad"
        return Check("dkim", state, text, {"provider": sender.provider, "domain": sender.domain})
    place = f"{sender.selector}._domainkey.{sender.domain}"
    found = tuple(names.texts(place))
    keys = [_tag(one, "p") for one in found]
    if not found:
        return Check(
            "dkim", "bad", N_("There is no key at {place}."), {"place": place}, (), place, sender.record
        )
    if _tag(sender.record, "p") not in keys:
        text = (
            N_("The key at {place} was withdrawn: it is empty.")
            if keys == [""]
            else N_("The key at {place} is another one: signatures are not believed.")
        )
        return Check("dkim", "bad", text, {"place": place}, found, place, sender.record)
    return Check(
        "dkim", "good", N_("Mails are signed, and the key stands at {place}."), {"place": place}, found, place
    )


def _tag(record: str, name: str) -> str:
    for part in record.split(";"):
        key, _, value = part.partition("=")
        if key.strip() == name:
            return re.sub(r"\s", "", value)
    return ""


def _dmarc(sender: Sender, names: Names) -> Check:
    place = f"_dmarc.{sender.domain}"
    wanted = f"v=DMARC1; p=none; rua=mailto:dmarc@{sender.domain}"
    for domain in _above(sender.domain):
        found = [one for one in names.texts(f"_dmarc.{domain}") if one.startswith("v=DMARC1")]
        if len(found) > 1:
            text = N_(
                "{domain} has several DMARC records: together they count for nothing. Make one of them."
            )
            return Check("dmarc", "bad", text, {"domain": domain}, tuple(found), f"_dmarc.{domain}")
        if found:
            return _policy(sender.domain, domain, found[0])
    text = N_(
        "{domain} does not say what is to be done with forgeries. Gmail, Yahoo and Microsoft ask for it."
    )
    return Check("dmarc", "bad", text, {"domain": sender.domain}, (), place, wanted)


def _policy(domain: str, at: str, record: str) -> Check:
    policy = (_tag(record, "sp") if at != domain else "") or _tag(record, "p")
    place = f"_dmarc.{at}"
    if policy not in ("none", "quarantine", "reject"):
        text = N_("The policy “{policy}” is none: write p=none, p=quarantine or p=reject.")
        return Check(
            "dmarc",
            "bad",
            text,
            {"policy": policy},
            (record,),
            place,
            f"v=DMARC1; p=none; rua=mailto:dmarc@{at}",
        )
    if policy == "none":
        text = N_(
            "Forgeries are only reported, as is asked for. Once all is well, p=quarantine guards your name."
        )
        return Check("dmarc", "good", text, {}, (record,), place)
    return Check(
        "dmarc", "good", N_("Forgeries are kept away (p={policy})."), {"policy": policy}, (record,), place
    )


def _above(domain: str) -> Iterator[str]:
    """The domain and those above it, but for the last label, as a record is looked for (RFC 7489, 9989)."""
    labels = domain.split(".")
    for start in range(len(labels) - 1):
        yield ".".join(labels[start:])


def _aligned(sender: Sender, names: Names) -> Check:
    fields = {"domain": sender.domain, "back": sender.back}
    if sender.record:
        return Check(
            "aligned", "good", N_("Mails are signed as {domain}, which is whom customers see."), fields
        )
    if sender.provider:
        text = N_("It rests on {provider} signing as {domain}: set your domain up there.")
        return Check("aligned", "note", text, fields | {"provider": sender.provider})
    if _house(sender.domain, names) == _house(sender.back, names):
        text = N_(
            "What comes back goes to {back}, which is of the same house as {domain}: SPF speaks for it."
        )
        return Check("aligned", "good", text, fields)
    text = N_(
        "Neither a signature nor the address for what comes back ({back}) is of {domain}: sign as {domain}."
    )
    return Check("aligned", "bad", text, fields)


def _house(domain: str, names: Names) -> str:
    """The highest domain above that has a DMARC record or takes mail, which is most likely its owner's."""
    found = domain
    for one in _above(domain):
        if any(text.startswith("v=DMARC1") for text in names.texts(f"_dmarc.{one}")) or names.exchanges(one):
            found = one
    return found


# --- the rest -------------------------------------------------------------------------------------


def _mx(sender: Sender, names: Names) -> Check:
    found = tuple(names.exchanges(sender.domain))
    fields = {"domain": sender.domain}
    if found == ("",):
        return Check(
            "mx",
            "bad",
            N_("{domain} says that it takes no mail: many turn its mails away."),
            fields,
            (".",),
            sender.domain,
        )
    if not found:
        return Check(
            "mx",
            "note",
            N_("Nobody takes mail for {domain}: answers get lost, and some turn its mails away."),
            fields,
            (),
            sender.domain,
        )
    return Check("mx", "good", N_("Answers to {domain} can come."), fields, found, sender.domain)


def _reverse(sender: Sender, names: Names) -> Check:
    own = _own(sender, names)
    if own is None or sender.provider:
        return Check(
            "reverse",
            "unknown",
            N_("The mail server is a provider’s, or can’t be seen from outside: nothing to look at."),
        )
    fields, pointers = {"address": own, "host": sender.host}, names.pointers(own)
    if not pointers:
        return Check(
            "reverse",
            "bad",
            N_("{address} has no name, and Gmail turns such mails away. Whoever rents it out gives it one."),
            fields,
            (),
            own,
            sender.host,
        )
    if not any(own in names.addresses(one) for one in pointers[:10]):
        return Check(
            "reverse",
            "bad",
            N_("The name of {address} leads elsewhere: let it lead back."),
            fields,
            tuple(pointers),
            own,
        )
    return Check(
        "reverse", "good", N_("{address} has a name that leads back to it."), fields, tuple(pointers), own
    )


def _tls(sender: Sender, _: Names) -> Check:
    if sender.encrypted:
        return Check("tls", "good", N_("Mails leave here encrypted."))
    return Check(
        "tls", "note", N_("Mails leave here open to read: right only where the server is on this machine.")
    )


def _bounces(sender: Sender, _: Names) -> Check:
    if sender.bounces:
        return Check("bounces", "good", N_("Nobody writes again to an address at which nobody is."))
    return Check(
        "bounces",
        "bad",
        N_("Mails that come back are not read, so dead addresses are written to again and again."),
    )


def _unsubscribe(sender: Sender, _: Names) -> Check:
    if sender.secure:
        return Check("unsubscribe", "good", N_("Marketing carries it, as Gmail and Yahoo ask for."))
    return Check(
        "unsubscribe",
        "bad",
        N_("Its links have to begin with https://: write your own address into habitue.toml (url)."),
    )


_CHECKS: Final[dict[str, Callable[[Sender, Names], Check]]] = {
    "spf": _spf,
    "dkim": _dkim,
    "dmarc": _dmarc,
    "aligned": _aligned,
    "mx": _mx,
    "reverse": _reverse,
    "tls": _tls,
    "bounces": _bounces,
    "unsubscribe": _unsubscribe,
}
