"""`/templates`: what is sent. The list, and the editor, the languages side by side, as customers see them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final, TypeAlias

from babel import Locale, UnknownLocaleError
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.exceptions import NotFoundException
from litestar.params import Body, FromPath, FromQuery
from msgspec.structs import replace

from habitue.app import Shop
from habitue.app.previews import Looked, Previews
from habitue.app.templates import Brand
from habitue.kernel import clock
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import LANGUAGES, N_, Language
from habitue.people.consent import SITE
from habitue.people.keys import bare
from habitue.templates import starters
from habitue.templates.fault import PARTS, Fault, TemplateError
from habitue.templates.kept import Kept
from habitue.templates.lint import FIELDS
from habitue.templates.shape import Template, Text
from habitue.web import flash, guard
from habitue.web.gate import by
from habitue.web.page import Asked, only, page, reader
from habitue.web.pages.builder import slug as slugged
from habitue.web.pages.letters import shown
from habitue.web.typed import channel as channel_of
from habitue.web.typed import done, field, read
from habitue.web.words import Words

Form: TypeAlias = Annotated[dict[str, Any], Body(media_type=RequestEncodingType.URL_ENCODED)]

FRAMED: Final = guard.HEADERS["content-security-policy"] + "; frame-src 'self'"
MOST: Final = 40
"""So many of the shop's own names are offered."""
PURPOSES: Final = {
    "marketing": N_("News and offers: to those who agreed"),
    "transactional": N_("About an order or an account: to everybody"),
}
PLACES: Final = {
    "corner": N_("A card in the corner"),
    "bar": N_("A bar at the bottom"),
    "dialog": N_("A dialog in the middle"),
}
SAVED: Final = {
    "saved": N_("Saved as version {number}. What is sent has not changed."),
    "live": N_("Version {number} is what is sent from now on."),
    "same": N_("Nothing was changed: the version that is sent says just this."),
    "retired": N_("“{name}” is not sent any more. Its versions stay kept."),
    "brand": N_("Kept. Every message says it from now on."),
}
TAKEN: Final = N_("There is a template with the short name “{name}” already. Choose another.")
UNNAMED: Final = N_("Give the template a name.")


MEANWHILE: Final = N_(
    "Somebody else saved version {number} while you were writing. What you wrote stands here still: save it "
    "again to put it before theirs."
)


@get("/templates", sync_to_thread=True)
def index(request: Asked, shop: NamedDependency[Shop]) -> Response[str]:
    """The list, and what to begin with."""
    only(request)
    language = reader(request, shop).language
    gallery = [
        {"id": one.id, "name": one.names[language], "about": one.abouts[language]}
        for one in starters.starters().values()
    ]
    return page(
        request,
        shop,
        "templates.html",
        templates=[_row(one, language) for one in shop.templates()],
        gallery=gallery,
        brand=shop.brand,
    )


def _row(one: Kept, language: Language) -> tuple[Kept, Template, list[str]]:
    return (
        one,
        starters.told(one.template, language),
        [_tongue(code, language) for code in one.template.texts],
    )


@get("/templates/new", sync_to_thread=True)
def new(
    request: Asked,
    shop: NamedDependency[Shop],
    previews: NamedDependency[Previews],
    starter: FromQuery[str] = "",
    channel: FromQuery[str] = "",
) -> Response[str]:
    """The editor with a starter in it, or an empty frame."""
    only(request, "starter", "channel")
    language = reader(request, shop).language
    chosen = starters.starters().get(starter)
    if starter and chosen is None:
        raise NotFoundException
    template = chosen.named("", language) if chosen else starters.empty("", language, channel_of(channel))
    return _editor(request, shop, previews, template, None)


@get("/templates/{slug:str}", sync_to_thread=True)
def show(
    request: Asked,
    shop: NamedDependency[Shop],
    previews: NamedDependency[Previews],
    slug: FromPath[str],
    version: FromQuery[int | None] = None,
    customer: FromQuery[str] = "",
) -> Response[str]:
    """The newest version in the editor, or that of a number."""
    only(request, "version", "customer")
    found = _versions(shop, slug)
    own = next((one for one in found if one.number == version), found[-1])
    return _editor(request, shop, previews, own.template, found[-1], customer=customer)


@post("/templates/-/draft", sync_to_thread=True, status_code=200)
def draft(
    request: Asked, shop: NamedDependency[Shop], previews: NamedDependency[Previews], data: Form
) -> Response[str]:
    """The editor after a change or a button; nothing is kept."""
    template = done(read(data), field(data, "do"))
    found = shop.templates() if field(data, "own") else []
    own = next((one for one in found if one.template.slug == field(data, "own")), None)
    return _editor(
        request, shop, previews, template, own, field(data, "customer"), seen=field(data, "number")
    )


