"""Letters as a PDF, one after the other, for envelopes with a window: set by Typst.

What customers and templates say is handed over as data, never as Typst's own language. Needs the extra
`letters`.
"""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec import Struct

from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_

MOST: Final = 2_000
"""Letters in one file."""


class Paper(Struct, frozen=True):
    """One letter: the lines on the envelope, what it is about, and its paragraphs."""

    to: tuple[str, ...]
    subject: str
    paragraphs: tuple[str, ...]


class Sheet(Struct, frozen=True):
    """What is the same on all letters: the sender's lines, place and date, and the language."""

    sender: tuple[str, ...]
    dated: str
    language: str
    letters: tuple[Paper, ...]


# The window of a French envelope (NF Z 11-001): 110 mm from the left, 50 mm from the top.
_SET: Final = """
#let sheet = json(bytes(sys.inputs.sheet))
#set document(title: sheet.dated, date: none)
#set page(paper: "a4", margin: (x: 25mm, top: 20mm, bottom: 20mm))
#set text(size: 11pt, lang: sheet.language, hyphenate: true)
#set par(justify: true, leading: 0.7em, spacing: 1.1em)
#let stacked(lines) = stack(spacing: 0.55em, ..lines.map(text))
#for (n, letter) in sheet.letters.enumerate() {
  if n > 0 { pagebreak(weak: true) }
  place(top + left, block(width: 75mm, stacked(sheet.sender)))
  place(top + left, dx: 85mm, dy: 30mm, block(width: 75mm, stacked(letter.to)))
  v(75mm)
  align(right, text(sheet.dated))
  v(6mm)
  if letter.subject != "" { strong(letter.subject); v(4mm) }
  for one in letter.paragraphs { par(one.split("\\n").map(text).join(linebreak())) }
}
"""


def printed(sheet: Sheet) -> bytes:
    """The PDF. Raises `UserError` where there are too many letters, or Typst isn't installed."""
    if len(sheet.letters) > MOST:
        n = len(sheet.letters)
        raise UserError(N_("These are {n} letters: no more than {most} go into one file."), n=n, most=MOST)
    try:
        import typst  # noqa: PLC0415  an extra
    except ImportError as error:
        raise UserError(N_("Letters need one thing more: pip install 'habitue[letters]'")) from error
    given = {"sheet": msgspec.json.encode(sheet).decode()}
    made = typst.compile(_SET.encode(), sys_inputs=given, ignore_system_fonts=True)
    assert isinstance(made, bytes)
    return made


def paragraphs(text: str) -> tuple[str, ...]:
    """A text's paragraphs, which empty lines part."""
    return tuple(one.strip() for one in text.replace("\\r\\n", "\\n").split("\\n\\n") if one.strip())
