"""The command line's commands about broadcasts, as values (see `api.command`)."""

from __future__ import annotations

from habitue.api.command import Command


class Broadcasts(Command, frozen=True):
    """Every broadcast, the newest first."""


class ShowBroadcast(Command, frozen=True):
    """How one goes, or went."""

    broadcast: str


class CheckBroadcast(Command, frozen=True):
    """All that is wrong with a broadcast in TOML or JSON."""

    text: str


class SaveBroadcast(Command, frozen=True):
    """Keep a broadcast as a draft; `by` is who decides it."""

    text: str
    by: str


class ExportBroadcast(Command, frozen=True):
    """One as a file."""

    broadcast: str
    form: str = "toml"


class BroadcastFunnel(Command, frozen=True):
    """Who would get it, and who is lost to which guard."""

    broadcast: str


class SteerBroadcast(Command, frozen=True):
    """Send, recall, pause, resume, cancel, copy or drop one, or choose its variant."""

    broadcast: str
    act: str
    by: str
    variant: str = ""
