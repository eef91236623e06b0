"""How tests come in: programs by the server's token, browsers by a session of the owner's."""

from __future__ import annotations

from typing import Final

from playwright.sync_api import BrowserContext

from habitue.app import Shop
from habitue.team.entry import Came

TOKEN: Final = "a-token"
BEARER: Final = {"Authorization": f"Bearer {TOKEN}"}
"""Whoever can read the workspace's directory, as far as a server with that token knows."""


def session(shop: Shop) -> str:
    """The secret of a new session of the owner's."""
    return shop.by_link(shop.first_link("a test"), Came()).session


def enter(browser: BrowserContext, shop: Shop, url: str, secret: str = "") -> None:
    """Let a browser in: the owner's, or whose session that is."""
    value = secret or session(shop)
    browser.add_cookies([{"name": f"habitue_{shop.ops.name[:8]}", "value": value, "url": url}])
