"""`/look`: by day, by night, or as the system has it, and what is not said again; kept in this browser."""

from __future__ import annotations

from typing import Annotated

from litestar import post
from litestar.datastructures import Cookie
from litestar.enums import RequestEncodingType
from litestar.params import Body
from litestar.response import Redirect

from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_
from habitue.web.gate import local
from habitue.web.page import HUSH, THEME, THEMES

Filled = Annotated[dict[str, str], Body(media_type=RequestEncodingType.URL_ENCODED)]


@post("/look", sync_to_thread=False)
def choose(data: Filled) -> Redirect:
    """Back to the page that it was chosen on."""
    back = local(data.get("back")) or "/"
    if data.get("hush"):
        hushed = Cookie(HUSH, value="1", max_age=2_592_000, httponly=True, samesite="lax")
        return Redirect(back, status_code=303, cookies=[hushed])
    theme = data.get("theme", "")
    if theme not in THEMES:
        raise UserError(
            N_("“{look}” is not a look. There are: {known}."), look=theme, known=", ".join(THEMES)
        )
    chosen = Cookie(THEME, value=theme, max_age=31_536_000, httponly=True, samesite="lax")
    return Redirect(back, status_code=303, cookies=[chosen])
