"""`/data/import`: a file is chosen, its columns are told, it is tried, it is imported."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path, PurePath
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from babel.units import format_unit
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.exceptions import NotFoundException
from litestar.params import Body, FromPath
from litestar.response import File, Redirect

from habitue.app import Shop
from habitue.app.loads import Loads, Run, Seen, Wish
from habitue.app.uploads import MOST, Upload
from habitue.ingest.files.detect import KINDS
from habitue.ingest.files.lacking import NEEDED, Unclear
from habitue.ingest.files.report import Note
from habitue.ingest.files.words import FIELDS
from habitue.kernel import clock
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_
from habitue.web import gate
from habitue.web.flash import done
from habitue.web.page import Asked, page, reader
from habitue.web.pages.data import FILES, told
from habitue.web.places import PARTS
from habitue.web.words import Words

NAMES: Final = {
    "customer": N_("Customer"),
    "email": N_("E-mail"),
    "account_id": N_("Account (firm)"),
    "ts": N_("Date"),
    "created": N_("Customer since"),
    "event": N_("What happened"),
    "order_id": N_("Order number"),
    "revenue": N_("Amount"),
    "line": N_("Amount of the line"),
    "quantity": N_("Quantity"),
    "price": N_("Unit price"),
    "product": N_("Product"),
    "sku": N_("Product code"),
    "category": N_("Category"),
    "currency": N_("Currency"),
    "refunded": N_("Amount refunded"),
    "status": N_("Status"),
    "type": N_("Sale or refund"),
    "first_name": N_("First name"),
    "last_name": N_("Last name"),
    "name": N_("Name"),
    "phone": N_("Phone"),
    "birthday": N_("Birthday"),
    "city": N_("City"),
    "country": N_("Country"),
    "postal_code": N_("Postal code"),
    "company": N_("Company"),
    "gender": N_("Gender"),
    "language": N_("Language"),
}
"""What the fields of a file are called."""

FIRST: Final = ("customer", "email", "ts", "event", "order_id", "revenue")
"""Shown first, whether found or not."""

REWORDED: Final = {
    "dates in “{column}” are read {form}: {why}; for the other order say --map dates={other}": N_(
        "Dates in “{column}” are read so: {form} ({why}). If that is wrong, choose another way above."
    ),
    "1,234 can be read two ways; the comma was taken for the decimal sign; "
    "for the other say --map decimal=point": N_(
        "1,234 can be read two ways; the comma was taken for the decimal sign. If that is wrong, choose the "
        "point above."
    ),
    "1,234 can be read two ways; the comma was taken to group digits; "
    "for the other say --map decimal=comma": N_(
        "1,234 can be read two ways; the comma was taken to group digits. If that is wrong, choose the comma "
        "above."
    ),
    "careful: “{column}” holds {bad}, so these rows may be no sales but are read as orders; "
    'to read only the others say --only "{column}={good}"': N_(
        "Careful: “{column}” holds {bad}, so these rows may be no sales but are read as orders. To read only "
        "the others, choose “{column}” under “Only some rows” with {good}"
    ),
}
"""What the command line says of its options, as it is said where they are fields."""

DATES: Final = {
    "year-first": N_("year first: 2026-11-23"),
    "day-first": N_("day first: 23/11/2026"),
    "month-first": N_("month first: 11/23/2026"),
    "yyyymmdd": N_("digits alone: 20261123"),
    "seconds": N_("seconds since 1970"),
    "milliseconds": N_("milliseconds since 1970"),
    "excel": N_("Excel’s day numbers"),
}
"""How dates are written."""

SIGNS: Final = {"comma": N_("12,50 – comma"), "point": N_("12.50 – point")}
STEPS: Final = (N_("Choose a file"), N_("Columns"), N_("Check"), N_("Import"))
SHOWN: Final = 160
PATIENCE: Final = 0.5
"""Seconds for which a reader waits for a small file rather than for a page that says so."""


@get("/data/import", sync_to_thread=True)
def show(request: Asked, shop: NamedDependency[Shop], loads: NamedDependency[Loads]) -> Response[str]:
    """Where a file is dropped; what is under way, and what was imported."""
    return asked(request, shop, loads)


def asked(request: Asked, shop: Shop, loads: Loads, wrong: UserError | None = None) -> Response[str]:
    """The page, with what was wrong with the last attempt."""
    words = reader(request, shop)
    return page(
        request,
        shop,
        "import.html",
        400 if wrong else 200,
        parts=PARTS,
        steps=[words.say(one) for one in STEPS],
        most=MOST,
        wrong=wrong.say(words.say) if wrong else "",
        busy=[(one, run) for one, run in loads.under_way()],
        imports=[told(one, words, shop) for one in shop.imports()],
    )


@get("/data/import/{upload:str}", sync_to_thread=True)
def read(
    request: Asked, shop: NamedDependency[Shop], loads: NamedDependency[Loads], upload: FromPath[str]
) -> Response[Any]:
    """How the file will be read: its columns, to be told otherwise, and its first rows."""
    file = _uploaded(loads, upload)
    if loads.run(file) and not loads.uploads.file(file).exists():
        return Redirect(f"/data/import/{upload}/run", status_code=303)
    said, words = _said(request), reader(request, shop)
    wish = wished(said)
    seen = loads.look(file, wish, words.language, clock.now())
    kind = seen.detected.kind if seen.detected else wish.kind
    return page(
        request,
        shop,
        "reading.html",
        parts=PARTS,
        steps=[words.say(one) for one in STEPS],
        upload=file,
        size=sized(file.size, words),
        seen=seen,
        kind=kind,
        asked_kind=wish.kind,
        kinds=[(one, words.say(FILES[one])) for one in KINDS],
        fields=[_field(one, kind, seen, said, words) for one in _order(kind, seen)] if kind else [],
        dates=[(one, words.say(name)) for one, name in DATES.items()],
        signs=[(one, words.say(name)) for one, name in SIGNS.items()],
        said=said,
        only=_only(seen, said),
        wrong=_wrong(seen.wrong, words) if seen.wrong else "",
        doubts=[_reworded(one).say(words.say) for one in seen.detected.notes] if seen.detected else [],
        events=[_event(one, words) for one in seen.first.events] if seen.first else [],
        refused=seen.first.rejects if seen.first else [],
    )


@post("/data/import/{upload:str}/check", sync_to_thread=True, status_code=303)
def check(
    request: Asked,
    shop: NamedDependency[Shop],
    loads: NamedDependency[Loads],
    upload: FromPath[str],
    data: Annotated[dict[str, str], Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> Redirect:
    """Read the file as the form says, to see what would become of it; nothing is stored."""
    file = _uploaded(loads, upload)
    loads.start(file, wished(data), True, reader(request, shop).language, clock.now())
    loads.wait(file, PATIENCE)
    return Redirect(f"/data/import/{upload}/run", status_code=303)


@post("/data/import/{upload:str}/load", sync_to_thread=True, status_code=303)
def load(
    request: Asked, shop: NamedDependency[Shop], loads: NamedDependency[Loads], upload: FromPath[str]
) -> Redirect:
    """Import the file as it was tried, or go on where that was cut short."""
    file = _uploaded(loads, upload)
    before = loads.run(file)
    if before is None:
        return Redirect(f"/data/import/{upload}", status_code=303)
    if loads.uploads.file(file).exists():
        loads.start(file, before.wish, False, reader(request, shop).language, clock.now())
        shop.tell(gate.by(request), "import", file.name)
        loads.wait(file, PATIENCE)
    return Redirect(f"/data/import/{upload}/run", status_code=303)


@post("/data/import/{upload:str}/drop", sync_to_thread=True, status_code=303)
def drop(loads: NamedDependency[Loads], upload: FromPath[str]) -> Redirect:
    """Take the file away unread."""
    file = _uploaded(loads, upload)
    run = loads.run(file)
    if run is None or run.over:
        loads.uploads.drop(file)
    return done("/data/import", N_("The file was taken away."), "info")


@get("/data/import/{upload:str}/run", sync_to_thread=True)
def follow(
    request: Asked, shop: NamedDependency[Shop], loads: NamedDependency[Loads], upload: FromPath[str]
) -> Response[Any]:
    """How far it has come, and what became of it."""
    file = _uploaded(loads, upload)
    run = loads.run(file)
    if run is None:
        return Redirect(f"/data/import/{upload}", status_code=303)
    words = reader(request, shop)
    report = run.reports.get(words.language)
    return page(
        request,
        shop,
        "load.html",
        parts=PARTS,
        steps=[words.say(one) for one in STEPS],
        upload=file,
        run=run,
        report=report,
        kind=words.say(FILES[report.kind]) if report else "",
        wrong=run.wrong.get(words.language, ""),
        ahead=loads.ahead(file),
        reached=loads.reached(file, run) if run.state == "cut" and not run.dry else 0,
        rejected=_listed(report.rejects, file, run) if report else "",
        corrections=_listed(report.corrections, file, run) if report else "",
    )


@get("/data/import/{upload:str}/rejected.csv", sync_to_thread=True)
def tried(loads: NamedDependency[Loads], upload: FromPath[str]) -> File:
    """The rows that a dry run would reject, each with its reason."""
    path = loads.uploads.beside(_uploaded(loads, upload), "rejected.csv")
    return _table(path if path.is_file() else None)


@get("/data/rejected/{table:str}", sync_to_thread=True)
def rejected(shop: NamedDependency[Shop], table: FromPath[str]) -> File:
    """The rows that an import rejected, or its corrections."""
    return _table(shop.beside(table.removesuffix(".csv")))


def _table(path: Path | None) -> File:
    if path is None:
        raise NotFoundException
    headers = {"cache-control": "private, no-store"}
    return File(path, filename=path.name, media_type="text/csv", headers=headers)


def _listed(path: str | None, upload: Upload, run: Run) -> str:
    """The address of a file that a report names."""
    if path is None:
        return ""
    return f"/data/import/{upload.id}/rejected.csv" if run.dry else f"/data/rejected/{PurePath(path).name}"


def sized(size: int, words: Words) -> str:
    """`1.2 MB`."""
    unit, n = ("digital-megabyte", size / 1e6) if size >= 100_000 else ("digital-kilobyte", size / 1e3)
    return str(format_unit(max(0.1, round(n, 1)), unit, "short", locale=words.language))


def wished(said: Mapping[str, str]) -> Wish:
    """How the form wants the file to be read; a field that it doesn't show is as it is found."""
    mapping = {f: _choice(said, f) for f in NAMES if f"f.{f}" in said}
    mapping |= {name: said[name] for name in ("sheet", "dates", "decimal") if said.get(name)}
    if "only.column" in said:
        values = said.get("only.values", "").strip()
        mapping["only"] = f"{said['only.column']}={values}" if said["only.column"] and values else ""
    rates = tuple(said.get("rates", "").replace(",", " ").split())
    return Wish(said.get("kind") or None, mapping, rates, urlencode(said))


