"""The protocol: what a request holds, which of its events can be taken, and why the others can't.

The words are Segment's (`track`, `identify` …). What an event carries in `properties`, `traits` and `context`
is checked for being JSON and then left as it came.
"""

from __future__ import annotations

import re
from typing import Any, Final, NamedTuple

import msgspec
from msgspec import Raw, Struct

from habitue.ingest.calls import cut
from habitue.ingest.calls.moment import moment
from habitue.kernel.i18n import N_
from habitue.people import keys

TYPES: Final = ("track", "identify", "page", "screen", "group", "alias")
LONGEST: Final = 256
"""The most characters of an event's name."""

Scalar = str | int | float | bool | None
Told = Any
"""What somebody wrote where a text or a number belongs: whether it is one is looked at, and said, by name."""


class Limits(Struct, frozen=True):
    """The most bytes of an event and of a request, and the most events in one."""

    event: int = 32_768
    body: int = 4 << 20
    events: int = 2_500


class Call(Struct):
    """One event, as sent."""

    type: Told = None
    userId: Told = None
    anonymousId: Told = None
    groupId: Told = None
    previousId: Told = None
    messageId: Told = None
    event: Told = None
    name: Told = None
    timestamp: Told = None
    originalTimestamp: Told = None
    properties: Raw = Raw()
    traits: Raw = Raw()
    context: Raw = Raw()


class Sending(Struct):
    """A request with many events. Where there is no `batch`, it is one event itself."""

    batch: list[Raw] | None = None
    sentAt: Scalar = None
    writeKey: str | None = None
    backfill: bool = False


class _Request(Struct):
    """As a `Sending`, before it is known what stands in its fields."""

    batch: list[Raw] | None = None
    sentAt: Raw = Raw()
    writeKey: Raw = Raw()
    backfill: Raw = Raw()


class Stored(Struct):
    """What is kept in the inbox of a request: the events that can be taken, as they came."""

    batch: list[Raw]
    kind: str | None = None
    sent: str | int | float | None = None


class Fault(NamedTuple):
    """Why something can't be taken: a code that stays the same, and what it is about."""

    code: str
    fields: dict[str, Any]


class Refused(Exception):
    """A request of which nothing can be taken."""

    def __init__(self, code: str, **fields: Any) -> None:
        super().__init__(code)
        self.fault = Fault(code, fields)


FAULTS: Final = {
    "empty": N_("The request is empty."),
    "no-json": N_("This is not JSON: it can’t be read on after {byte} bytes."),
    "no-text": N_("This is not UTF-8 text."),
    "too-deep": N_("This is nested too deeply."),
    "no-object": N_("This is no event: a JSON object is needed."),
    "request-large": N_("The request has more than {most} bytes. Send fewer events at a time."),
    "many": N_(
        "The request has more than {most} events: none was taken, and it can’t be taken again as it is. "
        "Send them again from where they came, fewer at a time."
    ),
    "bad-gzip": N_("The request says it is compressed with gzip, and it is not, or it breaks off."),
    "event-large": N_("The event has {size} bytes; {most} is the most."),
    "no-type": N_("“{type}” is no type of event. Choose one of {types}."),
    "no-name": N_("The event has no name."),
    "bad-name": N_(
        "The event's name can't be used: at most {most} characters, no control characters, no $ in front."
    ),
    "nobody": N_(
        "Nobody is named: a userId or an anonymousId is needed, and not a word such as “undefined”."
    ),
    "bad-id": N_(
        "The {field} can’t be used: a text of at most {most} characters without invisible ones, or a whole "
        "number, is needed."
    ),
    "no-group": N_("The group has no groupId that can be used."),
    "no-previous": N_("The alias has no previousId that can be used."),
    "bad-time": N_("“{text}” is no date and time. Write it as 2026-11-22T14:48:00Z."),
    "no-properties": N_("The {part} are no JSON object."),
    "unread": N_("Habitué could not read this, which is a defect of ours: {reason}. Please report it."),
    "differs": N_("An event with this messageId is here already with other contents. What came first stays."),
    "bad-message": N_("The messageId can't be used: a text of at most {most} characters is needed."),
}
"""Each fault's sentence; its fields come from where it was found."""

