"""Who comes to the shop: how often they buy, how soon they stop, what they like, and what they told us."""

from __future__ import annotations

import unicodedata
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from habitue.demo import frame
from habitue.demo.catalogue import TASTES
from habitue.demo.frame import Bools, Floats, Ints, Texts
from habitue.demo.season import Season
from habitue.demo.words import WORDS

ADULT: Final = (np.datetime64("1938-01-01"), np.datetime64("2007-01-01"))


class People(NamedTuple):
    """One row per person: customers first, then those who only signed up, then unknown visitors."""

    customers: int
    known: int
    keys: Texts
    joined: Floats
    """The first order of a customer, the first visit of the others, in shop days."""
    rate: Floats
    """Orders per shop day while they remain: gamma over the customers."""
    quits: Floats
    """The chance to stop after any order: beta over the customers."""
    spend: Floats
    """Mean basket in cents: inverse gamma over the customers."""
    taste: Ints
    online: Bools
    consent: Bools
    english: Bools
    account: Ints
    """The company a customer buys for, or -1."""


def people(rng: np.random.Generator, season: Season, customers: int) -> People:
    """As many customers as asked for, with a fifth as many sign-ups and two fifths as many passers-by."""
    known = customers + customers // 5
    total = known + customers * 2 // 5
    firms = customers // 500
    account = np.full(total, -1)
    account[rng.permutation(customers)[: firms * 4]] = np.arange(firms * 4) % max(firms, 1)
    firm = account >= 0
    return People(
        customers=customers,
        known=known,
        keys=_keys(customers, known, total),
        joined=_joined(rng, season, total),
        rate=rng.gamma(1.1, 1 / 78, total) * np.where(firm, 2.5, 1) + 1e-4,
        quits=np.where(firm, 0.04, np.clip(rng.beta(0.9, 3.2, total), 0.005, 0.95)),
        spend=3800 * 2.2 / rng.gamma(3.2, 1, total) * np.where(firm, 3.5, 1),
        taste=frame.choose(rng, TASTES, total),
        online=rng.random(total) < 0.78,
        consent=(rng.random(total) < 0.62) & (np.arange(total) < known),
        english=rng.random(total) < 0.04,
        account=account,
    )


def identify(rng: np.random.Generator, people: People) -> Texts:
    """The traits of each known person as a JSON object; some fields are missing, some towns oddly spelt."""
    size = people.known
    given, family, user = _names(rng, size)
    city, country = _homes(rng, size)
    french = pc.equal(country, "FR").to_numpy(zero_copy_only=False)
    abroad = pc.is_in(country, pa.array(["GB", "DE"])).to_numpy(zero_copy_only=False)
    language = frame.pick(pa.array(["fr", "en"]), (abroad | people.english[:size]).astype(np.int8))
    keep = rng.random((3, size))
    return frame.fill(
        '{"first_name":"@","last_name":"@","email":"@"@@@,"country":"@","language":"@"}',
        given,
        family,
        frame.fill("@.@@example.com", user, frame.digits(np.arange(size) + 1), "@"),
        frame.optional(frame.fill(',"phone":"@"', _phones(rng, size)), (keep[0] < 0.6) & french),
        frame.optional(frame.fill(',"birthday":"@"', _birthdays(rng, size)), keep[1] < 0.55),
        frame.optional(frame.fill(',"city":"@"', city), keep[2] < 0.93),
        country,
        language,
    )


def consent(rng: np.random.Generator, people: People) -> Texts:
    """On which channels each known person agreed to be reached, as a JSON object."""
    email = people.consent[: people.known]
    sms = email & (rng.random(people.known) < 0.4)
    return frame.fill('{"email":@,"sms":@}', _bool(email), _bool(sms))


def _keys(customers: int, known: int, total: int) -> Texts:
    numbers = frame.digits(np.arange(total) + 1, 6)
    spaces = pa.array(["user:c-", "user:p-", "anonymous:v-"])
    kind = np.repeat(np.arange(3), [customers, known - customers, total - known])
    return frame.fill("@@", frame.pick(spaces, kind), numbers)


def _joined(rng: np.random.Generator, season: Season, total: int) -> Floats:
    """Arrivals over the two years, twice as many a day at the end as at the start."""
    share = np.sqrt(1 + 3 * rng.random(total)) - 1
    return share * season.days * 0.9999


def _names(rng: np.random.Generator, size: int) -> tuple[Texts, Texts, Texts]:
    """Given names, family names and what stands before the number in their address."""
    origin = frame.choose(rng, [origin["weight"] for origin in WORDS["origin"]], size)
    given = frame.one_of(rng, origin, [origin["given"].split() for origin in WORDS["origin"]])
    family = frame.one_of(rng, origin, [origin["family"].split() for origin in WORDS["origin"]])
    family = pc.replace_substring(family, "_", " ")
    return given, family, frame.fill("@.@", _plain(given), _plain(family))


def _plain(names: Texts) -> Texts:
    """The names in bare lower-case letters, as in an e-mail address."""
    coded = names.dictionary_encode()
    return pa.array([_bare(name) for name in coded.dictionary.to_pylist()]).take(coded.indices)


def _bare(name: str) -> str:
    spread = unicodedata.normalize("NFD", name.translate({ord("ı"): "i", ord("ł"): "l"}))
    return "".join(letter for letter in spread if letter.isascii() and letter.isalpha()).lower()


def _homes(rng: np.random.Generator, size: int) -> tuple[Texts, Texts]:
    """Towns, one in twenty-five as somebody mistyped it, and their countries."""
    cities = WORDS["city"]
    town = frame.choose(rng, [city["weight"] for city in cities], size)
    odd = frame.one_of(rng, town, [city.get("spellings", [city["name"]]) for city in cities])
    proper = frame.pick(pa.array([city["name"] for city in cities]), town)
    country = frame.pick(pa.array([city["country"] for city in cities]), town)
    return pc.if_else(pa.array(rng.random(size) < 0.04), odd, proper), country


def _phones(rng: np.random.Generator, size: int) -> Texts:
    """Numbers of the ranges that the French regulator keeps for works of fiction."""
    ranges = pa.array(["1 99 00", "2 61 91", "3 53 01", "4 65 71", "5 36 49", "6 39 98"])
    start = frame.pick(ranges, frame.choose(rng, [1, 1, 1, 3, 1, 20], size))
    pairs = [frame.digits(rng.integers(0, 100, size), 2) for _ in range(2)]
    return frame.fill("+33 @ @ @", start, *pairs)


def _birthdays(rng: np.random.Generator, size: int) -> Texts:
    first, last = ADULT
    share = rng.beta(2.6, 2.2, size)
    days = first + (share * (last - first).astype(int)).astype("timedelta64[D]")
    return pc.cast(pa.array(days), pa.string())


def _bool(flags: Bools) -> Texts:
    return pc.if_else(pa.array(flags), "true", "false")
