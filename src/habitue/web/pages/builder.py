"""`/segments/new` and `/segments/{name}/edit`: a rule as cards and as text, with how many it means."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import partial
from typing import Annotated, Any, Final, Literal, TypeAlias

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromPath, FromQuery
from litestar.response import Redirect

from habitue.app import Shop
from habitue.app.publishing import Overtaken
from habitue.app.saving import Saving
from habitue.kernel import clock
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_
from habitue.metrics import values
from habitue.people import profiles
from habitue.rules.problem import Problem, RuleError
from habitue.segments.saved import Segment
from habitue.segments.templates import templates
from habitue.web import charts, flash, saying
from habitue.web.builder import draft as drafts
from habitue.web.builder import paths
from habitue.web.builder.choices import Choices
from habitue.web.builder.draft import Draft
from habitue.web.gate import by
from habitue.web.page import Asked, fragment, only, page, reader
from habitue.web.pages.segment import SAVED, explained, found
from habitue.web.pages.segments import gallery
from habitue.web.words import Words

Form: TypeAlias = Annotated[dict[str, Any], Body(media_type=RequestEncodingType.URL_ENCODED)]
Fields = dict[str, list[str]]

MOST: Final = 200
"""So many properties of an event are offered."""

PATIENCE: Final = 2.0
"""Seconds for which a browser waits for a segment to be saved."""

UNSAID: Final = N_("Nothing is asked yet. Add a condition, or write the rule as text.")
UNREAD: Final = N_("Something below can’t be read yet. Nothing was saved.")
TAKEN: Final = N_("There is a segment “{id}” already. Choose another short name.")
UNNAMED: Final = N_("Give the segment a name.")


@get("/segments/new", sync_to_thread=True)
def new(
    request: Asked, shop: NamedDependency[Shop], rule: FromQuery[str] = "", template: FromQuery[str] = ""
) -> Response[str]:
    """An empty builder, or one that begins with a rule or a template."""
    only(request, "rule", "template")
    words, given = reader(request, shop), Fields()
    chosen = templates().get(template)
    if template and not chosen:
        raise UserError(N_("There is no template “{name}”."), name=template)
    if chosen:
        rule = chosen.text(clock.moment(clock.now(), shop.settings.timezone).month)
        given = {"title": [chosen.name.said(words.language)], "about": [chosen.about.said(words.language)]}
    return _page(request, shop, words, drafts.begun(rule, _comma(words)), given)


@get("/segments/{name:str}/edit", sync_to_thread=True)
def edit(request: Asked, shop: NamedDependency[Shop], name: FromPath[str]) -> Response[str]:
    """The builder with a saved segment in it."""
    only(request)
    words = reader(request, shop)
    own = found(shop, name, words)
    given = {"title": [own.name], "about": [own.about], "number": [str(own.number)]}
    return _page(request, shop, words, drafts.begun(own.rule, _comma(words)), given, own)


@post("/segments/-/draft", sync_to_thread=True, status_code=200)
def draft(request: Asked, shop: NamedDependency[Shop], data: Form) -> Response[str]:
    """The builder after a change or a button; nothing is saved."""
    words, given = reader(request, shop), _fields(data)
    own = _own(shop, given, words)
    choices = Choices(shop, words, own.id if own else "")
    return _page(request, shop, words, drafts.sent(given, choices.known, _comma(words)), given, own, choices)


@post("/segments/new", sync_to_thread=True, status_code=303)
def create(request: Asked, shop: NamedDependency[Shop], data: Form) -> Response[Any]:
    """Save what was built as a new segment."""
    return _saved(request, shop, _fields(data), None)


@post("/segments/{name:str}/edit", sync_to_thread=True, status_code=303)
def save(request: Asked, shop: NamedDependency[Shop], name: FromPath[str], data: Form) -> Response[Any]:
    """Save what was built as the next version."""
    return _saved(request, shop, _fields(data), found(shop, name, reader(request, shop)))


def _saved(request: Asked, shop: Shop, given: Fields, own: Segment | None) -> Response[Any]:
    """Say at once what is wrong; what takes longer than a moment goes on beside the page."""
    words = reader(request, shop)
    written = drafts.sent({**given, "do": []}, Choices(shop, words).known, _comma(words))
    name = own.id if own else _one(given, "id").strip() or slug(_one(given, "title"))
    wrong = UNREAD if written.text else UNSAID
    if written.rule is None or not name:
        wrong = wrong if written.rule is None else UNNAMED
        return _page(request, shop, words, written, given, own, wrong=words.say(wrong), status=400)
    save = partial(
        shop.save_segment,
        name,
        written.text,
        title=_one(given, "title"),
        about=_one(given, "about"),
        after=_number(_one(given, "number")) if own else 0,
        by=by(request),
    )
    token, one = shop.savings.begin(name, given, lambda told: save(told=told))
    if one.over(PATIENCE):
        return _outcome(request, shop, one)
    return Redirect(f"/segments/-/saving/{token}", status_code=303)


@get("/segments/-/saving/{token:str}", sync_to_thread=True)
def saving(request: Asked, shop: NamedDependency[Shop], token: FromPath[str]) -> Response[Any]:
    """How far a segment is on its way, then its page; or what was written, with what is wrong."""
    one = shop.savings.get(token)
    if one is None:
        return Redirect("/segments")
    if one.over():
        return _outcome(request, shop, one)
    return page(request, shop, "saving.html", name=one.name, step=one.step, share=one.share)


def _outcome(request: Asked, shop: Shop, one: Saving) -> Response[Any]:
    if one.made:
        return flash.done(f"/segments/{one.name}", SAVED["same" if one.made.same else "saved"])
    words, given, error = reader(request, shop), one.given, one.wrong
    own = _own(shop, given, words)
    written = drafts.sent({**given, "do": []}, Choices(shop, words).known, _comma(words))
    said = error.say(words.say) if error else ""
    if isinstance(error, Overtaken):
        said = said if own else words.say(TAKEN, id=one.name)
        theirs = error.live if own else None
        return _page(request, shop, words, written, given, own, wrong=said, status=409, theirs=theirs)
    return _page(request, shop, words, written, given, own, wrong=said, status=400)


def slug(title: str) -> str:
    """A name for rules made of what people call a segment: `vips-cooling-down`."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-0123456789")[:64].rstrip("-")


