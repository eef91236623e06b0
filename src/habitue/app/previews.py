"""How a template would look to a customer, while it is written: nothing is kept, nothing is sent."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from hashlib import blake2b
from threading import Lock
from typing import Any, Final

from msgspec import Struct

from habitue.app.shop import Shop
from habitue.app.templates import LOOKED
from habitue.kernel.clock import SECOND, Micros
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_
from habitue.messaging.channel import Composed, Outcome
from habitue.people import identities, profiles
from habitue.people.consent import SITE
from habitue.people.keys import bare, email_key
from habitue.people.profiles import Person
from habitue.store import acts
from habitue.templates import example, greeting, kept
from habitue.templates.fault import Fault
from habitue.templates.lint import lint
from habitue.templates.passes import Pass
from habitue.templates.press import Filled, Press
from habitue.templates.shape import Template

NOBODY: Final = -1
HELD: Final = 100
"""So many pages are held for browsers to fetch."""


class Shown(Struct, frozen=True):
    """One language of a template as a customer would get it, or why they would not; `token` fetches the page.

    `invented`: what it is about is an example, for nothing of the kind happened to them.
    """

    language: str
    mail: Filled | None
    problem: UserError | None
    token: str
    invented: bool


class Looked(Struct, frozen=True):
    """What there is to say of a template, how it looks, and to whom."""

    faults: list[Fault]
    shown: dict[str, Shown]
    customer: Person | None


class Previews:
    """Looks at templates as customers; the pages wait a while for their frames."""

    def __init__(self, shop: Shop) -> None:
        self.shop, self._lock = shop, Lock()
        self._pages: OrderedDict[str, str] = OrderedDict()
        shop.forgetting.append(self.forget)

    def page(self, token: str) -> str | None:
        """A page that was made a moment ago."""
        with self._lock:
            return self._pages.get(token)

    def forget(self) -> None:
        """Hold nothing any more: people were erased."""
        with self._lock:
            self._pages.clear()

    def look(self, template: Template, customer: str, base: str, now: Micros) -> Looked:
        """The template as somebody would get it: the customer of this key, or some customer."""
        press, faults = lint(template, self.shop.fields())
        person = self._customer(customer)
        if press is None:
            return Looked(faults, {}, person)
        shown = {one: self._shown(press, one, person, base, now) for one in template.texts}
        return Looked(faults, shown, person)

    def test(
        self, template: Template, language: str, customer: str, to: str, base: str, by: str, now: Micros
    ) -> Outcome:
        """Send one language to an address, as that customer would get it. Raises `UserError`."""
        if email_key(to) is None:
            raise UserError(N_("“{address}” is no e-mail address."), address=to[:80])
        looked = self.look(template, customer, base, now)
        kept.sound(looked.faults)
        shown = looked.shown[language]
        if shown.mail is None:
            raise shown.problem or UserError(N_("There is nothing to be sent."))
        with self.shop.ops.begin() as tx:
            acts.note(tx, now, by, "test", f"template:{template.slug or '-'}", language=language)
        subject = f"[Test] {shown.mail.subject}"
        return self.shop.try_mail(to.strip(), Composed(subject, shown.mail.html, shown.mail.text), now)

    def leave(self, template: Template, language: str, customer: str, by: str, now: Micros) -> str:
        """Let one language wait on the site for a customer, as they would get it; what they are called.

        Raises `UserError`.
        """
        looked = self.look(template, customer, self.shop.base or "", now)
        kept.sound(looked.faults)
        shown, person = looked.shown[language], looked.customer
        if not customer.strip() or person is None:
            raise UserError(N_("Write which customer it is for, such as yourself: under “See it as”."))
        if shown.mail is None:
            raise shown.problem or UserError(N_("There is nothing to be sent."))
        self.shop.leave_greeting(person.person, template, language, shown.mail, by, now)
        return person.name or bare(person.key)

    def _customer(self, key: str) -> Person | None:
        shop = self.shop
        number = shop.person(key.strip()) if key.strip() else identities.somebody(shop.warehouse)
        return None if number is None else profiles.person(shop.warehouse, number)

    def _shown(self, press: Press, language: str, person: Person | None, base: str, now: Micros) -> Shown:
        own = self._event(person)
        event = own or example.event(language)
        # The links are nobody's: whoever tries them out in a test must not unsubscribe a customer.
        one = Pass(0, NOBODY, press.template.channel, press.template.purpose, now // SECOND)
        values = self.shop.given(
            person.traits if person else {},
            {"event": event, "coupon": example.coupon(now), "products": event.get("products", [])},
            self.shop.passes(base).links(one),
        )
        values["shop"] = {"name": "–", "website": base, **values["shop"]}
        try:
            mail = press.fill(values, language)
        except UserError as error:
            return Shown(language, None, error, "", own is None)
        page = mail.html
        if press.template.channel == SITE:
            page = greeting.framed(mail, press.template.place, language, self.shop.brand.color)
        return Shown(language, mail, None, self._hold(page) if page else "", own is None)

    def _event(self, person: Person | None) -> Mapping[str, Any] | None:
        """The last thing that happened to them of those that messages are mostly about."""
        if person is None:
            return None
        for one in self.shop.events(person.person, 50):
            if one.name in LOOKED and one.props.get("products"):
                return one.props
        return None

    def _hold(self, html: str) -> str:
        token = blake2b(html.encode(), digest_size=16, key=self.shop.ops.name.encode()[:64]).hexdigest()
        with self._lock:
            self._pages[token] = html
            self._pages.move_to_end(token)
            while len(self._pages) > HELD:
                self._pages.popitem(last=False)
        return token
