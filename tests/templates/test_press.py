"""A template is made ready once and filled in for each customer: what stands in a value stays a value."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from habitue.kernel.errors import UserError
from habitue.templates.fault import TemplateError, Unfit
from habitue.templates.press import Filled, Press, pressed
from habitue.templates.shape import Template, Text, read, written

BODY = """<mjml><mj-body><mj-section background-color="{{ shop.color | default: '#fff' }}"><mj-column>
<mj-text>Bonjour {{ customer.first_name }}, R&D d’été</mj-text>
{% for product in event.products %}
<mj-image src="{{ product.image_url }}" alt="{{ product.name }}" href="{{ product.url }}" />
<mj-text>{{ product.name }} × {{ product.quantity }} {{ product.price | money }}</mj-text>
{% endfor %}
<mj-button href="https://shop.example/{{ customer.city }}?q={{ customer.first_name }}">Voir</mj-button>
<mj-text><a href="{{ links.unsubscribe }}">Se désinscrire</a></mj-text>
</mj-column></mj-section></mj-body></mjml>"""
VALUES: dict[str, Any] = {
    "customer": {"first_name": "Zoé", "city": "Aix"},
    "shop": {"currency": "EUR"},
    "links": {"unsubscribe": "https://own.example/u/1"},
    "event": {
        "products": [
            {"name": "Thé", "quantity": 2, "price": 12.5, "url": "https://shop.example/t?a=1&b=2",
             "image_url": "https://shop.example/t.png"}
        ]
    },
}  # fmt: skip


def made(body: str, form: str = "mjml", subject: str = "Bonjour", **more: Any) -> Press:
    return pressed(Template("one", {"fr": Text(body, subject, form=form, **more)}))  # type: ignore[arg-type]  # told by the test


def filled(text: str, values: dict[str, Any] | None = None, **more: Any) -> Filled:
    """A line of HTML with its holes filled."""
    return made(f"<p>{text}</p>", "html", **more).fill({} if values is None else values)


PAGE = made(BODY, subject="Pour {{ customer.first_name }}", preheader="À {{ customer.city }}")


def test_one_mail_says_in_html_and_in_text_what_the_template_says() -> None:
    mail = PAGE.fill(VALUES)
    assert (mail.subject, mail.preheader) == ("Pour Zoé", "À Aix")
    assert "Bonjour Zoé, R&D d’été" in mail.html
    assert 'href="https://shop.example/t?a=1&amp;b=2"' in mail.html
    assert '<html lang="fr"' in mail.html
    assert mail.text.splitlines()[0] == "Bonjour Zoé, R&D d’été"
    assert "Thé × 2 12,50\N{NO-BREAK SPACE}€" in mail.text
    assert "Se désinscrire (https://own.example/u/1)" in mail.text


def test_a_link_that_a_reader_follows_can_become_another_and_no_other_address_does() -> None:
    mail = PAGE.fill(VALUES, wrap=lambda address: f"https://own.example/c/{len(address)}?x=1&y=2")
    assert mail.html.count("https://own.example/c/") == 3
    assert 'href="https://own.example/c/30?x=1&amp;y=2"' in mail.html
    assert 'src="https://shop.example/t.png"' in mail.html
    assert "https://own.example/c/30?x=1&y=2" in mail.text
    assert "\ue100" not in mail.html + mail.text


class _Seen(HTMLParser):
    """What a browser would make of a page: its tags with their attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, tuple[str, ...]]] = []
        self.addresses: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, tuple(name for name, _ in attrs)))
        self.addresses += [value or "" for name, value in attrs if name in ("href", "src")]


