"""The verbs that begin something: a workspace, the demo shop, a server."""

from __future__ import annotations

import os
import secrets
import sys
import time
import webbrowser
from contextlib import closing, suppress
from pathlib import Path
from threading import Thread
from typing import Final, cast

import typer
from babel.numbers import format_decimal

from habitue.api.answer import Facts, House, Sheet
from habitue.api.command import Doctor
from habitue.api.perform import diagnosis
from habitue.app import Busy, Settings, Shop
from habitue.app.herald import Herald
from habitue.app.keeper import Keeper
from habitue.app.postman import Postman
from habitue.cli import progress
from habitue.cli.desk import Desk
from habitue.cli.local import opened
from habitue.cli.progress import Told
from habitue.demo.shop import YEARS, parcels
from habitue.ingest import inbox
from habitue.ingest.doctor import Finding, examine, unproxied
from habitue.kernel import clock
from habitue.kernel.clock import Micros
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_
from habitue.kernel.thrift import thrifty
from habitue.segments.templates import templates
from habitue.store import home
from habitue.store.place import strangers

SEGMENTS: Final = ("vip-cooling", "second-order", "abandoned-cart", "promoters")
SEGMENTED: Final = "demo.segmented"
ASKED: Final = "demo.asked"
LOADED: Final = "demo.loaded"
"""Settings of a demo shop: what it is to hold, and that it is all in. An interrupted one lacks the second."""

MAKING: Final = N_("Making the shop")
ORDER: Final = "Order Completed"


def init(desk: Desk, folder: Path, currency: str, timezone: str, database: str | None) -> None:
    """Make the workspace and say what it is."""
    language = desk.language or "en"
    with closing(Shop.create(folder, Settings(currency, timezone, language), database)) as shop:
        own = shop.settings
    line = desk.say(
        N_("{folder} is ready: {currency}, {timezone}. Next: habitue import FILE --data {folder}"),
        folder=folder,
        currency=own.currency,
        timezone=own.timezone,
    )
    fields = {"folder": _name(folder), "currency": own.currency, "timezone": own.timezone}
    desk.print(
        Facts(fields | {"language": own.language}, [line]), House(language, own.timezone, own.currency)
    )


def doctor(desk: Desk) -> None:
    """Examine the workspace, even one that can't be opened; where anything is bad the exit status is 2."""
    folder = desk.folder
    try:
        with desk.worker() as worker:
            found, house = cast(Sheet, worker.ask(Doctor(), None)), worker.house
            rows = list(found.rows)
    except Busy:
        raise
    except (UserError, OSError):
        found, house = (
            diagnosis(examine(Shop.patient(folder)), desk.say),
            House(desk.say.language, "UTC", "EUR"),
        )
        rows = list(found.rows)
    desk.print(Sheet(found.columns, rows, found.notes), house)
    if any(row[0] == "bad" for row in rows):
        raise typer.Exit(2)


_COPY: Final = N_(
    "{folder} is a copy of {before}, or was moved or put back. Both would send, and this one sends again "
    "what the other has sent since. If the other is served no more: habitue serve --moved. To look at this "
    "one and send nothing: habitue channels off CHANNEL for each of its channels ({channels})."
)


def serve(desk: Desk, host: str, port: int, *, moved: bool = False) -> None:
    """Serve the workspace until interrupted; not a copy that would send too, unless it was `moved`."""
    with closing(opened(Shop.open(desk.folder), desk.language)) as shop:
        before = home.left(shop.ops, shop.directory)
        channels = ", ".join(sorted(shop.channels()))
        if before and channels and not moved:
            raise UserError(_COPY, folder=shop.directory, before=before, channels=channels)
        home.settle(shop.ops, shop.directory)
        _served(desk, shop, host, port)


