"""The command line's commands about the ways out, as values; light, as `api.command` is."""

from __future__ import annotations

from habitue.api.command import Command


class Channels(Command, frozen=True):
    """How each channel is reached."""


class Channel(Command, frozen=True):
    """What a kind of way asks for, and how it is set."""

    kind: str


class SetChannel(Command, frozen=True):
    """Let a channel be reached by a kind from now on; what is not given stays as it is."""

    kind: str
    given: dict[str, str]
    by: str


class EndChannel(Command, frozen=True):
    """Send nothing more on a channel."""

    channel: str
    by: str


class TryChannel(Command, frozen=True):
    """Send one message at once."""

    channel: str
    to: str


class RotateHook(Command, frozen=True):
    """A new address by which a provider tells of messages."""

    kind: str
    by: str


class Errands(Command, frozen=True):
    """What the team has still to do on a channel."""

    channel: str


class SettleCall(Command, frozen=True):
    """What came of a call."""

    number: int
    outcome: str
    by: str


class Letters(Command, frozen=True):
    """The letters as a PDF; `path` is absolute, in the system's own bytes."""

    path: bytes


class Posted(Command, frozen=True):
    """The letters up to this one are in the post."""

    until: int
    by: str