# --- how many -------------------------------------------------------------------------------------


@post("/segments/-/count", sync_to_thread=True, status_code=200)
def count(
    request: Asked, shop: NamedDependency[Shop], data: Form, exact: FromQuery[bool] = False
) -> Response[str]:
    """How many the draft means, and some of them: a fragment."""
    words, given = reader(request, shop), _fields(data)
    written = drafts.sent({**given, "do": []}, Choices(shop, words).known, _comma(words))
    wrong = _wrong(shop, written)
    if written.rule is None or wrong:
        text = N_("Once the rule can be read, this says how many customers it means.")
        return fragment(request, shop, "count.html", found=None, said=words.say(text))
    now = clock.now()
    told = shop.counting.exact(written.rule, now) if exact else None
    told = told or shop.counting.quick(written.rule, now)
    known = profiles.known(shop.warehouse, told.some)
    return fragment(
        request,
        shop,
        "count.html",
        found=told,
        off=_rounded(max(told.high - told.count, told.count - told.low)),
        spark=charts.spark(told.days[::7]),
        people=[known[one] for one in told.some if one in known],
    )


@post("/segments/-/why", sync_to_thread=True, status_code=200)
def why(request: Asked, shop: NamedDependency[Shop], data: Form) -> Response[str]:
    """Why a customer satisfies the draft, or doesn't."""
    words, given = reader(request, shop), _fields(data)
    written = drafts.sent({**given, "do": []}, Choices(shop, words).known, _comma(words))
    if written.rule is None:
        raise UserError(UNSAID)
    return explained(request, shop, written.text, _number(_one(given, "customer")), clock.now(), words)


