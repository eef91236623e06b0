"""Mails filled in a second, on one core: `python -m benchmarks.fill`.

Each starter, in French, with its links signed for each customer and its plain text; the template is ready.
"""

from __future__ import annotations

import time
from typing import Any, Final

from habitue.store.seal import Marks
from habitue.templates.passes import Pass, Passes
from habitue.templates.press import pressed
from habitue.templates.starters import starters

MAILS: Final = 1_000
TARGET: Final = 3_000
VALUES: Final[dict[str, Any]] = {
    "shop": {
        "name": "La Théière bleue",
        "address": "12 rue Austin, 69004 Lyon",
        "website": "https://shop.example",
        "currency": "EUR",
        "timezone": "Europe/Paris",
    },
    "event": {
        "order_id": "C-10482",
        "products": [
            {"name": "Earl Grey de la maison", "quantity": 2, "price": 8.9},
            {"name": "Sencha de printemps", "quantity": 1, "price": 14.5},
        ],
    },
}


def speed(name: str) -> tuple[float, int]:
    """Mails a second of the processor's time, and the bytes of one."""
    press, passes = pressed(starters()[name].template), Passes(Marks((b"k" * 32,)), "https://mail.example")
    size, began = 0, time.process_time()
    for n in range(MAILS):
        one = Pass(n, n, "email", "marketing", 1_800_000_000)
        values = VALUES | {"customer": {"first_name": f"Camille {n}"}, "links": passes.links(one)}
        mail = press.fill(values, "fr", passes.follow(one))
        size = len(mail.html.encode()) + len(mail.text.encode())
    return MAILS / (time.process_time() - began), size


def main() -> None:
    for name in starters():
        found, size = max(speed(name) for _ in range(3))
        mark = "ok  " if found >= TARGET else "MISS"
        print(f"{mark} {name:<12} {found:>8,.0f} mails/s of {size / 1000:.0f} kB (target: ≥ {TARGET:,})")


if __name__ == "__main__":
    main()
