"""All that is kept of one person, from every store: once for programs, once for the person."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
from msgspec import Struct, to_builtins

from habitue.app import leaflet
from habitue.app.settings import Settings
from habitue.app.workspace import Workspace
from habitue.ingest import inbox, traces
from habitue.ingest.retract import counting
from habitue.journeys.walk import OUTCOMES
from habitue.kernel import clock
from habitue.kernel.clock import Micros, iso
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import LANGUAGES, N_, Language
from habitue.messaging import outbox
from habitue.messaging.outbox import Told
from habitue.people import identities, profiles, suppression
from habitue.people.privacy import Marks
from habitue.store import notes, pairs, runs
from habitue.store.notes import Note

JSON: Final = "customer.json"
HTML: Final = "customer.html"

_ALL: Final = 1_000_000


class Record(Struct, frozen=True):
    """What is kept of a person. Instants are ISO 8601 in UTC, revenue is in minor units of `currency`.

    `events` are as they were sent, orders among them; `undone` those of imports that were taken back, which
    are kept and count no more. `stages` and `segments` are stays that have begun: the
    one that lasts has no `until`, and ends when `expected`, in the stage `then`, if nothing happens; `merges`
    what people decided; `duplicates` the comparisons with another customer, who isn't named: that is their
    data; `notes` are what was written down beside them, tasks among it; `messages` are what was or is to be
    sent to them, with every decision about it; `journeys` are those that they are or were on; `refused`,
    `waiting`, `rejected` and `audit` what names them elsewhere; `blocked` are the addresses that are not
    written to.
    """

    made: str
    currency: str
    customer: dict[str, Any]
    keys: list[str]
    joined: list[dict[str, Any]]
    traits: list[dict[str, Any]]
    consents: list[dict[str, Any]]
    blocked: list[dict[str, Any]]
    orders: list[dict[str, Any]]
    events: list[dict[str, Any]]
    undone: list[dict[str, Any]]
    stages: dict[str, list[dict[str, Any]]]
    segments: dict[str, list[dict[str, Any]]]
    merges: list[dict[str, Any]]
    duplicates: list[dict[str, Any]]
    refused: list[dict[str, Any]]
    waiting: list[dict[str, Any]]
    rejected: list[dict[str, str]]
    audit: list[dict[str, Any]]
    notes: list[dict[str, Any]]
    messages: list[dict[str, Any]]
    journeys: list[dict[str, Any]]


def record(shop: Workspace, person: int, marks: Marks) -> Record:
    """What every store holds of this person and of everybody merged into them."""
    known = identities.identities(shop.warehouse, person)
    nodes, now = _nodes(shop, known.keys), clock.now()
    events, undone = _events(shop, nodes)
    profile = profiles.person(shop.warehouse, person)
    return Record(
        made=iso(now),
        currency=shop.settings.currency,
        customer=_profile(profile) if profile else {},
        keys=list(known.keys),
        joined=[to_builtins(joint) | {"ts": iso(joint.ts)} for joint in known.joints],
        traits=_traits(shop, nodes),
        consents=_rows(shop, "FROM consent SEMI JOIN asked USING (node) ORDER BY ts, seq", nodes),
        blocked=_blocked(shop, known.keys),
        orders=[event for event in events if event["name"].startswith("Order ")],
        events=events,
        undone=undone,
        stages={
            model.id: _stays(shop, model.version, person, _stage_ids(model), now)
            for model in shop.models()
            if model.subject == "person"
        },
        segments={
            one.id: _stays(shop, one.version, person, ["in"], now)
            for one in shop.segments()
            if one.subject == "person"
        },
        merges=[
            to_builtins(one) | {"ts": iso(one.ts)}
            for one in identities.decisions(shop.warehouse)
            if {one.one, one.other} & set(known.keys)
        ],
        duplicates=_compared(shop, nodes),
        refused=[row | {"received": iso(row["received"])} for row in traces.refused(shop.ops, marks)],
        waiting=_waiting(shop, set(known.keys)),
        rejected=traces.rejected(shop.directory, marks),
        audit=[row | {"at": iso(row["at"])} for row in traces.audited(shop.ops, marks)],
        notes=[_note(one) for one in notes.beside(shop.ops, nodes)],
        messages=_messages(shop, nodes),
        journeys=_journeys(shop, nodes),
    )


def _journeys(shop: Workspace, nodes: Sequence[int]) -> list[dict[str, Any]]:
    with shop.ops.read() as tx:
        found = runs.of(tx, nodes)
    return [
        {
            "journey": one.journey,
            "entered": iso(one.entered),
            "ended": iso(one.ended) if one.ended is not None else None,
            "outcome": None if one.outcome is None else OUTCOMES[one.outcome],
            "converted": iso(one.converted) if one.converted is not None else None,
        }
        for one in found
    ]


def _messages(shop: Workspace, nodes: Sequence[int]) -> list[dict[str, Any]]:
    with shop.ops.read() as tx:
        return [_message(one) for one in outbox.history(tx, nodes, most=_ALL)]


def _message(one: Told) -> dict[str, Any]:
    decided = [
        {"at": iso(line.at), "state": line.state, "reason": line.reason, "details": line.fields}
        for line in one.lines
    ]
    whole = to_builtins(one) | {"planned": iso(one.planned), "changed": iso(one.changed)}
    return {name: value for name, value in whole.items() if name != "lines"} | {"decisions": decided}


def write(found: Record, to: Path, language: Language, settings: Settings) -> list[Path]:
    """Write it as JSON and as a page into a directory, made if need be, or into a ZIP file.

    Only their owner may read the files; raises `UserError` where there are such already.
    """
    made = files(found, language, settings)
    if to.suffix.lower() == ".zip":
        to.parent.mkdir(parents=True, exist_ok=True)
        _put(to, zipped(made))
        return [to]
    to.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name, content in made.items():
        _put(to / name, content)
    return [to / name for name in made]


def files(found: Record, language: Language, settings: Settings) -> dict[str, bytes]:
    """The files by their names; what is read is in the customer's language where it is spoken here."""
    page = leaflet.page(found, spoken(found, language), settings)
    return {JSON: written(found), HTML: page.encode()}


