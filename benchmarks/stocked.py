"""A whole workspace of a million customers, made once and shared by what is measured at that size.

`python -m benchmarks.stocked FOLDER [CUSTOMERS] [EVENTS EACH]` makes it; `FOLDER` is a workspace afterwards.
By default 20 M events, in a minute: what is measured on it reads orders, a fifth of them. Everybody has an
address and a name, nine of ten agree to e-mails, and orders have numbers. The model that shops begin with is
folded. Who measures opens it to read, or copies it and throws the copy away.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from benchmarks.shop import NOW, START, make
from habitue.app import Settings, Shop
from habitue.app.templates import Brand
from habitue.kernel import clock
from habitue.messaging.kinds import email_smtp
from habitue.templates.starters import starters

MILLION: Final = 1_000_000
EACH: Final = 20
BRAND: Final = Brand("La Théière bleue", "12 rue Austin, 69004 Lyon", "https://shop.example")
URL: Final = "https://crm.shop.fr"
ORDERED: Final = "CASE WHEN dice < 2 THEN '{\"order_id\":\"O' || i || '\"}' ELSE '{}' END"

_TRAITS: Final = {
    "consent.email": "CASE WHEN person % 10 = 9 THEN 'false' ELSE 'true' END",
    "trait.email": "'\"c' || person || '@b.fr\"'",
    "trait.first_name": "'\"Camille ' || person || '\"'",
}


def since(began: int) -> None:
    """Let the clock of this process go on from the shop's own last day."""
    clock.now = lambda: NOW + time.time_ns() // 1000 - began


def stock(place: Path, customers: int = MILLION, each: int = EACH) -> None:
    """Make the workspace; nothing may be there yet."""
    with Shop.create(place, Settings("EUR", "Europe/Paris", "en"), now=NOW) as shop:
        work = shop.warehouse.path
    assert work is not None
    work.unlink()
    make(work, customers, each, told=ORDERED)
    with (place / "habitue.toml").open("a") as file:
        file.write(f'url = "{URL}"\n')
    with Shop.open(place) as shop:
        with shop.warehouse.write() as writer:
            writer.run("INSERT INTO node SELECT person, 'user:' || person, birth FROM person")
            said = [
                f"SELECT person, '{name}', {value}, make_timestamp({START}), -1, person, 'bench' FROM person"
                for name, value in _TRAITS.items()
            ]
            writer.run(f"INSERT INTO trait_base {' UNION ALL '.join(said)} ORDER BY 1, 2")
        shop.name_brand(BRAND, "bench", NOW)
        for name in ("thanks", "welcome"):
            shop.publish_template(starters()[name].template, "bench", NOW)
        shop.refresh(NOW)
        shop.warehouse.checkpoint()


@contextmanager
def placed() -> Iterator[Path]:
    """The workspace that the command line names, made if it is not there; else one that is thrown away."""
    with TemporaryDirectory() as folder:
        place = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(folder) / "shop"
        if not place.exists():
            began = time.perf_counter()
            stock(place)
            print(
                f"     {MILLION:,} customers, {MILLION * EACH:,} events: {time.perf_counter() - began:.0f} s"
            )
        yield place


def mailing(shop: Shop, port: int, **more: Any) -> None:
    """Let mails leave by a server on this machine."""
    shop.set_mail(email_smtp.Settings("127.0.0.1", "Shop <a@shop.fr>", port, "none", **more), "bench", NOW)


def main() -> None:
    place = Path(sys.argv[1])
    numbers = [int(word) for word in sys.argv[2:]]
    began = time.perf_counter()
    stock(place, *numbers)
    customers, each = (*numbers, *(MILLION, EACH)[len(numbers) :])
    print(
        f"{customers:,} customers, {customers * each:,} events: {time.perf_counter() - began:.0f} s, {place}"
    )


if __name__ == "__main__":
    main()
