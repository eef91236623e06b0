"""What to do now: who will leave a good stage soon, ranked by what they brought."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from msgspec import Struct

from habitue.app import Shop
from habitue.metrics.stakes import Stake
from habitue.stages.kpis import LOST, RISK
from habitue.stages.models import Model
from habitue.web.looks import Look
from habitue.web.words import Words

MOST: Final = 5


class Task(Struct, frozen=True):
    """`n` people of `look` become `then` soon; `stake` is what they brought in a year, `each` of them."""

    look: Look
    then: Look
    n: str
    stake: str
    each: str
    share: int
    advice: str
    owner: str | None
    url: str
    page: str


class Play(Struct, frozen=True):
    """What is done in a stage, and who answers for it."""

    text: str
    owner: str | None


def plays(shop: Shop, model: Model, words: Words) -> dict[str, Play]:
    """What is done in each stage: as the shop has written it, else as the model ships."""
    own = shop.plays(model.id)
    shipped = {stage.id: Play(stage.advice.said(words.language), None) for stage in model.stages}
    return shipped | {
        one.stage: Play(one.text or shipped[one.stage].text, one.owner)
        for one in own.values()
        if one.stage in shipped
    }


def tasks(
    found: list[Stake],
    looks: tuple[Look, ...],
    plays: Mapping[str, Play],
    model: str,
    words: Words,
    people: Callable[..., str],
) -> list[Task]:
    """The moves for the worse that lie ahead, the dearest first."""
    by_value = {look.value: look for look in looks}
    worse = [
        (by_value[one.value], by_value[one.following], one)
        for one in found
        if one.following is not None and by_value[one.following].canonical in RISK | LOST
    ][:MOST]
    most = max([1, *(one.revenue for _, _, one in worse)])
    return [
        Task(
            look,
            then,
            words.say.n("{count} person", "{count} people", one.n, count=words.number(one.n)),
            words.money(one.revenue),
            words.money(round(one.revenue / one.n)),
            max(1, round(100 * one.revenue / most)),
            plays[look.id].text,
            plays[look.id].owner,
            people(stage=look.id, becomes=then.id),
            f"/stages/{model}/{look.id}",
        )
        for look, then, one in worse
    ]
