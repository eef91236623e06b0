from __future__ import annotations

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from habitue.people.graph import Link
from habitue.people.strictest import Answer, Stance, deciding, strictest

NODES = 5
EMAIL = "consent.email"
NO, ASKED, YES = "no", "asked", "yes"
STRICT = (NO, ASKED, YES)
STANDS = {"granted": YES, "pending": ASKED}


def said(node: int, status: str, ts: int, seq: int | None = None, history: bool = False) -> Answer:
    return Answer(node, EMAIL, status, history, ts, ts if seq is None else seq, "api")


def agreed(*told: Answer, links: tuple[Link, ...] = ()) -> bool:
    return strictest(links, told)[-1].agreed


def test_only_a_live_yes_lifts_a_no() -> None:
    no = said(0, "withdrawn", 1)
    assert not agreed(no, said(0, "granted", 2, history=True))
    assert not agreed(no, said(0, "pending", 2))
    assert agreed(no, said(0, "granted", 2))
    assert not agreed(no, said(0, "granted", 2), said(0, "denied", 3, history=True))
    assert agreed(said(0, "granted", 2, history=True))


def test_who_was_only_asked_has_not_agreed_and_who_agreed_loses_nothing_by_being_asked() -> None:
    assert not agreed(said(0, "pending", 1))
    assert not agreed(said(0, "pending", 1), said(0, "granted", 2, history=True))
    assert agreed(said(0, "pending", 1), said(0, "granted", 2))
    assert agreed(said(0, "granted", 1), said(0, "pending", 2))


def test_an_old_record_that_arrives_late_is_judged_by_its_own_date() -> None:
    signed_up_years_ago = said(0, "granted", 1, seq=9, history=True)
    assert not agreed(said(0, "withdrawn", 5, seq=2), signed_up_years_ago)
    assert agreed(said(0, "denied", 0, seq=9), said(0, "granted", 1, seq=2))


def test_of_what_is_said_at_one_instant_the_no_is_the_last_word() -> None:
    assert not agreed(said(0, "withdrawn", 1, seq=1), said(0, "granted", 1, seq=2))
    assert not agreed(said(0, "withdrawn", 1, seq=2), said(0, "granted", 1, seq=1))


def test_of_two_answers_the_no_holds_from_the_link_on() -> None:
    told = [said(0, "withdrawn", 1), said(1, "granted", 2)]
    assert strictest([Link(0, 1, 5, 7)], told)[-1] == Stance(0, EMAIL, False, 5, 7, "$merge")
    assert agreed(*told, said(1, "granted", 6, seq=8), links=(Link(0, 1, 5, 7),))


def test_a_link_makes_nothing_where_only_one_side_answered() -> None:
    assert [one.ts for one in strictest([Link(0, 1, 5, 7)], [said(0, "granted", 1)])] == [1]


def test_an_answer_in_the_event_that_links_is_a_later_one() -> None:
    told = [said(0, "withdrawn", 1), said(1, "granted", 2)]
    assert agreed(*told, said(1, "granted", 5, seq=7), links=(Link(0, 1, 5, 7),))
    assert not agreed(*told, said(1, "granted", 5, seq=6), links=(Link(0, 1, 5, 7),))


def test_the_last_no_decides_and_of_the_others_the_first_since_they_stand_there() -> None:
    file, own = said(0, "denied", 1, history=True), said(0, "withdrawn", 2)
    assert deciding((), [file, own, said(0, "pending", 3), said(0, "granted", 4, history=True)], 0) == [own]
    again = said(0, "granted", 5)
    assert deciding((), [file, own, said(0, "pending", 4), again, said(0, "granted", 6)], 0) == [again]
    assert deciding((), [said(0, "pending", 1), said(0, "pending", 2)], 0) == [said(0, "pending", 1)]
    assert deciding((), [], 0) == []


