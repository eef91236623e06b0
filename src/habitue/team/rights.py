"""What can be done in a workspace, and who may: the one question is `can(actor, act, thing)`."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, Literal, get_args

from msgspec import Struct

from habitue.kernel.i18n import N_


class Act(StrEnum):
    """Something that a request does. Each route declares one; what declares none is refused."""

    OPEN = "open"
    """For everybody, signed in or not: the way in, the snippet, whether the server lives."""
    OWN = "own"
    """One's own name, password and sessions."""
    FIGURES = "figures"
    """The overview, stages and their rules, sizes of segments: numbers that name nobody."""
    PEOPLE = "people"
    """Customers, one by one and in lists."""
    EXPORT = "export"
    """Take lists of customers out of the house."""
    NOTE = "note"
    """Write notes and tasks beside a customer."""
    CONSENT = "consent"
    """Record what a customer agreed to, or that they may not be written to."""
    SEGMENTS = "segments"
    """Make and change segments and saved views."""
    MESSAGES = "messages"
    """Write templates, and say which of them is sent."""
    ALERTS = "alerts"
    """Settle what the team is told by itself; snooze it, mute it."""
    STAGES = "stages"
    """Change the definition of stages."""
    JOIN = "join"
    """Decide which customers are one."""
    DATA = "data"
    """Imports, write keys, and what could not be taken."""
    PRIVACY = "privacy"
    """Hand out all that is known of somebody, and erase them."""
    CHANNELS = "channels"
    """Read by whom messages leave, and whether they arrive; never what is secret."""
    SETTINGS = "settings"
    """The workspace's own: its time zone, its language."""
    TEAM = "team"
    """Who works here, with which role; keys of the API."""
    AUDIT = "audit"
    """Read who did what."""
    COMMAND = "command"
    """What the command line asks of a server: for whoever may read the workspace's directory, nobody else."""


Role = Literal["viewer", "agent", "marketer", "analyst", "admin", "owner"]
ROLES: Final[tuple[Role, ...]] = get_args(Role)
"""Those who may least first."""

Scope = Literal["read", "write", "admin"]
SCOPES: Final[tuple[Scope, ...]] = get_args(Scope)

_EVERY: Final = frozenset(Act) - {Act.COMMAND}
_SEEING: Final = frozenset({Act.OPEN, Act.OWN, Act.FIGURES, Act.PEOPLE})

RIGHTS: Final[Mapping[Role, frozenset[Act]]] = {
    "viewer": _SEEING,
    "agent": frozenset({Act.OPEN, Act.OWN, Act.PEOPLE, Act.NOTE, Act.CONSENT}),
    "marketer": _SEEING | {Act.EXPORT, Act.NOTE, Act.CONSENT, Act.SEGMENTS, Act.MESSAGES, Act.ALERTS},
    "analyst": _SEEING | {Act.EXPORT, Act.NOTE, Act.SEGMENTS, Act.STAGES, Act.ALERTS},
    "admin": _EVERY,
    "owner": _EVERY,
}

REACH: Final[Mapping[Scope, frozenset[Act]]] = {
    "read": frozenset({Act.OPEN, Act.FIGURES, Act.PEOPLE, Act.EXPORT}),
    "write": frozenset({Act.OPEN, Act.NOTE, Act.CONSENT, Act.SEGMENTS, Act.MESSAGES, Act.ALERTS, Act.JOIN}),
    "admin": frozenset({Act.OPEN, Act.STAGES, Act.DATA, Act.PRIVACY, Act.CHANNELS, Act.AUDIT}),
}
"""What a key of the API may do, by its scopes; none may change the team."""

NAMES: Final[Mapping[Role, str]] = {
    "viewer": N_("Viewer"),
    "agent": N_("Agent"),
    "marketer": N_("Marketer"),
    "analyst": N_("Analyst"),
    "admin": N_("Administrator"),
    "owner": N_("Owner"),
}
ABOUT: Final[Mapping[Role, str]] = {
    "viewer": N_("Sees the figures and the customers, and changes nothing."),
    "agent": N_("Looks customers up, notes, records consent; sees no figures and takes no lists out."),
    "marketer": N_("Sees everything, makes segments, takes lists out, notes and records consent."),
    "analyst": N_("Sees everything, makes segments, changes the definition of stages, takes lists out."),
    "admin": N_("Does all that an owner does, but can’t change owners."),
    "owner": N_("Does everything, and names other owners."),
}


class Actor(Struct, frozen=True):
    """Who asks: somebody signed in, a key of the API, a server by its write key, the command line on this
    machine, or nobody known.

    `name` is what the record of acts calls them, `called` what people do; `sworn`: they have a password to
    come back with.
    """

    kind: Literal["member", "key", "source", "command", "nobody"]
    name: str = ""
    acts: frozenset[Act] = frozenset({Act.OPEN})
    role: Role | None = None
    id: int | None = None
    session: int | None = None
    sworn: bool = True
    called: str = ""


NOBODY: Final = Actor("nobody")


def command(name: str = "command line") -> Actor:
    """Whoever can read the workspace's directory may do all that its owner may."""
    return Actor("command", name, _EVERY | {Act.COMMAND}, "owner")


def source(name: str) -> Actor:
    """A server of the shop, by its write key: it tells what people agreed to."""
    return Actor("source", name, frozenset({Act.OPEN, Act.CONSENT}))


def can(actor: Actor, act: Act, thing: Role | None = None) -> bool:
    """Whether they may; `thing` is the role of a member whom it is about, or that is to be given."""
    if act not in actor.acts:
        return False
    return not (act is Act.TEAM and thing == "owner") or actor.role == "owner"
