"""What a message could be about, to show a template where nothing of the kind has happened yet."""

from __future__ import annotations

from typing import Any, Final

from habitue.kernel.clock import DAY, Micros, iso
from habitue.kernel.i18n import Language

_PRODUCTS: Final[dict[Language, tuple[str, str]]] = {
    "en": ("House Earl Grey", "Spring sencha"),
    "fr": ("Earl Grey de la maison", "Sencha de printemps"),
}


def event(language: str) -> dict[str, Any]:
    """The properties of an order."""
    first, second = _PRODUCTS["fr" if language[:2] == "fr" else "en"]
    products = [
        {"name": first, "quantity": 2, "price": 8.9},
        {"name": second, "quantity": 1, "price": 14.5},
    ]
    return {"order_id": "C-10482", "total": 32.3, "products": products}


def coupon(now: Micros) -> dict[str, Any]:
    """A code that nobody can use."""
    return {"code": "EXAMPLE-7KQ2", "expires": iso(now + 30 * DAY)[:10], "value": "10 %"}
