"""From events as they were sent to rows of a parcel: who, when, what, and how much."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from decimal import Decimal
from hashlib import blake2b
from typing import Final, NamedTuple

import msgspec
import pyarrow as pa
from msgspec import UNSET, Raw, Struct, UnsetType

from habitue.ingest.calls.choices import Choice, choices
from habitue.ingest.calls.moment import corrected, moment
from habitue.ingest.calls.protocol import Call, Fault, Stored, called, kept, read_to
from habitue.kernel.clock import Micros
from habitue.kernel.money import minor
from habitue.people import keys
from habitue.people.answers import EVENT
from habitue.store.log import PARCEL

COMPLETED: Final = "Order Completed"
REFUNDED: Final = "Order Refunded"
_LARGEST: Final = Decimal(10) ** 15
_LOG: Final = logging.getLogger("habitue")


class Terms(NamedTuple):
    """The workspace's currency, and the country (ISO 3166) of phone numbers that name none."""

    currency: str
    region: str | None


EURO: Final = Terms("EUR", None)


class Origin(NamedTuple):
    """Where a stored request came from: its number in the inbox, its source, and whether to trust that."""

    number: int
    source: str
    received: Micros
    verified: bool
    terms: Terms


class Dead(NamedTuple):
    """An event that could not be taken on the way to the log: its place in the request, and why."""

    place: int
    raw: bytes
    fault: Fault


class _Context(Struct, omit_defaults=True):
    """What is kept of `context`: how they came, where they are, on what; no address and no fingerprint."""

    campaign: Raw | UnsetType = UNSET
    page: Raw | UnsetType = UNSET
    referrer: Raw | UnsetType = UNSET
    locale: Raw | UnsetType = UNSET
    timezone: Raw | UnsetType = UNSET
    app: Raw | UnsetType = UNSET
    traits: Raw | UnsetType = UNSET


class _Amount(Struct):
    revenue: str | int | float | None = None
    total: str | int | float | None = None
    value: str | int | float | None = None
    currency: str | None = None


class _Reach(Struct):
    """Where else somebody can be reached."""

    email: object = None
    phone: object = None


_CONTEXT: Final = msgspec.json.Decoder(_Context)
_AMOUNT: Final = msgspec.json.Decoder(_Amount)
_REACH: Final = msgspec.json.Decoder(_Reach)
_ANY: Final = msgspec.json.Decoder()
_ENCODE: Final = msgspec.json.Encoder().encode
_PARTS: Final = msgspec.json.Decoder(dict[str, Raw])

Row = tuple[bytes, str, tuple[str, ...] | None, str | None, Micros, str, int | None, str]
_COLUMNS: Final = ("id", "key", "also", "account", "ts", "name", "revenue", "props")


class Asked(NamedTuple):
    """A stored request, as it is kept."""

    body: bytes
    origin: Origin


class Taken(NamedTuple):
    """Of some stored requests the events, and of each request the place in it of every event, and those that
    can't be taken.
    """

    table: pa.Table
    places: list[list[int]]
    dead: list[list[Dead]]


def read(asked: Sequence[Asked]) -> Taken:
    """Read stored requests, whose envelopes were `protocol.checked` before they were kept."""
    rows: list[Row] = []
    places: list[list[int]] = []
    dead: list[list[Dead]] = []
    for body, origin in asked:
        try:
            found, where, lost = _read(kept(body), origin)
        except msgspec.DecodeError as error:  # kept by an earlier version, or a defect: the others go on
            found, where, lost = [], [], [Dead(0, body, Fault("unread", {"reason": str(error)}))]
        rows += found
        places.append(where)
        dead.append(lost)
    return Taken(_laid(rows), places, dead)


def _read(stored: Stored, origin: Origin) -> tuple[list[Row], list[int], list[Dead]]:
    rows: list[Row] = []
    places: list[int] = []
    dead: list[Dead] = []
    sent = moment(stored.sent)
    for place, raw in enumerate(stored.batch):
        try:
            found = _rows(raw, stored.kind, sent, place, origin)
        except Exception as error:  # noqa: BLE001  a defect of ours must not keep all others waiting
            _LOG.exception("An event of request %s could not be read.", origin.number)
            found = Fault("unread", {"reason": repr(error)[:200]})
        if isinstance(found, Fault):
            dead.append(Dead(place, bytes(raw), found))
        else:
            rows += found
            places += [place] * len(found)
    return rows, places, dead


def _laid(rows: Sequence[Row]) -> pa.Table:
    """The rows as a parcel."""
    # Not by zip(*rows): an iterator for each of a hundred thousand rows takes longer than all the rest.
    arrays = {
        name: pa.array([row[n] for row in rows], PARCEL.field(name).type) for n, name in enumerate(_COLUMNS)
    }
    return pa.table([arrays[name] for name in PARCEL.names], schema=PARCEL)


