"""What is known, now, of those whom messages are for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple, TypeAlias

import pyarrow as pa
from msgspec import Struct

from habitue.kernel.clock import Micros, duration
from habitue.messaging.guards import BROADCAST, Case, Facts, Rival, month, part
from habitue.messaging.rules import TRANSACTIONAL, Rules
from habitue.people import consent, identities, postal, profiles, pushed, suppression, zones
from habitue.people.consent import SITE
from habitue.people.keys import bare, email_key, phone_key
from habitue.store import messages, traffic
from habitue.store.messages import Sending
from habitue.store.ops import Tx
from habitue.store.warehouse import Warehouse

_KIND: Final = {
    "email": "email:",
    "sms": "phone:",
    "phone": "phone:",
    "post": "post:",
    "push": "push:",
    SITE: "",
}
"""Of a channel, the keys that are addresses on it; on the site any key is one."""


Measure: TypeAlias = Callable[[Sending, Mapping[str, Any]], int]
"""Of how many parts, each of which is paid for, a message to somebody with these traits is."""


class Mark(NamedTuple):
    """By which it is seen that somebody may have said no since: the last changes of what says so."""

    suppressed: int
    waiting: int
    reached: str | None


def mark(tx: Tx, warehouse: Warehouse) -> Mark:
    """As things stand; take it before you look at anything else."""
    return Mark(suppression.last(tx), consent.last_waiting(tx), warehouse.meta("log_end"))


class People(Struct, frozen=True):
    """The customers of some messages: by message the customer's number, traits by customer, and one key of
    each, under which their events are kept; `nodes` are all the numbers that a customer was known by.
    """

    whose: Mapping[int, int]
    traits: Mapping[int, Mapping[str, Any]]
    keys: Mapping[int, str]
    nodes: Mapping[int, Collection[int]]
    addresses: Mapping[int, str]
    """Where to, by message, as it is written on the envelope; those who can't be reached are not in it."""

    def of(self, number: int) -> Mapping[str, Any]:
        """The traits of whom a message is for."""
        return self.traits.get(self.whose[number], {})


def people(warehouse: Warehouse, rows: Sequence[Sending], region: str | None) -> People:
    """Who they are for: merged customers' numbers are followed."""
    whole = identities.wholes(warehouse, [row.person for row in rows])
    whose = {row.id: whole.get(row.person, row.person) for row in rows}
    persons = sorted(set(whose.values()))
    traits = profiles.known_traits(warehouse, persons) if persons else {}
    keys, nodes = _keys(warehouse, persons)
    addresses: dict[int, str] = {}
    for row in rows:
        person = whose[row.id]
        found = _address(row.channel, traits.get(person, {}), keys.get(person, ()), region)
        if found:
            addresses[row.id] = found
    first = {person: some[0] for person, some in keys.items()}
    return People(whose, traits, first, nodes, addresses)


def _keys(warehouse: Warehouse, persons: Sequence[int]) -> tuple[dict[int, list[str]], dict[int, list[int]]]:
    asked = pa.table({"person": pa.array(persons, pa.int32())})
    keys: dict[int, list[str]] = defaultdict(list)
    nodes: dict[int, list[int]] = defaultdict(list)
    if persons:
        columns = (one.to_pylist() for one in warehouse.read(_OWN, asked=asked).columns)
        for person, node, key in zip(*columns, strict=True):
            keys[person].append(key)
            nodes[person].append(node)
    return keys, nodes


# A customer's own number first: joined so, the keys of a million are not looked through.
_OWN: Final = """
    WITH own AS (SELECT person, person AS node FROM asked
        UNION ALL SELECT person, node FROM merged SEMI JOIN asked USING (person))
    SELECT own.person, node.node, key FROM node JOIN own ON node.node = own.node
    ORDER BY own.person, node.node <> own.person, node.node
"""


