"""The commands about single customers and companies: who they are, what is kept of them, what they allow."""

from __future__ import annotations

from habitue.api.command import Command


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
    messages: str | None = None
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
