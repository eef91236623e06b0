"""`/settings/sending`: by whom messages leave, how often and when, and what orders are put down to."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromQuery
from msgspec import structs

from habitue.app import Shop
from habitue.app.channels import Standing, kind_of, offered
from habitue.app.posting import Spent
from habitue.kernel import clock, money
from habitue.kernel.asked import Field
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_
from habitue.messaging.channel import Composed
from habitue.messaging.quiet import Quiet
from habitue.messaging.registry import Kind
from habitue.messaging.rules import Budget, Cap, Rules
from habitue.metrics.credit import Windows
from habitue.people.consent import NAMES
from habitue.web import flash
from habitue.web.gate import by
from habitue.web.page import Asked, only, page, reader
from habitue.web.pages.settings import rooms
from habitue.web.words import Words

PATH: Final = "/settings/sending"
Filled = Annotated[dict[str, str], Body(media_type=RequestEncodingType.URL_ENCODED)]
CAPPED: Final = ("email", "sms", "push", "inapp")
RESTING: Final = ("sms", "push")
PRICED: Final = ("sms", "email", "post")
EXAMPLES: Final = {
    "email": "you@example.com",
    "sms": "+33612345678",
    "phone": "+33612345678",
    "post": "12 rue Austin, 69001 Lyon",
}
"""An address to try each way out with."""
_CAP: Final = re.compile(r"\s*(\d{1,4})\s*(?:/|in|per|en|par)\s*(\d{1,4}\s*[mhdwy])\s*\Z")
_PLACE: Final = re.compile(r"(\+\d+)\s*[:=]?\s+(\S+)\Z")


@get(PATH, sync_to_thread=True)
def show(request: Asked, shop: NamedDependency[Shop], kind: FromQuery[str] = "") -> Response[str]:
    """The ways out that are set up, the form of one kind, the rules."""
    only(request, "kind")
    return _page(request, shop, kind)


@post(PATH, sync_to_thread=True, status_code=303)
def change(request: Asked, shop: NamedDependency[Shop], data: Filled) -> Response[Any]:
    """Set up a way out, try it, end it; change the rules."""
    act = ACTS.get(data.get("do", ""))
    try:
        if act is None:
            raise UserError(N_("This form is not complete. Go back and try again."))
        said, fields = act(shop, data, by(request), reader(request, shop))
    except UserError as error:
        return _page(request, shop, data.get("kind", ""), error.say(reader(request, shop).say), data)
    return flash.done(PATH, said, **fields)


# --- what forms do --------------------------------------------------------------------------------

Said = tuple[str, dict[str, Any]]


def _set(shop: Shop, data: Mapping[str, str], who: str, _: Words) -> Said:
    kind = kind_of(data.get("kind", ""))
    given: dict[str, Any] = {}
    for field in kind.fields:
        text = data.get(field.name, "").replace("\r\n", "\n").strip()
        empties = field.required or (isinstance(field.default, str) and not field.options)
        if text or (empties and field.name not in kind.secret):  # an empty secret stays as it is
            given[field.name] = text
    shop.set_channel(kind.name, given, who)
    return N_("From now on messages leave so. Send yourself one to see it."), {}


def _test(shop: Shop, data: Mapping[str, str], _who: str, words: Words) -> Said:
    text = words.say(N_("This is a test. If you can read it, mails leave."))
    told = Composed(words.say(N_("A test from Habitué")), "", text)
    to = data.get("to", "").strip()
    if not to:
        raise UserError(N_("Write the address that the test is to go to."))
    outcome = shop.try_channel(data.get("channel", ""), to, told)
    if outcome.state != "sent":
        raise UserError(N_("The test did not leave: {answer}"), answer=outcome.answer)
    return N_("The test was taken: {answer}"), {"answer": outcome.answer[:200]}


def _end(shop: Shop, data: Mapping[str, str], who: str, _: Words) -> Said:
    shop.end_channel(data.get("channel", ""), who)
    return N_("Nothing leaves that way any more; what is to be sent waits."), {}


def _rule(shop: Shop, data: Mapping[str, str], who: str, _: Words) -> Said:
    old = shop.sending_rules()
    wanted = structs.replace(
        old,
        caps={**old.caps, **{one: _caps(data.get(f"caps.{one}", "")) for one in CAPPED}},
        quiet={**old.quiet, **{one: _quiet(one, old, data) for one in RESTING}},
        budgets={name: one for name, one in old.budgets.items() if name not in PRICED} | _budgets(shop, data),
        holdout=_share(data.get("holdout", "")),
        late=data.get("late", old.late),
        clicks="clicks" in data,
        opens="opens" in data,
    )
    shop.set_sending_rules(wanted, who)
    return N_("These rules hold from now on."), {}


def _attribute(shop: Shop, data: Mapping[str, str], who: str, _: Words) -> Said:
    shop.set_attribution(Windows(data.get("click", "").strip(), data.get("delivery", "").strip()), who)
    return N_("Orders are put down so from now on, those of the past too."), {}


ACTS: Final = {"set": _set, "test": _test, "end": _end, "rules": _rule, "attribution": _attribute}


def _caps(text: str) -> tuple[Cap, ...]:
    found = []
    for part in filter(None, (one.strip() for one in text.split(","))):
        read = _CAP.match(part)
        if read is None:
            raise UserError(N_("“{text}” is no cap. Write such as: 1 in 16h, 4 in 7d"), text=part)
        found.append(Cap(int(read[1]), read[2].replace(" ", "")))
    return tuple(found)


def _quiet(channel: str, old: Rules, data: Mapping[str, str]) -> Quiet:
    before = old.quiet.get(channel, Quiet())
    sunday = (7,) if f"quiet.{channel}.sunday" in data else ()
    return Quiet(
        data.get(f"quiet.{channel}.start", "").strip(),
        data.get(f"quiet.{channel}.stop", "").strip(),
        tuple(sorted({*before.days} - {7})) + sunday,
        holidays=f"quiet.{channel}.holidays" in data,
    )


def _budgets(shop: Shop, data: Mapping[str, str]) -> dict[str, Budget]:
    found = {}
    for one in PRICED:
        most, price, places = (
            data.get(f"budget.{one}.{name}", "").strip() for name in ("most", "price", "places")
        )
        if price:
            own = _amount(most, shop) if most else None
            found[one] = Budget(own, _amount(price, shop), _places(places, shop))
        elif most or places:
            raise UserError(N_("Say what one message costs: without it nobody can tell what a month does."))
    return found


def _places(text: str, shop: Shop) -> dict[str, int]:
    """What it costs elsewhere, by how numbers begin."""
    found = {}
    for part in filter(None, (one.strip() for one in re.split(r"[;\n]|,(?!\d)", text))):
        read = _PLACE.match(part)
        if read is None:
            raise UserError(
                N_("“{text}” is no price for a country. Write such as: +32 0.08; +1 0.01"), text=part
            )
        found[read[1]] = _amount(read[2], shop)
    return found


def _amount(text: str, shop: Shop) -> int:
    plain = text.replace(",", ".").replace("\u202f", "").replace(" ", "")
    found = money.fine(plain, shop.settings.currency)
    if found is None:
        raise UserError(N_("“{text}” is no amount. Write such as 120 or 0.045."), text=text)
    return found


def _written(amount: int, words: Words) -> str:
    """An amount as it is typed in the reader's language."""
    plain = money.written(amount, words.currency)
    return plain.replace(".", ",") if words.language == "fr" else plain