def written(found: Record) -> bytes:
    """As JSON, indented."""
    return msgspec.json.format(msgspec.json.encode(found), indent=1)


def zipped(files: dict[str, bytes]) -> bytes:
    """The files in one."""
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return packed.getvalue()


def spoken(found: Record, otherwise: Language) -> Language:
    """The customer's language, as they said it or else as their last call did, if it is spoken here."""
    traits = found.customer.get("traits", {})
    for told in (traits.get("language"), traits.get("locale"), _locale(found)):
        for language in LANGUAGES:
            if str(told).lower()[:2] == language:
                return language
    return otherwise


def _locale(found: Record) -> Any:
    """What the program said in which the last call was made."""
    told = (event["properties"] for event in reversed(found.events))
    contexts = (one.get("context") for one in told if isinstance(one, dict))
    return next((one["locale"] for one in contexts if isinstance(one, dict) and "locale" in one), None)


def _put(path: Path, content: bytes) -> None:
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise UserError(N_("{file} is there already. Choose another place with --to."), file=path) from error
    with os.fdopen(handle, "wb") as file:
        file.write(content)


def _nodes(shop: Workspace, keys: Sequence[str]) -> list[int]:
    asked = pa.table({"key": pa.array(keys, pa.string())})
    found = shop.warehouse.read(
        "SELECT node FROM node SEMI JOIN asked USING (key) ORDER BY node", asked=asked
    )
    return list(found["node"].to_pylist())


def _rows(shop: Workspace, sql: str, nodes: Sequence[int]) -> list[dict[str, Any]]:
    """The rows of a query that may read the keys `asked`, instants in ISO 8601."""
    asked = pa.table({"node": pa.array(nodes, pa.int32())})
    table = shop.warehouse.read(sql, asked=asked)
    times = [field.name for field in table.schema if pa.types.is_timestamp(field.type)]
    for name in times:
        place = table.column_names.index(name)
        table = table.set_column(place, name, table[name].cast(pa.int64()))
    return [row | {name: iso(row[name]) for name in times} for row in table.to_pylist()]


