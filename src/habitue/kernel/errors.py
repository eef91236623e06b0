"""What goes wrong, said so that a person can mend it."""

from __future__ import annotations

from typing import Any

from habitue.kernel.i18n import Translator


class UserError(Exception):
    """A mistake that its maker can mend: wrong input, missing file, busy directory.

    `text` is a gettext message with `{fields}`; the faces translate it with `say` and show it
    without a traceback. Anything that is not a `UserError` is a defect of ours.
    """

    def __init__(self, text: str, /, **fields: Any) -> None:
        super().__init__(text.format(**fields))
        self.text = text
        self.fields = fields

    def say(self, t: Translator) -> str:
        """All that is wrong and how to mend it, in the translator's language."""
        return t(self.text, **self.fields)
