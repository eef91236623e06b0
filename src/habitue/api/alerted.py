"""The commands about alerts as values (see `api.command`)."""

from __future__ import annotations

from habitue.api.command import Command


class Alerts(Command, frozen=True):
    """Every alert, and how it stands."""


class ShowAlert(Command, frozen=True):
    """One alert as a file, with its last incidents."""

    alert: str


class CheckAlert(Command, frozen=True):
    """All that is wrong with an alert in TOML or JSON."""

    text: str


class ReplayAlert(Command, frozen=True):
    """What an alert in TOML or JSON would have told in the last days."""

    text: str
    days: int = 90


class SaveAlert(Command, frozen=True):
    """Let an alert look from now on; `by` is who decides it."""

    text: str
    by: str


class SteerAlert(Command, frozen=True):
    """Mute or unmute an alert, or let it look no more."""

    alert: str
    act: str
    by: str


class SnoozeAlert(Command, frozen=True):
    """Be told nothing of an alert's incident for a length, or until it is `over`; `none`: be told again."""

    alert: str
    length: str
    by: str


class AlertHook(Command, frozen=True):
    """Name a webhook of the team's, try it (no address), or let it go."""

    webhook: str
    act: str
    by: str
    url: str = ""
