"""Pages in a real browser: no error, no refusal, no stray request, nothing too wide, no customer's script."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Route, expect

from habitue.app import Shop
from tests.inside import enter
from tests.web.conftest import PAYLOADS

PAGES = ("/", "/?hide=prospects&hide=unchanged", "/customers", "/customers/1", "/stages", "/api", "/nothing")
INCOMING = ("/data", "/data/events", "/data/refused", "/data/catalogue")
SEGMENTS = (
    "/segments",
    "/segments/buyers",
    "/segments/buyers/customers",
    "/segments/buyers/edit",
    "/segments/new",
)
AGAIN = 'count("Order Completed", within="90d") >= 2'
Visit = Callable[..., Page]
VISIBLE = """ribbon => {  // a point at which this ribbon lies above the others
    const { left, top, width, height } = ribbon.getBoundingClientRect();
    for (let across = 1; across < 40; across++)
        for (let down = 1; down < 40; down++) {
            const x = left + width * across / 40, y = top + height * down / 40;
            if (document.elementFromPoint(x, y) === ribbon) return [x, y];
        }
    throw new Error("the ribbon is hidden");
}"""


@pytest.fixture
def visit(browser: Browser, shop: Shop, site: str) -> Iterator[Visit]:
    """Open addresses one after the other; in the end nothing may have gone wrong on any of them."""
    wrong: list[str] = []

    def heard(said: ConsoleMessage) -> None:
        if said.type in ("error", "warning") and "404 (Not Found)" not in said.text:
            wrong.append(said.text)

    def open_(*addresses: str, language: str = "en-GB", width: int = 1360) -> Page:
        context = browser.new_context(locale=language, viewport={"width": width, "height": 900})
        enter(context, shop, site)
        page = context.new_page()
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("dialog", lambda dialog: wrong.append(dialog.message))
        page.on("console", heard)
        page.on("request", lambda asked: wrong.append(asked.url) if not asked.url.startswith(site) else None)
        for address in addresses:
            page.goto(site + address)
            for figure in page.locator("figure[data-chart]").all():
                expect(figure.locator("svg path").first).to_be_attached()
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), address
            assert page.evaluate("document.documentElement.lang") == language[:2]
        return page

    yield open_
    for context in browser.contexts:
        context.close()
    assert wrong == []


@pytest.mark.parametrize(("language", "width"), [("fr-FR", 390), ("en-GB", 1360)])
def test_every_page_stands_at_every_width(visit: Visit, language: str, width: int) -> None:
    visit(*PAGES, *INCOMING, *SEGMENTS, language=language, width=width)


def test_charts_follow_the_dark(visit: Visit) -> None:
    page = visit("/")
    page.emulate_media(color_scheme="dark")
    label = page.locator("figure[data-chart] svg text").first
    expect(label).to_have_css("fill", "rgb(241, 244, 249)")
    page.emulate_media(color_scheme="light")
    expect(label).to_have_css("fill", "rgb(17, 24, 39)")


def test_a_ribbon_tells_its_number_and_leads_to_its_people(visit: Visit) -> None:
    page = visit("/")
    ribbon = page.locator(".flow svg .mark-area path").first
    ribbon.scroll_into_view_if_needed()
    x, y = ribbon.evaluate(VISIBLE)
    page.mouse.move(x, y)
    expect(page.locator(".tip")).to_contain_text("→")
    page.mouse.click(x, y)
    page.wait_for_url("**/customers?**from=**")
    expect(page.locator("h1")).to_contain_text("From")


def test_a_choice_of_period_is_an_address(visit: Visit) -> None:
    page = visit("/")
    page.get_by_role("button", name="Period").click()
    page.get_by_role("link", name="Last 30 days").click()
    page.wait_for_url("**period=30d**")
    page.get_by_role("button", name="Period").press("Enter")
    page.keyboard.press("Escape")
    expect(page.get_by_label("From", exact=True)).to_be_hidden()
    page.get_by_role("button", name="Period").press("Enter")
    page.get_by_label("From", exact=True).fill("2026-04-03")
    page.get_by_label("To (included)").fill("2026-04-17")
    page.get_by_label("To (included)").press("Enter")
    page.wait_for_url("**period=2026-04-03..2026-04-17**")
    expect(page.get_by_role("button", name="Period")).to_contain_text("Apr 3")
    page.get_by_role("button", name="Hide unchanged").click()
    page.wait_for_url("**hide=unchanged**")
    expect(page.get_by_role("button", name="Hide unchanged")).to_have_attribute("aria-pressed", "true")


def test_from_a_number_to_its_list_to_a_customer_to_earlier_events(visit: Visit) -> None:
    page = visit("/")
    page.locator("a.kpi").first.click()
    page.wait_for_url("**/customers?**")
    page.locator("tbody th a").first.click()
    page.wait_for_url("**/customers/*")
    page.get_by_text("Show what decided").click()
    expect(page.locator("#reasons .ask").first).to_be_visible()
    rows = page.locator(".timeline > li:not(.more)")
    before = rows.count()
    if page.get_by_text("Earlier").count():
        page.get_by_text("Earlier").scroll_into_view_if_needed()
        expect(rows).not_to_have_count(before)


def test_a_table_that_goes_on_sideways_shows_it(visit: Visit) -> None:
    page = visit("/", width=390)
    table = page.locator(".scroll:has(.heat)")
    expect(table).to_have_attribute("data-more", "right")
    expect(table).to_have_attribute("tabindex", "0")
    assert table.evaluate("it => getComputedStyle(it).maskImage") != "none"
    table.evaluate("it => it.scrollTo(it.scrollWidth, 0)")
    expect(table).to_have_attribute("data-more", "left")
    page.set_viewport_size({"width": 1360, "height": 900})
    expect(table).to_have_attribute("data-more", "")


@pytest.mark.parametrize("language", ["en-GB", "fr-FR"])
def test_no_column_of_the_overview_is_cut_on_a_phone_but_of_the_large_table(
    visit: Visit, language: str
) -> None:
    page = visit("/", width=390, language=language)
    for table in page.locator(".scroll:not(:has(.heat)):visible").all():
        expect(table).to_have_attribute("data-more", "")


@pytest.mark.parametrize("language", ["en-GB", "fr-FR"])
@pytest.mark.parametrize("width", [320, 390, 519, 521, 700, 859])
def test_the_other_language_can_be_seen_at_every_width(visit: Visit, language: str, width: int) -> None:
    page = visit("/customers", width=width, language=language)
    page.locator(".self").click()
    for tongue in page.locator(".tongues a").all():
        box = tongue.bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width


@pytest.mark.parametrize("language", ["en-GB", "fr-FR"])
@pytest.mark.parametrize("address", ["/customers/1", "/data", "/data/catalogue", "/data/duplicates"])
def test_no_table_is_cut_on_a_phone(visit: Visit, address: str, language: str) -> None:
    for table in visit(address, width=390, language=language).locator(".scroll:visible").all():
        expect(table).to_have_attribute("data-more", "")


@pytest.mark.parametrize("language", ["en-GB", "fr-FR"])
def test_what_came_in_and_went_out_has_room_for_thousands(visit: Visit, language: str) -> None:
    page = visit("/", language=language)
    page.locator(".bars .num > *").evaluate_all("all => all.forEach(it => it.textContent = '+12,345')")
    table = page.locator(".scroll:has(.bars)")
    assert table.evaluate("it => it.scrollWidth <= it.clientWidth")


@pytest.mark.parametrize("address", ["/data/duplicates", "/customers"])
def test_a_button_that_can_t_be_pressed_looks_so(visit: Visit, address: str) -> None:
    look = "it => ['color', 'backgroundColor', 'cursor'].map(name => getComputedStyle(it)[name])"
    button = visit(address).locator("main button").first
    button.evaluate("it => { it.className = 'button first'; it.style.transition = 'none' }")
    enabled = button.evaluate(look)
    button.evaluate("it => it.disabled = true")
    assert [one for one, other in zip(enabled, button.evaluate(look), strict=True) if one == other] == []


@pytest.mark.parametrize("width", [320, 390, 519])
def test_labels_of_the_flow_do_not_touch_on_a_phone(visit: Visit, width: int) -> None:
    page = visit("/", width=width)
    boxes = page.locator(".flow svg .mark-text text").evaluate_all(
        "all => all.map(it => it.getBoundingClientRect()).map(it => [it.x, it.y, it.right, it.bottom])"
    )
    pairs = [(a, b) for i, a in enumerate(boxes) for b in boxes[:i]]
    assert len(pairs) > 20
    assert [
        (a, b) for a, b in pairs if a[0] < b[2] and b[0] < a[2] and a[1] + 2 < b[3] and b[1] + 2 < a[3]
    ] == []


def test_an_address_is_not_broken_where_there_is_room(visit: Visit) -> None:
    page = visit("/customers?stage=active")
    heights = page.locator("tbody .sub").evaluate_all(
        "all => all.map(it => it.getBoundingClientRect().height)"
    )
    assert len(heights) > 20
    assert max(heights) < 30


def test_everything_can_be_reached_by_keyboard(visit: Visit) -> None:
    page = visit("/")
    page.keyboard.press("Tab")
    expect(page.get_by_text("Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('main') !== null")


def test_nothing_that_a_customer_wrote_runs(visit: Visit, shop: Shop) -> None:
    people = [shop.person(f"{payload}{n}") for n, payload in enumerate(PAYLOADS)]
    page = visit("/customers?q=alert", *(f"/customers/{person}" for person in people), width=390)
    expect(page.locator("h1")).to_have_text(PAYLOADS[-1])


def test_a_rule_is_built_counted_and_saved_in_the_browser(visit: Visit, shop: Shop) -> None:
    page = visit("/segments/new")
    page.get_by_label("Name", exact=True).fill("Back twice")
    page.get_by_role("button", name="Add a condition").click()
    page.get_by_role("button", name="Has done it so many times").click()
    text = page.locator("#text")
    expect(text).to_have_value(AGAIN)
    page.locator("[name='c/items0.value']").fill("1")
    expect(text).to_have_value(AGAIN.replace("2", "1"))
    count = shop.segment(AGAIN.replace("2", "1")).count()
    expect(page.locator("#count .size b")).to_have_text(str(count))
    text.focus()
    page.keyboard.press("End")
    page.keyboard.type(' and trai.country == "FR"')
    page.get_by_role("button", name="Column").click()
    page.keyboard.type("trait")
    expect(page.locator("[name='c/items1.path']")).to_have_value("country")
    page.get_by_role("button", name="Why?").first.click()
    expect(page.locator(".sample .why, .sample .line").first).to_be_visible()
    page.get_by_role("button", name="Save").click()
    page.wait_for_url("**/segments/back-twice")
    expect(page.get_by_text("Saved. The segment is live")).to_be_visible()
    expect(page.locator("h1")).to_have_text("Back twice")
    page.get_by_role("button", name="Remove this segment").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove", exact=True).click()
    page.wait_for_url("**/segments")


def test_a_list_follows_what_one_types_and_a_note_is_written_by_keyboard(visit: Visit, shop: Shop) -> None:
    page = visit("/customers")
    names = page.locator("tbody th a").all_inner_texts()
    typed = next(name[:3] for name in names if " " in name and name[:3].isascii() and name[:3].isalpha())
    page.locator("#q").press_sequentially(typed)
    page.wait_for_url(f"**q={quote(typed)}**")
    expect(page.locator("tbody th a").first).to_contain_text(typed, ignore_case=True)
    expect(page.locator("#q")).to_be_focused()
    page.locator("tbody .box input").first.check()
    expect(page.locator("select[name=scope]")).to_have_value("chosen")
    page.locator("tbody th a").first.click()
    page.locator("textarea[name=text]").first.fill("Rang <b>twice</b>")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#notes .text")).to_have_text("Rang <b>twice</b>")
    expect(page.locator("#history")).to_contain_text("Rang <b>twice</b>")
    for note in shop.notes(int(page.url.rpartition("/")[2].partition("#")[0].partition("?")[0])):
        shop.unwrite(note.id)


def test_what_is_chosen_of_a_list_the_back_button_takes_back(visit: Visit) -> None:
    page = visit("/customers")
    page.locator("#filters select[name=stage]").select_option("active")
    page.wait_for_url("**stage=active")
    page.locator("#q").press_sequentially("a")
    page.wait_for_url("**q=a&stage=active")
    page.locator("#filters select[name=stage]").select_option("dormant")
    page.wait_for_url("**q=a&stage=dormant")
    page.go_back()
    expect(page.locator("#filters select[name=stage]")).to_have_value("active")
    assert page.url.endswith("q=a&stage=active")
    page.go_back()
    expect(page.locator("#filters select[name=stage]")).to_have_value("")
    assert page.url.endswith("/customers")


TWICE = """async button => {
    button.click();
    await new Promise(asked => setTimeout(asked, 60));
    button.click();
    await new Promise(asked => setTimeout(asked, 60));
}"""


def test_a_second_click_sends_nothing_while_the_first_is_on_its_way(visit: Visit, shop: Shop) -> None:
    page = visit("/customers/1")
    held: list[Route] = []
    page.route("**/customers/1/notes", lambda route: held.append(route))  # noqa: PLW0108  playwright asks a function of Python
    page.locator("textarea[name=text]").first.fill("Rang once")
    page.locator("#notes .writing button").first.evaluate(TWICE)
    (only,) = held
    only.continue_()
    expect(page.locator("#notes .text")).to_have_text("Rang once")
    page.unroute("**/customers/1/notes")
    for note in shop.notes(1):
        shop.unwrite(note.id)
