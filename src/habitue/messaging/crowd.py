"""What guards ask about, of as many customers as there are: where to, in which zone, who agrees.

It is what `facts` knows of a few at a time, asked of the whole working copy at once.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from habitue.kernel.clock import Micros
from habitue.messaging.rules import Budget
from habitue.people import consent, postal, profiles, pushed, suppression, zones
from habitue.people.consent import SITE
from habitue.people.keys import bare, email_key, phone_key
from habitue.store.ops import Tx
from habitue.store.warehouse import Warehouse

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

NOWHERE: Final = -1
"""The address of who has none."""

_TRAITS: Final = {"email": ("email",), "sms": ("phone", "mobile"), "phone": ("phone", "mobile")}
_KEYS: Final = {
    "email": "email:",
    "sms": "phone:",
    "phone": "phone:",
    "post": "post:",
    "push": "push:",
    SITE: "",
}


class Reached(NamedTuple):
    """Of each customer the number of their address (`NOWHERE`), and which of them are on the suppression list
    for what: 0 for none, else a place in `reasons`, from 1; `texts` are the addresses by number.
    """

    address: Ints
    blocked: Ints
    reasons: list[frozenset[str]]
    texts: pa.Array

    def costs(self, budget: Budget, parts: Ints | int) -> Ints:
        """What it costs to send each of them so many parts, in hundredths of a cent; nothing to who has no
        address.
        """
        if not len(self.texts):
            return np.zeros(len(self.address), np.int64)
        each = np.full(len(self.texts), budget.price, np.int64)
        for place, price in sorted(budget.places.items(), key=lambda one: len(one[0])):
            each[np.asarray(pc.starts_with(self.texts, place))] = price
        return np.where(self.address >= 0, each[self.address] * parts, 0)


_SAID: Final = """
    SELECT person, name, arg_max(value, (rank, ts, seq)) AS value FROM said
    SEMI JOIN own_crowd USING (person) WHERE list_contains(?, name) GROUP BY ALL
"""

_ONCE: Final = """
    SELECT person, name, value FROM said SEMI JOIN own_crowd USING (person) WHERE list_contains(?, name)
"""

# Most addresses are plain, and nearly all of those in small letters: they are seen to be so at one look. What
# is not plain is read by the same words as everywhere else (people/keys.py).
_PLAIN: Final = """
    WITH said AS MATERIALIZED (
        SELECT person, name, value, length(value) <= 256 AND regexp_full_match(value, $simple) AS simple
        FROM own_said WHERE value IS NOT NULL
    )
    SELECT person, value[2:-2] AS address, NULL AS odd FROM said WHERE simple
    UNION ALL
    SELECT person, CASE WHEN plain AND regexp_full_match(folded, $address) THEN folded END AS address,
        CASE WHEN NOT plain THEN text END AS odd
    FROM (SELECT person, text, regexp_full_match(text, '[!-~]{1,256}') AS plain,
        regexp_replace(lower(text), '^mailto:', '') AS folded
        FROM (SELECT person, CASE WHEN json_type(value) = 'VARCHAR' THEN value ->> '$' END AS text
            FROM said WHERE NOT simple) WHERE text IS NOT NULL)
"""
_SIMPLE: Final = r'"[L.]{1,64}@[L.]+\.[L]{2,}"'.replace("L", "!#-'*+/0-9=?^_`a-z{-~-")
_EMAIL: Final = r"[^@\s,;<>()]{1,64}@[^@\s,;<>()]+\.[^@\s,;<>().]{2,}"

_KEYED: Final = """
    WITH own AS (SELECT person, person AS node FROM own_crowd
        UNION ALL SELECT person, node FROM merged SEMI JOIN own_crowd USING (person))
    SELECT own.person, arg_min(key, (node.node <> own.person, node.node)) AS key
    FROM (SELECT node, key FROM node WHERE starts_with(key, ?)) node JOIN own ON node.node = own.node
    GROUP BY own.person
"""

_HASHED: Final = """
    SELECT sha256(?::BLOB || unhex(sha256(?::BLOB || encode(? || address)))) AS hash
    FROM own_addresses ORDER BY n
