"""`/coupons`: pools of coupon codes, what became of them, and a form for another."""

from __future__ import annotations

import re
import unicodedata
from typing import Annotated, Any, Final, TypeAlias

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.params import Body

from habitue.app import Shop
from habitue.kernel.clock import DAY, instant
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_
from habitue.templates.coupons import Pool
from habitue.web import flash
from habitue.web.gate import by
from habitue.web.page import Asked, only, page

Form: TypeAlias = Annotated[dict[str, str], Body(media_type=RequestEncodingType.URL_ENCODED)]

FIELDS: Final = ("name", "value", "most", "days", "until", "prefix", "codes")
MADE: Final = N_("The pool “{name}” gives codes from now on.")
ENDED: Final = N_("The pool “{name}” gives no more codes. Those given stay good.")


@get("/coupons", sync_to_thread=True)
def index(request: Asked, shop: NamedDependency[Shop]) -> Response[str]:
    """The pools, the newest first."""
    only(request)
    return _page(request, shop, {})


@post("/coupons", sync_to_thread=True, status_code=303)
def change(request: Asked, shop: NamedDependency[Shop], data: Form) -> Response[Any]:
    """Make a pool, or end one."""
    ending = data.get("end", "")
    try:
        if ending:
            shop.end_coupons(ending, by(request))
            return flash.done("/coupons", ENDED, name=ending)
        pool, codes = _read(shop, data)
        shop.make_coupons(pool, by(request))
        if codes:
            shop.load_coupons(pool.slug, codes)
    except UserError as error:
        return _page(request, shop, data, error)
    return flash.done("/coupons", MADE, name=pool.name or pool.slug)


def _read(shop: Shop, data: dict[str, str]) -> tuple[Pool, list[str]]:
    """The pool as the form has it. What is good until a day is good on that day."""
    name, codes = data.get("name", "").strip(), data.get("codes", "").split("\n")
    own = [one.strip() for one in codes if one.strip()]
    until = data.get("until", "").strip()
    end = instant(until, shop.settings.timezone) + DAY - 1 if until else None
    pool = Pool(
        _slug(name),
        name,
        data.get("value", "").strip(),
        None if own else data.get("prefix", "").strip().upper(),
        _whole(data.get("most", "")),
        _whole(data.get("days", "")),
        end,
    )
    return pool, own


def _slug(name: str) -> str:
    """What messages call it: small letters, digits and dashes."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).lstrip("-0123456789").rstrip("-")[:64]


def _whole(text: str) -> int | None:
    said = "".join(text.split())
    if (said and not said.isascii()) or (said and not said.isdigit()) or len(said) > 9:
        raise UserError(N_("“{text}” is no whole number."), text=text[:40])
    return int(said) if said else None


def _page(request: Asked, shop: Shop, given: dict[str, str], error: UserError | None = None) -> Response[str]:
    status, given = 400 if error else 200, {name: given.get(name, "") for name in FIELDS}
    return page(
        request, shop, "coupons.html", status, pools=shop.coupon_pools()[::-1], given=given, error=error
    )
