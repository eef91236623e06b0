"""A file by the web: what it would bring, and that it brings just what the command line would."""

from __future__ import annotations

import csv
import html
import io
import re
import stat
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, expect

from habitue.app import Shop
from habitue.app.loads import Loads, Wish
from habitue.app.uploads import Uploads, named
from habitue.ingest.files import packed as packing
from habitue.kernel import clock
from habitue.kernel.clock import DAY
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import translator
from habitue.web.pages.importing import REWORDED
from tests.inside import BEARER, enter
from tests.web.conftest import PAYLOADS, served

FRENCH = (
    "N° client;Date de commande;N° commande;Montant;État;<b>x</b>\n"
    "c1;03/04/2026 10:00;o1;1 234,50;payée;=1+1\n"
    "c1;14/05/2026 10:00;o2;20,00;payée;<script>alert(1)</script>\n"
    "c2;15/05/2026 10:00;o3;30,00;annulée;b\n"
    ";16/05/2026 10:00;o4;30,00;payée;=cmd()\n"
)


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with Shop.create(tmp_path_factory.mktemp("importing") / "shop") as made:
        made.refresh()
        yield made


@pytest.fixture(scope="module")
def address(own: Shop) -> Iterator[str]:
    yield from served(own)


@pytest.fixture
def client(address: str) -> Iterator[httpx.Client]:
    headers = BEARER | {"accept-language": "en"}
    with httpx.Client(base_url=address, timeout=30, headers=headers, follow_redirects=True) as client:
        yield client


def sent(client: httpx.Client, name: str, content: bytes) -> httpx.Response:
    return client.post("/data/import", files={"file": (name, content)})


def read() -> None:
    """Wait until all files that are being read are read."""
    for thread in threading.enumerate():
        if thread.name == "import":
            thread.join(30)


def over(client: httpx.Client, path: str) -> str:
    """The page of a run once it is over."""
    read()
    page = html.unescape(client.get(path).text)
    assert 'hx-trigger="every 1s"' not in page
    return page


def test_a_file_is_told_tried_and_imported_as_the_command_line_would(
    own: Shop, client: httpx.Client, tmp_path: Path
) -> None:
    file = tmp_path / "Été.csv"
    file.write_text(FRENCH, encoding="cp1252")
    told = own.import_file(file, dry_run=True, language="en")
    reading = sent(client, "C:\\Users\\Zoé\\Été.csv", file.read_bytes())
    path = reading.url.path
    page = html.unescape(reading.text)
    assert "€1,234.50" in page
    assert "Apr 3, 2026, 10:00" in page
    assert "Line 5: the customer is missing" in page
    form = dict(
        re.findall(
            r'<select id="[^"]*" name="([^"]+)"(?:(?!</select>).)*?value="([^"]*)" selected', page, re.DOTALL
        )
    )
    assert form["f.revenue"] == "c:Montant"
    assert not any("--map" in one or "--only" in one for one in re.findall(r"<li>.*?</li>", page, re.DOTALL))

    assert client.post(f"{path}/check", data=form).url.path == f"{path}/run"
    tried = over(client, f"{path}/run")
    assert "Nothing is stored yet" in tried
    assert own.warehouse.read("SELECT count(*) AS n FROM event")["n"][0].as_py() == 0
    upload = own.directory / "uploads" / path.rsplit("/", 1)[1]
    modes = [stat.S_IMODE(one.stat().st_mode) for one in (upload / "file" / "Été.csv", upload / "file")]
    assert modes == [0o600, 0o700]
    loads = Loads(own)
    run = loads.run(next(loads.uploads.all()))
    assert run is not None
    assert replace(run.reports["en"], rejects=None) == told
    rows = list(csv.reader(io.StringIO(client.get(f"{path}/rejected.csv").text.removeprefix("\ufeff"))))
    assert rows[1][:2] == ["5", "the customer is missing"]
    assert rows[1][-1] == "'=cmd()"

    client.post(f"{path}/load")
    done = over(client, f"{path}/run")
    assert "The file is in" in done
    assert own.warehouse.read("SELECT sum(revenue)::BIGINT AS n FROM event")["n"][0].as_py() == 125450
    assert not (upload / "file").exists()
    assert client.get(re.findall(r'href="(/data/rejected/[^"]+)"', done)[0]).status_code == 200
    again = own.import_file(file, language="en")
    assert (again.stored, again.known) == (0, told.stored)
    listed = html.unescape(client.get("/data/import").text)
    assert "Été<wbr>.csv" in listed
    for markup in ("<b>x</b>", "<script>alert(1)"):
        assert markup not in reading.text