_CALL: Final = msgspec.json.Decoder(Call)
_REQUEST: Final = msgspec.json.Decoder(_Request)
_STORED: Final = msgspec.json.Decoder(Stored)
_PLACE: Final = re.compile(r"\(byte (\d+)\)")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_TYPED: Final = frozenset(TYPES)
_OBJECT: Final = (b"{", b"n", b"")
_ESCAPE: Final = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(\\u[dD][89a-fA-F][0-9a-fA-F]{2})|\\."
)


def _whole(escape: re.Match[bytes]) -> bytes:
    """The escape itself; half a letter, which some clients cut off, becomes U+FFFD as in a browser."""
    return rb"\ufffd" if escape[1] else escape[0]


def read(body: bytes, limits: Limits, kind: str | None = None) -> Sending:
    """A request's events; one that is a single event of `kind` gives a batch of one. Raises `Refused`."""
    if len(body) > limits.body:
        raise Refused("request-large", most=limits.body)
    body = body.removeprefix(b"\xef\xbb\xbf")
    if not body.strip():
        raise Refused("empty")
    sending, body = _decoded(body)
    if sending.batch is None:
        if kind is None:
            raise Refused("no-object")
        sending.batch = [Raw(body)]
    if len(sending.batch) > limits.events:
        raise Refused("many", most=limits.events)
    return sending


def _decoded(body: bytes) -> tuple[Sending, bytes]:
    """The request, and its text in whole letters."""
    try:
        str(body, "utf-8")
        if b"\\ud" in body or b"\\uD" in body:
            body = _ESCAPE.sub(_whole, body)
        return _told(_REQUEST.decode(body)), body
    except UnicodeDecodeError as error:
        raise Refused("no-text") from error
    except RecursionError:
        return _told(_cut(body)), body
    except msgspec.ValidationError as error:
        raise Refused("no-object") from error
    except msgspec.DecodeError as error:
        raise Refused("no-json", byte=read_to(body)) from error


def _cut(body: bytes) -> _Request:
    """The request whose events, or one of them, are too deep to be read: each is to be refused alone."""
    found = cut.members(body)
    batch = found.get("batch", b"null") if found is not None else b""
    events = cut.parts(batch) if batch[:1] == b"[" else None
    if found is None or (events is None and batch != b"null"):
        raise Refused("too-deep")
    return _Request(
        None if events is None else [Raw(one) for one in events],
        *(Raw(found.get(name, b"")) for name in ("sentAt", "writeKey", "backfill")),
    )


def _told(request: _Request) -> Sending:
    """The request without those of its fields that can't be what they should."""
    return Sending(
        request.batch,
        _field(request.sentAt, Scalar, None),
        _field(request.writeKey, str | None, None),
        _field(request.backfill, bool, False),
    )


def _field(raw: Raw, kind: Any, otherwise: Any) -> Any:
    try:
        return msgspec.json.decode(raw, type=kind) if memoryview(raw) else otherwise
    except (msgspec.DecodeError, RecursionError):
        return otherwise


def sort(
    sending: Sending, limits: Limits, kind: str | None = None
) -> tuple[list[Raw], list[tuple[int, Raw, Fault]]]:
    """The events that can be taken, and the others each with its place and why."""
    good: list[Raw] = []
    bad: list[tuple[int, Raw, Fault]] = []
    for place, raw in enumerate(sending.batch or ()):
        fault = checked(raw, limits, kind)
        if fault is None:
            good.append(raw)
        else:
            bad.append((place, raw, fault))
    return good, bad


def checked(raw: Raw, limits: Limits, kind: str | None = None) -> Fault | None:
    """Why this event can't be taken; None when it can."""
    view = memoryview(raw)
    if len(view) > limits.event:
        return Fault("event-large", {"size": len(view), "most": limits.event})
    call = called(raw)
    return call if isinstance(call, Fault) else fault(call, kind)


def called(raw: Raw | bytes) -> Call | Fault:
    """The event's envelope, or why it has none."""
    try:
        return _CALL.decode(raw)
    except RecursionError:
        return Fault("too-deep", {})
    except msgspec.ValidationError:  # an object is only that for a number beyond all
        is_object = bytes(memoryview(raw)[:1]) == b"{"
        return Fault("no-json", {"byte": read_to(raw)}) if is_object else Fault("no-object", {})
    except (msgspec.DecodeError, UnicodeDecodeError):
        return Fault("no-json", {"byte": read_to(raw)})


