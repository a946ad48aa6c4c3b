"""What one kernel tells the others through the file they share, and how soon they know."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kaizen_widgets.saving import OtherKernels
from kaizen_widgets.stores import SqliteStorage
from kaizen_widgets.testing import FakeClock

PROMISED = 1.0
"""Seconds within which a kernel knows what another one did."""


class Kernel:
    """One kernel's end, over a connection of its own: SQLite shows nobody their own writes."""

    def __init__(self, file: Path, clock: FakeClock) -> None:
        self.storage = SqliteStorage(file)
        self.heard: list[bool] = []
        self.looks = 0
        self.neighbours = OtherKernels(
            self.storage,
            "here",
            clock=clock,
            on_change=self._looked,
            on_session=self.heard.append,
        )
        self.neighbours.start()

    def _looked(self) -> None:
        self.looks += 1

    def close(self) -> None:
        self.neighbours.close()
        self.storage.close()


@pytest.fixture
def kernel(tmp_path: Path, clock: FakeClock) -> Iterator[Callable[[], Kernel]]:
    made: list[Kernel] = []

    def make() -> Kernel:
        made.append(Kernel(tmp_path / "stores.db", clock))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.mark.parametrize("moment", [0.0, 0.1, 0.49, 0.5, 0.51, 0.99])
def test_whatever_the_moment_the_others_know_within_a_second(
    kernel: Callable[[], Kernel], clock: FakeClock, moment: float
):
    one, other = kernel(), kernel()
    clock.advance(moment)
    one.storage.set("theme", "dark")
    one.neighbours.tell(signed_in=False)
    clock.advance(PROMISED)
    assert other.looks == 1
    assert other.heard == [False]
    assert one.heard == []


def test_what_was_heard_is_not_told_again(kernel: Callable[[], Kernel], clock: FakeClock):
    one, other, third = kernel(), kernel(), kernel()
    one.neighbours.tell(signed_in=True)
    clock.advance(10)
    assert (one.heard, other.heard, third.heard) == ([], [True], [True])
    other.neighbours.tell(signed_in=False)
    clock.advance(10)
    assert (one.heard, other.heard, third.heard) == ([False], [True], [True, False])


def test_nobody_is_asked_to_look_while_nobody_writes(
    kernel: Callable[[], Kernel], clock: FakeClock
):
    one = kernel()
    clock.advance(60)
    assert one.looks == 0
