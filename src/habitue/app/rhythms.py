"""The rhythm of a shop, kept until something comes in: of a large one it takes seconds to be worked out."""

from __future__ import annotations

from habitue.app.shop import Shop
from habitue.kernel.clock import Micros
from habitue.stages.kept import Kept, Made
from habitue.stages.models import Model
from habitue.stages.rhythm import Rhythm, rhythm


class Rhythms:
    """One for each version of a model."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._kept = Kept[int, Rhythm](lambda: shop.generation, 2, rest=600)

    def glance(self, model: Model, now: Micros, patience: float) -> Rhythm | None:
        """The rhythm; None while the first is being worked out and that takes longer than `patience`."""

        def make(_: bool) -> Made[Rhythm]:
            generation, shop = self._shop.generation, self._shop
            return Made(rhythm(shop.warehouse, model, shop.known(), now), generation, now)

        found = self._kept.glance(model.version, now, None, make, patience)
        return found.value if found else None
