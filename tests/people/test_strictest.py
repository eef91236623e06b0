from __future__ import annotations

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from habitue.people.graph import Link
from habitue.people.strictest import Answer, strictest

NODES = 5
WORTH = {"false": 0, "null": 1, "true": 2}


def test_of_two_answers_the_no_holds_from_the_link_on() -> None:
    told = [Answer(0, "consent.email", "false", 1, 1), Answer(1, "consent.email", "true", 2, 2)]
    assert strictest([Link(0, 1, 5, 7)], told) == [Answer(0, "consent.email", "false", 5, 7)]


def test_nothing_is_made_where_the_last_answer_was_a_no_or_only_one_side_answered() -> None:
    link = Link(0, 1, 5, 7)
    yes, no = Answer(0, "consent.email", "true", 1, 1), Answer(1, "consent.email", "false", 2, 2)
    assert strictest([link], [yes, no]) == []
    assert strictest([link], [yes]) == []
    assert strictest([link], [yes, no._replace(name="consent.sms", ts=0)]) == []


def test_an_answer_in_the_event_that_links_is_a_later_one() -> None:
    told = [Answer(0, "consent.email", "false", 1, 1), Answer(1, "consent.email", "true", 2, 2)]
    asked = Answer(1, "consent.email", "true", 5, 7)
    assert strictest([Link(0, 1, 5, 7)], [*told, asked]) == []


answers = st.builds(
    Answer,
    st.integers(0, NODES - 1),
    st.sampled_from(("consent.email", "consent.sms")),
    st.sampled_from(sorted(WORTH)),
    st.integers(0, 6),
    st.integers(0, 30),
)
links = st.builds(
    Link, st.integers(0, NODES - 1), st.integers(0, NODES - 1), st.integers(0, 6), st.integers(0, 30)
)


def played(told: list[Answer], linked: list[Link]) -> dict[int, dict[str, str]]:
    """What each node's human has agreed to in the end, by living through it all."""
    side = {node: {node} for node in range(NODES)}
    now: dict[int, dict[str, str]] = {node: {} for node in range(NODES)}
    moments = {(answer.ts, answer.seq) for answer in told} | {(link.ts, link.seq) for link in linked}
    for when in sorted(moments):
        for link in linked:
            if (link.ts, link.seq) == when:
                whole = side[link.one] | side[link.other]
                names = {name for node in whole for name in now[node]}
                agreed = {
                    name: min((now[n][name] for n in whole if name in now[n]), key=WORTH.__getitem__)
                    for name in names
                }
                for node in whole:
                    side[node], now[node] = whole, dict(agreed)
        for answer in told:
            if (answer.ts, answer.seq) == when:
                for node in side[answer.node]:
                    now[node][answer.name] = answer.value
    return now


@settings(max_examples=500, deadline=None)
@given(
    st.lists(answers, max_size=8, unique_by=lambda one: (one.ts, one.seq)),
    st.lists(links, max_size=6),
    st.randoms(use_true_random=False),
)
def test_it_is_what_living_through_it_gives(told: list[Answer], linked: list[Link], dice: Random) -> None:
    in_time = sorted((link for link in linked if link.one != link.other), key=lambda one: (one.ts, one.seq))
    made = strictest(in_time, dice.sample(told, len(told)))
    assert made == strictest(in_time, told)
    side = {node: {node} for node in range(NODES)}
    for link in in_time:
        whole = side[link.one] | side[link.other]
        side.update(dict.fromkeys(whole, whole))
    for node, agreed in played(told, in_time).items():
        theirs = sorted(
            (one.ts, one.seq, one.name, one.value) for one in (*told, *made) if one.node in side[node]
        )
        assert {name: value for _, _, name, value in theirs} == agreed
