"""In which country a shop is: phone numbers that name none are of it."""

from __future__ import annotations

from babel.core import get_global


def region(zone: str) -> str | None:
    """The country (ISO 3166) of a time zone, such as FR of Europe/Paris; None of one that has none."""
    found: str | None = get_global("zone_territories").get(zone)
    return found
