"""Templates on the command line: checked, published in versions, shown again."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Habitue, answer

TOML = """slug = "welcome"
name = "Bienvenue"

[fr]
subject = "Bienvenue{word}"
preheader = "Content de vous voir"
form = "html"
body = '''
<p>Bonjour {{{{ customer.first_name | default: "à vous" }}}}</p>
<p><a href="{{{{ links.unsubscribe }}}}">Se désinscrire</a></p>
'''
"""


def test_a_template_is_checked_published_and_shown_again(tmp_path: Path, habitue: Habitue) -> None:
    place, file = tmp_path / "shop", tmp_path / "welcome.toml"
    assert habitue("init", place).returncode == 0
    file.write_text(TOML.format(word="").replace("links.unsubscribe", "links.unsubscribed"), "utf-8")

    done = habitue("templates", "check", file, "--data", place, "--language", "en")
    assert done.returncode == 2
    assert "Did you mean “links.unsubscribe”?" in done.stdout
    done = habitue("templates", "publish", file, "--data", place, "--language", "en")
    assert done.returncode == 2
    assert "fr, body" in done.stderr
    assert answer(habitue, place, "templates") == []

    file.write_text(TOML.format(word=""), "utf-8")
    assert habitue("templates", "check", file, "--data", place).returncode == 0
    assert answer(habitue, place, "templates", "publish", file)["version"] == 1
    assert answer(habitue, place, "templates", "publish", file)["same"]
    file.write_text(TOML.format(word=" !"), "utf-8")
    assert answer(habitue, place, "templates", "publish", file)["version"] == 2

    begun = answer(habitue, place, "templates", "new", "hello", "--from", "welcome")["draft"]
    file.write_text(begun, "utf-8")
    assert 'slug = "hello"' in begun
    assert habitue("templates", "check", file, "--data", place).returncode == 0

    (row,) = answer(habitue, place, "templates", "list")
    assert (row["template"], row["version"], row["live"], row["languages"]) == ("welcome", 2, "yes", "fr")
    assert "Bienvenue !" in answer(habitue, place, "templates", "show", "welcome")["draft"]
    assert (
        "Bienvenue !" not in answer(habitue, place, "templates", "show", "welcome", "--version", "1")["draft"]
    )
    assert "“welcome”" in habitue("templates", "show", "welcom", "--data", place, "--language", "en").stderr
    assert answer(habitue, place, "templates", "remove", "welcome") == {"template": "welcome"}
    assert answer(habitue, place, "templates")[0]["live"] is None
