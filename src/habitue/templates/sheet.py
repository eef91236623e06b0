"""One text of a template as pieces that lie side by side: what is the same in all mails, links, and holes.

To fill it in is to put a few texts between many that stand. A hole that names a value is looked up once,
however often it stands there; what is more than that is left to Liquid.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from liquid import BoundTemplate, Node, RenderContext
from liquid.builtin.content import ContentNode
from liquid.exceptions import (
    LiquidError,
    LiquidInterrupt,
    OutputStreamLimitError,
    ResourceLimitError,
    UndefinedError,
)

from habitue.kernel.i18n import N_
from habitue.templates.fault import Unfit, missing
from habitue.templates.liquid import MARKS, OUTPUT, Bounded, Put, Room, every, plain

_LINK: Final = re.compile(f"{MARKS[0]}([^{MARKS[1]}]*){MARKS[1]}")
_NOWHERE: Final = object()


class Sheet:
    """A text of a template, made ready once."""

    def __init__(self, template: BoundTemplate) -> None:
        self._template = template
        self._escapes = template.env.autoescape
        self._pieces: list[str] = []
        self._links: list[tuple[int, str]] = []
        self._holes: list[tuple[Node, list[int]]] = []
        # What a template gives a name to may have another value further down.
        self._steady = not any([*node.template_scope()] for node in every(template))
        self._lay()
        self._size = sum(map(len, self._pieces))

    def _lay(self) -> None:
        known: dict[tuple[object, ...], list[int]] = {}
        for node in self._template.nodes:
            if isinstance(node, ContentNode):
                self._stand(node.text)
                continue
            path = self._path(node)
            places = known.get(path) if path else None
            if places is None:
                places = []
                self._holes.append((node, places))
                if path:
                    known[path] = places
            places.append(len(self._pieces))
            self._pieces.append("")

    def _stand(self, text: str) -> None:
        """A piece that is the same in all; a link in it that is whole is a piece of its own."""
        for n, piece in enumerate(_LINK.split(text)):
            if n % 2:
                self._links.append((len(self._pieces), piece))
            self._pieces.append(f"{MARKS[0]}{piece}{MARKS[1]}" if n % 2 else piece)

    def _path(self, node: Node) -> tuple[object, ...]:
        """Where a hole's value is, of one that only names it, and what guards it there."""
        named = self._steady and isinstance(node, Put) and node.path
        return (*node.path, node.guards) if named else ()  # type: ignore[attr-defined]  # it is a `Put`

    def filled(self, values: Mapping[str, Any], led: Callable[[str], str] | None = None) -> str:
        """The text with its holes filled; `led` is given what stands as a link, and says what is to stand
        there. Raises `Unfit` where it can't be written.
        """
        if not self._pieces:
            return ""
        try:
            text = self._filled(values, led)
        except UndefinedError as error:
            raise missing(_name(error)) from error
        except ResourceLimitError as error:
            raise Unfit("limit", N_("The message became too long, or took too long to write.")) from error
        except (LiquidError, LiquidInterrupt, RecursionError) as error:
            raise _unfit(error) from error
        except (ArithmeticError, ValueError, TypeError, LookupError, AttributeError) as error:
            raise _unfit(error) from error
        return _LINK.sub(lambda found: led(found[1]), text) if led and MARKS[0] in text else text

    def _filled(self, values: Mapping[str, Any], led: Callable[[str], str] | None) -> str:
        pieces, size, context = self._pieces.copy(), self._size, None
        for node, places in self._holes:
            value = _at(values, node.path) if self._steady and isinstance(node, Put) else _NOWHERE
            if value is not _NOWHERE:
                said = node.said(value, self._escapes)  # type: ignore[attr-defined]  # it is a `Put`
            else:
                context = context or Bounded(self._template, globals=values)
                said = _run(node, context)
            size += len(said) * len(places)
            if size > OUTPUT:
                raise OutputStreamLimitError("output", token=None)
            for place in places:
                pieces[place] = said
        if led:
            for place, link in self._links:
                pieces[place] = led(link)
        return "".join(pieces)


def _at(values: Mapping[str, Any], path: list[object] | None) -> Any:
    """The value at a path through dicts; all else, also what is missing, Liquid knows."""
    if path is None:
        return _NOWHERE
    found: Any = values
    for name in path:
        if not isinstance(found, dict):
            return _NOWHERE
        try:
            found = found[name]
        except KeyError:
            return _NOWHERE
    return found


def _run(node: Node, context: RenderContext) -> str:
    room = Room(OUTPUT)
    node.render(context, room)
    return room.getvalue()


def _unfit(error: BaseException) -> Unfit:
    return Unfit("value", N_("A value can't be used as the template does: {reason}"), reason=plain(error))


def _name(error: UndefinedError) -> str:
    return str(error.args[0]).removesuffix(" is undefined").strip("'") if error.args else "?"