def _profile(person: profiles.Person) -> dict[str, Any]:
    times = ("birth", "first_order", "last_order")
    told: dict[str, Any] = to_builtins(person)
    return told | {name: iso(getattr(person, name)) or None for name in times}


def _compared(shop: Workspace, nodes: Sequence[int]) -> list[dict[str, Any]]:
    """What was proposed and decided about this customer's records, without the other customer."""
    own = set(nodes)
    return [
        {
            "found": iso(pair.found),
            "likely": pair.likely,
            "levels": pair.levels,
            "outcome": pair.outcome,
            "settled": iso(pair.settled) or None,
            "by": pair.by,
        }
        for pair in pairs.every(shop.ops)
        if {pair.one, pair.other} & own
    ]


def _traits(shop: Workspace, nodes: Sequence[int]) -> list[dict[str, Any]]:
    sql = """SELECT name, value, trait.ts, source, key FROM trait SEMI JOIN asked USING (node)
        JOIN node USING (node) ORDER BY name, trait.ts, trait.seq"""
    return [row | {"value": _json(row["value"])} for row in _rows(shop, sql, nodes)]


def _events(shop: Workspace, nodes: Sequence[int]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Every event as the log has it, in the order of time: those that count, and those that don't now."""
    counted: list[dict[str, Any]] = []
    gone: list[dict[str, Any]] = []
    for table in shop.log.read(people=nodes):
        kept = counting(shop.log, table)
        counted += kept.to_pylist()
        gone += table.filter(pc.invert(pc.is_in(table["seq"], kept["seq"]))).to_pylist()
    return _told(counted), _told(gone)


def _told(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {
            "at": iso(_micros(row["ts"])),
            "name": row["name"],
            "revenue": row["revenue"],
            "properties": _json(row["props"]),
            "key": row["key"],
            "also": row["also"] or [],
            "account": row["account_key"],
            "received": iso(_micros(row["received"])),
            "source": row["source"],
            "history": row["history"],
            "id": row["id"].hex(),
        }
        for row in sorted(rows, key=lambda row: (row["ts"], row["seq"]))
    ]


def _stays(
    shop: Workspace, version: int, person: int, names: Sequence[str], now: Micros
) -> list[dict[str, Any]]:
    return [
        {
            "value": names[stay.value] if stay.value < len(names) else stay.value,
            "since": iso(stay.start),
            "until": iso(stay.stop) or None,
            "expected": iso(stay.expected) or None,
            "then": None if stay.then is None else names[stay.then],
            "life": stay.life,
        }
        for stay in profiles.begun(profiles.stays(shop.warehouse, version, person), now)
    ]


def _stage_ids(model: Any) -> list[str]:
    return [stage.id for stage in model.stages]


def _blocked(shop: Workspace, keys: Sequence[str]) -> list[dict[str, Any]]:
    with shop.ops.read() as tx:
        return [
            {"address": key} | to_builtins(entry) | {"at": iso(entry.at)}
            for key in keys
            if key.startswith(("email:", "phone:"))
            for entry in suppression.entries(tx, key)
        ]


def _note(one: Note) -> dict[str, Any]:
    times = {name: iso(getattr(one, name)) or None for name in ("made", "edited", "due", "done")}
    return {"task": one.task, "text": one.text, "by": one.by, "assignee": one.assignee, **times}


def _waiting(shop: Workspace, keys: set[str]) -> list[dict[str, Any]]:
    """What of theirs has come in since and waits to be loaded."""
    return [
        {
            "key": row["key"],
            "at": iso(_micros(row["ts"])),
            "name": row["name"],
            "properties": _json(row["props"]),
        }
        for parcel in inbox.waiting(shop.ops, shop.settings.terms)
        for row in _named(parcel.table, keys)
    ]


def _named(table: pa.Table, keys: set[str]) -> Iterator[dict[str, Any]]:
    for row in table.to_pylist():
        if row["key"] in keys or keys.intersection(row["also"] or ()):
            yield row


def _micros(at: datetime) -> Micros:
    return (at - clock.EPOCH) // timedelta(microseconds=1)


def _json(text: str | None) -> Any:
    try:
        return None if text is None else msgspec.json.decode(text)
    except msgspec.DecodeError:
        return text
