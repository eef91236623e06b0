"""The commands of the command line as values: carried out by `api.perform`, here or in a running server.

Instants are ISO 8601 text, read in the shop's time zone. This module is light on purpose: asking a server
needs no engine.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from msgspec import Struct

Told: TypeAlias = Callable[[str, int, int], None]
"""Told a step (a message), how much of it is done, and of how much; 0 where that is not known."""


class Command(Struct, frozen=True, forbid_unknown_fields=True):
    """Something to be done with a shop; its name is the class's in small letters."""

    @classmethod
    def name(cls) -> str:
        return cls.__name__.lower()


class Import(Command, frozen=True):
    """Load a file; `path` is absolute, in the system's own bytes.

    `mapping` is text such as `customer=Client,ts=Date`; a rate is `USD=0.92`, in the shop's currency.
    """

    path: bytes
    kind: str | None = None
    mapping: str | None = None
    rates: tuple[str, ...] = ()
    dry_run: bool = False


class Imports(Command, frozen=True):
    """Which files were imported."""


class UndoImport(Command, frozen=True):
    """Take an import back; unless it is `sure` only what would go is said."""

    number: int
    by: str
    sure: bool = False


class Refresh(Command, frozen=True):
    """Bring every definition up to an instant."""

    now: str | None = None


class Rebuild(Command, frozen=True):
    """Make the working copy again from the log, and prove it equal."""


class Doctor(Command, frozen=True):
    """Examine every store."""


class Sentence(Command, frozen=True):
    """A rule in words of `tongue`."""

    rule: str
    tongue: str


class Sources(Command, frozen=True):
    """Who may send events over HTTP."""


class NewSource(Command, frozen=True):
    """Let somebody send events: a `server`, or a `browser`, whose key is public."""

    id: str
    kind: str


class CloseSource(Command, frozen=True):
    """Take nothing more from a source."""

    id: str


class Acts(Command, frozen=True):
    """Who did what, the latest first, and whether the record is as it was written."""

    most: int


class Team(Command, frozen=True):
    """Who may sign in, as what."""


class Invite(Command, frozen=True):
    """A link that lets somebody in as that."""

    email: str
    role: str


class Promote(Command, frozen=True):
    """Give a member another role."""

    email: str
    role: str


class Dismiss(Command, frozen=True):
    """Let a member in no more."""

    email: str


class Link(Command, frozen=True):
    """A one-time link: for the owner to come in, or for a member to set a new password."""

    email: str | None = None


class Keys(Command, frozen=True):
    """The keys of the API that can be used."""


class AddKey(Command, frozen=True):
    """A new key of the API, shown this once."""

    title: str
    scopes: tuple[str, ...]
    days: int | None = None


class EndKey(Command, frozen=True):
    """Take a key no more."""

    number: int


class Refused(Command, frozen=True):
    """The events that could not be taken, the newest first."""


class Replay(Command, frozen=True):
    """Take a refused event again, as it is or mended."""

    number: int
    mended: bytes | None = None


class Drop(Command, frozen=True):
    """Look no more at a refused event."""

    number: int


class Calls(Command, frozen=True):
    """The last calls over HTTP; of a source, or those of which something was refused."""

    source: str | None = None
    refused: bool = False
    limit: int = 50


class Catalogue(Command, frozen=True):
    """Every event name and trait, or the properties of one; only those with something unexpected."""

    of: str | None = None
    warned: bool = False


class Count(Command, frozen=True):
    """How many satisfy a rule at an instant."""

    rule: str
    at: str | None = None


class Members(Command, frozen=True):
    """Who satisfies a rule at an instant."""

    rule: str
    at: str | None = None


class History(Command, frozen=True):
    """Who satisfied a rule from when to when."""

    rule: str


class Stages(Command, frozen=True):
    """How many are in each stage of a model, or of the draft whose TOML text is given."""

    model: str
    at: str | None = None
    draft: str | None = None


class Months(Command, frozen=True):
    """How many are in each stage at the end of each month, the last one as far as `at`.

    Of so many `months`, or of all from that of a date on; of the last 24 where neither is said.
    """

    model: str
    at: str | None = None
    draft: str | None = None
    months: int | None = None
    since: str | None = None


class Sales(Command, frozen=True):
    """What was sold month by month, the last one as far as `at`; to who is in a segment then."""

    months: int
    at: str | None = None
    segment: str | None = None


class Stays(Command, frozen=True):
    """Who was in which stage of a model, or of a draft, from when to when."""

    model: str
    draft: str | None = None


class Who(Command, frozen=True):
    """Who is in a stage at an instant."""

    stage: str
    model: str
    at: str | None = None


class Models(Command, frozen=True):
    """The live models, and the kinds that could be."""


class Suggest(Command, frozen=True):
    """The windows for dormant and lost that the shop's own gaps propose; as of the last order if not said.

    With a `draft`, the id of a model, its definition with these windows, in TOML.
    """

    at: str | None = None
    draft: str | None = None


class Publish(Command, frozen=True):
    """Make a draft, a TOML text, the live version of a model; `by` is who decides it."""

    draft: str
    model: str | None
    by: str
    dry_run: bool = False


class Restore(Command, frozen=True):
    """Publish an earlier version of a model again; `by` is who decides it."""

    model: str
    number: int
    by: str
    dry_run: bool = False


class Versions(Command, frozen=True):
    """Every version that a model ever had."""

    model: str


class RemoveModel(Command, frozen=True):
    """Let a model be live no more."""

    model: str
    by: str


class Segments(Command, frozen=True):
    """The saved segments."""


class SaveSegment(Command, frozen=True):
    """Keep a rule under a name; `by` is who decides it."""

    segment: str
    rule: str
    by: str
    dry_run: bool = False


class RemoveSegment(Command, frozen=True):
    """Forget a saved segment's name."""

    segment: str
    by: str


class Explain(Command, frozen=True):
    """Why a customer is in a stage, or a rule true or false for them."""

    customer: str
    rule: str | None = None
    model: str = "transactional"
    at: str | None = None


class ShowJourney(Command, frozen=True):
    """Who is in a journey, where and since when, and how many passed each step in the last days."""

    journey: str
    days: int = 30
    limit: int = 100


class Journeys(Command, frozen=True):
    """Every journey, live or not."""


class CheckJourney(Command, frozen=True):
    """All that is wrong with a journey in TOML or JSON."""

    text: str


class SaveJourney(Command, frozen=True):
    """Keep a journey as its next version; `by` is who decides it."""

    text: str
    by: str


class ExportJourney(Command, frozen=True):
    """One version of a journey as a file; the newest where no number is said."""

    journey: str
    number: int | None = None
    form: str = "toml"


class DiffJourney(Command, frozen=True):
    """What differs between two versions of a journey; the last two where none are said."""

    journey: str
    one: int | None = None
    other: int | None = None


class ReplayJourney(Command, frozen=True):
    """What a journey in TOML or JSON would have done in the last days; to one customer, step by step."""

    text: str
    days: int = 365
    customer: str | None = None


class PublishJourney(Command, frozen=True):
    """Make a journey live; `flying` is what becomes of those under way in the version before."""

    text: str
    by: str
    flying: str = "stay"


class SteerJourney(Command, frozen=True):
    """Pause, resume or stop a journey."""

    journey: str
    act: str
    by: str


class EnterJourney(Command, frozen=True):
    """Put customers into a live journey by hand."""

    journey: str
    customers: tuple[str, ...]
    by: str


class JourneyResults(Command, frozen=True):
    """What a journey came to in the last days: attributed and incremental, each for itself."""

    journey: str
    days: int = 30