def _choice(said: Mapping[str, str], field: str) -> str:
    """The column of a field, `=value` for all rows, or empty for none."""
    chosen = said[f"f.{field}"]
    if chosen == "=":
        fixed = said.get(f"v.{field}", "").strip()
        return f"={fixed}" if fixed else ""
    return chosen.removeprefix("c:")


def _said(request: Asked) -> dict[str, str]:
    return {name: value for name, value in request.query_params.items() if name != "lang"}


def _uploaded(loads: Loads, number: str) -> Upload:
    found = loads.uploads.get(number)
    if found is None:
        raise NotFoundException
    return found


def _order(kind: str | None, seen: Seen) -> list[str]:
    """The fields: first those that matter most, then those that were found, then the others."""
    all_ = FIELDS[kind or "orders"]
    found = seen.detected.choices if seen.detected else {}
    first = [one for one in FIRST if one in all_]
    rest = sorted((one for one in all_ if one not in first), key=lambda one: one not in found)
    return [*first, *rest]


def _field(name: str, kind: str, seen: Seen, said: Mapping[str, str], words: Words) -> dict[str, Any]:
    """A field with the column that it is read from, why, and what stands there."""
    choice = seen.detected.choices.get(name) if seen.detected else None
    found = seen.detected.choices if seen.detected else {}
    chosen = said.get(f"f.{name}", "")
    if choice:
        chosen = "=" if choice.fixed else f"c:{choice.column}"
    elif seen.detected and chosen != "=":
        chosen = ""
    column = seen.detected.columns.get(choice.column) if seen.detected and choice else None
    return {
        "name": name,
        "title": words.say(NAMES[name]),
        "chosen": chosen,
        "fixed": choice.column if choice and choice.fixed else said.get(f"v.{name}", ""),
        "why": choice.reason.say(words.say) if choice else "",
        "samples": column.samples if column else (),
        "form": words.say(DATES[column.form]) if column and column.form and name in ("ts", "created") else "",
        "needed": _needed(name, kind, found),
        "found": choice is not None,
        "first": name in FIRST or choice is not None or chosen == "=",
    }