"""


def reached(tx: Tx, warehouse: Warehouse, persons: Ints, channel: str, region: str | None) -> Reached:
    """Where to write to each of them on a channel."""
    texts = _addresses(warehouse, persons, channel, region)
    known = pc.dictionary_encode(texts).combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts
    coded = known.dictionary_encode() if not pa.types.is_dictionary(known.type) else known
    address = np.asarray(coded.indices.fill_null(NOWHERE)).astype(np.int64)
    listed = suppression.listed(tx, channel)
    reasons = sorted({frozenset(one) for one in listed.values()}, key=sorted)
    if not listed or not len(coded.dictionary):
        return Reached(address, np.zeros(len(persons), np.int64), reasons, coded.dictionary)
    own = pa.table({"address": coded.dictionary, "n": np.arange(len(coded.dictionary))})
    inner, outer = suppression.pads(tx)
    told = (outer, inner, _KEYS[channel])
    hashed = warehouse.read(_HASHED, told, large=True, own_addresses=own)["hash"]
    places = {why: n + 1 for n, why in enumerate(reasons)}
    codes = np.array([places[frozenset(one)] for one in listed.values()], np.int64)
    found = pc.index_in(hashed, pa.array(list(listed))).combine_chunks().fill_null(-1)
    at = np.asarray(found).astype(np.int64)
    blocked = np.where(at >= 0, codes[at], 0)
    return Reached(address, np.where(address >= 0, blocked[address], 0), reasons, coded.dictionary)


def _addresses(warehouse: Warehouse, persons: Ints, channel: str, region: str | None) -> pa.Array:
    """The address of each as it is written on the envelope, null for none."""
    crowd = pa.table({"person": pa.array(persons.astype(np.int32))})
    if channel == "post":
        known = profiles.known_traits(warehouse, persons.tolist(), postal.ASKED) if len(persons) else {}
        written = ("\n".join(postal.lines(known.get(one, {}))) or None for one in persons.tolist())
        return pa.array(written, pa.string())
    if channel == "push":
        known = profiles.known_traits(warehouse, persons.tolist(), (pushed.TRAIT,)) if len(persons) else {}
        told = (known.get(one, {}).get(pushed.TRAIT) for one in persons.tolist())
        return pa.array((one if pushed.read(one) else None for one in told), pa.string())
    if channel == SITE:
        keyed = warehouse.read(_KEYED, ("",), large=True, own_crowd=crowd)
        email, phone = (_addresses(warehouse, persons, one, region) for one in ("email", "sms"))
        named = [
            pc.binary_join_element_wise(kind, one, "") for kind, one in (("email:", email), ("phone:", phone))
        ]
        return pc.coalesce(*named, _placed(keyed["person"], keyed["key"], persons))
    if channel not in _TRAITS:
        return pa.nulls(len(persons), pa.string())
    names = [f"trait.{one}" for one in _TRAITS[channel]]
    said = _said(warehouse, crowd, names)
    keyed = warehouse.read(_KEYED, (_KEYS[channel],), large=True, own_crowd=crowd)
    found = _placed(keyed["person"], pc.utf8_slice_codeunits(keyed["key"], len(_KEYS[channel])), persons)
    for name in reversed(names):
        mine = said.filter(pc.equal(said["name"], name))
        if not len(mine):
            continue
        who, texts = _read(warehouse, mine, channel, region)
        found = pc.coalesce(_placed(who, texts, persons), found)
    return found


def _said(warehouse: Warehouse, crowd: pa.Table, names: list[str]) -> pa.Table:
    """What counts of what was said of each by these names; what was said once needs no weighing."""
    rows = warehouse.read(_ONCE, (names,), large=True, own_crowd=crowd)
    whose, which = np.asarray(rows["person"]), np.asarray(pc.index_in(rows["name"], pa.array(names)))
    times = np.bincount(whose.astype(np.int64) * len(names) + which)
    several = np.unique(np.flatnonzero(times > 1) // len(names))
    if not len(several):
        return rows
    some = pa.table({"person": pa.array(several.astype(np.int32))})
    weighed = warehouse.read(_SAID, (names,), large=True, own_crowd=some)
    return pa.concat_tables([rows.filter(pa.array(~np.isin(whose, several))), weighed])


def _read(warehouse: Warehouse, said: pa.Table, channel: str, region: str | None) -> tuple[Any, pa.Array]:
    """Whose addresses these values are, and the addresses."""
    if channel == "email":
        asked = _PLAIN.replace("$simple", "?").replace("$address", "?")
        rows = warehouse.read(asked, (_SIMPLE, _EMAIL), large=True, own_said=said)
        odd = rows.filter(pc.is_valid(rows["odd"]))
        plain = rows.filter(pc.is_valid(rows["address"]))
        read = [email_key(text) for text in odd["odd"].to_pylist()]
        more = pa.array([bare(key) if key else None for key in read], pa.string())
        who = pa.concat_arrays([plain["person"].combine_chunks(), odd["person"].combine_chunks()])
        return who, pa.concat_arrays([plain["address"].combine_chunks(), more])
    keys = [phone_key(_plain(value), region) for value in said["value"].to_pylist()]
    return said["person"], pa.array([bare(key) if key else None for key in keys], pa.string())


def _plain(value: str | None) -> Any:
    return None if value is None else msgspec.json.decode(value)


def _placed(who: Any, texts: Any, persons: Ints) -> pa.Array:
    """Of each of the persons the text that is theirs, or null."""
    mine = np.asarray(who).astype(np.int64)
    rows = np.full(int(max(persons.max(initial=0), mine.max(initial=0))) + 1, -1, np.int64)
    rows[mine] = np.arange(len(mine))
    place = rows[persons]
    flat = texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts
    return flat.take(pa.array(place, mask=place < 0))


def agreed(
    tx: Tx, warehouse: Warehouse, persons: Ints, channel: str, purpose: str, now: Micros
) -> NDArray[np.bool_]:
    """Which of them agree to be reached so."""
    asked = pa.table({"person": pa.array(persons.astype(np.int32))})
    found = np.asarray(consent.agreeing(tx, warehouse, asked, channel, purpose, now=now))
    return np.isin(persons, found)


def zoned(warehouse: Warehouse, persons: Ints, otherwise: str) -> tuple[list[str], Ints]:
    """Time zones, the workspace's own first, and which of them is whose."""
    crowd = pa.table({"person": pa.array(persons.astype(np.int32))})
    names = [f"trait.{one}" for one in zones.TRAITS]
    rows = _said(warehouse, crowd, names)
    told: dict[int, Any] = {}
    for name in reversed(names):
        mine = rows.filter(pc.equal(rows["name"], name))
        values = [_plain(value) for value in mine["value"].to_pylist()]
        some = zip(mine["person"].to_pylist(), values, strict=True)
        told |= {person: value for person, value in some if value is not None}
    known = {person: zones.zone(value, otherwise) for person, value in told.items()}
    named = [otherwise, *sorted({*known.values()} - {otherwise})]
    number = {name: n for n, name in enumerate(named)}
    whose = np.zeros(len(persons), np.int64)
    if known:
        who = np.array(sorted(known), np.int64)
        codes = np.array([number[known[one]] for one in who.tolist()], np.int64)
        at = np.minimum(np.searchsorted(who, persons), len(who) - 1)
        whose = np.where(who[at] == persons, codes[at], 0)
    return named, whose