def demo(
    desk: Desk, seed: int, customers: int, until: str | None, address: tuple[str, int] | None, show: bool
) -> None:
    """Make the demo shop, or find it as it was made before, and serve it; `show` it in the browser."""
    folder, end = desk.data or _home(), _end(until)
    try:
        shop = _found(desk, folder)
    except Busy as busy:
        if busy.owner.url is None or address is None:
            raise
        print(desk.say(N_("The demo shop is open already: {url}"), url=busy.owner.url))
        return
    with closing(opened(shop, desk.language)):
        began = time.monotonic()
        with progress.shown(desk.say) as told:
            _filled(shop, f"{seed}:{customers}:{end}", told)
        _told(desk, shop, folder, time.monotonic() - began)
        if address:
            Thread(target=_segmented, args=(shop,), daemon=True).start()
            _served(desk, shop, *address, show=show)


def _found(desk: Desk, folder: Path) -> Shop:
    if not desk.workspace(folder):
        return Shop.create(folder, Settings(language=desk.language or "en", demo=True))
    shop = Shop.open(folder)
    if shop.demo:
        return shop
    shop.close()
    raise UserError(
        N_(
            "{folder} holds data of your own. Give the demo shop a directory for itself: "
            "habitue demo --data DIR"
        ),
        folder=folder,
    )


def _filled(shop: Shop, wish: str, told: Told | None) -> None:
    """Load what is asked for, unless it is in; one that was interrupted goes on with what was asked then."""
    asked = shop.ops.setting(ASKED)
    if asked is None or not (shop.log.end() or inbox.count(shop.ops)):
        shop.ops.put_setting(ASKED, asked := wish)
    elif asked.rpartition(":")[0] != wish.rpartition(":")[0]:
        raise UserError(
            N_(
                "{folder} holds the demo shop of another seed or size. "
                "Choose another directory with --data, or delete it."
            ),
            folder=shop.directory,
        )
    if shop.ops.setting(LOADED) is None:
        seed, customers, until = map(int, asked.split(":"))
        if told:
            told(MAKING, 0, 0)
        shop.put(parcels(seed, customers, until=until))
        shop.refresh(told=told)
        shop.ops.put_setting(LOADED, asked)


def _segmented(shop: Shop) -> None:
    """Once, some segments, so that a page has something to show: those that many shops begin with."""
    with suppress(UserError):  # it may be closed meanwhile
        if shop.ops.setting(SEGMENTED):
            return
        shop.ops.put_setting(SEGMENTED, "yes")
        language, month = shop.settings.language, clock.moment(clock.now(), shop.settings.timezone).month
        for one in (templates()[name] for name in SEGMENTS):
            title, about = one.name.said(language), one.about.said(language)
            shop.save_segment(one.id, one.text(month), title=title, about=about, by="demo")


def _told(desk: Desk, shop: Shop, folder: Path, seconds: float) -> None:
    say, events, people = desk.say, _count(shop, "event"), _count(shop, "person")
    ordered = _count(
        shop, "(SELECT DISTINCT person FROM event JOIN event_name USING (code) WHERE name = ?)", ORDER
    )
    numbers = {"people": people, "ordered": ordered, "silent": people - ordered, "events": events}
    text = N_(
        "The demo shop is in {folder}: {ordered} customers who ordered (one is the shop’s own test account) "
        "and {silent} people who only visited or signed up, {people} in all with {events} events, "
        "ready in {seconds} s."
    )
    shown = {name: format_decimal(n, locale=say.language) for name, n in numbers.items()}
    seconds_ = format_decimal(round(seconds, 1), locale=say.language)
    alone = N_("Nothing else is in that directory: delete it when you are done.")
    beside = N_("Other files are in that directory too: do not delete it whole.")
    lines = [
        say(text, folder=folder, seconds=seconds_, **shown),
        say(beside if strangers(folder) else alone),
    ]
    own = shop.settings
    fields = {"folder": _name(folder), "people": people, "ordered": ordered, "events": events}
    desk.print(
        Facts(fields | {"seconds": round(seconds, 1)}, lines),
        House(desk.language or own.language, own.timezone, own.currency),
    )


