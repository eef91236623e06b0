"""The same done with many customers at once: they are told something, or what they answered is recorded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import blake2b
from secrets import token_hex
from typing import Any, Final

import pyarrow as pa
from msgspec import json

from habitue.app.workspace import Workspace
from habitue.ingest import inbox
from habitue.ingest.inbox import Parcel
from habitue.kernel.clock import Micros
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_
from habitue.people import consent, suppression
from habitue.people.consent import WAITING, Answer
from habitue.store import acts
from habitue.store.log import PARCEL

SOURCE: Final = "habitue"
MANY: Final = 100_000
"""With so many at once."""

ADDRESSED: Final = ("email", "sms", "phone")
"""The channels that go to an address."""

_PORTION: Final = 10_000
_LONGEST: Final = 1_000


def describe(shop: Workspace, persons: Sequence[int], trait: str, value: str, by: str, now: Micros) -> int:
    """Set a trait of all of them; how many. In with the next refresh."""
    name, said = trait.strip().removeprefix("trait."), value.strip()
    if not name or len(name) > 100 or not name.isprintable():
        raise UserError(N_("Name the trait: at most 100 characters."))
    if len(said) > _LONGEST:
        raise UserError(N_("The value is too long: {most} characters at most."), most=_LONGEST)
    props = json.encode({name: said or None}).decode()
    run = token_hex(8)
    rows = (_row(f"{run}:{key}", key, now, "$identify", props) for _, key in _keys(shop, _checked(persons)))
    return _put(shop, f"trait:{run}", rows, now, by, "set trait", {"trait": name})


def answer(shop: Workspace, persons: Sequence[int], told: Answer, by: str, now: Micros) -> int:
    """Record what all of them answered; how many. A yes needs its proof, and lifts what was suppressed."""
    consent.checked(told)
    if told.status == "granted" and not (told.text or told.form):
        raise UserError(N_("Say where they agreed, and to what: a yes without a proof is worth nothing."))
    run = token_hex(8)
    rows = (consent.row(key, told, now, f"{SOURCE}:{run}:{key}") for _, key in _keys(shop, _checked(persons)))
    detail = {"channel": told.channel, "purpose": told.purpose, "status": told.status}
    many = _put(shop, f"{WAITING}{SOURCE}:{run}", rows, now, by, "record consent", detail)
    if told.status == "granted" and told.channel in ADDRESSED:
        _returned(shop, _addresses(shop, persons, told.channel), told.channel, by, now)
    return many


def _returned(shop: Workspace, keys: Sequence[str], channel: str, by: str, now: Micros) -> None:
    """Take off the suppression list who said yes again themselves."""
    where = [channel, suppression.ALL]
    with shop.ops.begin() as tx:
        suppression.lift(tx, keys, where, by, now, suppression.RETURNING)


def suppress(shop: Workspace, persons: Sequence[int], channel: str, by: str, now: Micros) -> int:
    """Let nobody write to them on a channel again; how many addresses that are."""
    if channel not in ADDRESSED:
        raise UserError(N_("“{channel}” has no addresses to suppress."), channel=channel[:60])
    keys = _addresses(shop, _checked(persons), channel)
    with shop.ops.begin() as tx:
        many = suppression.suppress(tx, keys, channel, "manual", by, now)
        acts.note(tx, now, by, "suppress", f"customers:{len(persons)}", channel=channel, addresses=len(keys))
    return many


def _checked(persons: Sequence[int]) -> Sequence[int]:
    if len(persons) > MANY:
        raise UserError(N_("That are too many at once: {most} at most. Narrow the list down."), most=MANY)
    return persons


def _keys(shop: Workspace, persons: Sequence[int]) -> Iterator[tuple[int, str]]:
    wanted = pa.table({"person": pa.array(persons, pa.int32())})
    rows = shop.warehouse.read(
        "SELECT person, key FROM person SEMI JOIN wanted USING (person)", wanted=wanted
    )
    yield from zip(rows["person"].to_pylist(), rows["key"].to_pylist(), strict=True)


_ADDRESSES: Final = """
    SELECT DISTINCT key FROM node LEFT JOIN merged USING (node)
    WHERE coalesce(person, node) IN (SELECT person FROM wanted) AND starts_with(key, ?)
    UNION
    SELECT DISTINCT ? || (arg_max(value, (rank, ts, seq)) ->> '$') FROM said
    WHERE person IN (SELECT person FROM wanted) AND name = ? GROUP BY person
"""


def _addresses(shop: Workspace, persons: Sequence[int], channel: str) -> list[str]:
    kind = "email" if channel == "email" else "phone"
    wanted = pa.table({"person": pa.array(persons, pa.int32())})
    params = (f"{kind}:", f"{kind}:", f"trait.{kind}")
    rows = shop.warehouse.read(_ADDRESSES, params, wanted=wanted)["key"].to_pylist()
    return _normal(rows, shop.settings.terms.region)


def _normal(keys: Sequence[str | None], region: str | None) -> list[str]:
    found = []
    for key in filter(None, keys):
        try:
            found.append(suppression.normal(key, region))
        except UserError:  # what somebody wrote there is no address
            continue
    return sorted(set(found))


def _row(name: str, key: str, now: Micros, event: str, props: str) -> dict[str, Any]:
    return {
        "id": blake2b(name.encode(), digest_size=16).digest(),
        "key": key,
        "account": None,
        "ts": now,
        "name": event,
        "revenue": None,
        "props": props,
        "also": None,
    }


def _put(
    shop: Workspace,
    name: str,
    rows: Iterator[dict[str, Any]],
    now: Micros,
    by: str,
    act: str,
    detail: dict[str, Any],
) -> int:
    """Put the rows into the inbox, and who did it into the record of acts."""
    every = list(rows)
    parts = [every[start : start + _PORTION] for start in range(0, len(every), _PORTION)]
    parcels = [
        Parcel(f"{name}:{n}", SOURCE, False, pa.Table.from_pylist(part, schema=PARCEL))
        for n, part in enumerate(parts)
    ]
    inbox.put(shop.ops, parcels, now)
    with shop.ops.begin() as tx:
        acts.note(tx, now, by, act, f"customers:{len(every)}", **detail)
    return len(every)