USUAL = _Seen(PAGE.fill(VALUES).html).tags
HOSTILE = st.one_of(
    st.text(min_size=1, max_size=60),
    st.lists(
        st.sampled_from(
            ["<script>", "</td>", '"', "'", "><img src=x onerror=alert(1)>", "{{ 7 | times: 7 }}", "{%",
             "%}", "\r\n", "Bcc: a@b.c", "\u202e", "\u2066", "&lt;", "-->", "<!--[if mso]>", "javascript:",
             "\ue100", "hq0q0z", "</style>", "]]>", "\x00", "\u2028", "a" * 5_000]
        ),
        min_size=1, max_size=6,
    ).map("".join),
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(HOSTILE, HOSTILE)
@example("\u202e", "</a>")
def test_no_value_breaks_out_of_its_place(first: str, name: str) -> None:
    product = VALUES["event"]["products"][0] | {"name": name}
    values = VALUES | {"customer": {"first_name": first, "city": name}, "event": {"products": [product]}}
    try:
        mail = PAGE.fill(values)
    except Unfit:  # nothing to be seen in it, or too much of it
        return
    page = _Seen(mail.html)
    assert page.tags == USUAL
    assert all(one.startswith("https://") for one in page.addresses)
    assert not re.search(r"[\r\n\x00-\x1f\x7f\u2028\u2029]", mail.subject + mail.preheader)
    assert not re.search("[\u202a-\u202e\u2066-\u2069\ue100\ue101\x00]", mail.html + mail.text + mail.subject)


@pytest.mark.parametrize("nothing", [None, "", "   ", "\u200b", "\N{NO-BREAK SPACE}"])
def test_a_missing_value_stops_the_mail_and_is_named(nothing: str | None) -> None:
    with pytest.raises(Unfit, match=r"customer\.first_name") as stopped:
        filled("Hello {{ customer.first_name }},", {"customer": {"first_name": nothing}})
    assert stopped.value.reason == "missing"


def test_a_value_that_is_nowhere_is_named_by_its_whole_path() -> None:
    with pytest.raises(Unfit, match=r"“event\.order\.id”"):
        filled("{{ event.order.id }}", {"event": {"order": {}}})
    with pytest.raises(Unfit, match=r"“event\.products”"):
        filled("{% for one in event.products %}{{ one }}{% endfor %}", {"event": {}})


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("{{ customer.first_name | default: 'you' }}", "you"),
        ("a{{ customer.title | default: '' }}b", "ab"),
        ("{% if customer.first_name %}{{ customer.first_name }}{% else %}you{% endif %}", "you"),
        ("{% if customer.points > 100 %}VIP{% else %}you{% endif %}", "you"),
        ("{% unless customer.stage == 'lost' %}you{% endunless %}", "you"),
    ],
)
def test_a_template_may_say_what_to_write_then(said: str, told: str) -> None:
    assert f"<p>{told}</p>" in filled(said, {"customer": {}}).html


@pytest.mark.parametrize(
    ("said", "value", "told"),
    [
        ('<a href="{{ x }}">a</a>', "javascript:alert(1)", None),
        ('<a href="{{ x }}">a</a>', "java\tscript:alert(1)", None),
        ('<a href="{{ x }}">a</a>', "https://", None),
        ('<a href="{{ x }}">a</a>', "https://a.fr/é?b=1&c=\"2", None),
        ('<a href="{{ x }}">a</a>', "https://a.fr/b?c=1&d=2", 'href="https://a.fr/b?c=1&amp;d=2"'),
        ('<a href="{% if x %}{{ x }}{% endif %}">a</a>', "javascript:alert(1)", None),
        ('<a href="https://{{ x }}/b">a</a>', "evil.fr/c?", None),
        ('<a href="https://{{ x }}/b">a</a>', "shop.fr", 'href="https://shop.fr/b"'),
        ('<a href="https://a.fr/{{ x }}">a</a>', "b c?d=\"", 'href="https://a.fr/b%20c%3Fd%3D%22"'),
        ('<a href="https://a.fr/?q={{ x }}">a</a>', "a&b=c", 'href="https://a.fr/?q=a%26b%3Dc"'),
        ('<a href="https://a.fr/?q={{ x | url_encode }}">a</a>', "a b&", 'href="https://a.fr/?q=a+b%26"'),
        ('<b style="color: {{ x }}">a</b>', "#ff0000", "color: #ff0000"),
        ('<b style="color: {{ x }}">a</b>', "red;background:url(//a.fr)", None),
        ('<!--[if mso]><v:rect href="{{ x }}"><![endif]-->', "javascript:1", None),
    ],
)  # fmt: skip
def test_a_value_fits_its_place_or_stops_the_mail(said: str, value: str, told: str | None) -> None:
    if told is None:
        with pytest.raises(Unfit):
            filled(said, {"x": value})
    else:
        assert told in filled(said, {"x": value}).html