def _count(shop: Shop, rows: str, *params: str) -> int:
    return int(shop.warehouse.read(f"SELECT count(*) FROM {rows}", params).column(0)[0].as_py())


_OPEN: Final = N_(
    "Warning: {host} can be reached from other machines, and what passes is not encrypted: whoever listens "
    "reads along, passwords too. Use 127.0.0.1, and let a proxy with HTTPS stand before it."
)
_WARNING: Final = N_("Warning: {what} {mend}")
_HERE: Final = N_("Open {url} in your browser. Ctrl-C ends it.")
_FIRST: Final = N_("Habitué answers at {url} until Ctrl-C ends it.")
_LINK: Final = N_("Open this link in your browser to come in. It works once, within the hour: {link}")


def _served(desk: Desk, shop: Shop, host: str, port: int, *, show: bool = False) -> None:
    # The web takes a second to load, and what is not served does without.
    from habitue import server  # noqa: PLC0415  see above

    thrifty()
    token = secrets.token_urlsafe(32)
    _ = shop.provider  # settings that can't be meant are told now, not to whoever signs in

    def ready(url: str) -> None:
        shop.lock.tell(url, token)
        if not server.loopback(host):
            print(desk.say(_OPEN, host=host), file=sys.stderr)
        for finding in unproxied(shop.configured):
            print(_say(desk, finding), file=sys.stderr)
        link, lines = _way_in(desk, shop, url)
        for line in lines:
            print(line, flush=True)
        if show and _seen():
            Thread(target=webbrowser.open, args=(link,), daemon=True).start()

    postmen = [Postman(shop, lane) for lane in (0, 1)]
    keeper = Keeper(shop, told=[postman.wake for postman in postmen])
    herald = Herald(shop)
    for thread in (keeper, herald, *postmen):
        thread.start()
    try:
        server.serve(shop, host, port, token, ready, keeper.wake)
    finally:
        for postman in postmen:
            postman.stop()
        keeper.stop()
        herald.stop()
        for postman in postmen:
            postman.left()


def _say(desk: Desk, finding: Finding) -> str:
    what, mend = (desk.say(text, **finding.fields) for text in (finding.what, finding.mend))
    return desk.say(_WARNING, what=what, mend=mend)


def _way_in(desk: Desk, shop: Shop, url: str) -> tuple[str, list[str]]:
    """Where to go, in words too; with a link that lets one in, while nobody could sign in by a password."""
    if shop.founded():
        return url, [desk.say(_HERE, url=url)]
    link = f"{url}sign-in/{shop.first_link('command line')}"
    return link, [desk.say(_FIRST, url=url), desk.say(_LINK, link=link)]


def _seen() -> bool:
    """Whether somebody sits before a screen on which a browser can open."""
    screen = sys.platform in ("darwin", "win32") or any(map(os.environ.get, ("DISPLAY", "WAYLAND_DISPLAY")))
    return screen and sys.stdout.isatty()


def _name(folder: Path) -> str:
    """The directory's whole name as text, whatever bytes it is made of."""
    return os.fsencode(folder.absolute()).decode(errors="replace")


def _end(until: str | None) -> Micros:
    """Where the two years end. The last midnight if not said: the same seed makes the same shop all day."""
    zone = Settings().timezone
    if until is None:
        until = clock.moment(clock.now(), zone).date().isoformat()
    end = clock.instant(until, zone)
    first, last = YEARS
    if not first <= clock.moment(end, zone).year <= last:
        raise UserError(
            N_("The demo shop’s two years end between {first} and {last}, not at {until}."),
            first=first,
            last=last,
            until=until,
        )
    return end


def _home() -> Path:
    """Where the demo shop lives if nobody says: among the user's own data, the same from any directory."""
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "habitue" / "demo"
