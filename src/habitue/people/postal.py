"""Where letters reach somebody: the lines on an envelope, of what is known of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

STREET: Final = ("street", "address1", "line1", "street_address")
MORE: Final = ("address2", "line2", "street2")
POSTCODE: Final = ("postalCode", "postal_code", "postcode", "zip")
CITY: Final = ("city", "town")
COUNTRY: Final = ("country",)


ASKED: Final = (
    *("name", "first_name", "firstName", "last_name", "lastName", "address"),
    *(f"{part}{name}" for part in ("", "address.") for name in (*STREET, *MORE, *POSTCODE, *CITY, *COUNTRY)),
)
"""The traits that are looked at."""


def lines(traits: Mapping[str, Any]) -> tuple[str, ...]:
    """Name, street, postcode and town, country if known; empty where any of the first three is missing."""
    own = traits.get("address")
    parts = own if isinstance(own, Mapping) else {}
    street = _first(STREET, traits, parts) or (own.strip() if isinstance(own, str) else "")
    postcode, city = _first(POSTCODE, traits, parts), _first(CITY, traits, parts)
    name = _name(traits)
    if not (name and street and postcode and city):
        return ()
    told = [name, *street.splitlines(), _first(MORE, traits, parts), f"{postcode} {city}"]
    told.append(_first(COUNTRY, traits, parts).upper())
    return tuple(one for each in told if (one := " ".join(each.split())))


def _name(traits: Mapping[str, Any]) -> str:
    whole = traits.get("name")
    if isinstance(whole, str) and whole.strip():
        return whole
    first, last = (_first((f"{one}_name", f"{one}Name"), traits, {}) for one in ("first", "last"))
    return f"{first} {last}".strip()


def _first(names: tuple[str, ...], traits: Mapping[str, Any], parts: Mapping[str, Any]) -> str:
    """The first of these that is known, in the address itself before all else."""
    told = [parts.get(name) for name in names]
    told += [traits.get(f"address.{name}", traits.get(name)) for name in names]
    return next((str(one).strip() for one in told if isinstance(one, str | int) and str(one).strip()), "")