def read_to(text: Raw | bytes) -> int:
    """After how many bytes it can't be read on as JSON: where it breaks off, all of them."""
    try:
        msgspec.json.decode(text)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        if place := _PLACE.search(str(error)):
            return int(place[1])
    return len(memoryview(text))


def names(sending: Sending, kind: str | None, most: int = 8) -> tuple[str, ...]:
    """What the first events of a request are called, each name once: a `track`'s own, else the type."""
    found = [(kind, called(raw)) for raw in (sending.batch or ())[:most]]
    said = (
        call.event if (kind or call.type) == "track" else kind or call.type
        for kind, call in found
        if isinstance(call, Call)
    )
    return tuple(dict.fromkeys(one[:LONGEST] for one in said if isinstance(one, str) and one.strip()))


def fault(call: Call, kind: str | None = None) -> Fault | None:
    """What is wrong with an event's envelope; `kind` is of the address it came to (None: it says itself)."""
    type_ = kind or call.type
    if not isinstance(type_, str) or type_ not in _TYPED:
        return Fault("no-type", {"type": _shown(call.type), "types": ", ".join(TYPES)})
    return _what(str(type_), call) or _who(call) or _rest(call)


def _what(type_: str, call: Call) -> Fault | None:
    if type_ == "group":
        return Fault("no-group", {}) if keys.account_key(call.groupId) is None else None
    if type_ == "alias":
        return Fault("no-previous", {}) if keys.user_key(call.previousId) is None else None
    if type_ != "track":
        return None
    name = call.event
    if not isinstance(name, str) or not name.strip():
        return Fault("no-name", {})
    ours = name.lstrip().startswith("$")  # blanks at the ends are no part of a name
    if len(name) > LONGEST or ours or (not name.isprintable() and _CONTROL.search(name)):
        return Fault("bad-name", {"most": LONGEST})
    return None


def _who(call: Call) -> Fault | None:
    if keys.user_key(call.userId) is None and keys.anon_key(call.anonymousId) is None:
        wrong = (name for name in ("userId", "anonymousId") if _meant(getattr(call, name)))
        field = next(wrong, None)
        return Fault("bad-id", {"field": field, "most": keys.LONGEST}) if field else Fault("nobody", {})
    return None


def _meant(told: Told) -> bool:
    """Whether somebody is meant by what can't be an id, and not nobody, as by “undefined”."""
    if told is None or isinstance(told, bool):
        return False
    return isinstance(told, dict | list) or not keys.junk(str(told))


def _shown(told: Told) -> str:
    """What was written, short; of an object or a list only that it is one."""
    return "{…}" if isinstance(told, dict) else "[…]" if isinstance(told, list) else str(told)[:64]


def _rest(call: Call) -> Fault | None:
    message = call.messageId
    if message is not None and not (isinstance(message, str) and len(message) <= LONGEST):
        return Fault("bad-message", {"most": LONGEST})
    told = call.originalTimestamp if call.timestamp is None else call.timestamp
    if told is not None and moment(told) is None:
        return Fault("bad-time", {"text": _shown(told)})
    if bytes(call.properties)[:1] not in _OBJECT:
        return Fault("no-properties", {"part": "properties"})
    if bytes(call.traits)[:1] not in _OBJECT:
        return Fault("no-properties", {"part": "traits"})
    return None


def stored(good: list[Raw], sending: Sending, kind: str | None) -> bytes:
    """What is kept of a request."""
    sent = None if moment(sending.sentAt) is None else sending.sentAt
    return msgspec.json.encode(Stored(good, kind, sent))


def typed(raw: Raw, kind: str | None) -> bytes:
    """The event as it can be sent again without the address it came to."""
    body = bytes(raw)
    if kind is None or body[:1] != b"{":
        return body
    if b'"type"' in body and isinstance(call := called(raw), Call) and call.type is not None:
        return body
    return b'{"type":"%s"%s' % (kind.encode(), body[1:] if body[1:].strip() == b"}" else b"," + body[1:])


def kept(body: bytes) -> Stored:
    """What `stored` has kept."""
    return _STORED.decode(body)
