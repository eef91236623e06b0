"""Why keys were merged: a sentence of ours is told in the reader's language, whichever it was stored in."""

from __future__ import annotations

import pytest

from habitue.kernel.i18n import LANGUAGES, Language, translator
from habitue.people.motives import PAIRED, PARTED, UNDONE, Share, told

SAID = {
    PAIRED: {
        "en": "Pair 12 of the duplicates: 99.9% likely one person.",
        "fr": "Paire 12 des doublons\u00a0: une seule personne, probable à 99,9\u202f%.",
    },
    PARTED: {
        "en": "Pair 12 of the duplicates: the merge is taken back.",
        "fr": "Paire 12 des doublons\u00a0: la fusion est annulée.",
    },
    UNDONE: {
        "en": "The merge was taken back on the customer’s page.",
        "fr": "La fusion a été annulée sur la fiche du client.",
    },
}


@pytest.mark.parametrize("reader", LANGUAGES)
@pytest.mark.parametrize("stored", LANGUAGES)
@pytest.mark.parametrize("text", SAID)
def test_a_sentence_of_ours_is_told_in_the_reader_s_language(
    text: str, stored: Language, reader: Language
) -> None:
    why = translator(stored)(text, n=12, share=Share(0.999))
    assert told(why, translator(reader)) == SAID[text][reader]


def test_a_share_that_was_stored_as_english_writes_it_is_told_too() -> None:
    why = "Paire 3 des doublons\u00a0: une seule personne, probable à 90.0%."
    assert told(why, translator("en")) == "Pair 3 of the duplicates: 90.0% likely one person."


@pytest.mark.parametrize("why", ["She called.", "Pair 12 of the duplicates", "{n} {share}", ""])
def test_what_somebody_wrote_stays_as_it_is(why: str) -> None:
    assert told(why, translator("fr")) == why
