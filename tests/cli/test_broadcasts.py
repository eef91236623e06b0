"""Broadcasts on the command line: checked, kept, foreseen, sent, held up, ended."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Habitue, answer

TEMPLATE = """
slug = "hello"
[en]
subject = "Hello"
form = "text"
body = "Hello. {{ links.unsubscribe }}"
"""
SOUND = """
id = "news"
name = "News"
to = 'ever("Order Completed")'
pace = "100/h"
[[variants]]
id = "a"
template = "hello"
"""


def test_a_broadcast_is_checked_kept_foreseen_sent_and_ended(
    habitue: Habitue, empty: Path, tmp_path: Path
) -> None:
    file, letter = tmp_path / "news.toml", tmp_path / "hello.toml"
    file.write_text(SOUND.replace('"100/h"', '"fast"'))
    letter.write_text(TEMPLATE)
    done = habitue("broadcasts", "check", file, "--data", empty)
    assert done.returncode == 2
    assert "variants.a: No message that is live is called “hello”" in done.stderr
    assert "pace: “fast” is no pace." in done.stderr
    assert habitue("templates", "publish", letter, "--data", empty).returncode == 0
    file.write_text(SOUND)
    assert "can be sent" in habitue("broadcasts", "check", file, "--data", empty).stdout
    for _ in range(2):
        assert "nothing is sent yet" in habitue("broadcasts", "save", file, "--data", empty).stdout
    assert 'pace = "100/h"' in habitue("broadcasts", "export", "news", "--data", empty).stdout
    assert "0  get it" in habitue("broadcasts", "funnel", "news", "--data", empty).stdout
    for act, said in (("send", "goes out"), ("recall", "draft again"), ("send", "goes out")):
        assert said in habitue("broadcasts", act, "news", "--data", empty).stdout
    assert "has not begun" in habitue("broadcasts", "pause", "news", "--data", empty).stderr
    assert "is cancelled" in habitue("broadcasts", "cancel", "news", "--data", empty).stdout
    assert "News: cancelled" in habitue("broadcasts", "show", "news", "--data", empty).stdout
    (listed,) = answer(habitue, empty, "broadcasts", "list")
    assert (listed["broadcast"], listed["state"]) == ("news", "cancelled")
    missing = habitue("broadcasts", "show", "new", "--data", empty)
    assert "Did you mean “news”?" in missing.stderr
