"""How a message on the site looks, as a page of its own: for whoever writes it, in the shop's real style."""

from __future__ import annotations

import re
from functools import cache
from html import escape
from importlib.resources import files
from typing import Final

from habitue.templates.press import Filled
from habitue.templates.shape import Place

COLOUR: Final = re.compile(r"#[0-9a-fA-F]{6}")
"""How buttons may be coloured: what a browser is told is nothing else."""

# A page of a shop, as one sees it from afar: what the message stands in front of.
_PAGE: Final = """<!doctype html><html lang="{language}"><head><meta charset="utf-8">\
<meta name="viewport" content="width=device-width"><title>{title}</title><style>{sheet}{shop}</style></head>\
<body class="on-{place}"><main aria-hidden="true"><i></i><i></i><i></i><i></i><i></i><i></i></main>\
{box}</body></html>"""
_SHOP: Final = """html,body{display:block;height:100%;background:#f4f3f7}\
@media(prefers-color-scheme:dark){html,body{background:#15141b}}\
main{display:grid;grid-template-columns:repeat(auto-fill,minmax(130px,1fr));gap:16px;padding:24px}\
i{display:block;height:150px;border-radius:8px;background:rgb(128 124 150/.16)}\
.on-dialog main{opacity:.4}"""
_BOX: Final = """<section class="box {place}">\
<div class="words"><h2 dir="auto">{title}</h2><p dir="auto">{text}</p></div>\
{button}<button type="button" tabindex="-1" aria-hidden="true"><svg viewBox="0 0 20 20">\
<path d="M4 4 16 16M16 4 4 16"/></svg></button></section>"""


def framed(said: Filled, place: Place, language: str, color: str = "") -> str:
    """The message in its place on a page."""
    title, text, words = (escape(one) for one in (said.subject, said.text.strip(), said.button))
    button = f"<a>{words}</a>" if said.button and said.link else ""
    own = f"a{{--do:{color};--done:#fff}}" if COLOUR.fullmatch(color) else ""
    box = _BOX.format(place=place, title=title, text=text, button=button)
    return _PAGE.format(
        language=escape(language), title=title, sheet=_sheet() + own, shop=_SHOP, place=place, box=box
    )


@cache
def _sheet() -> str:
    told = files("habitue.templates").joinpath("greeting.css").read_text("utf-8")
    return told.replace(":host { all: initial;", ":root {").replace(":host", ":root")
