"""`/team`: who works here, as what; invitations, links for lost passwords, keys of the API."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal, cast

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.params import Body
from msgspec import Struct

from habitue.app import Shop
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_
from habitue.kernel.number import Number, number
from habitue.store.failure import StoreDown
from habitue.team.entry import TooMany
from habitue.team.rights import ABOUT, NAMES, ROLES, SCOPES, Act, Actor, Role, Scope, can
from habitue.web.flash import done
from habitue.web.page import Asked, only, page, reader

DAYS: Final = (30, 90, 365)
REACHES: Final[dict[Scope, tuple[str, str]]] = {
    "read": (N_("Read"), N_("Figures, customers, lists.")),
    "write": (N_("Write"), N_("Consent, segments, notes, merges.")),
    "admin": (N_("Administer"), N_("Stages, data, privacy, the record of acts. Never the team.")),
}

Wish = Literal["invite", "withdraw", "role", "dismiss", "reset", "add_key", "end_key"]
DONE: Final[dict[Wish, str]] = {
    "withdraw": N_("That invitation can’t be used any more."),
    "role": N_("The new role counts from their next click on."),
    "dismiss": N_(
        "They are let in no more: their sessions have ended, and the keys and links that they made."
    ),
    "end_key": N_("The key is taken no more."),
}
MADE: Final[dict[Wish, str]] = {
    "invite": N_("Give them this link. It works once, within a week, and is not shown again."),
    "reset": N_("Give them this link. It works once, within the hour, and is not shown again."),
    "add_key": N_("Keep this key now, it is not shown again."),
}


class Change(Struct):
    """What is to be done with whom, or with which key."""

    act: Wish
    number: Number = 0
    email: str = ""
    role: str = "viewer"
    name: str = ""
    scopes: list[str] | str = []
    days: str = ""
    old: str = ""

    @property
    def reach(self) -> list[Scope]:
        """The scopes that are ticked: a form with one box ticked says just that one."""
        return [cast(Scope, one) for one in ([self.scopes] if isinstance(self.scopes, str) else self.scopes)]


@get("/team", sync_to_thread=True)
def show(request: Asked, shop: NamedDependency[Shop]) -> Response[Any]:
    """Everybody, and every key."""
    only(request)
    return _shown(request, shop)


@post("/team", sync_to_thread=True, status_code=303)
def change(
    request: Asked,
    shop: NamedDependency[Shop],
    data: Annotated[Change, Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> Response[Any]:
    """Do it; a link or a key that came of it is shown this once, so there is no way on from there."""
    try:
        made = _changed(request, shop, data)
    except StoreDown:
        raise
    except UserError as error:
        return _shown(request, shop, data, wrong=error)
    if made:
        return _shown(request, shop, data, made=made)
    return done("/team", DONE[data.act])


def _changed(request: Asked, shop: Shop, data: Change) -> str | None:
    """The link or the key that was made, if one was."""
    actor, base = cast(Actor, request.user), str(request.base_url).rstrip("/")
    match data.act:
        case "invite":
            return f"{base}/join/{shop.invite(actor, data.email, cast(Role, data.role))}"
        case "reset":
            return f"{base}/reset/{shop.reset_link(actor, data.number)}"
        case "add_key":
            shop.confirm(actor, data.old)
            days = number(data.days)
            return shop.add_key(actor, data.name, data.reach, days if days in DAYS else None)
        case "withdraw":
            shop.withdraw(actor, data.number)
        case "role":
            shop.promote(actor, data.number, cast(Role, data.role))
        case "dismiss":
            shop.dismiss(actor, data.number)
        case "end_key":
            shop.end_key(actor, data.number)
    return None


def _shown(
    request: Asked,
    shop: Shop,
    data: Change | None = None,
    *,
    wrong: UserError | None = None,
    made: str | None = None,
) -> Response[Any]:
    say, actor = reader(request, shop).say, cast(Actor, request.user)
    roles = [(role, say(NAMES[role]), say(ABOUT[role])) for role in ROLES if can(actor, Act.TEAM, role)]
    return page(
        request,
        shop,
        "team.html",
        429 if isinstance(wrong, TooMany) else 400 if wrong else 200,
        members=shop.team(),
        invitations=shop.invitations(),
        keys=shop.api_keys(),
        names={role: say(name) for role, name in NAMES.items()},
        roles=roles,
        reaches=[(scope, *map(say, REACHES[scope])) for scope in SCOPES],
        days=DAYS,
        data=data,
        wrong=wrong.say(say) if wrong else None,
        made=made,
        told=say(MADE[data.act]) if made and data else None,
    )