@get("/segments/-/names", sync_to_thread=True)
def names(
    request: Asked,
    shop: NamedDependency[Shop],
    of: FromQuery[Literal["prop", "value"]],
    kind: FromQuery[str] = "",
    event: FromQuery[list[str] | None] = None,
    name: FromQuery[str] = "",
) -> Response[str]:
    """What a field may be filled in with, as options: properties of events, or values often seen."""
    words, path, known = reader(request, shop), paths.read(name), shop.catalogue()
    events = [one for one in event or () if one in known.events]
    if of == "prop":
        found = sorted({step for one in events for step in known.props(one).paths})
        listed = [(paths.said(step), words.prop(step[-1])) for step in found[:MOST]]
    elif not path:
        listed = []
    elif kind in ("trait", "score"):
        listed = [(one, "") for one in values.of_trait(shop.warehouse, ".".join((kind, *path)))]
    else:
        listed = [(one, "") for one in values.of_property(shop.warehouse, events, path)]
    return fragment(request, shop, "names.html", names=listed)


def _rounded(off: int) -> int:
    """Two digits say enough of how sure a number is."""
    step = int(10 ** max(len(str(off)) - 2, 0))
    return -(-off // step) * step


# --- the page -------------------------------------------------------------------------------------


def _page(
    request: Asked,
    shop: Shop,
    words: Words,
    written: Draft,
    given: Fields,
    own: Segment | None = None,
    choices: Choices | None = None,
    wrong: str | None = None,
    status: int = 200,
    theirs: Segment | None = None,
) -> Response[str]:
    problems = _problems(shop, written)
    sound = written.rule is not None and not any(one.severity == "error" for one in problems)
    return page(
        request,
        shop,
        "builder.html",
        status,
        title=words.say(N_("Change the segment")) if own else words.say(N_("New segment")),
        own=own,
        action=f"/segments/{own.id}/edit" if own else "/segments/new",
        number=theirs.number if theirs else _number(_one(given, "number")),
        theirs=theirs,
        wrong=wrong,
        gallery=[] if own or status != 200 else gallery(shop, words),
        draft=written,
        said=saying.said(written.rule, shop, words) if sound and written.rule else None,
        problems=[_told(one, words) for one in problems],
        title_said=_one(given, "title"),
        id_said=_one(given, "id"),
        about_said=_one(given, "about"),
        b=choices or Choices(shop, words, own.id if own else ""),
    )


def _problems(shop: Shop, written: Draft) -> Sequence[Problem]:
    """All that is wrong with the text, and what may be."""
    if written.rule is None:
        return written.problems
    try:
        return shop.segment(written.text).warnings
    except RuleError as error:
        return error.problems


def _wrong(shop: Shop, written: Draft) -> bool:
    return any(one.severity == "error" for one in _problems(shop, written))


def _told(one: Problem, words: Words) -> dict[str, Any]:
    return {"column": one.column, "length": one.length, "severity": one.severity, "said": one.say(words.say)}


def _own(shop: Shop, given: Fields, words: Words) -> Segment | None:
    """The segment that is being changed; None for a new one."""
    name = _one(given, "own")
    return found(shop, name, words) if name else None


def _comma(words: Words) -> bool:
    return words.language == "fr"


def _fields(data: dict[str, Any]) -> Fields:
    """The form's values, each in a list."""
    return {
        name: [str(one) for one in value] if isinstance(value, list) else [str(value)]
        for name, value in data.items()
    }


def _one(given: Fields, name: str) -> str:
    return (given.get(name) or [""])[0]


def _number(text: str) -> int:
    """A number of ours that comes back from a page; raises `UserError` for any other text."""
    if not text:
        return 0
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise UserError(N_("“{text}” is not a number that this page sends. Load it again."), text=text)
    return int(text)
