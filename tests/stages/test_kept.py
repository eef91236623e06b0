"""What takes time is shown as it was, or not yet, while it is made; what is forgotten stays so."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Event

import pytest

from habitue.stages import kept
from habitue.stages.kept import Kept, Made


class Slow:
    """Makes numbers, each when it is let; `kept` keeps them, of data whose generation is `generation`."""

    def __init__(self) -> None:
        self.generation = 0
        self.made = 0
        self.begun, self.let = Event(), Event()
        self.kept = Kept[str, int](lambda: self.generation, 1)

    def make(self, _: bool) -> Made[int]:
        generation = self.generation
        self.begun.set()
        assert self.let.wait(30)
        self.made += 1
        return Made(self.made, generation, 0)

    def glance(self, patience: float = 0) -> int | None:
        found = self.kept.glance("", 0, None, self.make, patience)
        return None if found is None else found.value


@pytest.fixture
def slow() -> Iterator[Slow]:
    made = Slow()
    yield made
    made.let.set()


def test_a_first_value_is_waited_for_only_so_long(slow: Slow) -> None:
    assert (slow.glance(), slow.glance()) == (None, None)
    slow.let.set()
    while slow.glance(30) is None:
        pass
    assert (slow.glance(), slow.made) == (1, 1)


def test_a_first_value_that_comes_in_time_is_given(slow: Slow) -> None:
    slow.let.set()
    assert slow.glance(30) == 1


def test_what_is_made_in_time_is_never_shown_as_it_was(slow: Slow, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "_AT_ONCE", 0.0)  # as if it had taken long the last time
    monkeypatch.setattr(kept, "PATIENCE", 30.0)
    slow.let.set()
    assert slow.glance(30) == 1
    slow.generation += 1
    assert slow.glance() == 2


def test_what_was_begun_before_the_data_changed_is_made_once_more(
    slow: Slow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "_AT_ONCE", 0.0)
    slow.let.set()
    slow.glance(30)
    slow.let.clear()
    slow.begun.clear()
    slow.generation += 1
    monkeypatch.setattr(kept, "PATIENCE", 0.0)
    assert slow.glance() == 1
    assert slow.begun.wait(30)
    slow.generation += 1
    slow.let.set()
    monkeypatch.setattr(kept, "PATIENCE", 30.0)
    assert slow.glance() == 3


def test_what_takes_long_is_shown_as_it_was(slow: Slow, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "_AT_ONCE", 0.0)
    slow.let.set()
    slow.glance(30)
    slow.let.clear()
    slow.generation += 1
    assert slow.glance() == 1


def test_what_was_under_way_when_all_was_forgotten_is_not_kept(slow: Slow) -> None:
    assert slow.glance() is None
    assert slow.begun.wait(30)
    slow.kept.forget()
    slow.let.set()
    while slow.glance(30) is None:
        pass
    assert slow.glance() == 2


def test_what_was_kept_is_forgotten(slow: Slow) -> None:
    slow.let.set()
    slow.glance(30)
    slow.kept.forget()
    assert slow.glance(30) == 2


def test_what_is_dear_rests_for_so_many_times_as_long_as_it_took(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([0.0, 2.0, 10.0, 10.0, 20.0, 20.0])  # the first takes two seconds
    monkeypatch.setattr(kept, "perf_counter", lambda: next(clock))
    generation = iter(range(100))
    some: list[int] = []
    dear = Kept[str, int](lambda: next(generation), 1, rest=60)

    def make(_: bool) -> Made[int]:
        some.append(len(some))
        return Made(some[-1], -1, 1_000_000 * 1000 * some[-1])

    monkeypatch.setattr(kept, "_AT_ONCE", 9.0)
    assert dear.get("", 0, None, make).value == 0
    assert dear.get("", 119_000_000, None, make).value == 0
    assert dear.get("", 121_000_000, None, make).value == 1