def test_columns_told_otherwise_are_read_otherwise_and_what_can_t_be_read_says_why(
    own: Shop, client: httpx.Client
) -> None:
    path = sent(client, "x.csv", b"a,b,c\nu1,2026-01-05,7\nu2,2026-01-06,8\n").url.path
    first = html.unescape(client.get(path).text)
    assert "It is not clear what this file holds" in first
    chosen = {
        "kind": "orders",
        "f.customer": "c:a",
        "f.ts": "c:b",
        "f.revenue": "c:c",
        "f.currency": "=",
        "v.currency": "USD",
    }
    foreign = html.unescape(client.get(path, params=chosen).text)
    assert "the amount is in “USD”" in foreign
    rated = html.unescape(client.get(path, params=chosen | {"rates": "USD=2"}).text)
    assert "€14.00" in rated
    assert "is not a rate" in client.get(path, params=chosen | {"rates": "USD=-1"}).text
    some = chosen | {"only.column": "a", "only.values": "U2", "rates": "USD=2"}
    assert "€14.00" not in client.get(path, params=some).text
    upload = own.directory / "uploads" / path.rsplit("/", 1)[1]
    assert client.post(f"{path}/drop").url.path == "/data/import"
    assert not upload.exists()
    assert client.get(path).status_code == 404


