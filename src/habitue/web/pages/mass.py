"""What is done with many customers at once: first it is said with how many, then it is done."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Final, Literal, cast

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromQuery, QueryParameter
from litestar.response import Redirect
from msgspec import Struct

from habitue.app import Shop, lists, mass
from habitue.app.exports import Headed
from habitue.kernel import clock
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_
from habitue.kernel.number import Number, number
from habitue.people import consent as agreeing
from habitue.people import identities
from habitue.people.consent import MARKETING, Answer, Status
from habitue.web import columns, flash
from habitue.web.gate import by, whose
from habitue.web.looks import looks
from habitue.web.page import Asked, page, reader
from habitue.web.words import Words

Kind = Literal["export", "note", "task", "trait", "consent", "suppress"]

OFFERS: Final = {
    "export": (N_("Export…"), "export"),
    "note": (N_("Add a note…"), "note"),
    "task": (N_("Add a task…"), "note"),
    "trait": (N_("Set a trait…"), "segments"),
    "consent": (N_("Record what they answered…"), "consent"),
    "suppress": (N_("Write to them no more…"), "consent"),
}
"""What can be done, as it is offered, and what it takes to be allowed to."""

FORMS: Final = {
    "xlsx": N_("Excel workbook (XLSX)"),
    "excel": N_("CSV for Excel"),
    "csv": N_("CSV for programs (UTF-8, commas)"),
}


class Done(Struct):
    """What is to be done with whom: the whole list of a `query`, or those `persons` of it; `told` many."""

    query: str = ""
    persons: str = ""
    told: Number = 0
    form: str = "xlsx"
    text: str = ""
    due: str = ""
    assignee: str = ""
    task: str = ""
    trait: str = ""
    value: str = ""
    channel: str = "email"
    purpose: str = MARKETING
    status: str = ""
    proof: str = ""
    batch: str = ""


Form = Annotated[Done, Body(media_type=RequestEncodingType.URL_ENCODED)]


@get("/customers/act", sync_to_thread=True)
def ask(
    request: Asked,
    shop: NamedDependency[Shop],
    act: FromQuery[Kind],
    listed: Annotated[str, QueryParameter(name="query", max_length=20_000)] = "",
    whom: Annotated[Literal["all", "chosen"], QueryParameter(name="scope")] = "all",
    person: Annotated[tuple[Number, ...], QueryParameter(name="person")] = (),
) -> Response[str]:
    """Say with how many it will be done, and ask for what it takes."""
    chosen = ",".join(map(str, person)) if whom == "chosen" else ""
    if whom == "chosen" and not person:
        raise UserError(N_("Nobody is ticked. Go back and tick those who are meant, or take the whole list."))
    many, words = len(_persons(shop, Done(listed, chosen))), reader(request, shop)
    return page(
        request,
        shop,
        "act.html",
        act=act,
        title=_title(act, many, words),
        takes=OFFERS[act][1],
        many=many,
        query=lists.tidy(listed),
        persons=chosen,
        forms=[(one, words.say(name)) for one, name in FORMS.items()],
        channels=[(one, words.say(agreeing.NAMES[one])) for one in agreeing.CHANNELS],
        statuses=[(one, words.say(name)) for one, name in agreeing.STATUSES.items() if one != "pending"],
        traits=sorted(one[6:] for one in shop.catalogue().names if one.startswith("trait.")),
    )


@post("/customers/act/export", sync_to_thread=True, status_code=303)
def export(request: Asked, shop: NamedDependency[Shop], data: Form) -> Redirect:
    """Begin to write the list into a file."""
    wish, words = lists.wish(data.query), reader(request, shop)
    model = shop.model(wish.model) if wish.model else shop.models()[0]
    heads = {one: columns.named(one, words) for one in wish.columns}
    heads |= {
        "key": words.say(N_("Key")),
        "name": words.say(N_("Name")),
        "email": words.say(N_("E-mail")),
        "next": words.say(N_("If nothing happens")),
        "until": words.say(N_("From")),
    }
    stages = {look.value: look.name for look in looks(model, words.language)}
    if data.form == "csv":
        heads, stages = {}, {n: stage.id for n, stage in enumerate(model.stages)}
    comma = ";" if words.language == "fr" else ","
    chosen = _persons(shop, data) if data.persons else None
    if chosen is not None and not chosen:
        raise UserError(N_("None of these customers is there any more. Look at the list again."))
    query = lists.tidy(data.query)
    shop.exporter.start(wish, query, data.form, by(request), Headed(heads, stages, comma), chosen)
    return Redirect("/exports", status_code=303)


@post("/customers/act/note", sync_to_thread=True, status_code=303)
def note(request: Asked, shop: NamedDependency[Shop], data: Form) -> Redirect:
    """Write the same note or task beside all of them; it can be taken back."""
    persons = _meant(shop, data)
    batch = shop.note_all(
        persons, data.text, by(request), task=bool(data.task), due=data.due, assignee=data.assignee
    )
    back = f"/customers?{data.query}"
    told = N_("Written beside {n} customers.")
    return flash.done(back + ("&" if data.query else "") + f"batch={batch}", told, n=len(persons))


@post("/customers/act/unnote", sync_to_thread=True, status_code=303)
def unnote(request: Asked, shop: NamedDependency[Shop], data: Form) -> Redirect:
    """Take back what was written beside many at once."""
    many = shop.unnote(data.batch, by(request), whose=whose(request))
    return flash.done(f"/customers?{data.query}", N_("{n} notes were taken back."), n=many)


@post("/customers/act/trait", sync_to_thread=True, status_code=303)
def trait(request: Asked, shop: NamedDependency[Shop], data: Form) -> Redirect:
    """Set a trait of all of them."""
    many = mass.describe(shop, _meant(shop, data), data.trait, data.value, by(request), clock.now())
    return _over(request, data, N_("The trait is set for {n} customers. It counts in a moment."), many)


@post("/customers/act/consent", sync_to_thread=True, status_code=303)
def consent(request: Asked, shop: NamedDependency[Shop], data: Form) -> Redirect:
    """Record what all of them answered."""
    if data.status not in agreeing.STATUSES:
        raise UserError(N_("Say what they answered."))
    told = Answer(
        channel=data.channel,
        purpose=data.purpose,
        status=cast(Status, data.status),
        form=data.proof.strip()[:500] or None,
        by=by(request),
    )
    many = mass.answer(shop, _meant(shop, data), told, by(request), clock.now())
    return _over(request, data, N_("The answer of {n} customers is recorded. It counts in a moment."), many)


@post("/customers/act/suppress", sync_to_thread=True, status_code=303)
def suppress(request: Asked, shop: NamedDependency[Shop], data: Form) -> Redirect:
    """Let nobody write to them again."""
    many = mass.suppress(shop, _meant(shop, data), data.channel, by(request), clock.now())
    return _over(request, data, N_("{n} addresses are on the suppression list now."), many)


def _over(request: Asked, data: Done, text: str, many: int) -> Redirect:
    request.app.state.mend()
    return flash.done(f"/customers?{data.query}", text, n=many)


def _meant(shop: Shop, data: Done) -> Sequence[int]:
    """Who is meant; raises `UserError` where they are not as many as was said any more."""
    persons = _persons(shop, data)
    if len(persons) != data.told:
        raise UserError(
            N_("The list has changed: {n} customers instead of {told}. Nothing was done: look at it again."),
            n=len(persons),
            told=data.told,
        )
    return persons


def _persons(shop: Shop, data: Done) -> Sequence[int]:
    if data.persons:
        told = dict.fromkeys(number(one) for one in data.persons.split(","))
        return identities.there(shop.warehouse, [one for one in told if one is not None])
    wish, now = lists.wish(data.query), clock.now()
    model = shop.model(wish.model) if wish.model else shop.models()[0]
    return lists.everybody(shop, wish, lists.choice(shop, model, wish.question, now))


def _title(act: str, many: int, words: Words) -> str:
    """What will be done, with how many."""
    say, count = words.say, words.number(many)
    plural = {
        "export": say.n("Export {count} customer", "Export {count} customers", many, count=count),
        "note": say.n(
            "Add a note beside {count} customer", "Add a note beside {count} customers", many, count=count
        ),
        "task": say.n(
            "Add a task about {count} customer", "Add a task about {count} customers", many, count=count
        ),
        "trait": say.n(
            "Set a trait of {count} customer", "Set a trait of {count} customers", many, count=count
        ),
        "consent": say.n(
            "Record what {count} customer answered",
            "Record what {count} customers answered",
            many,
            count=count,
        ),
        "suppress": say.n(
            "Write to {count} customer no more", "Write to {count} customers no more", many, count=count
        ),
    }
    return str(plural[act])
