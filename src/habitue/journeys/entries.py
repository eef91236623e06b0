"""How customers come into a journey; each way is a struct of its settings."""

from __future__ import annotations

from typing import Annotated, ClassVar, Final, TypeAlias

from msgspec import Struct

from habitue.journeys.asked import Asked
from habitue.journeys.roles import Watch
from habitue.kernel.i18n import N_


class Way(Struct, frozen=True, kw_only=True, tag_field="is", omit_defaults=True):
    """A way in; a subclass's tag is its name in files."""

    title: ClassVar[str]
    about: ClassVar[str]

    @classmethod
    def name(cls) -> str:
        return str(cls.__struct_config__.tag)

    def watches(self) -> tuple[Watch, ...]:
        """What it looks out for."""
        return ()


class Enters(Way, frozen=True, kw_only=True, tag="enters"):
    title: ClassVar[str] = N_("A rule begins to hold")
    about: ClassVar[str] = N_("Such as coming into a stage or a segment, or being in it for some days.")

    rule: Annotated[
        str, Asked(N_("Who"), N_('Such as stage("transactional") == "dormant", or segment("vip").'), "rule")
    ]
    held: Annotated[
        str,
        Asked(
            N_("Held for"),
            N_("Only once it has held so long without a break; at once if not said."),
            "duration",
        ),
    ] = ""

    def watches(self) -> tuple[Watch, ...]:
        rule = f'held({self.rule}, "{self.held}")' if self.held else self.rule
        return (Watch(rule),)


class Leaves(Way, frozen=True, kw_only=True, tag="leaves"):
    title: ClassVar[str] = N_("A rule ceases to hold")
    about: ClassVar[str] = N_("Such as going out of a stage or a segment.")

    rule: Annotated[str, Asked(N_("Who no longer"), N_('Such as segment("vip").'), "rule")]

    def watches(self) -> tuple[Watch, ...]:
        return (Watch(self.rule),)


class Happens(Way, frozen=True, kw_only=True, tag="event"):
    title: ClassVar[str] = N_("Something happens")
    about: ClassVar[str] = N_(
        "Whenever the customer does something; with a key, once for each order or cart."
    )

    event: Annotated[str, Asked(N_("Event"), N_("Such as Checkout Started."), "event")]
    where: Annotated[str, Asked(N_("With"), N_("A condition on its own properties."), "where")] = ""
    key: Annotated[
        str,
        Asked(
            N_("Once for each"), N_("The property that tells one from another, such as order_id."), "words"
        ),
    ] = ""

    def watches(self) -> tuple[Watch, ...]:
        return (Watch("", self.event, self.where),)


class Dated(Way, frozen=True, kw_only=True, tag="date"):
    title: ClassVar[str] = N_("A date comes round")
    about: ClassVar[str] = N_(
        "A birthday, a renewal: a date that a trait holds, or some days before or after it."
    )

    trait: Annotated[str, Asked(N_("Trait"), N_("Which holds the date, such as birthday."), "trait")]
    offset: Annotated[
        str,
        Asked(
            N_("Before or after"), N_("Such as -7d for a week before; nothing for the day itself."), "offset"
        ),
    ] = ""
    time: Annotated[
        str, Asked(N_("Time of day"), N_("On the customer’s own clock, such as 09:00."), "clock")
    ] = "09:00"
    yearly: Annotated[bool, Asked(N_("Every year"), N_("As for a birthday."), "yes")] = True


class Scheduled(Way, frozen=True, kw_only=True, tag="schedule"):
    title: ClassVar[str] = N_("At fixed times")
    about: ClassVar[str] = N_("Everybody for whom a rule holds, at a time of day on the shop’s clock.")

    rule: Annotated[str, Asked(N_("Who"), N_('Such as segment("vip").'), "rule")]
    time: Annotated[str, Asked(N_("Time of day"), N_("On the shop’s clock, such as 09:00."), "clock")] = (
        "09:00"
    )
    days: Annotated[
        tuple[str, ...], Asked(N_("Days of the week"), N_("Any day if none is chosen."), "days")
    ] = ()

    def watches(self) -> tuple[Watch, ...]:
        return (Watch(self.rule),)


class Manual(Way, frozen=True, kw_only=True, tag="manual"):
    title: ClassVar[str] = N_("By hand, or by the API")
    about: ClassVar[str] = N_("Whom somebody of the team, another journey or a program puts in.")


Entry: TypeAlias = Enters | Leaves | Happens | Dated | Scheduled | Manual
WAYS: Final[dict[str, type[Way]]] = {
    one.name(): one for one in (Enters, Leaves, Happens, Dated, Scheduled, Manual)
}