def test_what_is_no_file_to_import_is_refused(client: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/workbook.xml", b"0" * 3_000_000)
    monkeypatch.setattr(packing, "UNPACKED", 1_000_000)
    for name, content, why in (
        ("bomb.xlsx", bomb.getvalue(), "unpacks to more than"),
        ("x.zip", b"PK\x03\x04nothing", "damaged"),
        ("x.csv", b"\x00\x01\x02" * 900, "no table of text"),
        ("../../x.csv", b"customer,date,amount\n", "no row"),
    ):
        answer = sent(client, name, content)
        assert answer.status_code == 200, name
        assert why in html.unescape(answer.text), name
        assert client.post(f"{answer.url.path}/drop").status_code == 200
    empty = sent(client, "x.csv", b"")
    assert (empty.status_code, "This file is empty" in empty.text) == (400, True)
    assert client.post("/data/import", data={"x": "y"}).status_code == 400
    cut = b'--b\r\nContent-Disposition: form-data; name="file"; filename="x.csv"\r\n\r\na,b'
    headers = {"content-type": "multipart/form-data; boundary=b"}
    assert client.post("/data/import", content=cut, headers=headers).status_code == 400
    monkeypatch.setattr("habitue.app.uploads.MOST", 10)
    large = sent(client, "x.csv", b"x" * 100)
    assert (large.status_code, "larger than" in large.text) == (400, True)
    for path in ("/data/import/../x", "/data/import/zz/run", "/data/rejected/zz.csv", "/data/import/%2e%2e"):
        assert client.get(path).status_code == 404, path


def test_names_and_cells_of_a_file_stay_text(client: httpx.Client) -> None:
    header = ",".join(['"' + one.replace('"', '""') + '"' for one in PAYLOADS])
    content = f"customer,date,amount,{header}\n" + f"c9,2026-02-03,5,{header}\n"
    path = sent(client, f"{PAYLOADS[2]}.csv", content.encode()).url.path
    client.post(f"{path}/check")
    over(client, f"{path}/run")
    raw = [client.get(one).text for one in (path, f"{path}/run", "/data/import")]
    assert not any(re.search(r"<script>alert|<img src=x|<svg onload", one) for one in raw)
    client.post(f"{path}/drop")


def test_a_name_stays_in_its_folder() -> None:
    assert named("../../etc/passwd") == "passwd"
    assert named("a\\b\\c.csv") == "c.csv"
    assert named("\0\u202ex.csv") == "__x.csv"
    assert (named(".."), named("")) == ("file", "file")
    assert len(named("é" * 300 + ".xlsx").encode()) <= 200
    assert named("é" * 300 + ".xlsx").endswith("é.xlsx")


def test_what_was_cut_short_goes_on_and_what_is_old_goes_away(own: Shop) -> None:
    now = clock.now()
    loads = Loads(own)
    with loads.uploads.receive("y.csv", 9, now) as place:
        place.write(b"customer,date,amount\nc5,2026-01-05,7\n")
        upload = place.arrived()
    own.working.acquire()
    try:
        started = loads.start(upload, Wish(), False, "en", now)
        assert loads.start(upload, Wish(), False, "en", now) is started
        assert (started.state, Loads(own).run(upload).state) == ("waiting", "cut")  # type: ignore[union-attr]
        assert [one for one, _ in loads.under_way()] == [upload]
    finally:
        own.working.release()
    loads.wait(upload, 30)
    assert started.state == "done"
    assert started.reports["fr"].lines[0] == "1 ligne lue"
    uploads = Uploads(own.directory)
    uploads.sweep(now + 2 * DAY)
    assert list(uploads.all()) == []
    with pytest.raises(UserError, match="did not arrive whole"), uploads.receive("z", 1, now) as place:
        place.arrived(whole=False)
    assert not list(uploads.folder.iterdir())


def test_what_this_page_says_otherwise_is_what_the_command_line_says() -> None:
    assert REWORDED.keys() <= translator("fr").messages.keys()


def test_a_file_is_imported_by_keyboard_and_pointer(own: Shop, address: str, browser: Browser) -> None:
    context = browser.new_context(locale="en-US")
    enter(context, own, address)
    page = context.new_page()
    wrong: list[str] = []
    page.on("console", lambda one: wrong.append(one.text) if one.type == "error" else None)
    page.goto(f"{address}/data/import")
    content = b"who,date,amount\nb1,2026-01-05,7\nb2,2026-01-06,8\n"
    page.set_input_files("input[type=file]", {"name": "b.csv", "mimeType": "text/csv", "buffer": content})
    page.get_by_role("button", name="Read the file").press("Enter")
    page.wait_for_url("**/data/import/*")
    page.select_option("#kind", "orders")
    page.select_option("#f-customer", "c:who")
    expect(page.get_by_text("€7.00")).to_be_visible()
    assert "f.customer=c%3Awho" in page.url
    page.get_by_role("button", name="Check the whole file").press("Enter")
    page.get_by_role("button", name="Import 2 events").press("Enter")
    expect(page.get_by_text("The file is in")).to_be_visible(timeout=15_000)
    context.close()
    assert wrong == []


def test_a_field_said_to_be_in_no_column_stays_so_the_next_time(own: Shop, tmp_path: Path) -> None:
    file = tmp_path / "z.csv"
    file.write_text("customer,email,date,amount\nz1,a@b.fr,2026-01-05,7\n")
    assert any(one.startswith("email ←") for one in own.import_file(file, dry_run=True).chosen)
    for mapping in ({"email": ""}, None):
        chosen = own.import_file(file, mapping=mapping).chosen
        assert not any(one.startswith("email ←") for one in chosen)
        assert any("email → props.email" in one for one in chosen)
