"""Why keys were merged or taken apart, where we said it ourselves: stored in one language, told in any."""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from babel.numbers import format_percent

from habitue.kernel.i18n import LANGUAGES, N_, Language, Translator, translator

PAIRED: Final = N_("Pair {n} of the duplicates: {share} likely one person.")
PARTED: Final = N_("Pair {n} of the duplicates: the merge is taken back.")
UNDONE: Final = N_("The merge was taken back on the customer’s page.")

_FIELDS: Final = {
    "n": r"(?P<n>\d+)",
    "share": "(?P<share>\\d+[.,]\\d)[ \N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}]?%",
}


class Share(float):
    """A share, written as each language does: `99.9%`, `99,9 %`."""

    def said(self, language: Language) -> str:
        form = "0.0\N{NARROW NO-BREAK SPACE}%" if language == "fr" else "0.0%"
        return str(format_percent(self, form, language))


def told(why: str, say: Translator) -> str:
    """A sentence of ours in the reader's language, whichever it was stored in; any other as written."""
    for text in (PAIRED, PARTED, UNDONE):
        for language in LANGUAGES:
            if found := _pattern(text, language).fullmatch(why):
                return say(text, **{name: _field(name, said) for name, said in found.groupdict().items()})
    return why


def _field(name: str, said: str) -> str | Share:
    return Share(float(said.replace(",", ".")) / 100) if name == "share" else said


@cache
def _pattern(text: str, language: Language) -> re.Pattern[str]:
    """What the message looks like in this language with its fields filled."""
    said = re.split(r"\{(\w+)\}", translator(language)(text))
    return re.compile("".join(_FIELDS[part] if n % 2 else re.escape(part) for n, part in enumerate(said)))
