"""The language of templates' holes: Liquid, with few tags, few filters, and an end to everything.

A value is only ever put out as text: in HTML it is escaped, and nothing in it is read as Liquid. What is
missing or empty stops the mail, unless the template says what to write then (`default`, `if`).
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from functools import cache
from io import StringIO
from typing import Any, Final, TextIO

from liquid import BoundTemplate, Environment, Markup, Node, RenderContext, StrictUndefined, escape
from liquid.builtin import content, illegal
from liquid.builtin.expressions import FilteredExpression, Path
from liquid.builtin.output import Output, OutputNode
from liquid.builtin.tags import assign_tag, capture_tag, case_tag, comment_tag, for_tag, if_tag, unless_tag
from liquid.exceptions import (
    LoopIterationLimitError,
    OutputStreamLimitError,
)
from liquid.expression import Expression
from liquid.output import LimitedStringIO
from liquid.token import Token
from liquid.undefined import UNDEFINED, is_undefined

from habitue.kernel.i18n import N_
from habitue.templates.fault import Unfit, missing
from habitue.templates.filters import GUARDS, OWN, capped

TURNS: Final = 10_000
"""Of all loops of one text together."""
OUTPUT: Final = 1 << 20
"""Letters of one text."""
NAMESPACE: Final = 100 << 10
DEPTH: Final = 20
SECONDS: Final = 2.0
"""Of the processor's time, for one text."""

TAGS: Final = (
    content.Literal,
    illegal.Illegal,
    if_tag.IfTag,
    unless_tag.UnlessTag,
    case_tag.CaseTag,
    for_tag.ForTag,
    for_tag.BreakTag,
    for_tag.ContinueTag,
    assign_tag.AssignTag,
    capture_tag.CaptureTag,
    comment_tag.CommentTag,
)

MARKS: Final = ("\ue100", "\ue101")
"""Around an address that may be followed: no value holds them."""

# Control characters but tab and line feed; what turns the direction of writing; what no encoding takes;
# our own marks.
_STRAY: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff\ue000-\uf8ff]"
)
_UNSEEN: Final = re.compile(
    "[\\s\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200d\u2060-\u2064\u2800\u3164\uffa0]*"
)


class Missing(StrictUndefined):
    """A value that is not there: it can be asked about, and has a default, but is never put out."""

    __slots__ = ()
    force_liquid_default = True
    allowed_properties = StrictUndefined.allowed_properties | {
        "__bool__",
        "__class__",
        "__eq__",
        "__liquid__",
        "called",
    }

    def __bool__(self) -> bool:
        return False

    def __eq__(self, other: object) -> bool:
        return other is None or other is False or is_undefined(other)

    def __hash__(self) -> int:
        return 0

    @property
    def called(self) -> str:
        """Its whole name, as the template has it."""
        hint = object.__getattribute__(self, "hint")
        name = object.__getattribute__(self, "name")
        return str(hint).removesuffix(" is undefined").strip("'") if hint else str(name)


_CAPPED: Final = {name: capped(filter_) for name, filter_ in (*OWN.items(), *GUARDS.items())}


class Put(OutputNode):
    """`{{ … }}`: puts out a text, and never nothing unless it was told that there may be nothing."""

    __slots__ = ("guards", "named", "path", "spared")

    def __init__(self, token: Token, expression: Expression) -> None:
        super().__init__(token, expression)
        filters = expression.filters or [] if isinstance(expression, FilteredExpression) else []
        self.spared = any(one.name == "default" for one in filters)
        left = expression.left if isinstance(expression, FilteredExpression) else expression
        self.named = str(left)
        # One that only names a value, and has it guarded, needs no more of Liquid.
        plain = isinstance(left, Path) and all(isinstance(one, str) for one in left.path)
        bare = plain and all(one.name in GUARDS for one in filters)
        self.path: list[object] | None = list(left.path) if bare and isinstance(left, Path) else None
        self.guards = tuple([_CAPPED[one.name] for one in filters]) if bare else ()

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        path = self.path
        value = self.expression.evaluate(context) if path is None else context.get(path, token=self.token)
        return buffer.write(self.said(value, context.autoescape))

    def said(self, value: Any, escapes: bool) -> str:
        """How the value stands in the text."""
        for guard in self.guards:
            value = guard(value)
        text = value if isinstance(value, str) else self._told(value)
        if _STRAY.search(text):
            text = _STRAY.sub("", text) if not isinstance(text, Markup) else Markup(_STRAY.sub("", text))
        if not self.spared and _UNSEEN.fullmatch(text):
            raise missing(self.named)
        return escape(text) if escapes else text

    def _told(self, value: Any) -> str:
        if is_undefined(value):
            raise missing(value.called if isinstance(value, Missing) else self.named)
        if value is None:
            return ""
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, list | tuple | Mapping):
            raise Unfit("value", N_("“{name}” is a list: write it with “for”, or join it."), name=self.named)
        return str(value)


