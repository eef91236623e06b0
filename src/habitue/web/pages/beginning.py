"""`/journeys/new`: a journey is begun: with a recipe, with what stands on another page, or with nothing."""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias

from litestar import Response, post
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.params import Body

from habitue.app import Shop
from habitue.journeys import seeds
from habitue.journeys.recipes import recipes
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_
from habitue.segments import saved
from habitue.segments.templates import told
from habitue.web import flash
from habitue.web.gate import by
from habitue.web.page import Asked, reader
from habitue.web.words import Words

Form: TypeAlias = Annotated[dict[str, Any], Body(media_type=RequestEncodingType.URL_ENCODED)]


@post("/journeys/new", sync_to_thread=True, status_code=303)
def begin(request: Asked, shop: NamedDependency[Shop], data: Form) -> Response[Any]:
    """A draft of a recipe, of what stands on another page (a segment, a change of stage), or an empty one."""
    words = reader(request, shop)
    sent = {key: str(value) for key, value in data.items()}
    chosen = recipes().get(sent.get("recipe", ""))
    place = ""
    if chosen is not None:
        slug = shop.begin_recipe(chosen, words.language, by(request))
    elif sent.get("segment"):
        slug, place = _telling(shop, sent["segment"], sent.get("way", ""), words, by(request))
    elif sent.get("model"):
        slug, place = _flowing(
            shop, sent["model"], sent.get("from", ""), sent.get("to", ""), words, by(request)
        )
    else:
        slug = shop.begin_journey(
            "journey", {"entry": {"is": "event", "event": ""}, "steps": []}, by(request)
        )
    address = f"/journeys/{slug}/edit{place}"
    return flash.done(address, N_("A draft: nothing happens until you publish it."), "info")


def _telling(shop: Shop, segment: str, way: str, words: Words, who: str) -> tuple[str, str]:
    """A draft that tells another program who comes into a segment or goes out; and the place to go on at."""
    own = told(saved.named(shop.segments(), segment), words.language)
    if way not in seeds.WAYS:
        raise UserError(N_("Choose one of: {known}."), known=", ".join(seeds.WAYS))
    came = N_("Who comes into “{name}”, to a webhook")
    text = came if way == "enters" else N_("Who goes out of “{name}”, to a webhook")
    body = {"name": words.say(text, name=own.title), **seeds.telling(own.id, way)}
    return shop.begin_journey(f"{own.id}-webhook", body, who), "?at=0#panel"


def _flowing(shop: Shop, model: str, source: str, target: str, words: Words, who: str) -> tuple[str, str]:
    """A draft for who goes from one stage into another, or into it from any; and the place to go on at."""
    own = shop.model(model)
    titles = {one.id: one.name.said(words.language) for one in own.stages}
    for stage in (target, source) if source else (target,):
        if stage not in titles:
            raise UserError(N_("Choose one of: {known}."), known=", ".join(titles))
    name = words.say(N_("Became “{stage}”"), stage=titles[target])
    if source:
        name = words.say(N_("From “{before}” to “{after}”"), before=titles[source], after=titles[target])
    body = {"name": name, **seeds.flowing(model, source, target)}
    return shop.begin_journey(
        f"{source}-{target}" if source else target, body, who
    ), f"?at={int(bool(source))}#panel"