def _rows(raw: Raw, kind: str | None, sent: Micros | None, place: int, origin: Origin) -> list[Row] | Fault:
    """The event, and the answers about consent that are in it."""
    call = called(raw)
    if isinstance(call, Fault):
        return call
    type_ = kind or str(call.type)
    try:
        name, props = _NAMED[type_](call)
        context = bytes(call.context)
        said = _said(props, context)
        known = _known(type_, call, props, origin)
        if not known:
            return Fault("nobody", {})
        asked = b'"consent"' in context or (type_ == "identify" and b'"consent"' in props)
        answers = choices(call, type_, known[0], origin.verified) if asked else ()
    except RecursionError:
        return Fault("too-deep", {})
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError):
        return Fault("no-json", {"byte": read_to(raw)})
    told = call.originalTimestamp if call.timestamp is None else call.timestamp
    at = moment(told)
    ts = origin.received if at is None else corrected(at, sent, origin.received)
    own = _id(call, place, origin)
    row = (
        own,
        known[0],
        tuple(known[1:]) or None,
        None if call.groupId is None else keys.account_key(call.groupId),
        ts,
        name,
        _revenue(name, props, origin.terms.currency),
        said,
    )
    return [row, *(_answer(own, ts, choice) for choice in answers)] if answers else [row]


def _answer(own: bytes, ts: Micros, choice: Choice) -> Row:
    """An event of its own, whose id is the call's with what it is about."""
    about = f"{choice.channel}\0{choice.purpose}\0{choice.via}".encode()
    number = blake2b(own + about, digest_size=16).digest()
    return number, choice.key, None, None, ts, EVENT, None, choice.props


def _id(call: Call, place: int, origin: Origin) -> bytes:
    """Of the source and the sender's own id; one without is told apart by its place in the inbox."""
    own = call.messageId or f"\0{origin.number}:{place}"
    return blake2b(f"{origin.source}\0{own}".encode(), digest_size=16).digest()


def _known(type_: str, call: Call, props: bytes, origin: Origin) -> list[str]:
    """Every key by which the event names its person, the strongest first.

    A page's key is there for all to read: it may name the device that somebody used, not join two customers.
    """
    found = [keys.user_key(call.userId), keys.anon_key(call.anonymousId)]
    if type_ not in ("alias", "identify"):
        return [key for key in found if key]
    if type_ == "alias":
        found.append(keys.anon_key(call.previousId))
        found[1:1] = [keys.user_key(call.previousId)] if origin.verified else []
    elif origin.verified:
        reach = _REACH.decode(props)
        found[1:1] = [keys.email_key(reach.email), keys.phone_key(reach.phone, origin.terms.region)]
    return list(dict.fromkeys(key for key in found if key))


def _said(props: bytes, context: bytes) -> str:
    """The properties as they came, with what is kept of the context under `context`.

    Read as JSON whole; raises `DecodeError`, `UnicodeDecodeError` or `RecursionError`.
    """
    if context[:1] == b"{" and not (b'"context"' in props and _has(props, "context")):
        kept = _ENCODE(_CONTEXT.decode(context))
        if kept != b"{}":
            before = b"{" if props[1:].strip() == b"}" else props.rstrip()[:-1] + b","
            props = before + b'"context":' + kept + b"}"
    _ANY.decode(props)
    return props.decode()


def _has(props: bytes, name: str) -> bool:
    """Whether that is the name of a property, and not only somewhere in them."""
    return f'"{name}"'.encode() in props and name in _PARTS.decode(props)


def _object(raw: Raw) -> bytes:
    found = bytes(raw)
    return found if found[:1] == b"{" else b"{}"


def _revenue(name: str, props: bytes, currency: str) -> int | None:
    """Minor units of an order, below zero of what is paid back; None in another currency than the shop's."""
    if name not in (COMPLETED, REFUNDED):
        return None
    try:
        amount = _AMOUNT.decode(props)
        told = next((x for x in (amount.revenue, amount.total, amount.value) if x is not None), None)
        if told is None or (amount.currency or currency).upper() != currency:
            return None
        worth = Decimal(str(told))
        if not abs(worth) < _LARGEST:
            return None
        units = minor(worth, currency)
    except (msgspec.DecodeError, ArithmeticError, ValueError):
        return None
    return -abs(units) if name == REFUNDED else units


def _track(call: Call) -> tuple[str, bytes]:
    return " ".join(str(call.event).split()), _object(call.properties)


def _viewed(name: str) -> Callable[[Call], tuple[str, bytes]]:
    def made(call: Call) -> tuple[str, bytes]:
        props = _object(call.properties)
        if isinstance(call.name, str) and not _has(props, "name"):
            own = msgspec.json.encode(call.name)
            props = b'{"name":' + own + (b"}" if props[1:].strip() == b"}" else b"," + props[1:].lstrip())
        return name, props

    return made


def _set(name: str) -> Callable[[Call], tuple[str, bytes]]:
    return lambda call: (name, _object(call.traits))


_NAMED: Final[dict[str, Callable[[Call], tuple[str, bytes]]]] = {
    "track": _track,
    "page": _viewed("Page Viewed"),
    "screen": _viewed("Screen Viewed"),
    "identify": _set("$identify"),
    "group": _set("$group"),
    "alias": lambda _: ("$alias", b"{}"),
}
