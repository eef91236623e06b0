"""Consent in calls: what a banner or an account's settings say, as answers of their own.

A page's key is there for all to read. With it anybody may say no; a yes counts only for what the device
itself may be watched for, under the device's own id: nobody can sign somebody else up for letters.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final, NamedTuple, get_args

import msgspec
from msgspec import Struct

from habitue.ingest.calls.protocol import Call
from habitue.people.consent import CHANNELS, MARKETING, Status
from habitue.people.keys import anon_key

WEB: Final = "web"
MOST: Final = 50
"""So many answers of one call are taken."""

_SIGNS: Final = re.compile(r"[^a-z0-9_]+")
_NAME: Final = re.compile(r"[a-z][a-z0-9_-]{0,39}")


class Choice(NamedTuple):
    """An answer in a call: under which key, and `via` which part of it."""

    key: str
    channel: str
    purpose: str
    status: str
    via: str

    @property
    def props(self) -> str:
        return msgspec.json.encode(
            {"channel": self.channel, "purpose": self.purpose, "status": self.status, "via": self.via}
        ).decode()


class _Part(Struct):
    consent: Any = None


_PART: Final = msgspec.json.Decoder(_Part)


def choices(call: Call, type_: str, key: str, verified: bool) -> list[Choice]:
    """What a call answers; `key` is the strongest by which it names its person."""
    found: list[Choice] = []
    device = anon_key(call.anonymousId)
    for told, via in _told(call, type_):
        for channel, purpose, status in _answers(told):
            if channel in (WEB, "push"):  # it is this browser that was asked
                whose = device or (key if verified or status != "granted" else None)
            else:
                whose = key if verified or status not in ("granted", "pending") else None
            if whose:
                found.append(Choice(whose, channel, purpose, status, via))
    return found[:MOST]


def _told(call: Call, type_: str) -> Iterator[tuple[dict[str, Any], str]]:
    if b'"consent"' in bytes(call.context):
        consent = _PART.decode(call.context).consent
        if isinstance(consent, dict) and isinstance(told := consent.get("categoryPreferences"), dict):
            yield told, "context"
    if type_ == "identify" and b'"consent"' in bytes(call.traits):
        told = _PART.decode(call.traits).consent
        if isinstance(told, dict):
            yield told, "traits"


def _answers(told: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Channel, purpose and status. A name that is no channel is a purpose on the web."""
    for name, said in told.items():
        if name not in CHANNELS:
            channel, each = WEB, {name: said}
        else:
            channel, each = name, said if isinstance(said, dict) else {MARKETING: said}
        for aim, value in each.items():
            status, slug = _status(value), _slug(aim)
            if status and slug:
                yield channel, slug, status


def _status(said: object) -> str | None:
    if isinstance(said, bool):
        return "granted" if said else "denied"
    return said if isinstance(said, str) and said in get_args(Status) else None


def _slug(name: str) -> str | None:
    slug = _SIGNS.sub("-", name.casefold()).strip("-")
    return slug if _NAME.fullmatch(slug) else None
