"""The commands of the command line as values: carried out by `api.perform`, here or in a running server.

Instants are ISO 8601 text, read in the shop's time zone. This module is light on purpose: asking a server
needs no engine.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

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


class Refused(Command, frozen=True):
    """The events that could not be taken, the newest first."""


class Replay(Command, frozen=True):
    """Take a refused event again, as it is or mended."""

    number: int
    mended: bytes | None = None


class Drop(Command, frozen=True):
    """Look no more at a refused event."""

    number: int


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


class Identities(Command, frozen=True):
    """All the keys of a customer, and what joined them."""

    customer: str


class Decisions(Command, frozen=True):
    """The merge log: who merged or split which keys, when and why."""


class Shared(Command, frozen=True):
    """The keys that join nobody."""


class Merge(Command, frozen=True):
    """Make one customer of two; `by` is who decides it."""

    one: str
    other: str
    by: str
    why: str


class Split(Command, frozen=True):
    """Take two keys apart; `by` is who decides it."""

    one: str
    other: str
    by: str
    why: str


class Duplicates(Command, frozen=True):
    """Pairs of customers who may be one, after comparing all if `find`; or those `settled` already."""

    find: bool = False
    least: float = 0.9
    settled: bool = False


class MergeDuplicate(Command, frozen=True):
    """Make one customer of a pair; `by` is who decides it."""

    number: int
    by: str
    why: str | None = None


class DismissDuplicate(Command, frozen=True):
    """Keep the two of a pair apart for good."""

    number: int
    by: str


class UndoDuplicate(Command, frozen=True):
    """Take back what was decided about a pair."""

    number: int
    by: str
    why: str | None = None


class Export(Command, frozen=True):
    """Write all that is kept of a customer into a directory or ZIP file; `to` is absolute, in bytes."""

    customer: str
    to: bytes


class Erase(Command, frozen=True):
    """Forget these customers everywhere; `by` is who asks. Unless `sure`, only say who that would be."""

    customers: tuple[str, ...]
    by: str
    sure: bool = False


class Erasures(Command, frozen=True):
    """What was asked to be erased, and whether it is done."""


class Erased(Command, frozen=True):
    """Everybody ever erased, as keyed hashes, to be kept beside the backups."""


class Reerase(Command, frozen=True):
    """Erase again who came back with an older copy; `listed` is what `Erased` gave."""

    by: str
    listed: str | None = None


class Retention(Command, frozen=True):
    """Change the rules of retention where anything is said, then say whom they let go, or erase those."""

    by: str
    prospects: str | None = None
    customers: str | None = None
    alone: bool | None = None
    run: bool = False


class Consents(Command, frozen=True):
    """All that a customer answered about being reached."""

    customer: str


class Consent(Command, frozen=True):
    """Keep an answer of a customer's; the rest is its proof."""

    customer: str
    status: str
    channel: str
    purpose: str
    at: str | None = None
    text: str | None = None
    text_id: str | None = None
    ip: str | None = None
    form: str | None = None
    by: str | None = None


class Suppress(Command, frozen=True):
    """Let nobody write to an address again."""

    address: str
    reason: str
    channel: str | None = None


class SuppressFile(Command, frozen=True):
    """The same for a file of them; `path` is absolute, in the system's own bytes."""

    path: bytes
    reason: str
    channel: str | None = None


class Lift(Command, frozen=True):
    """Let an address be written to again."""

    address: str
    channel: str | None = None


class Suppressed(Command, frozen=True):
    """What the suppression list says of an address, or how many it has."""

    address: str | None = None


class Search(Command, frozen=True):
    """Customers by name, e-mail, phone, order number or key."""

    text: str
    limit: int = 50


class Customer(Command, frozen=True):
    """All that is known of one customer."""

    customer: str


class Account(Command, frozen=True):
    """All that is known of one account."""

    account: str


class Traits(Command, frozen=True):
    """The traits that there are, or what was ever said of one customer's."""

    customer: str | None = None


class Prefer(Command, frozen=True):
    """Whose word counts, the strongest source first: for one trait, or all without their own order."""

    sources: tuple[str, ...]
    trait: str | None = None


class Declare(Command, frozen=True):
    """Of what type a trait is; None says it no more."""

    trait: str
    type: str | None


COMMANDS: Final[dict[str, type[Command]]] = {kind.name(): kind for kind in Command.__subclasses__()}
