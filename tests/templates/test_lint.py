"""All that is wrong with a template is told at once, with its place."""

from __future__ import annotations

import pytest

from habitue.kernel.i18n import translator
from habitue.templates.fault import Fault, placed
from habitue.templates.lint import Known, lint
from habitue.templates.shape import Template, Text

KNOWN = Known({"first_name", "city"}, {"products"})
HEAD = "<mjml><mj-body><mj-section><mj-column>\n"
FOOT = '<mj-text><a href="{{ links.unsubscribe }}">x</a></mj-text></mj-column></mj-section></mj-body></mjml>'


def told(inner: str, subject: str = "Bonjour", preheader: str = "Un mot", **more: str) -> list[Fault]:
    text = Text(HEAD + inner + FOOT, subject, preheader)
    return lint(Template("one", {"fr": text}, **more), KNOWN)[1]  # type: ignore[arg-type]  # told by the test


def said(faults: list[Fault]) -> list[str]:
    return [f"{one.severity} {placed(one, translator('en'))}" for one in faults]


def test_a_sound_template_has_nothing_to_be_told() -> None:
    assert told("<mj-text>Bonjour {{ customer.first_name }} à {{ customer.city }}</mj-text>") == []


def test_everything_is_told_at_once() -> None:
    faults = told(
        "<mj-text>{{ customer.frist_name }} {{ shop.nam }}</mj-text>\n"
        '<mj-image src="/a.png" />\n'
        '<mj-button href="">a</mj-button>\n'
        '<mj-text><a href="javascript:alert(1)">a</a> <a href="http://a.fr">b</a></mj-text>\n',
        subject="a" * 61,
        preheader="",
    )
    expected = [
        "warning fr, subject: 61 characters: most readers see 60.",
        "warning fr, preheader: There is none: mail programs will show the first words of the body after the "
        "subject.",
        "warning fr, body, line 2: Nothing is called “customer.frist_name”. Did you mean "
        "“customer.first_name”?",
        "error fr, body, line 2: Nothing is called “shop.nam”. Did you mean “shop.name”?",
        "warning fr, body, line 3: The picture /a.png has no words for those who don’t see it: give it an "
        "alt.",
        "error fr, body, line 3: /a.png is no whole web address: write it with https://.",
        "error fr, body, line 4: A link leads nowhere.",
        "error fr, body, line 5: javascript:alert(1) is no whole web address: write it with https://.",
        "warning fr, body, line 5: http://a.fr is not encrypted: write it with https://.",
    ]  # fmt: skip
    assert said(faults) == expected


@pytest.mark.parametrize(
    ("inner", "expected"),
    [
        ("<mj-texte>a</mj-texte>", "error fr, body, line 2: MJML has no <mj-texte>. Did you mean <mj-text>?"),
        ("<mj-text>\na", "error fr, body, line 3: </mj-column> stands before <mj-text> of line 2 is closed."),
        ("<mj-text>a < b</mj-text>", "error fr, body, line 2: What <mj-text> holds can't be read: close "
         "every tag, and write < as &lt; where it is none."),
        ("<mj-text>{{ x | foo }}</mj-text>", "error fr, body, line 2: There is no filter “foo”."),
        ("<mj-text>{% if a</mj-text>", "error fr, body, line 2: This can't be read: "),
        ('<mj-include path="/etc/passwd" />', "error fr, body, line 2: <mj-include> is not taken"),
        ("<mj-text><script>a</script></mj-text>", "error fr, body, line 2: Mail programs run no scripts"),
        (
            '<mj-text>a<br><img src="https://x.fr/a.png" alt="a" onerror="go()"></mj-text>',
            "error fr, body, line 2: Mail programs run no scripts: take “onerror” out of <img>",
        ),
        ("<mj-text>{{ custmer.name }}</mj-text>", "error fr, body, line 2: Nothing is called “custmer”. Did "
         "you mean “customer”?"),
    ],
)  # fmt: skip
def test_a_fault_is_told_with_its_line(inner: str, expected: str) -> None:
    assert any(one.startswith(expected) for one in said(told(inner))), said(told(inner))


def test_marketing_has_a_way_out_and_a_receipt_needs_none() -> None:
    text = Text("<p>a</p>", "s", "p", "html")
    bare = lint(Template("one", {"fr": text}))[1]
    assert [one.severity for one in bare] == ["error"]
    assert "{{ links.unsubscribe }}" in bare[0].say(translator("fr"))
    assert lint(Template("one", {"fr": text}, purpose="transactional"))[1] == []


def test_a_mail_that_gmail_cuts_is_told() -> None:
    assert any("Gmail" in one.text for one in told("<mj-text>" + "é" * 60_000 + "</mj-text>"))


def test_a_text_message_is_counted_as_it_is_paid_for() -> None:
    def parts(body: str) -> list[str]:
        texts = {"fr": Text(body, form="text")}
        return said(lint(Template("one", texts, channel="sms", purpose="transactional"))[1])

    assert parts("é" * 160) == []
    assert parts("a" * 161) == ["warning fr, body: This is sent, and paid for, as 2 text messages."]
    assert "without ê it would be fewer" in parts("ê" + "a" * 70)[0]
    assert (parts("€" * 80), len(parts("€" * 81))) == ([], 1)


def test_marketing_by_text_message_says_how_to_say_no() -> None:
    def found(body: str) -> list[str]:
        return said(lint(Template("one", {"fr": Text(body, form="text")}, channel="sms"))[1])

    assert "STOP 36111" in found("Sale!")[0]
    assert found("Sale! STOP 36111") == found("Sale! {{ links.unsubscribe }}") == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (Text("Bonjour", "Du nouveau", form="text", button="Voir", link="/thés"), []),
        (Text("Bonjour", "Du nouveau", form="text", button="Voir", link="{{ customer.city }}"), []),
        (
            Text("<mjml/>", "", button="Voir"),
            [
                "error fr, subject: There is no title.",
                "error fr, body: On the site a message is plain text: write form = “text”.",
                "error fr, link: The button leads nowhere.",
            ],
        ),
        (
            Text("a" * 281, "Du nouveau", form="text", link="//evil.example"),
            [
                "warning fr, body: 281 characters: on a phone it covers the page beyond 280.",
                "error fr, button: There are no words on the button.",
                "error fr, link: //evil.example leads nowhere: write a whole web address, or one of your "
                "site such as /sale.",
            ],
        ),
    ],
)
def test_a_message_on_the_site_is_short_and_its_button_leads_somewhere(
    text: Text, expected: list[str]
) -> None:
    faults = lint(Template("one", {"fr": text}, channel="inapp"), KNOWN)[1]
    assert [one for one in said(faults) if "MJML" not in one and "<mjml" not in one] == expected
