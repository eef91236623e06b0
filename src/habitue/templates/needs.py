"""What a template asks of whom it is written to: the customer's values that stand in it."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from habitue.templates.liquid import tongue
from habitue.templates.shape import Text

_THERE: Final = re.compile(r"\{%-?\s*(?:if|elsif|unless)\s+customer\.\w+\s*-?%\}|\{%-?\s*for\s")
"""Asks only whether something is there."""


class Needs(NamedTuple):
    """Names of `customer.*`; of those `compared` it matters what they say, not only that they are there."""

    named: frozenset[str]
    compared: frozenset[str]


def needs(text: Text, language: str) -> Needs:
    """What one language of a template, which can be read, asks for."""
    named, compared = set[str](), set[str]()
    env = tongue(language, escaping=False)
    for said in (text.subject, text.preheader, text.body):
        found = env.from_string(said).analyze(include_partials=False).globals
        for one in (each for some in found.values() for each in some):
            path = [str(segment) for segment in one.segments]
            if path[0] != "customer" or len(path) < 2:
                continue
            named.add(path[1])
            at = one.span.index
            tag = said.rfind("{%", 0, at)
            if tag > said.rfind("{{", 0, at) and not _THERE.match(said, tag):
                compared.add(path[1])
    return Needs(frozenset(named), frozenset(compared))
