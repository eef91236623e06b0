"""French and English: gettext messages, one `.po` file per room, read by Babel.

The message id is the English sentence. `locale/fr/*.po` holds the French ones; the files are read
once per process, so there is nothing to compile. Sentences are never glued together in code: a
message has named `{fields}` and `n` for its plural.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any, Final, Literal

from babel.messages.pofile import read_po
from babel.units import format_unit

Language = Literal["en", "fr"]
LANGUAGES: Final[tuple[Language, ...]] = ("en", "fr")


def N_(text: str) -> str:
    """Mark a message for translation where it is not yet said."""
    return text


class Translator:
    """Says messages in one language; `t(text, **fields)` and `t.n(one, many, n, **fields)`."""

    def __init__(self, language: Language, messages: dict[str, tuple[str, ...]]) -> None:
        self.language = language
        self.messages = messages

    def __call__(self, text: str, /, **fields: Any) -> str:
        said = self.messages.get(text, (text,))[0]
        return said.format(**{name: self._said(one) for name, one in fields.items()}) if fields else said

    def _said(self, field: Any) -> Any:
        """A field that has words of its own in each language, in this one."""
        return field.said(self.language) if hasattr(field, "said") else field

    def n(self, one: str, many: str, n: int, /, **fields: Any) -> str:
        """The form of the message for `n` things; `{n}` in it is the number."""
        forms = self.messages.get(one, (one, many))
        plural = n > 1 or n < -1 if self.language == "fr" else n != 1
        return forms[1 if plural and len(forms) > 1 else 0].format(n=n, **fields)


@cache
def translator(language: Language) -> Translator:
    """The translator of a language; unknown messages are said in English."""
    messages: dict[str, tuple[str, ...]] = {}
    folder = files("habitue").joinpath("locale", language)
    if folder.is_dir():
        for entry in sorted(folder.iterdir(), key=lambda e: e.name):
            if entry.name.endswith(".po"):
                with entry.open("rb") as lines:
                    for message in read_po(lines, locale=language):
                        _keep(messages, message.id, message.string)
    return Translator(language, messages)


def _keep(messages: dict[str, tuple[str, ...]], key: Any, said: Any) -> None:
    one = key[0] if isinstance(key, tuple | list) else key
    forms = tuple(said) if isinstance(said, tuple | list) else (said,)
    if one and all(forms):
        messages[one] = forms


def choose(accept: str) -> Language:
    """The language for an `Accept-Language` header or a locale name; English unless French comes first."""
    for part in accept.replace("_", "-").split(","):
        tag = part.split(";")[0].strip().lower()[:2]
        if tag == "fr":
            return "fr"
        if tag == "en":
            return "en"
    return "en"


def dated(said: str, day: int, language: Language) -> str:
    """A date in words; in French the first of a month is an ordinal: `1er oct. 2025`."""
    return said.replace("1 ", "1er ", 1) if language == "fr" and day == 1 else said


def spelt(length: str, language: Language) -> str:
    """A duration text in words: `3y` is `3 years` and `3 ans`."""
    number, unit = length.strip()[:-1], _UNITS[length.strip()[-1]]
    return str(format_unit(int(number), f"duration-{unit}", "long", locale=language))


_UNITS: Final = {"m": "minute", "h": "hour", "d": "day", "w": "week", "y": "year"}