@post("/templates/-/test", sync_to_thread=True, status_code=200)
def test(
    request: Asked, shop: NamedDependency[Shop], previews: NamedDependency[Previews], data: Form
) -> Response[str]:
    """Send what stands in the editor to an address, and say what the mail server answered."""
    template, language = read(data), field(data, "do").removeprefix("test ")
    words, customer, to = reader(request, shop), field(data, "customer"), field(data, "to")
    own = next((one for one in shop.templates() if one.template.slug == field(data, "own")), None)
    if language not in template.texts:
        raise UserError(N_("There is nothing to be sent."))
    base = shop.base or str(request.base_url)
    if template.channel == SITE:
        return _editor(
            request,
            shop,
            previews,
            template,
            own,
            customer,
            tested={language: _left(request, previews, template, language, customer)},
            seen=field(data, "number"),
        )
    try:
        outcome = previews.test(template, language, customer, to, base, by(request), clock.now())
        taken = outcome.state == "sent"
        text = N_("Sent to {address}.") if taken else N_("The mail did not leave: {answer}")
        told = words.say(text, address=to, answer=outcome.answer), "good" if taken else "bad"
    except UserError as error:
        told = error.say(words.say), "bad"
    return _editor(
        request,
        shop,
        previews,
        template,
        own,
        customer,
        tested={language: told},
        to=to,
        seen=field(data, "number"),
    )


def _left(
    request: Asked, previews: Previews, template: Template, language: str, customer: str
) -> tuple[str, str]:
    """Leave the message for the customer that it is seen as: what there is to say of that, and how."""
    words = reader(request, previews.shop)
    try:
        name = previews.leave(template, language, customer, by(request), clock.now())
    except UserError as error:
        return error.say(words.say), "bad"
    return words.say(
        N_("It waits for {customer}, on the next page of your site that they look at."), customer=name
    ), "good"


@get("/templates/-/preview/{secret:str}", sync_to_thread=True)
def preview(previews: NamedDependency[Previews], secret: FromPath[str]) -> Response[str]:
    """A message as a page of its own, for the editor's frames."""
    found = previews.page(secret)
    if found is None:
        raise NotFoundException
    return shown(found, "'self'")


@post("/templates/new", sync_to_thread=True, status_code=303)
def create(
    request: Asked, shop: NamedDependency[Shop], previews: NamedDependency[Previews], data: Form
) -> Response[Any]:
    """Keep a new template."""
    template = read(data)
    template = replace(template, slug=template.slug or slugged(template.name))
    wrong = UserError(UNNAMED) if not template.slug else None
    if any(one.template.slug == template.slug for one in shop.templates()):
        wrong = UserError(TAKEN, name=template.slug)
    if wrong:
        return _editor(request, shop, previews, template, None, field(data, "customer"), wrong)
    return _kept(request, shop, previews, template, None, data)


@post("/templates/{slug:str}", sync_to_thread=True, status_code=303)
def save(
    request: Asked,
    shop: NamedDependency[Shop],
    previews: NamedDependency[Previews],
    slug: FromPath[str],
    data: Form,
) -> Response[Any]:
    """Keep a version, and let it be what is sent; or send none any more."""
    own = _versions(shop, slug)[-1]
    if field(data, "do") == "retire":
        shop.retire_template(slug, by(request))
        return flash.done("/templates", SAVED["retired"], name=own.template.title)
    template, seen = replace(read(data), slug=slug), field(data, "number")
    if seen.isdecimal() and int(seen) != own.number and template != own.template:
        wrong = UserError(MEANWHILE, number=own.number)
        return _editor(request, shop, previews, template, own, field(data, "customer"), wrong)
    return _kept(request, shop, previews, template, own, data)


@post("/templates/-/brand", sync_to_thread=True, status_code=303)
def settle(request: Asked, shop: NamedDependency[Shop], data: Form) -> Response[Any]:
    """What every message says of the shop."""
    names = Brand.__struct_fields__
    shop.name_brand(Brand(**{name: field(data, name).strip() for name in names}), by(request))
    return flash.done("/templates", SAVED["brand"])


def _kept(
    request: Asked, shop: Shop, previews: Previews, template: Template, own: Kept | None, data: dict[str, Any]
) -> Response[Any]:
    try:
        if field(data, "do") == "publish":
            made = shop.publish_template(template, by(request))
            kept, said = made.kept, SAVED["same" if made.same else "live"]
        else:
            kept, said = shop.keep_template(template, by(request)), SAVED["saved"]
    except TemplateError:
        wrong = UserError(
            N_("It can’t be sent like this yet: what is marked below comes first. Saving it works.")
        )
        return _editor(request, shop, previews, template, own, field(data, "customer"), wrong)
    except UserError as error:
        return _editor(request, shop, previews, template, own, field(data, "customer"), error)
    return flash.done(f"/templates/{template.slug}", said, number=kept.number)


