"""`/stages`: what each stage of a model means."""

from __future__ import annotations

from typing import Any

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from habitue.app import Shop
from habitue.kernel import clock
from habitue.kernel.clock import DAY, duration
from habitue.metrics.counts import counts
from habitue.rules.sentence import sentence
from habitue.rules.text import write
from habitue.stages.kind import Choice, Duration, Parameter, Setting
from habitue.stages.models import Model
from habitue.web.looks import looks
from habitue.web.page import Asked, page, reader
from habitue.web.words import Words


@get("/stages", sync_to_thread=True)
def index(request: Asked, shop: NamedDependency[Shop]) -> Response[str]:
    """The first live model; the page names the others."""
    return _page(request, shop, shop.models()[0])


@get("/stages/{model:str}", sync_to_thread=True)
def show(request: Asked, shop: NamedDependency[Shop], model: FromPath[str]) -> Response[str]:
    """One model: its stages in words and as rules, its settings."""
    return _page(request, shop, shop.model(model))


def _page(request: Asked, shop: Shop, chosen: Model) -> Response[str]:
    words = reader(request, shop)
    now = clock.now()
    return page(
        request,
        shop,
        "stages.html",
        model=chosen.id,
        version=chosen.number,
        title=chosen.kind.name.said(words.language),
        description=chosen.kind.description.said(words.language),
        models=[(one.id, one.kind.name.said(words.language)) for one in shop.models()],
        stages=_stages(chosen, words, counts(shop.warehouse, chosen.version, now)),
        settings=_settings(chosen, words),
    )


def _stages(model: Model, words: Words, people: dict[int, int]) -> list[dict[str, Any]]:
    """In the order in which they are asked: the first whose rule is true wins."""
    by_value = {look.value: look for look in looks(model, words.language)}
    return [
        {
            "look": by_value[value],
            "description": stage.description.said(words.language),
            "advice": stage.advice.said(words.language),
            "said": sentence(rule, words.language) if rule is not None else None,
            "text": write(rule) if rule is not None else None,
            "count": people.get(value, 0),
        }
        for value, (stage, rule) in enumerate(zip(model.stages, model.definition().rules, strict=True))
    ]


def _settings(model: Model, words: Words) -> list[dict[str, str]]:
    chosen = model.kind.settings(model.settings)
    return [
        {
            "name": parameter.name.said(words.language),
            "help": parameter.help.said(words.language),
            "value": _said(parameter, chosen[name], words),
        }
        for name, parameter in model.kind.parameters.items()
    ]


def _said(parameter: Parameter, value: Setting, words: Words) -> str:
    if isinstance(parameter, Choice):
        return parameter.options[str(value)].name.said(words.language)
    return (
        words.days(duration(str(value)) / DAY)
        if isinstance(parameter, Duration)
        else words.number(float(value))
    )
