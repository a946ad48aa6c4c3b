"""The three headline properties for 300 seeds (``python -m tests.simulate --seeds 10000`` for more)."""

import pytest

from kaizen_widgets.sync.canvas.kernel_end import KernelEnd
from tests.simulate import view
from tests.simulate.world import BrokenPropertyError, World


def play(seeds):
    for seed in seeds:
        World(seed).play()


@pytest.mark.parametrize("first", range(0, 300, 25))
def test_simulated_sessions_hold_the_headline_properties(first):
    play(range(first, first + 25))


def test_simulator_finds_a_kernel_that_does_not_count_requests(monkeypatch):
    monkeypatch.setattr(KernelEnd, "_is_next", lambda self, client, epoch, n: True)
    with pytest.raises(BrokenPropertyError):
        play(range(20))


def test_s4_digest_finds_a_view_that_applies_a_batch_differently(monkeypatch):
    right, wrong = view.apply, iter(range(1000))

    def apply(graph, batch):
        return (graph, ()) if next(wrong, 0) % 9 == 8 else right(graph, batch)

    monkeypatch.setattr(view, "apply", apply)
    play(range(20))


def test_simulator_finds_a_view_that_the_digest_misses(monkeypatch):
    right = view.apply
    monkeypatch.setattr(view, "apply", lambda graph, batch: right(graph, batch[:1]))
    monkeypatch.setattr(view, "digest", lambda before, batch, after: 0)
    monkeypatch.setattr("kaizen_widgets.stores.document.digest", lambda before, batch, after: 0)
    with pytest.raises(BrokenPropertyError):
        play(range(20))


def test_simulator_finds_a_kernel_without_heartbeats(monkeypatch):
    monkeypatch.setattr("kaizen_widgets.sync.canvas.outbox.HEARTBEAT", 1e9)
    with pytest.raises(BrokenPropertyError):
        play(range(40, 70))
