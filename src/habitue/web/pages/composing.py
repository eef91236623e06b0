"""`/campaigns/{name}/edit`: a broadcast being put together, in four steps; nothing is sent before the last.

What is written is kept with every step, sound or not.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, TypeAlias

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromPath, FromQuery
from litestar.response import Redirect
from msgspec.structs import replace

from habitue.app import Shop
from habitue.app.funnel import Funnel
from habitue.app.previews import Previews
from habitue.broadcasts.check import SENDABLE, Fault
from habitue.broadcasts.shape import Broadcast, Trial, Variant, from_body
from habitue.broadcasts.state import among
from habitue.kernel import clock
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_
from habitue.messaging.reasons import GUARDS
from habitue.people.consent import NAMES
from habitue.store.broadcasts import Kept
from habitue.web import guard
from habitue.web.gate import by
from habitue.web.page import Asked, fragment, only, page, reader
from habitue.web.pages.campaign import found_, summary
from habitue.web.saying import circles
from habitue.web.words import Words

Form: TypeAlias = Annotated[dict[str, Any], Body(media_type=RequestEncodingType.URL_ENCODED)]

STEPS: Final = {
    "audience": N_("Audience"),
    "content": N_("Message"),
    "control": N_("Timing"),
    "send": N_("Send"),
}
_OF: Final = {
    "audience": ("id", "name", "to", "without"),
    "content": ("channel", "purpose", "variants", "trial"),
    "control": ("at", "pace", "within", "holdout", "clock"),
}
FRAMED: Final = guard.HEADERS["content-security-policy"] + "; frame-src 'self'"
_LETTERS: Final = "abcd"


@get("/campaigns/{name:str}/edit", sync_to_thread=True)
def show(
    request: Asked,
    shop: NamedDependency[Shop],
    previews: NamedDependency[Previews],
    name: FromPath[str],
    step: FromQuery[str] = "audience",
    variant: FromQuery[str] = "",
) -> Response[Any]:
    """One step of the draft; whoever comes back once it was sent is led to what became of it."""
    only(request, "step", "variant")
    kept = found_(shop, name)
    if kept.state != "draft":
        return Redirect(f"/campaigns/{name}", status_code=303)
    here = step if step in STEPS else "audience"
    return _page(request, shop, previews, kept, here, variant)


@post("/campaigns/{name:str}/edit", sync_to_thread=True, status_code=303)
def change(
    request: Asked,
    shop: NamedDependency[Shop],
    previews: NamedDependency[Previews],
    name: FromPath[str],
    data: Form,
) -> Response[Any]:
    """Keep what a step says, and go on to the next, or stay for one more variant."""
    kept = _draft(shop, name)
    step, (act, _, rest) = _one(data, "step"), _one(data, "do").partition(":")
    one = from_body(kept.body)
    reads = {"audience": _audience, "content": _content, "control": _control}
    if step in reads:
        one = reads[step](one, data)
    if act == "more":
        one = _more(one)
    elif act == "less":
        one = replace(one, variants=tuple(each for each in one.variants if each.id != rest))
    kept = shop.keep_broadcast(one, by(request))
    if act == "test":
        return _tested(request, shop, previews, kept, rest, _one(data, "to"))
    stays = act in ("more", "less", "look")
    names = list(STEPS)
    at = names[min(names.index(step) + (0 if stays else 1), 3)] if step in names else names[0]
    if act == "to" and rest in STEPS:
        at = rest
    more = f"&variant={rest}" if act == "look" else ""
    return Redirect(f"/campaigns/{name}/edit?step={at}{more}", status_code=303)


@get("/campaigns/{name:str}/funnel", sync_to_thread=True)
def funnel(
    request: Asked, shop: NamedDependency[Shop], name: FromPath[str], last: FromQuery[bool] = False
) -> Response[str]:
    """Who would get it, and who is lost to which guard: worked out while the page is there."""
    only(request, "last")
    kept, words = found_(shop, name), reader(request, shop)
    one = from_body(kept.body)
    try:
        found = shop.broadcast_funnel(one)
    except UserError as error:
        return fragment(request, shop, "parts/funnel.html", wrong=error.say(words.say), own=one, kept=kept)
    told: dict[str, Any] = {
        "guards": GUARDS,
        "own": one,
        "kept": kept,
        "found": found,
        "lines": _lines(found, words),
        "cost": _cost(found, words),
        "last": last,
    }
    if request.headers.get("hx-request"):
        return fragment(request, shop, "parts/funnel.html", wrong="", **told)
    return page(request, shop, "campaign-funnel.html", wrong="", **told)


def _cost(found: Funnel, words: Words) -> str:
    """What it will cost, where there is a price."""
    text, fields = found.price(words.money, words.number)
    return words.say(text, **fields) if text else ""


def _lines(found: Funnel, words: Words) -> list[dict[str, Any]]:
    """From those who are meant to those who get it, with how much of the first each step takes."""
    return [
        {"guard": guard, "name": words.say(text, **fields), "n": n}
        for guard, text, fields, n in found.losses()
    ]


def _page(
    request: Asked,
    shop: Shop,
    previews: Previews,
    kept: Kept,
    step: str,
    variant: str = "",
    told: tuple[str, str] | None = None,
) -> Response[str]:
    words, one = reader(request, shop), from_body(kept.body)
    faults = shop.check_broadcast(one)
    made = page(
        request,
        shop,
        "campaign-edit.html",
        kept=kept,
        own=one,
        step=step,
        steps=[(name, words.say(text)) for name, text in STEPS.items()],
        nth=list(STEPS).index(step) + 1,
        faults=[(fault, fault.say(words.say)) for fault in faults if _mine(fault, step)],
        wrong=any(fault.severity == "error" for fault in faults),
        audiences=_audiences(shop, words) if step == "audience" else [],
        segments=[(f'segment("{each.id}")', each.title) for each in circles(shop, words.language)],
        size=_size(shop, one) if step == "audience" else None,
        templates=[(each.template.slug, each.template.title) for each in shop.templates() if each.live],
        channels=[(name, words.say(NAMES[name])) for name in SENDABLE],
        summary=summary(shop, one, None, words),
        look=_look(request, shop, previews, one, variant) if step == "content" else None,
        to=_to(request),
        mails=shop.mail() is not None,
        told=told,
        pace=one.pace.partition("/"),
    )
    made.headers["content-security-policy"] = FRAMED
    return made


def _mine(fault: Fault, step: str) -> bool:
    """Whether a fault belongs to a step; the last one tells them all."""
    place = fault.place.partition(".")[0]
    return step == "send" or place in _OF.get(step, ())


def _audiences(shop: Shop, words: Words) -> list[tuple[str, str]]:
    """What a broadcast can be sent to by a choice: who agreed, segments, and the stages of every model."""
    found = [('consent("email")', words.say(N_("Everybody who agreed to e-mails")))]
    found += [(f'segment("{each.id}")', each.title) for each in circles(shop, words.language)]
    for model in shop.models():
        if model.subject == "person":
            found += [
                (
                    f'stage("{model.id}") == "{stage.id}"',
                    words.say(N_("Stage: {name}"), name=stage.name.said(words.language)),
                )
                for stage in model.stages
            ]
    return found


def _size(shop: Shop, one: Broadcast) -> int | None:
    try:
        return shop.segment(one.to).count() if one.to.strip() else None
    except UserError:
        return None


def _look(
    request: Asked, shop: Shop, previews: Previews, one: Broadcast, variant: str
) -> dict[str, Any] | None:
    """The variant that is looked at, as some customer would get it, in the shop's language."""
    chosen = next((each for each in one.variants if each.id == variant), None)
    chosen = chosen or next(iter(one.variants), None)
    known = {each.template.slug: each.template for each in shop.templates() if each.live}
    if chosen is None or chosen.template not in known:
        return None
    template = known[chosen.template]
    looked = previews.look(template, "", shop.base or str(request.base_url), clock.now())
    language = template.language(reader(request, shop).language)
    shown = looked.shown.get(language)
    problem = shown.problem.say(reader(request, shop).say) if shown and shown.problem else ""
    return {"variant": chosen.id, "shown": shown, "problem": problem, "language": language}


