"""What the builder's fields offer one reader: the shop's own names, and what things are called."""

from __future__ import annotations

from collections.abc import Sequence

from habitue.app import Shop
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_
from habitue.web.builder import words as called
from habitue.web.builder.acts import Known
from habitue.web.builder.card import Card, at
from habitue.web.builder.kinds import operators
from habitue.web.saying import circles
from habitue.web.words import Words

Pairs = Sequence[tuple[str, str]]


class Choices:
    """Asked by the templates as `b`; every list is (what is sent, what is read)."""

    nothing = Card("and")
    events = tuple(called.EVENTS)
    icons = called.ICONS
    channels = called.CHANNELS

    def __init__(self, shop: Shop, words: Words, own: str = "") -> None:
        self._words, self._shop = words, shop
        say, language = words.say, words.language
        names = shop.catalogue()
        self.kinds = {kind: say(text) for kind, text in called.KINDS.items()}
        self.event_kinds = [(kind, say(text)) for kind, text in called.EVENTS.items()]
        self.joins = [("and", say(N_("All of these"))), ("or", say(N_("Any of these")))]
        self.units = [(unit, say(text)) for unit, text in called.UNITS.items()]
        self.types = [(kind, say(text)) for kind, text in called.TYPES.items()]
        self.paces = [("length", say(N_("so long ago"))), ("cadence", say(N_("their usual interval")))]
        self.add = [(say(title), [(kind, say(text)) for kind, text in kinds]) for title, kinds in called.ADD]
        self.event_names = sorted(((one, words.happened(one)) for one in names.events), key=_first)
        self.trait_names = [(one, words.trait(one)) for one in _under("trait.", names.names)]
        self.score_names = _under("score.", names.names)
        self.segments = [(one.id, one.title) for one in circles(shop, language) if one.id != own]
        self._models = shop.models()
        self.models = [(one.id, one.kind.name.said(language)) for one in self._models]

    def ops(self, kind: str) -> Pairs:
        return [(op, self._words.say(called.OPS[op])) for op in operators(kind)]

    def stages(self, model: str) -> Pairs:
        """The stages of a model; none of one that there is not."""
        stages = [stage for one in self._models if one.id == model for stage in one.stages]
        return [(stage.id, stage.name.said(self._words.language)) for stage in stages]

    def around(self, card: Card | None, path: str) -> list[str]:
        """The events whose property stands at this path."""
        above = path.rpartition("/where")[0]
        try:
            parent, slot, place = at(card or self.nothing, above) if above else (None, "", 0)
        except UserError:
            return []
        return parent.parts[slot][place].all("events") if parent else []

    @property
    def known(self) -> Known:
        """What new cards begin with."""
        return Known(
            [name for name, _ in self.event_names],
            [name for name, _ in self.trait_names],
            [(one.id, one.stages[one.shown[0]].id) for one in self._models if one.subject == "person"],
            [name for name, _ in self.segments],
        )


def _first(pair: tuple[str, str]) -> tuple[bool, str]:
    """Orders before all else: most rules are about them."""
    return not pair[0].startswith("Order "), pair[1].casefold()


def _under(root: str, names: object) -> list[str]:
    found = names if isinstance(names, list | tuple | set | frozenset) else ()
    return sorted(str(one).removeprefix(root) for one in found if str(one).startswith(root))
