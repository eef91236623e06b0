"""What a journey can be expected to change, by what it did change: where nothing is known nothing is said."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from habitue.app.results import Resulting
from habitue.journeys.replay import Replayed
from habitue.metrics.uplift import Interval


class Effect(Struct, frozen=True):
    """How much more those who would have come in do: how many more convert, what more they spend (minor
    units), each with its interval. `why` nothing is said: it never ran (new), nobody was left alone (alone),
    too few were (early, `lacking` more are needed).
    """

    why: Literal["known", "new", "alone", "early"]
    lacking: int = 0
    conversions: Interval | None = None
    revenue: Interval | None = None


def effect(shop: Resulting, name: str, found: Replayed) -> Effect:
    """The expected effect of a journey on those whom a replay let in."""
    if not any(one.since is not None for one in shop.journey_versions(name)):
        return Effect("new")
    contrast = shop.contrast(f"journey:{name}", found.since, found.until)
    if contrast is None:
        return Effect("alone")
    uplift = contrast.uplift
    if uplift.rate is None or uplift.each is None:
        return Effect("early", uplift.lacking)
    return Effect("known", 0, uplift.rate.times(found.people), uplift.each.times(found.people))