@pytest.mark.parametrize(
    "said",
    [
        "<a title={{ x }}>a</a>",
        '<a onclick="f({{ x }})">a</a>',
        "<b {{ x }}>a</b>",
        "<style>p { color: {{ x }} }</style>",
        "{{ x | safe }}",
        "{{ x | _link }}",
        "{{ x | base64_decode }}",
        "{% include 'etc' %}",
        "{% render 'etc' %}",
        "{% for i in (1..9999999) %}a{% endfor %}",
        "{% for i in (1..x) %}a{% endfor %}",
        "{% if x %}",
        "{{ x | }}",
        "{{ x",
    ],
)
def test_a_template_that_could_harm_is_refused(said: str) -> None:
    with pytest.raises(TemplateError):
        made(f"<p>{said}</p>", "html")


@pytest.mark.parametrize(
    "said",
    [
        "{% for a in x %}{% for b in x %}{% for c in x %}a{% endfor %}{% endfor %}{% endfor %}",
        "{% assign s = 'aaaaaaaa' %}{% for a in x %}{% assign s = s | append: s %}{% endfor %}{{ s }}",
        "{% assign s = 9 %}{% for a in x %}{% assign s = s | times: s %}{% endfor %}{{ s }}",
        "{% assign s = 'aaaaaaaaaaaaaaaa' %}{% for a in x %}{% assign s = s | replace: 'a', s %}{% endfor %}",
        "{{ long | replace: 'a', long }}",
        "{{ x | join: long }}",
        "{{ 1 | times: 99999999999999999999 }}",
        "{{ 1.5 | round: 999999999 }}",
        "{{ 'now' | date: '%9999999d' }}",
        "{{ long }}{{ long }}{{ long }}{{ long }}{{ long }}{{ long }}{{ long }}{{ long }}",
    ],
)
def test_everything_has_an_end(said: str) -> None:
    with pytest.raises(Unfit):
        filled(said, {"x": list(range(60)), "long": "a" * 200_000})


def test_a_name_that_the_template_gives_may_mean_another_value_further_down() -> None:
    said = (
        "{{ x }}{% assign x = 'b' %}{{ x }}{% if y %}{% capture x %}{{ y }}{% endcapture %}{% endif %}{{ x }}"
    )
    assert "<p>abc</p>" in filled(said, {"x": "a", "y": "c"}).html
    assert "<p>a-a-a&amp;a</p>" in filled("{{ x }}-{{ x }}-{{ x }}&amp;{{ x }}", {"x": "a"}).html


def test_what_ends_a_loop_has_no_place_outside_of_one() -> None:
    with pytest.raises(Unfit):
        filled("{% break %}", {})


def test_a_list_or_an_object_is_no_text() -> None:
    with pytest.raises(Unfit, match=r"customer.*list"):
        filled("{{ customer }}", {"customer": {"a": 1}})


def test_what_an_object_can_do_is_out_of_reach() -> None:
    for path in ("x.__class__", "x['__class__']", "x.upper", "x.__init__.__globals__"):
        with pytest.raises(Unfit):
            filled(f"{{{{ {path} }}}}", {"x": "a"})


def test_dates_numbers_and_money_are_written_as_the_language_does() -> None:
    values = {"day": "2026-03-01", "at": "2026-03-01T23:30:00Z", "n": 1234.5,
              "shop": {"currency": "EUR", "timezone": "Europe/Paris"}}  # fmt: skip
    said = "{{ day | date }} · {{ at | date: 'short' }} · {{ n | number }} · {{ n | money: 'USD' }}"
    assert (
        "1er mars 2026 · 02/03/2026 · 1\u202f234,5 · 1\u202f234,50\N{NO-BREAK SPACE}$US"
        in filled(said, values).html
    )
    english = pressed(Template("one", {"en": Text(f"<p>{said}</p>", "a", form="html")})).fill(values)
    assert "March 1, 2026 · 3/2/26 · 1,234.5 · $1,234.50" in english.html