def test_of_two_who_turn_out_to_be_one_the_stricter_answer_decides() -> None:
    link, no, yes = Link(0, 1, 5, 7), said(0, "withdrawn", 1), said(1, "granted", 2)
    assert deciding([link], [no, yes], 0) == deciding([link], [no, yes], 1) == [no]
    later = said(1, "denied", 3)
    assert deciding([link], [no, later], 0) == [later]
    assert deciding([link], [said(0, "granted", 1), yes], 1) == [said(0, "granted", 1)]


answers = st.builds(
    Answer,
    st.integers(0, NODES - 1),
    st.sampled_from((EMAIL, "consent.sms")),
    st.sampled_from(("granted", "granted", "denied", "withdrawn", "pending")),
    st.booleans(),
    st.integers(0, 6),
    st.integers(0, 30),
    st.sampled_from(("api", "shop")),
)
links = st.builds(
    Link, st.integers(0, NODES - 1), st.integers(0, NODES - 1), st.integers(0, 6), st.integers(31, 60)
)


def stricter(one: str | None, other: str | None) -> str | None:
    return min((x for x in (one, other) if x), key=STRICT.index, default=None)


def lived(told: list[Answer], linked: list[Link], name: str, upto: int) -> dict[int, str | None]:
    """Where each node's human stands after an instant, by living through it all, one thing after another."""
    now: dict[int, str | None] = dict.fromkeys(range(NODES))
    house = list(range(NODES))

    def everybody(node: int, stands: str | None) -> None:
        now.update((n, stands) for n in range(NODES) if house[n] == house[node])

    def of(status: str, history: bool | None = None) -> list[int]:
        here = (one for one in told if (one.ts, one.name, one.status) == (ts, name, status))
        return [one.node for one in here if history in (None, one.history)]

    for ts in range(upto + 1):
        for node in of("pending"):
            everybody(node, now[node] or ASKED)
        for node in of("granted", history=True):
            everybody(node, now[node] or YES)
        for node in of("granted", history=False):
            everybody(node, YES)
        for link in (link for link in linked if link.ts == ts):
            both = stricter(now[link.one], now[link.other])
            house = [house[link.one] if h == house[link.other] else h for h in house]
            everybody(link.one, both)
        for node in of("denied") + of("withdrawn"):
            everybody(node, NO)
    return now


@settings(max_examples=500)
@given(
    st.lists(answers, max_size=9, unique_by=lambda one: one.seq), st.lists(links, max_size=6), st.randoms()
)
def test_it_is_what_living_through_it_gives(told: list[Answer], linked: list[Link], dice: Random) -> None:
    real = sorted((link for link in linked if link.one != link.other), key=lambda one: (one.ts, one.seq))
    made = strictest(real, told)
    whose = list(range(NODES))
    for link in real:
        whose = [whose[link.one] if h == whose[link.other] else h for h in whose]
    for name in (EMAIL, "consent.sms"):
        in_the_end = lived(told, real, name, 6)
        for node in range(NODES):
            theirs = [one for one in made if whose[one.node] == whose[node] and one.name == name]
            last = max(theirs, key=lambda one: (one.ts, one.seq), default=None)
            assert (in_the_end[node] == YES) == (last is not None and last.agreed)
            decides = [one for one in deciding(real, told, node) if one.name == name]
            assert [STANDS.get(one.status, NO) for one in decides] == [
                stands for stands in (in_the_end[node],) if stands
            ]
            assert all(one in told and whose[one.node] == whose[node] for one in decides)
    seqs = [one.seq for one in told]
    arrived = dict(zip(seqs, dice.sample(seqs, len(seqs)), strict=True))
    otherwise = [one._replace(seq=arrived[one.seq]) for one in told]
    ends = [
        {(one.ts, one.name, whose[one.node]): one.agreed for one in sorted(each, key=lambda s: (s.ts, s.seq))}
        for each in (made, strictest(real, otherwise))
    ]
    finals = [{key[1:]: yes for key, yes in sorted(end.items())} for end in ends]
    assert finals[0] == finals[1]