def _share(text: str) -> float:
    try:
        return float(text.replace(",", ".").strip(" %\u202f") or 0) / 100
    except ValueError as error:
        raise UserError(N_("“{text}” is no share. Write such as 10 for one in ten."), text=text) from error


# --- the page -------------------------------------------------------------------------------------


def _page(
    request: Asked, shop: Shop, kind: str = "", wrong: str = "", told: Mapping[str, str] | None = None
) -> Response[str]:
    words, standing = reader(request, shop), shop.channels()
    chosen = kind_of(kind) if kind else None
    every = offered()
    return page(
        request,
        shop,
        "posting.html",
        400 if wrong else 200,
        rooms=rooms(request, shop, words),
        wrong=wrong,
        ways=[
            {
                "channel": channel,
                "name": _capital(words.say(NAMES.get(channel, channel))),
                "standing": standing.get(channel),
                "sender": str(getattr(standing[channel].settings, "sender", "")).replace("|", ", ")
                if channel in standing
                else "",
                "kinds": _offers(every, channel, standing.get(channel), words),
                "example": EXAMPLES.get(channel, ""),
                "hook": shop.hook_address(standing[channel]) if channel in standing else None,
            }
            for channel in dict.fromkeys(one.channel for one in every)
        ],
        chosen=chosen,
        controls=_controls(shop, chosen, told or {}, words) if chosen else [],
        given=_rules(shop, words, told if told and told.get("do") == "rules" else None),
        capped=[(one, _capital(words.say(NAMES[one]))) for one in CAPPED],
        resting=[(one, words.say(NAMES[one])) for one in RESTING],
        priced=[(one, _capital(words.say(NAMES[one]))) for one in PRICED],
        currency=shop.settings.currency,
        spending=[
            (words.month(clock.moment(first, words.zone).date(), "LLL y"), _spent(rows, words))
            for first, rows in shop.spending()
        ],
        windows=shop.attribution(),
    )