# --- the editor -----------------------------------------------------------------------------------


def _editor(
    request: Asked,
    shop: Shop,
    previews: Previews,
    template: Template,
    own: Kept | None,
    customer: str = "",
    wrong: UserError | None = None,
    tested: Mapping[str, tuple[str, str]] | None = None,
    to: str = "",
    seen: str = "",
) -> Response[str]:
    words, versions = reader(request, shop), shop.template_versions(template.slug)[::-1] if own else []
    unknown = ""
    try:
        looked = previews.look(template, customer, shop.base or str(request.base_url), clock.now())
    except UserError as error:
        unknown, looked = (
            error.say(words.say),
            previews.look(template, "", str(request.base_url), clock.now()),
        )
    made = page(
        request,
        shop,
        "template.html",
        400 if wrong else 200,
        letter=template,
        own=own,
        wrong=wrong and wrong.say(words.say),
        columns=[_column(one, text, looked, words) for one, text in template.texts.items()],
        loose=[one.say(words.say) for one in looked.faults if not one.language],
        nameless=not shop.brand.name,
        tested=tested or {},
        to=to or _mine(request),
        mails=shop.mail() is not None and template.channel != SITE,
        site=SITE in shop.channels() and template.channel == SITE,
        places=[(name, words.say(said)) for name, said in PLACES.items()],
        customer=customer,
        unknown=unknown,
        seen=looked.customer and (looked.customer.name or bare(looked.customer.key)),
        purposes=_purposes(template, words),
        more=[(one, _tongue(one, words.language)) for one in LANGUAGES if one not in template.texts],
        tags=_tags(shop),
        versions=versions,
        number=seen or (versions[0].number if versions else ""),
    )
    made.headers["content-security-policy"] = FRAMED
    return made


def _mine(request: Asked) -> str:
    """Whoever writes usually wants to see it themselves."""
    name = by(request)
    return name if "@" in name else ""


def _column(language: str, text: Text, looked: Looked, words: Words) -> dict[str, Any]:
    """One language: what is written, what there is to say of it, and how it looks."""
    own = [one for one in looked.faults if one.language == language]
    found = looked.shown.get(language)
    spoken: Language = "fr" if language[:2] == "fr" else "en"
    return {
        "language": language,
        "name": _tongue(language, words.language),
        "text": text,
        "faults": [_said(one, words) for one in own],
        "shown": found,
        "problem": found and found.problem and found.problem.say(words.say),
        "size": len(found.mail.html.encode()) / 1024 if found and found.mail else 0,
        "blocks": [
            (name, words.say(title), starters.block(name, spoken))
            for name, title in starters.BLOCKS.items()
            if text.form == "mjml"
        ],
    }


def _said(one: Fault, words: Words) -> dict[str, Any]:
    return {
        "severity": one.severity,
        "part": words.say(PARTS[one.part]) if one.part else "",
        "of": one.part,
        "line": one.line,
        "said": one.say(words.say),
    }


def _purposes(template: Template, words: Words) -> list[tuple[str, str]]:
    told = PURPOSES | ({"marketing": N_("News and offers")} if template.channel == SITE else {})
    known = [(one, words.say(said)) for one, said in told.items()]
    return known if template.purpose in PURPOSES else [*known, (template.purpose, template.purpose)]


def _tags(shop: Shop) -> list[str]:
    """What can be put into a text: the customer's own first."""
    traits = sorted(one for one in shop.fields().traits if re.fullmatch("[a-z][a-z0-9_]*", one))
    mine = ["first_name", *(one for one in traits if one != "first_name")][:MOST]
    others = [f"{root}.{one}" for root in ("shop", "links", "coupon") for one in sorted(FIELDS[root])]
    return [f"{{{{ {one} }}}}" for one in [*(f"customer.{one}" for one in mine), *others]]


def _tongue(code: str, language: Language) -> str:
    """The language's name, in the reader's."""
    try:
        return str(Locale.parse(code, sep="-").get_display_name(language) or code).capitalize()
    except (UnknownLocaleError, ValueError):
        return code


# --- what was sent --------------------------------------------------------------------------------


def _versions(shop: Shop, name: str) -> Sequence[Kept]:
    found = shop.template_versions(name)
    if not found:
        raise NotFoundException
    return found