def _tested(
    request: Asked, shop: Shop, previews: Previews, kept: Kept, variant: str, to: str
) -> Response[str]:
    """Send one variant to an address, and say what the mail server answered."""
    words, one = reader(request, shop), from_body(kept.body)
    known = {each.template.slug: each.template for each in shop.templates() if each.live}
    slug = next((each.template for each in one.variants if each.id == variant), "")
    tone: Literal["good", "bad"] = "bad"
    try:
        if slug not in known:
            raise UserError(N_("Say what is sent: choose a template."))
        base, language = shop.base or str(request.base_url), known[slug].language(words.language)
        outcome = previews.test(known[slug], language, "", to, base, by(request), clock.now())
        tone = "good" if outcome.state == "sent" else "bad"
        text = N_("Sent to {address}.") if tone == "good" else N_("The mail did not leave: {answer}")
        said = words.say(text, address=to, answer=outcome.answer)
    except UserError as error:
        said = error.say(words.say)
    return _page(request, shop, previews, kept, "content", variant, (said, tone))


def _to(request: Asked) -> str:
    name = by(request)
    return name if "@" in name else ""


# --- what the forms say ---------------------------------------------------------------------------


def _audience(one: Broadcast, data: Mapping[str, Any]) -> Broadcast:
    picked, rule = _one(data, "pick"), _one(data, "to").strip()
    without = data.get("without", [])
    listed = [without] if isinstance(without, str) else list(without)
    to = picked or rule
    return replace(one, name=_one(data, "name").strip(), to=to, without=tuple(map(str, listed)))