def _spent(rows: Sequence[Spent], words: Words) -> list[dict[str, Any]]:
    """Of a month: the channel, how many messages, what they cost, and of how much."""
    return [
        {
            "name": _capital(words.say(NAMES.get(one.channel, one.channel))),
            "messages": one.messages,
            "cost": words.money(money.whole(one.cost)),
            "most": "" if one.most is None else words.money(money.whole(one.most)),
            "over": one.most is not None and one.cost >= one.most,
        }
        for one in rows
    ]


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _offers(
    every: Sequence[Kind], channel: str, standing: Standing | None, words: Words
) -> list[tuple[str, str]]:
    """What a channel may be reached by: first what it is reached by now."""
    held = standing.kind.name if standing else None
    mine = [one for one in every if one.channel == channel]
    return [(one.name, words.say(one.title)) for one in sorted(mine, key=lambda one: one.name != held)]


def _controls(shop: Shop, kind: Kind, told: Mapping[str, str], words: Words) -> list[dict[str, Any]]:
    """The fields of a kind; what is secret is never shown again, only that it is there."""
    last = shop.channels().get(kind.channel)
    before = structs.asdict(last.settings) if last is not None and last.kind.name == kind.name else {}
    return [_control(one, kind, before, told, words) for one in kind.fields]


def _control(
    field: Field, kind: Kind, before: Mapping[str, Any], told: Mapping[str, str], words: Words
) -> dict[str, Any]:
    secret = field.name in kind.secret
    usual = before.get(field.name, field.default)
    return {
        "name": field.name,
        "label": words.say(field.asked.title),
        "help": words.say(field.asked.help) if field.asked.help else "",
        "secret": secret,
        "kept": secret and bool(before.get(field.name)),
        "long": field.name == "dkim_key",
        "value": "" if secret or usual is None else told.get(field.name, str(usual)),
        "required": field.required and not (secret and before.get(field.name)),
        "options": [(one, words.say(field.asked.names.get(one, one))) for one in field.options],
    }


def _rules(shop: Shop, words: Words, told: Mapping[str, str] | None) -> dict[str, str]:
    """The rules as the form has them; what somebody just wrote stays as they wrote it."""
    if told is not None:
        return dict(told)
    rules = shop.sending_rules()
    found = {"holdout": f"{rules.holdout * 100:g}", "late": rules.late}
    found |= {name: "1" for name in ("clicks", "opens") if getattr(rules, name)}
    for one in CAPPED:
        found[f"caps.{one}"] = ", ".join(f"{cap.most} in {cap.within}" for cap in rules.capped(one))
    for one in RESTING:
        quiet = rules.quiet.get(one, Quiet())
        found |= {f"quiet.{one}.start": quiet.start, f"quiet.{one}.stop": quiet.stop}
        found |= {f"quiet.{one}.sunday": "1"} if 7 in quiet.days else {}
        found |= {f"quiet.{one}.holidays": "1"} if quiet.holidays else {}
    for one, budget in rules.budgets.items():
        if budget.most is not None:
            found[f"budget.{one}.most"] = _written(budget.most, words)
        found[f"budget.{one}.price"] = _written(budget.price, words)
        prices = ((place, _written(price, words)) for place, price in budget.places.items())
        found[f"budget.{one}.places"] = "; ".join(f"{place} {price}" for place, price in prices)
    return found
