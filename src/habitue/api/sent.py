"""The commands about what is sent: templates of messages, and coupon codes."""

from __future__ import annotations

from habitue.api.command import Command


class Templates(Command, frozen=True):
    """The templates of messages."""


class ShowTemplate(Command, frozen=True):
    """A template as TOML: the live version, the newest, or that of a number."""

    template: str
    number: int | None = None


class NewTemplate(Command, frozen=True):
    """A template to begin with, as TOML: a starter, or one with nothing in it but its frame."""

    template: str | None = None
    starter: str | None = None


class CheckTemplate(Command, frozen=True):
    """All that there is to say of a template, a TOML text."""

    draft: str


class PublishTemplate(Command, frozen=True):
    """Keep a template, a TOML text, and let it be what is sent; `by` is who decides it."""

    draft: str
    by: str
    dry_run: bool = False


class RetireTemplate(Command, frozen=True):
    """Send a template no more."""

    template: str
    by: str


class Coupons(Command, frozen=True):
    """The pools of coupon codes, and what became of them."""


class NewCoupons(Command, frozen=True):
    """A pool that makes its codes, or gives these; at most so many, each good for so many days."""

    pool: str
    by: str
    title: str = ""
    value: str = ""
    prefix: str = ""
    most: int | None = None
    days: int | None = None
    until: str | None = None
    codes: tuple[str, ...] = ()


class LoadCoupons(Command, frozen=True):
    """Add codes to a pool that doesn't make its own."""

    pool: str
    codes: tuple[str, ...]


class EndCoupons(Command, frozen=True):
    """Give no more codes of a pool."""

    pool: str
    by: str


class UseCoupon(Command, frozen=True):
    """Note that a code was used."""

    code: str
    order: str | None = None