def _content(one: Broadcast, data: Mapping[str, Any]) -> Broadcast:
    variants = tuple(
        Variant(each.id, _one(data, f"template.{each.id}")) for each in one.variants or (Variant("a", ""),)
    )
    trial = None
    if len(variants) > 1:
        by_ = _one(data, "metric")
        trial = Trial(
            _share(_one(data, "share") or "20"),
            "orders" if by_ == "orders" else "clicks",
            _one(data, "after").strip() or "4h",
            "ask" if _one(data, "unsure") == "ask" else "first",
        )
    channel = _one(data, "channel") or one.channel
    return replace(one, variants=variants, trial=trial, channel=channel)


def _more(one: Broadcast) -> Broadcast:
    """With one more variant, called by the next letter that is free."""
    taken = {each.id for each in one.variants}
    letter = next((each for each in _LETTERS if each not in taken), None)
    if letter is None:
        return one
    made = (*one.variants, Variant(letter, ""))
    return replace(one, variants=made, trial=one.trial or (Trial() if len(made) > 1 else None))


def _control(one: Broadcast, data: Mapping[str, Any]) -> Broadcast:
    count, per = _one(data, "count").strip(), _one(data, "per")
    timed = _one(data, "when") == "later"
    return replace(
        one,
        at=_one(data, "at").replace("T", " ") if timed else "",
        clock="customer" if timed and _one(data, "clock") == "customer" else "shop",
        pace=f"{count}/{per if per in ('h', 'm') else 'h'}" if count else "",
        within=_one(data, "within").strip(),
        holdout=_share(_one(data, "holdout") or "0"),
    )


def _share(text: str) -> float:
    """A percentage as a share; raises `UserError` for what is no number."""
    try:
        return float(text.strip().rstrip("%").replace(",", ".")) / 100
    except ValueError as error:
        raise UserError(N_("“{text}” is no number."), text=text[:20]) from error


def _draft(shop: Shop, name: str) -> Kept:
    kept = found_(shop, name)
    among(kept, ("draft",))
    return kept


def _one(data: Mapping[str, Any], name: str) -> str:
    found = data.get(name, "")
    return str(found[0] if isinstance(found, list) else found)