class _Output(Output):
    node_class = Put


class Bounded(RenderContext):
    """Counts the turns of all loops, and looks at the clock in each."""

    __slots__ = ("ends", "turns")

    def __init__(self, template: BoundTemplate, **given: Any) -> None:
        super().__init__(template, **given)
        self.turns = 0
        self.ends = 0.0

    def get(self, path: list[object], *, token: Token | None, default: object = UNDEFINED) -> object:
        """A value by its path: nearly all of them are in dicts, and the library looks for much else first."""
        try:
            found: Any = self.scope[path[0]]  # type: ignore[index]  # what is no name is told by the library
            for name in path[1:]:
                if type(found) is not dict:
                    return super().get(path, token=token, default=default)
                found = found[name]
        except (KeyError, TypeError, IndexError):
            return super().get(path, token=token, default=default)
        return found

    def loop(  # type: ignore[override]  # any context manager will do
        self, namespace: Mapping[str, object], forloop: Any
    ) -> AbstractContextManager[RenderContext]:
        if not self.ends:
            self.ends = time.thread_time() + SECONDS
        self.turns += forloop.length
        if self.turns > TURNS:
            raise LoopIterationLimitError("turns", token=None)
        forloop.it = self._watched(forloop.it)
        return super().loop(namespace, forloop)

    def _watched(self, members: Iterator[object]) -> Iterator[object]:
        for one in members:
            if time.thread_time() > self.ends:
                raise LoopIterationLimitError("time", token=None)
            yield one


class Room(LimitedStringIO):
    """Counts letters: turning each piece into bytes to count those takes as long as all the rest."""

    def write(self, text: str) -> int:
        self.size += len(text)
        if self.size > self.limit:
            raise OutputStreamLimitError("output", token=None)
        return StringIO.write(self, text)


class Tongue(Environment):
    """Liquid for one language, with HTML (`autoescape`) or without."""

    block_nesting_limit = DEPTH
    context_depth_limit = DEPTH
    loop_iteration_limit = TURNS
    local_namespace_limit = NAMESPACE
    output_stream_limit = OUTPUT

    def __init__(self, language: str, escaping: bool) -> None:
        super().__init__(undefined=Missing, autoescape=escaping)
        self.language = language

    def setup_tags_and_filters(self, *, extra: bool = False) -> None:  # noqa: ARG002  there are no others
        for tag in (*TAGS, _Output):
            self.add_tag(tag)
        for name, filter_ in _CAPPED.items():
            self.add_filter(name, filter_)


@cache
def tongue(language: str, escaping: bool) -> Tongue:
    """The one for a language."""
    return Tongue(language, escaping)


def plain(error: BaseException) -> str:
    """What an error of the library says, in one line."""
    said = error.args[0] if error.args else type(error).__name__
    return " ".join(str(said).split())[:200]


def every(template: BoundTemplate) -> Iterator[Node]:
    """All nodes of a template."""
    context = RenderContext(template)
    waiting = list(template.nodes)
    while waiting:
        node = waiting.pop()
        yield node
        waiting.extend(node.children(context, include_partials=False))


def expressions(template: BoundTemplate) -> Iterator[Expression]:
    """All expressions, and those in them."""
    waiting = [one for node in every(template) for one in node.expressions()]
    while waiting:
        one = waiting.pop()
        yield one
        waiting.extend(one.children())
