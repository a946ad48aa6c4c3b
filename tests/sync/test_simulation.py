"""The three headline properties, on a few seeds (``python -m tests.simulate --seeds 10000`` plays more)."""

import pytest

from kaizen_widgets.sync.kernel import KernelEnd
from tests.simulate.world import BrokenPropertyError, World


def play(seeds):
    for seed in seeds:
        World(seed).play()


@pytest.mark.parametrize("first", range(0, 60, 10))
def test_views_converge_nothing_is_lost_and_undo_all_restores(first):
    play(range(first, first + 10))


def test_the_simulator_notices_a_kernel_that_does_not_count_requests(monkeypatch):
    monkeypatch.setattr(KernelEnd, "_is_next", lambda self, client, epoch, n: True)
    with pytest.raises(BrokenPropertyError):
        play(range(20))


def test_the_simulator_notices_a_kernel_without_heartbeats(monkeypatch):
    monkeypatch.setattr("kaizen_widgets.sync.outbox.HEARTBEAT", 1e9)
    with pytest.raises(BrokenPropertyError):
        play(range(40, 70))
