"""Replay one scenario: each step runs on the loop, then all callbacks, in virtual time."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from kaizen_widgets.query import (
    DefaultOptions,
    FocusManager,
    MutationCallbacks,
    OnlineManager,
    QueryCallbacks,
    QueryClient,
)
from kaizen_widgets.testing.fake_clock import VirtualLoop
from tests.conformance.compare import first_difference
from tests.conformance.query.clock import MillisecondClock
from tests.conformance.query.functions import Functions, canon
from tests.conformance.query.scripts import Scripts
from tests.conformance.query.steps import Steps
from tests.conformance.query.trace import Instant, message, plain


def replay_case(case: Path) -> str | None:
    """Replay ``scenarios/NAME.json``; return its first difference from ``traces/NAME.json``, or None."""
    trace = json.loads((case.parent.parent / "traces" / case.name).read_text("utf-8"))
    return replay(json.loads(case.read_text("utf-8")), trace)


def replay(scenario: dict[str, Any], trace: dict[str, Any]) -> str | None:
    """Return the first difference of a replay of ``scenario`` from ``trace``, or None."""
    world = World(scenario)
    try:
        got = json.loads(json.dumps(world.run()))
    finally:
        world.loop.close()
    compare = scenario.get("compare", [])
    wanted = core(trace["steps"], compare)
    for expected, actual in zip(wanted, core(got, compare), strict=True):
        difference = first_difference(expected, actual, f"step {expected['i']} ({expected['op']})")
        if difference is not None:
            return difference
    return None


def core(steps: list[dict[str, Any]], compare: list[str]) -> list[dict[str, Any]]:
    """Return the part of a trace that is compared (section 5 of the README)."""
    kept = []
    for step in steps:
        instants = []
        for instant in step.get("instants", []):
            strict = instant.get("strict", {})
            parts = {name: value for name, value in instant.items() if name != "strict"}
            parts |= {name: strict[name] for name in compare if name in strict}
            for call in parts.get("calls", []):
                call.pop("direction", None)
            if len(parts) > 1:
                instants.append(parts)
        one = {name: step[name] for name in ("i", "t", "op", "ret") if name in step}
        kept.append(one | ({"instants": instants} if instants else {}))
    return kept


class World:
    """Replays a scenario with clients in virtual time, and records the trace."""

    def __init__(self, scenario: dict[str, Any]) -> None:
        self.scenario = scenario
        self.clock = MillisecondClock()
        self.loop = VirtualLoop(self.clock)
        self.online, self.focus = OnlineManager(), FocusManager()
        self.instant = Instant()
        self.flags = dict(scenario.get("flags", {}))
        functions = Functions(self.flags, self._selected)
        self.scripts = Scripts(scenario, self.clock, functions, lambda: self.instant)
        specs = scenario.get("clients") or {"main": scenario.get("client") or {}}
        self.clients = {name: self._client(name, spec) for name, spec in specs.items()}
        self.steps = Steps(self, functions)

    def _selected(self, label: str) -> None:
        self.instant.selects[label] = self.instant.selects.get(label, 0) + 1

    def _client(self, name: str, spec: dict[str, Any]) -> QueryClient:
        defaults = spec.get("defaultOptions") or {}
        callback_names = spec.get("queryCacheCallbacks") or ()
        told = spec.get("mutationCacheCallbacks") or ()

        def query_said(what: str) -> Any:
            def say(*arguments: Any) -> None:
                key = canon(list(arguments[-1].key))
                self.instant.cacheCallbacks.setdefault(key, []).append(what)

            return say if what in callback_names else None

        def mutation_said(what: str) -> Any:
            def say(*arguments: Any) -> None:
                self.instant.cacheCallbacks.setdefault("mutation", []).append(what)

            return say if what in told else None

        client = QueryClient(
            loop=self.loop,
            clock=self.clock,
            online=self.online,
            focus=self.focus,
            default_options=DefaultOptions(
                queries=self.scripts.query_options(defaults.get("queries") or {}),
                mutations=self.scripts.mutation_options(defaults.get("mutations") or {}),
            ),
            on_query=QueryCallbacks(
                query_said("onSuccess"), query_said("onError"), query_said("onSettled")
            ),
            on_mutation=MutationCallbacks(
                mutation_said("onMutate"),
                mutation_said("onSuccess"),
                mutation_said("onError"),
                mutation_said("onSettled"),
            ),
        )
        prefix = "" if name == "main" else name + ":"

        def event(happened: Any) -> None:
            key = prefix + canon(list(happened.query.key))
            if happened.type == "added":
                self.instant.added.append(key)
            elif happened.type == "removed":
                self.instant.removed.append(key)

        client.query_cache.subscribe(event)
        if spec.get("mount") is not False:
            client.mount()
        return client

    def run(self) -> list[dict[str, Any]]:
        """Replay all steps; return the trace."""
        return [self._step(index, step) for index, step in enumerate(self.scenario["steps"])]

    def _step(self, index: int, step: dict[str, Any]) -> dict[str, Any]:
        done: dict[str, Any] = {"i": index, "t": self.clock.ms, "op": step["op"]}
        instants: list[dict[str, Any]] = []
        if step["op"] == "advance":
            self._advance(step["ms"], instants)
        else:
            returned = self._run(step)
            self.loop.settle()
            if returned is not None:
                done["ret"] = plain(returned[0])
            self._close(instants)
        return done | ({"instants": instants} if instants else {})

    def _run(self, step: dict[str, Any]) -> tuple[Any] | None:
        if step["op"] != "together":
            return self.steps.run(step)
        returned = [self.steps.run(one) for one in step["steps"]]
        if not any(returned):
            return None
        return (["$undefined" if one is None else one[0] for one in returned],)

    def _advance(self, ms: int, instants: list[dict[str, Any]]) -> None:
        target = self.clock.ms + ms
        self.loop.settle()
        while (due := self.clock.next_ms) is not None and due <= target:
            self.clock.advance_to(due)
            self.loop.settle()
            self._close(instants)
        self.clock.ms = target
        self.loop.settle()
        self._close(instants)

    def _close(self, instants: list[dict[str, Any]]) -> None:
        for name, watched in self.steps.observers.items():
            if watched.emits:
                self.instant.emits[name] = watched.emits
            if (recorded := watched.close()) is not None:
                self.instant.observers[name] = recorded
        for name, watched in self.steps.mutations.items():
            if (recorded := watched.close()) is not None:
                self.instant.mutations[name] = recorded
        for name, (pending, encode) in list(self.steps.promises.items()):
            if pending.done():
                del self.steps.promises[name]
                try:
                    value = pending.wait(0)
                    ended = {"resolved": value if encode else True}
                except Exception as error:
                    ended = {"rejected": message(error)}
                self.instant.promises[name] = ended
        closed = self.instant.json(self.clock.ms, self.scenario.get("compare", []))
        if closed is not None:
            instants.append(json.loads(json.dumps(plain(closed))))
        self.instant = Instant()