def test_a_customer_is_written_to_in_their_language_or_in_the_first() -> None:
    press = pressed(
        Template("one", {"fr": Text("Salut", "s", form="text"), "en": Text("Hi", "s", form="text")})
    )
    assert [press.fill({}, one).text for one in ("en-GB", "en", "de", None)] == [
        "Hi\n",
        "Hi\n",
        "Salut\n",
        "Salut\n",
    ]


def test_a_subject_is_one_line_and_of_a_length() -> None:
    assert filled("a", {"x": "a\r\nBcc: b\u2028c\x85d"}, subject="{{ x }}").subject == "a Bcc: b cd"
    with pytest.raises(Unfit, match="too long"):
        filled("a", {"x": "a" * 300}, subject="{{ x }}")
    with pytest.raises(Unfit, match="subject"):
        filled("a", {"x": ""}, subject="{{ x | default: '' }}")


def test_a_template_in_a_file_is_the_same_when_it_is_read_again() -> None:
    one = Template(
        "a", {"fr": Text(BODY, 'dit "oui"\\', "p"), "en": Text("it's '''x'''", "s", form="text")}, "Né", "x"
    )
    assert read(written(one)) == one


def test_what_only_some_programs_read_stays_and_what_none_reads_goes() -> None:
    html = (
        made(BODY.replace("<mjml>", "<mjml><mj-head><mj-style>p { margin: 0 }</mj-style></mj-head>"))
        .fill(VALUES)
        .html
    )
    assert {tag for tag, _ in _Seen(html).tags} >= {"meta", "style", "img", "table"}
    assert "<!--[if mso" in html
    assert "secret" not in made("<p>a<!-- secret -->b</p>", "html").fill({}).html


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("subject", "subjct", "There is no setting “en.subjct”. Did you mean “en.subject”?"),
        ("slug", "name", "slug is missing: nothing can be sent without it."),
        ('"html"', '"htlm"', "en.form can’t be “htlm”. Did you mean “html”?"),
        ('"Tea"', "3", "en.subject is a text: write it in quotes."),
    ],
)
def test_what_stands_wrong_in_a_file_is_said_with_the_nearest_name(
    before: str, after: str, told: str
) -> None:
    sound = 'slug = "tea"\n[en]\nsubject = "Tea"\nform = "html"\nbody = "<p>Tea</p>"\n'
    assert read(sound).slug == "tea"
    with pytest.raises(UserError, match=re.escape(told)):
        read(sound.replace(before, after))


@pytest.mark.parametrize(
    ("link", "name", "told"),
    [
        ("/thés?de={{ customer.name }}", "a&b=c/d", "/thés?de=a%26b%3Dc%2Fd"),
        (
            "https://shop.example/{{ customer.name }}/",
            "été noir",
            "https://shop.example/%C3%A9t%C3%A9%20noir/",
        ),
        ("{{ customer.name }}", "https://shop.example/a?b&c", "https://shop.example/a?b&c"),
        ("/x?a=1&b={{ customer.name }}", '"><b>', "/x?a=1&b=%22%3E%3Cb%3E"),
        ("{{ customer.name }}", "javascript:alert(1)", None),
        ("{{ customer.name }}", "mailto:ada@shop.example", None),
        ("/{{ customer.name }}", "/evil.example", None),
        ("/{{ customer.name }}", "", None),
        ("/\\evil.example", "x", None),
        ("https://a@evil.example/", "x", None),
        ("javascript:alert(1)", "x", None),
    ],
)
def test_a_button_leads_by_http_or_to_a_page_of_the_site(link: str, name: str, told: str | None) -> None:
    text = Text("Bonjour", "Du nouveau", form="text", button="Voir", link=link)
    press = pressed(Template("one", {"fr": text}, channel="inapp"))
    values = {"customer": {"name": name}}
    if told is None:
        with pytest.raises(Unfit):
            press.fill(values)
    else:
        assert (press.fill(values).link, press.fill(values).button) == (told, "Voir")


def test_a_message_for_the_site_is_kept_in_a_file_too() -> None:
    text = Text("Bonjour", "Du nouveau", form="text", button="Voir", link="/thés")
    one = Template("one", {"fr": text}, channel="inapp", place="dialog")
    assert read(written(one)) == one
