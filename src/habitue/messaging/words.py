"""A message's words: a template filled in for one customer, with links of their own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from msgspec import Struct

from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_
from habitue.messaging.channel import Composed
from habitue.people.consent import SITE
from habitue.store.messages import Sending
from habitue.templates.passes import Pass, Passes
from habitue.templates.press import Filled, Press
from habitue.templates.shape import Template
from habitue.templates.values import customer

_EMAIL: Final = "email"
_UNKNOWN_LINKS: Final = N_(
    "Marketing needs links by which customers say no, and Habitué does not know its own address. Write it "
    'into habitue.toml, such as url = "https://crm.shop.fr".'
)


class House(Struct, frozen=True):
    """What is the same in all messages of a few seconds: what they say of the shop, who makes the links, the
    language of who has none, and whether clicks and openings are told.
    """

    shop: Mapping[str, Any]
    passes: Passes
    language: str
    clicks: bool
    opens: bool


def written(
    row: Sending,
    traits: Mapping[str, Any],
    given: Mapping[str, Any],
    press: Press,
    house: House,
    second: int,
) -> Composed:
    """The message to somebody with these traits; raises `UserError` where it can't be written."""
    marketing, passes = row.lane == 1, house.passes
    if marketing and not passes.base and row.channel == _EMAIL:
        raise UserError(_UNKNOWN_LINKS)
    one = Pass(row.id, row.person, row.channel, row.purpose, second)
    links = passes.links(one) if passes.base else {}
    values = {**given, "customer": customer(traits), "shop": house.shop, "links": links}
    told = traits.get("language")
    language = row.language or (told if isinstance(told, str) else house.language)
    # Elsewhere each letter of an address costs.
    clicks = house.clicks and marketing and row.channel in (_EMAIL, "push")
    wrap = passes.follow(one, clicks=clicks) if passes.base else None
    filled = press.fill(values, language, wrap)
    if row.channel == SITE:
        return noticed(press.template, filled, press.template.language(language))
    if not marketing or row.channel != _EMAIL:
        return Composed(filled.subject, filled.html, filled.text)
    html = filled.html
    if html and house.opens:
        html = _watched(html, passes.picture(one))
    return Composed(filled.subject, html, filled.text, links["unsubscribe"])


def noticed(template: Template, said: Filled, language: str) -> Composed:
    """A message for the site, in its place there."""
    more = {"button": said.button, "link": said.link, "place": template.place, "language": language}
    return Composed(said.subject, "", said.text, more=more)


def _watched(html: str, picture: str) -> str:
    """The HTML with the picture by which an opening is told, at its end."""
    seen = f'<img src="{picture}" width="1" height="1" alt="" style="display:block">'
    head, end, tail = html.rpartition("</body>")
    return f"{head}{seen}{end}{tail}" if end else html + seen
