"""What a setting asks for: its title, its help and the form of what is written there.

A setting is a field of a `msgspec.Struct`, annotated with `Asked`. Reading, checking, the form in the
browser and the documentation are all made from that.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, Literal, NamedTuple, TypeAlias, get_args, get_origin, get_type_hints

import msgspec
from msgspec import NODEFAULT, Struct
from msgspec.structs import FieldInfo

Form: TypeAlias = Literal[
    "words",
    "long",
    "rule",
    "event",
    "where",
    "duration",
    "offset",
    "clock",
    "days",
    "trait",
    "named",
    "share",
    "template",
    "channel",
    "journey",
    "coupon",
    "choice",
    "whole",
    "yes",
    "address",
    "props",
    "secret",
    "number",
    "mail",
]


class Asked(NamedTuple):
    """One setting's title and help (messages), and its form; `names` are those of a choice's options."""

    title: str
    help: str
    form: Form = "words"
    names: Mapping[str, str] = {}


class Field(NamedTuple):
    """A setting as it is declared."""

    name: str
    asked: Asked
    type: Any
    required: bool
    default: Any

    @property
    def options(self) -> tuple[str, ...]:
        """What a choice chooses from."""
        return tuple(get_args(self.type)) if get_origin(self.type) is Literal else ()


@cache
def fields(cls: type[Struct]) -> tuple[Field, ...]:
    """The settings that a struct declares, in their order; fields that ask nothing are its own business."""
    hints = get_type_hints(cls, include_extras=True)
    found = []
    for one in msgspec.structs.fields(cls):
        hint = hints[one.name]
        asked = next((part for part in getattr(hint, "__metadata__", ()) if isinstance(part, Asked)), None)
        if asked is not None:
            plain = get_args(hint)[0] if get_origin(hint) is Annotated else hint
            found.append(Field(one.name, asked, plain, one.required, _default(one)))
    return tuple(found)


def _default(one: FieldInfo) -> Any:
    if one.default_factory is not NODEFAULT:
        return one.default_factory()
    return None if one.required else one.default
