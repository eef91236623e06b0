"""Whose row it is: ids and e-mail addresses → keys such as `user:c-001` and `email:a@b.fr`.

Ids are matched in NFC, trimmed, inner blanks made one space, in folded case; `1234.0`, which Excel makes of
1234, is `1234`.
"""

from __future__ import annotations

import re
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from habitue.ingest.files.dates import Bools, Ints
from habitue.ingest.files.words import WORDS
from habitue.people import keys as known
from habitue.people.keys import EMAIL, JUNK

NOBODY, SHORTENED, LONG, NOT_EMAIL = 1, 2, 3, 4
"""Why a cell is no key: a junk word, a number cut short by Excel, too many characters, no e-mail address."""

_ADDRESS: Final = rf"(?i)^\s*(?:mailto:)?{EMAIL.pattern}\s*$"
_FLOAT = re.compile(r"(\d+)\.0+")
_POWER = re.compile(r"\d[.,]?\d*e\+\d+")
_PLAIN: Final = r"^[A-Za-z0-9_#/:-]{0,50}[A-Za-z1-9][A-Za-z0-9_#/:-]{0,50}$"
"""Ids that need small letters and nothing else; most do."""


def person(text: str) -> tuple[str, int]:
    """The key for an id; an id that is an e-mail address makes an e-mail key."""
    key = folded(text)
    if _junk(key):
        return "", NOBODY
    if len(key) > known.LONGEST:
        return "", LONG
    if _POWER.fullmatch(key):
        return "", SHORTENED
    return ("email:" if EMAIL.fullmatch(key) else "user:") + key, 0


def email(text: str) -> tuple[str, int]:
    key = folded(text).removeprefix("mailto:")
    if _junk(key):
        return "", NOBODY
    made = known.email_key(key)
    return (made, 0) if made else ("", NOT_EMAIL)


def account(text: str) -> tuple[str, int]:
    key, why = person(text)
    return "account:" + key.partition(":")[2] if key else "", why


def folded(text: str) -> str:
    """An id as it is matched; a leading apostrophe, by which Shopify keeps digits as text, is dropped."""
    bare = known.folded(text).removeprefix("'")
    whole = _FLOAT.fullmatch(bare)
    return whole[1] if whole else bare


def _junk(key: str) -> bool:
    return key in WORDS.junk or known.junk(key)


MAKERS: Final = {"person": person, "email": email, "account": account}


def keys(column: pa.Array, kind: str) -> tuple[pa.Array, Ints]:
    """Each cell's key ("" where there is none) and 0 or why there is none."""
    coded = column.dictionary_encode()
    texts, index = coded.dictionary, coded.indices
    small = pc.ascii_lower(texts)
    junk = pc.is_in(small, pa.array([*WORDS.junk, *JUNK]))
    plain = pc.and_(pc.and_not(pc.match_substring_regex(texts, _PLAIN), junk), kind == "person")
    made = pc.binary_join_element_wise("user", small, ":")
    why = np.zeros(len(texts), np.int64)
    rest = np.flatnonzero(~np.asarray(plain))
    if len(rest):
        pairs = [MAKERS[kind](text) for text in texts.take(pa.array(rest)).to_pylist()]
        made = pc.replace_with_mask(made, pc.invert(plain), pa.array([key for key, _ in pairs], pa.string()))
        why[rest] = [reason for _, reason in pairs]
    return made.take(index), why[index.to_numpy(zero_copy_only=False)]


def addresses(column: pa.Array) -> Bools:
    """Which cells are e-mail addresses."""
    return np.asarray(pc.match_substring_regex(column, _ADDRESS))


def either(first: tuple[pa.Array, Ints], second: tuple[pa.Array, Ints]) -> tuple[pa.Array, Ints]:
    """The first key where there is one, else the second; the reason of the first when both fail."""
    taken = first[1] == 0
    return pc.if_else(pa.array(taken), first[0], second[0]), np.where(taken | (second[1] == 0), 0, first[1])
