"""A request cut into its parts by its brackets alone, however deep: a decoder follows only so far."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Final

import numpy as np

_STEP: Final = np.zeros(256, np.int8)
_STEP[list(b"{[")], _STEP[list(b"}]")] = 1, -1
_MEMBER: Final = re.compile(rb'"(\w+)"\s*:\s*')


MOST: Final = 10_000
"""So many commas part at most, four times those of the most events; what follows is one part."""


def members(text: bytes) -> dict[str, bytes] | None:
    """The values of an object by their names; None where it is none, or breaks off."""
    found = parts(text) if text.lstrip()[:1] == b"{" else None
    if found is None:
        return None
    named = [(name, one[name.end() :]) for one in found if (name := _MEMBER.match(one))]
    return {name[1].decode(): value for name, value in named}


def parts(text: bytes) -> list[bytes] | None:
    """What stands between the commas of an object or a list; None where its brackets don't end with it."""
    text = text.strip()
    signs = np.frombuffer(text.replace(b"\\\\", b"__").replace(b'\\"', b"__"), np.uint8)
    quoted = np.cumsum(signs == ord('"'), dtype=np.uint8) & 1
    depth = np.cumsum(np.where(quoted, 0, _STEP[signs]), dtype=np.int32)
    if len(text) < 2 or depth[-1] or (depth[:-1] < 1).any():
        return None
    commas = np.flatnonzero((signs == ord(",")) & (quoted == 0) & (depth == 1))[:MOST]
    found = [text[a + 1 : b].strip() for a, b in pairwise((0, *commas.tolist(), len(text) - 1))]
    return found if found != [b""] else []
