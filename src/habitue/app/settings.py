"""A workspace's own settings: its currency, its time zone, its language."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace

from habitue.ingest.calls.rows import Terms
from habitue.kernel import money
from habitue.kernel.clock import Micros
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import LANGUAGES, N_, Language
from habitue.kernel.region import region
from habitue.people import zones
from habitue.store import acts
from habitue.store.ops import Ops, tell


@dataclass(frozen=True)
class Settings:
    """The workspace's currency (ISO 4217), time zone (IANA) and language."""

    currency: str = "EUR"
    timezone: str = "Europe/Paris"
    language: Language = "en"
    demo: bool = False

    @property
    def digits(self) -> int:
        return money.digits(self.currency)

    @property
    def terms(self) -> Terms:
        """How calls are read: amounts in the shop's currency, phone numbers as in the country of its zone."""
        return Terms(self.currency, region(self.timezone))


def read(ops: Ops) -> Settings:
    """As they stand."""
    found = {key: ops.setting(key) for key in ("currency", "timezone", "language", "demo")}
    return Settings(
        found["currency"] or "EUR",
        found["timezone"] or "UTC",
        "fr" if found["language"] == "fr" else "en",
        found["demo"] == "True",
    )


def write(ops: Ops, settings: Settings) -> None:
    """Those of a new workspace."""
    with ops.begin() as tx:
        for key, value in asdict(settings).items():
            tell(tx, key, str(value))


def change(ops: Ops, was: Settings, timezone: str, language: str, by: str, now: Micros) -> None:
    """Set what can be changed later, which is written down. Raises `UserError`.

    The currency stays: every amount that was taken in is in it.
    """
    wanted = checked(replace(was, timezone=timezone, language=language))  # type: ignore[arg-type]  # looked at there
    new, old = asdict(wanted), asdict(was)
    changed = {key: [old[key], value] for key, value in new.items() if value != old[key]}
    for key, (_, value) in changed.items():
        ops.put_setting(key, value)
    if changed:
        with ops.begin() as tx:
            acts.note(tx, now, by, "settings", "workspace", **changed)


def checked(settings: Settings) -> Settings:
    """The settings; raises `UserError` for those that are none."""
    if settings.timezone not in zones.names():
        raise UserError(
            N_("“{zone}” is not a time zone. Write one such as Europe/Paris."), zone=settings.timezone
        )
    if settings.language not in LANGUAGES:
        raise UserError(N_("“{language}” is not spoken here. Choose en or fr."), language=settings.language)
    return replace(settings, currency=money.currency(settings.currency))
