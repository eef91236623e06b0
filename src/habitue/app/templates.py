"""The templates of a workspace: looked at, kept in versions, and made live."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any, Final

import msgspec
from msgspec import Struct

from habitue.app import usage
from habitue.app.workspace import Workspace
from habitue.kernel import clock
from habitue.kernel.clock import MINUTE, Micros
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_
from habitue.people.terms import PROPERTIES
from habitue.store import acts
from habitue.store.ops import tell
from habitue.templates import filters, kept, values
from habitue.templates.fault import Fault
from habitue.templates.kept import Kept, Presses
from habitue.templates.lint import Known, lint
from habitue.templates.shape import Template

LOOKED: Final = ("Order Completed", "Checkout Started", "Product Added", "Product Viewed", "Cart Viewed")
"""What messages are mostly about: the properties of these events are known by name."""


_USED: Final = N_("“{id}” is still used by: {users}. Change these first.")
_ENDING: Final = N_(
    "“{id}” is still to be sent to customers who are finishing: {users}. Wait until they are through, or let "
    "them leave the journey first."
)

BRAND: Final = "brand"
STALE: Final = 10 * MINUTE
LONGEST: Final = 300


class Went(Struct, frozen=True):
    """A version that is live now, and what there is to say of it; `same`: it said just this before."""

    kept: Kept
    faults: list[Fault]
    same: bool


class Brand(Struct, frozen=True, omit_defaults=True):
    """What every message says of the shop: `shop.*` of templates."""

    name: str = ""
    address: str = ""
    website: str = ""
    logo: str = ""
    color: str = ""
    phone: str = ""
    email: str = ""


class Templated(Workspace):
    """The part of a shop that is about templates."""

    @property
    def brand(self) -> Brand:
        """As it was last settled."""
        return msgspec.json.decode(self.ops.setting(BRAND) or "{}", type=Brand)

    def name_brand(self, brand: Brand, by: str = "", now: Micros | None = None) -> None:
        """Settle what messages say of the shop. Raises `UserError` for what is no address or no colour."""
        for one in (brand.website, brand.logo):
            filters.link(one)
        filters.style(brand.color)
        if any(len(one) > LONGEST for one in msgspec.structs.astuple(brand)):
            raise UserError(
                N_("This is too long: {n} characters; {most} are enough."), n=LONGEST + 1, most=LONGEST
            )
        with self.ops.begin() as tx:
            tell(tx, BRAND, msgspec.json.encode(brand).decode())
            acts.note(tx, clock.now() if now is None else now, by, "brand", "workspace", name=brand.name)

    def given(
        self, traits: Mapping[str, Any], more: Mapping[str, Any], links: Mapping[str, str]
    ) -> dict[str, Any]:
        """All that a template is given: the customer, the shop, the links, and what the message is about."""
        shop = {name: said for name, said in msgspec.to_builtins(self.brand).items() if said}
        house = {"currency": self.settings.currency, "timezone": self.settings.timezone}
        return {**more, "customer": values.customer(traits), "shop": shop | house, "links": links}

    @cached_property
    def presses(self) -> Presses:
        """Versions made ready to be sent."""
        return Presses(self.ops)

    def templates(self) -> list[Kept]:
        """Of each template the version that is live, else the newest; by name."""
        return sorted(kept.foremost(self.ops), key=lambda one: one.template.title.casefold())

    def template(self, slug: str, number: int | None = None) -> Kept:
        """The live version of a template, else its newest; or the one of that number. Raises `UserError`."""
        found = kept.history(self.ops, slug)
        if number is None:
            return kept.chosen(found)
        for one in found:
            if one.number == number:
                return one
        known = ", ".join(str(one.number) for one in found)
        text = N_("The template “{name}” has no version {number}. There are: {known}.")
        raise UserError(text, name=slug, number=number, known=known)

    def template_versions(self, slug: str) -> list[Kept]:
        """Every version of a template, oldest first; none where there is no such template."""
        return kept.all_versions(self.ops, slug)

    def look_at(self, template: Template) -> list[Fault]:
        """All that there is to say of a template."""
        return lint(template, self.fields())[1]

    def keep_template(self, template: Template, by: str = "", now: Micros | None = None) -> Kept:
        """Keep a template as it is, sound or not; the same again is the newest version."""
        newest = next(iter(kept.all_versions(self.ops, template.slug)[::-1]), None)
        if newest is not None and newest.template == template:
            return newest
        return kept.keep(self.ops, template, clock.now() if now is None else now, by)

    def publish_template(self, template: Template, by: str = "", now: Micros | None = None) -> Went:
        """Keep a template and let it be what is sent. Raises `TemplateError` with all that is wrong."""
        when = clock.now() if now is None else now
        faults = self.look_at(template)
        kept.sound(faults)
        made = self.keep_template(template, by, when)
        if made.live:
            return Went(made, faults, same=True)
        kept.publish(self.ops, made, when, by)
        return Went(self.template(template.slug, made.number), faults, same=False)

    def retire_template(self, slug: str, by: str = "", now: Micros | None = None) -> None:
        """Send it no more; all versions stay kept. Raises `UserError` where there is none, or while what is
        live sends it, or somebody is on their way to it.
        """
        kept.history(self.ops, slug)
        if needed := usage.template_uses(self, slug):
            told = ", ".join(f"{one.title} ({one.place})" for one in needed)
            raise UserError(_ENDING if all(one.finishing for one in needed) else _USED, id=slug, users=told)
        kept.retire(self.ops, slug, clock.now() if now is None else now, by)

    def fields(self, now: Micros | None = None) -> Known:
        """The names that a template may use of the shop's data; of events as they were minutes ago."""
        seen, when = self.catalogue(), clock.now() if now is None else now
        if self._properties is None or when - self._properties[0] > STALE:
            looked = [seen.props(event).paths for event in LOOKED if event in seen.events]
            self._properties = when, {*PROPERTIES, *(path[0] for paths in looked for path in paths)}
        return Known(
            values.known(name.removeprefix("trait.") for name in seen.names if name.startswith("trait.")),
            self._properties[1],
        )

    _properties: tuple[Micros, set[str]] | None = None
    """When events were last looked through for their properties, and what they were called."""