def _address(channel: str, traits: Mapping[str, Any], keys: Iterable[str], region: str | None) -> str | None:
    kind = _KIND.get(channel)
    if kind is None:
        return None
    if channel == "post":
        return "\n".join(postal.lines(traits)) or None
    if channel == "push":
        told = traits.get(pushed.TRAIT)
        return told if isinstance(told, str) and pushed.read(told) else None
    if channel == SITE:
        told = (_address(one, traits, keys, region) for one in ("email", "sms"))
        named = (f"{_KIND[one]}{way}" for one, way in zip(("email", "sms"), told, strict=True) if way)
        return next(named, None) or next(iter(keys), None)
    told = [traits.get("email")] if kind == "email:" else [traits.get("phone"), traits.get("mobile")]
    read = (email_key(one) if kind == "email:" else phone_key(one, region) for one in told)
    found = next(filter(None, read), None) or next((one for one in keys if one.startswith(kind)), None)
    return bare(found) if found else None


def costs(rows: Sequence[Sending], known: People, rules: Rules, measure: Measure) -> dict[int, int]:
    """What those cost that somebody can be reached by and that have a price, in hundredths of a cent."""
    return {
        row.id: rules.budgets[row.channel].cost(known.addresses[row.id], measure(row, known.of(row.id)))
        for row in rows
        if row.channel in rules.budgets and row.id in known.addresses
    }


def cases(
    tx: Tx, rows: Sequence[Sending], known: People, rules: Rules, priced: Mapping[int, int]
) -> list[Case]:
    """The messages as guards judge them, with what each costs."""
    ways = {
        row.id: f"{_KIND[row.channel]}{known.addresses[row.id]}" for row in rows if row.id in known.addresses
    }
    hashed = suppression.hashes(tx, set(ways.values()))
    return [
        Case(
            row.id,
            known.whose[row.id],
            *(row.channel, row.purpose, row.origin, row.step, row.priority, row.planned, row.expires),
            hashed[ways[row.id]] if row.id in ways else None,
            _zone(known.of(row.id), rules.zone),
            priced.get(row.id, 0),
        )
        for row in rows
    ]


def _zone(traits: Mapping[str, Any], otherwise: str) -> str:
    told = next((traits[name] for name in zones.TRAITS if name in traits), None)
    return zones.zone(told, otherwise)


def willing(tx: Tx, warehouse: Warehouse, some: Sequence[Case], now: Micros) -> Facts:
    """Who agrees, and who is on the suppression list: nothing else."""
    ways: dict[tuple[str, str], set[int]] = defaultdict(set)
    addresses: dict[str, set[str]] = defaultdict(set)
    for one in some:
        if one.purpose != TRANSACTIONAL:
            ways[one.channel, one.purpose].add(one.person)
        if one.address is not None:
            addresses[one.channel].add(one.address)
    return Facts(
        suppressed={
            (channel, hashed): why
            for channel, mine in addresses.items()
            for hashed, why in suppression.standing(tx, mine, channel).items()
        },
        agreed={
            way: consent.allowed(tx, warehouse, persons, *way, now=now)
            for way, persons in ways.items()
            if way[0] in consent.CHANNELS
        },
    )


def facts(tx: Tx, some: Sequence[Case], known: People, rules: Rules, now: Micros, first: Facts) -> Facts:
    """All that guards ask about marketing, `willing` first; read where nobody can send meanwhile."""
    marketing = [one for one in some if one.marketing]
    if not marketing:
        return first
    whole = {node: person for person, nodes in known.nodes.items() for node in nodes}
    sent: dict[tuple[int, str], list[Micros]] = defaultdict(list)
    for row in messages.before(tx, whole, now - rules.memory):
        sent[whole[row.person], row.channel].append(row.left)
    rivals: dict[tuple[int, str], list[Rival]] = defaultdict(list)
    least = min(one.priority for one in marketing)
    for row in messages.rivals(tx, whole, now + duration(rules.apart), above=least):
        rivals[whole[row.person], row.channel].append(Rival(row.id, row.origin, row.priority))
    addresses = {one.address for one in marketing if one.address is not None}
    once = sorted({one.origin for one in marketing if one.origin.startswith(BROADCAST)})
    copies = messages.copies(tx, addresses, now - duration(rules.same), once)
    met = traffic.met(tx, whole, once) if once else []
    return Facts(
        agreed=first.agreed,
        suppressed=first.suppressed,
        sent=sent,
        rivals=rivals,
        copies={(row.address, row.origin, part(row.origin, row.step)) for row in copies},
        met={(whole[row.person], row.origin) for row in met},
        spent={name: messages.spent(tx, name, month(now, rules.zone)) for name in rules.budgets},
    )
