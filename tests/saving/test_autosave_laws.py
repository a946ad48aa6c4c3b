"""Invariants of auto-save under random events, on a virtual clock."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from hypothesis.strategies import booleans, floats, integers, sampled_from

from kaizen_widgets.errors import SaveConflictError
from kaizen_widgets.graph import Graph, Node
from kaizen_widgets.saving import AutoSave
from kaizen_widgets.saving.autosave import DEFAULT_DELAY, MAX_RETRY_DELAY, MAX_WAIT
from kaizen_widgets.stores import CanvasStore, Draft
from kaizen_widgets.testing.fake_clock import FakeClock, VirtualLoop

TOLERANCE = 1e-6
"""Rounding error of added seconds."""


class AutoSaving(RuleBasedStateMachine):
    """Edits, time, and a server that is slow, unreachable or has another version."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = FakeClock()
        self.loop = VirtualLoop(self.clock)
        self.store = CanvasStore(Graph([Node("a", (0, 0))]), now=self.clock.now)
        self.stored: Graph = self.store.graph
        self.answers: Callable[[], None] = lambda: None
        self.on_the_way: Draft | None = None
        self.gate = asyncio.Event()
        self.begun: list[tuple[float, int]] = []
        self.unsaved_since: float | None = None
        self.last_edit = 0.0
        self.is_away = False
        self.failed_at: float | None = None
        self.failures = 0
        self.next_try: float | None = None
        self.asked = False
        self.wanted_after = False
        self.heard: list[str] = []
        self.autosave = AutoSave(self.store, self.save, clock=self.clock, spawn=self.loop.start)
        self.autosave.observe(lambda change: self.heard.append(change.new), names=["status"])

    def teardown(self) -> None:
        self.gate.set()
        self.autosave.close()
        self.loop.close()

    @property
    def now(self) -> float:
        return self.clock.monotonic()

    async def save(self, draft: Draft) -> None:
        assert self.on_the_way is None, "one save at a time"
        assert not self.begun or draft.rev >= self.begun[-1][1], "none older after a newer"
        assert draft.graph is self.store.graph, "the newest state"
        if self.next_try is not None and not self.asked:
            assert abs(self.now - self.next_try) < TOLERANCE, "neither hammered nor forgotten"
        self.begun.append((self.now, draft.rev))
        self.on_the_way, self.unsaved_since, self.next_try = draft, None, None
        self.wanted_after = False
        if not self.is_away:
            self.gate = asyncio.Event()
            await self.gate.wait()
        self.on_the_way = None
        if self.is_away:
            self.fail()
        self.answers()
        self.stored, self.failures = draft.graph, 0

    def fail(self) -> None:
        self.failed_at = self.failed_at if self.failures else self.now
        self.next_try = self.now + min(DEFAULT_DELAY * 2**self.failures, MAX_RETRY_DELAY)
        self.failures += 1
        raise ConnectionError("The server is away.")

    def now_by_force(self, verb: Callable[[], None]) -> None:
        """Call a verb that saves now, whatever was planned."""
        self.asked = True
        verb()
        self.loop.settle()
        self.asked = False

    # ------------------------------------------------------------------ rules

    @rule()
    def edit(self) -> None:
        self.store.add_node(type="agent")
        self.last_edit = self.now
        if self.unsaved_since is None:
            self.unsaved_since = self.now

    @rule(seconds=floats(0.1, 40))
    def pass_time(self, seconds: float) -> None:
        self.loop.advance(seconds)

    @rule(times=integers(5, 25))
    def keep_editing(self, times: int) -> None:
        for _ in range(times):
            self.edit()
            self.loop.advance(1.7)
            self.says_what_is_so()
            self.nothing_waits_longer_than_promised()

    @rule()
    def flush(self) -> None:
        tries, dirty = len(self.begun), self.store.is_dirty
        conflict, saving = self.autosave.status == "conflict", self.on_the_way is not None
        self.wanted_after = saving and dirty
        self.now_by_force(self.autosave.flush)
        if dirty and not conflict and not saving:
            assert len(self.begun) == tries + 1, "at once"

    @rule()
    @precondition(lambda self: self.on_the_way is None)
    def go_away(self) -> None:
        self.is_away = True

    @rule()
    def come_back(self) -> None:
        self.is_away = False

    @rule(how=sampled_from(["ok", "ok", "away", "conflict"]))
    @precondition(lambda self: self.on_the_way is not None)
    def answer(self, how: str) -> None:
        draft, edited, again = self.on_the_way, self.store.rev, self.wanted_after

        def answers() -> None:
            if how == "away":
                self.fail()
            if how == "conflict":
                raise SaveConflictError("Changed elsewhere.", base=Graph(), theirs=Graph())

        self.answers = answers
        self.gate.set()
        self.loop.settle()
        if draft is None:
            return
        if how == "ok":
            assert self.autosave.last_saved == self.clock.now()
            assert self.autosave.failed_since is None
            assert self.store.is_dirty is (edited > draft.rev), "an edit during a save stays dirty"
            if self.store.is_dirty and again:
                assert self.on_the_way is not None, "asked for meanwhile: right after this one"
        elif how == "away":
            assert self.autosave.status == "failed"
        else:
            assert self.autosave.status == "conflict"
            self.failures = 0

    @rule()
    @precondition(lambda self: self.on_the_way is not None)
    def edit_and_flush_while_saving(self) -> None:
        self.edit()
        self.flush()
        self.answer("ok")

    @rule()
    def reconnect(self) -> None:
        failed, tries = self.autosave.status == "failed", len(self.begun)
        self.now_by_force(self.autosave.reconnected)
        if failed:
            assert len(self.begun) == tries + 1, "tried at once"

    @rule()
    @precondition(lambda self: self.autosave.status == "conflict")
    def decide(self) -> None:
        self.now_by_force(self.autosave.resume)
        assert self.autosave.status in ("saving", "saved", "failed")

    @rule(theirs=booleans())
    @precondition(lambda self: not self.store.is_dirty and self.on_the_way is None)
    def take_what_is_stored(self, theirs: bool) -> None:
        """Another notebook saved: a step that is clean from the start."""
        with self.store.locked():
            if theirs:
                self.store.add_node(type="agent")
            self.store.mark_clean()
        self.stored = self.store.graph
        assert self.autosave.status == "saved"

    @rule()
    @precondition(lambda self: self.on_the_way is None)
    def open_another(self) -> None:
        self.store.load_pipeline(Graph([Node("b", (0, 0))]), id="other", name="Other")
        self.begun, self.unsaved_since, self.failures, self.next_try = [], None, 0, None
        self.stored = self.store.graph
        assert self.autosave.status == "saved"

    # ------------------------------------------------------------- invariants

    @invariant()
    def says_what_is_so(self) -> None:
        status, dirty = self.autosave.status, self.store.is_dirty
        assert (status == "saving") is (self.on_the_way is not None)
        if status == "saved":
            assert not dirty
            assert self.stored == self.store.graph
        if dirty:
            assert status != "saved"
        if status == "dirty":
            assert dirty
        failing = status == "failed" or (status == "saving" and self.failures > 0)
        assert (self.autosave.failed_since is not None) is failing
        assert bool(self.autosave.message) is (failing or status == "conflict")
        if self.autosave.failed_since is not None and self.failed_at is not None:
            first: Any = self.autosave.failed_since
            since = (self.clock.now() - first).total_seconds()
            assert abs(since - (self.now - self.failed_at)) < TOLERANCE, "since the first of them"
            assert "away" in self.autosave.message

    @invariant()
    def nothing_waits_longer_than_promised(self) -> None:
        if self.on_the_way is not None or not self.store.is_dirty:
            return
        if self.autosave.status == "dirty" and self.unsaved_since is not None:
            assert self.now - self.last_edit < DEFAULT_DELAY + TOLERANCE
            assert self.now - self.unsaved_since < MAX_WAIT + TOLERANCE
        if self.autosave.status == "failed":
            assert self.next_try is not None
            assert self.now < self.next_try + TOLERANCE


TestAutoSaving = AutoSaving.TestCase
TestAutoSaving.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
