from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import Habitue, answer


def test_an_answer_is_kept_with_its_proof_and_shown(habitue: Habitue, empty: Path) -> None:
    proof = ("--text", "v3", "--text-id", "t-9", "--ip", "192.0.2.1", "--form", "till", "--by", "ada")
    kept = answer(habitue, empty, "consent", "email:a@b.fr", "--status", "granted", *proof)
    assert (kept["key"], kept["status"], kept["text"]) == ("email:a@b.fr", "granted", "v3")
    no = habitue("consent", "a@b.fr", "--status", "withdrawn", "--data", empty, "--language", "fr")
    assert no.stdout == "Noté pour email:a@b.fr\u00a0: e-mail, marketing, retiré.\n"
    shown = habitue("consent", "a@b.fr", "--data", empty)
    assert "e-mail, marketing: does not agree" in shown.stderr
    last, first = json.loads(habitue("consent", "a@b.fr", "--json", "--data", empty).stdout)
    assert (last["status"], first["status"]) == ("withdrawn", "granted")
    assert [first[name] for name in ("text", "text_id", "ip", "form", "by")] == list(proof[1::2])


def test_what_can_not_be_kept_is_said(habitue: Habitue, empty: Path) -> None:
    for words, said in (
        (("email:a@b.fr", "--status", "maybe"), "no answer"),
        (("email:a@b.fr", "--status", "granted", "--channel", "fax"), "no channel"),
        (("email:a@b.fr", "--status", "granted", "--purpose", "News!"), "purpose"),
        (("email:a@b.fr", "--text", "v3"), "--status"),
        (("nobody",), "no customer"),
    ):
        wrong = habitue("consent", *words, "--data", empty)
        assert (wrong.returncode, said in wrong.stderr) == (2, True), wrong.stderr


def test_a_file_of_addresses_is_suppressed_whatever_it_looks_like(
    habitue: Habitue, empty: Path, tmp_path: Path
) -> None:
    plain, table = tmp_path / "plain.txt", tmp_path / "table.csv"
    plain.write_text("a@b.fr\n\nA@B.FR\nnobody\n+33612345678\n", "utf-8")
    table.write_bytes("Prénom;Courriel;Autre\nZoé;zoe@b.fr;z@other.fr\nLéo;;\n".encode("cp1252"))
    done = answer(habitue, empty, "suppress", "--file", plain, "--reason", "unsubscribed")
    assert (done["addresses"], done["new"], done["without"]) == (2, 2, [4])
    assert answer(habitue, empty, "suppress", "--file", plain, "--reason", "unsubscribed")["new"] == 0
    assert answer(habitue, empty, "suppress", "--file", table)["without"] == [3]
    assert [one["reason"] for one in answer(habitue, empty, "suppressed", "zoe@b.fr")] == ["manual"]
    other = habitue("suppressed", "z@other.fr", "--data", empty, "--json")
    assert (json.loads(other.stdout), other.stderr) == ([], "z@other.fr is not on the list.\n")
    counted = {
        (one["channel"], one["reason"]): one["addresses"] for one in answer(habitue, empty, "suppressed")
    }
    assert counted == {("email", "unsubscribed"): 1, ("all", "unsubscribed"): 1, ("email", "manual"): 1}


def test_an_address_is_lifted_and_the_list_remembers(habitue: Habitue, empty: Path) -> None:
    assert habitue("suppress", "a@b.fr", "--data", empty).stdout == "Nobody writes to a@b.fr any more.\n"
    assert habitue("suppress", "a@b.fr", "--data", empty).stdout == "a@b.fr was on the list already.\n"
    assert answer(habitue, empty, "suppress", "A@b.fr", "--lift")["lifted"] == 1
    assert [one["act"] for one in answer(habitue, empty, "suppressed", "a@b.fr")] == ["lifted", "added"]
    assert habitue("suppress", "--data", empty).returncode == 2