def _needed(name: str, kind: str, found: Mapping[str, Any]) -> bool:
    """Whether it can't be done without: of several fields that would do, the one that is there."""
    ways = next((one for one in NEEDED["orders" if kind == "order-lines" else kind] if name in one), None)
    if ways is None:
        return False
    return name == next(one for one in NAMES if one in ways and (one in found or not ways & found.keys()))


def _reworded(one: Note) -> Note:
    """A note in the words of this page, where the command line’s would name its options."""
    form = one.fields.get("form")
    said = {"form": Note(DATES[form.text], {})} if isinstance(form, Note) and one.text in REWORDED else {}
    return Note(REWORDED.get(one.text, one.text), one.fields | said)


def _wrong(error: UserError, words: Words) -> str:
    """Why the file can't be read, and which field of this page helps, not which option."""
    if not isinstance(error, Unclear):
        return error.say(words.say)
    first, *rest = error.notes
    if "field" in first.fields:
        named = words.say(NAMES[first.fields["field"]])
        told = [words.say(N_("No column says this yet: {name}. Choose one below."), name=named)]
    else:
        told = [
            first.say(words.say),
            words.say(N_("Say below what its rows are; then which column is what.")),
        ]
    plain = [one.say(words.say) for one in rest if "--" not in one.text and "kind" not in one.fields]
    return "\n".join([*told, *plain])


def _only(seen: Seen, said: Mapping[str, str]) -> tuple[str, str]:
    """The column and the values of the rows that alone are read."""
    if seen.detected and seen.detected.only:
        return seen.detected.only.column, "|".join(seen.detected.only.values)
    return said.get("only.column", ""), said.get("only.values", "")


def _event(one: Mapping[str, Any], words: Words) -> dict[str, Any]:
    """An event as people read it."""
    ours = ("revenue", "currency", "order_id")
    rest = {name: value for name, value in one["props"].items() if name not in ours}
    return {
        **one,
        "order": one["props"].get("order_id"),
        "lines": rest.pop("products", None),
        "said": [(words.trait(name) if one["name"] == "$identify" else words.prop(name), value)
                 for name, value in list(rest.items())[:6]],
    }  # fmt: skip
