"""Messages between kernels through the file they share, and how soon they arrive."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kaizen_widgets.saving import OtherKernels
from kaizen_widgets.stores import SqliteStorage
from kaizen_widgets.testing import FakeClock

PROMISED = 1.0
"""Seconds within which a kernel learns what another one did."""


class Kernel:
    """One kernel with a connection of its own, because SQLite does not report a connection's own writes."""

    def __init__(self, file: Path, clock: FakeClock) -> None:
        self.storage = SqliteStorage(file)
        self.heard: list[bool] = []
        self.checks = 0
        self.other_kernels = OtherKernels(
            self.storage,
            "here",
            clock=clock,
            on_change=self._checked,
            on_session=self.heard.append,
        )
        self.other_kernels.start()

    def _checked(self) -> None:
        self.checks += 1

    def close(self) -> None:
        self.other_kernels.close()
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
def test_other_kernels_are_notified_within_a_second(
    kernel: Callable[[], Kernel], clock: FakeClock, moment: float
):
    one, other = kernel(), kernel()
    clock.advance(moment)
    one.storage.set("theme", "dark")
    one.other_kernels.notify(signed_in=False)
    clock.advance(PROMISED)
    assert other.checks == 1
    assert other.heard == [False]
    assert one.heard == []


def test_followed_session_is_not_notified_again(kernel: Callable[[], Kernel], clock: FakeClock):
    one, other, third = kernel(), kernel(), kernel()
    one.other_kernels.notify(signed_in=True)
    clock.advance(10)
    assert (one.heard, other.heard, third.heard) == ([], [True], [True])
    other.other_kernels.notify(signed_in=False)
    clock.advance(10)
    assert (one.heard, other.heard, third.heard) == ([False], [True], [True, False])


def test_no_change_is_reported_while_nothing_is_written(
    kernel: Callable[[], Kernel], clock: FakeClock
):
    one = kernel()
    clock.advance(60)
    assert one.checks == 0
