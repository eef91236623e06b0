"""A workspace that this process opens itself."""

from __future__ import annotations

import sys
from pathlib import Path

import habitue.api.alerting
import habitue.api.arriving
import habitue.api.broadcasting
import habitue.api.calls
import habitue.api.channelling
import habitue.api.consenting
import habitue.api.couponing
import habitue.api.deeds
import habitue.api.definitions
import habitue.api.doing
import habitue.api.duplicating
import habitue.api.identities
import habitue.api.journeying
import habitue.api.mailing
import habitue.api.outcome
import habitue.api.people
import habitue.api.privacy
import habitue.api.selling
import habitue.api.teaming
import habitue.api.templating
import habitue.api.undoing  # noqa: F401  their commands are known once they are loaded
from habitue.api.answer import Answer, House
from habitue.api.command import Command, Told
from habitue.api.perform import Asked, perform
from habitue.app import Shop
from habitue.cli import voice
from habitue.kernel.i18n import Language
from habitue.store.lock import Lock


class Local:
    """The shop, open until the end of the `with` block."""

    def __init__(self, folder: Path, language: Language | None, lock: Lock) -> None:
        self.shop = opened(Shop.open(folder, lock), language)
        settings = self.shop.settings
        self.house = House(language or settings.language, settings.timezone, settings.currency)

    def ask(self, command: Command, told: Told | None) -> Answer:
        """Carry the command out here."""
        return perform(command, Asked(self.shop, self.house.language, told))

    def __enter__(self) -> Local:
        return self

    def __exit__(self, *_: object) -> None:
        self.shop.close()


def opened(shop: Shop, language: Language | None) -> Shop:
    """The shop, once its language is known and it is said how it was found and what was done about it."""
    voice.house.set(shop.settings.language)
    for notice in shop.notices:
        print(voice.speaker(language)(notice.text, **notice.fields), file=sys.stderr)
    return shop
