"""At whose mailboxes addresses are: they count complaints each for themselves."""

from __future__ import annotations

from typing import Final

OTHER: Final = "other"

NAMES: Final = {
    "gmail": "Gmail",
    "outlook": "Outlook, Hotmail",
    "yahoo": "Yahoo, AOL",
    "apple": "iCloud",
    "orange": "Orange",
    "free": "Free",
    "sfr": "SFR",
    "bouygues": "Bouygues",
    "laposte": "La Poste",
    "gmx": "GMX, Web.de",
    "proton": "Proton",
}

_DOMAINS: Final = {
    "gmail": "gmail.com googlemail.com",
    "outlook": "outlook.com outlook.fr hotmail.com hotmail.fr hotmail.co.uk live.com live.fr msn.com",
    "yahoo": "yahoo.com yahoo.fr yahoo.co.uk ymail.com rocketmail.com aol.com aol.fr",
    "apple": "icloud.com me.com mac.com",
    "orange": "orange.fr wanadoo.fr voila.fr",
    "free": "free.fr libertysurf.fr aliceadsl.fr",
    "sfr": "sfr.fr neuf.fr cegetel.net club-internet.fr numericable.fr",
    "bouygues": "bbox.fr",
    "laposte": "laposte.net",
    "gmx": "gmx.com gmx.net gmx.de gmx.fr web.de",
    "proton": "proton.me protonmail.com pm.me",
}
_BY_DOMAIN: Final = {domain: name for name, some in _DOMAINS.items() for domain in some.split()}


def mailbox(address: str) -> str:
    """Whose mailbox it is, as far as its domain says it: a company's own domain does not."""
    return _BY_DOMAIN.get(address.rpartition("@")[2].lower(), OTHER)
