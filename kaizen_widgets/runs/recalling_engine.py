"""An engine that takes outputs from pins, earlier runs and the cache, and runs only the other nodes."""

from __future__ import annotations

import asyncio
import dataclasses
import logging
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from kaizen_widgets.core.clock import Clock
from kaizen_widgets.core.text import quoted
from kaizen_widgets.engines import Engine, Plan
from kaizen_widgets.engines.fingerprint import Fingerprinter
from kaizen_widgets.errors import RunError
from kaizen_widgets.nodes import Context, Functions, Work
from kaizen_widgets.nodes.model_agents import ModelAgents
from kaizen_widgets.nodes.model_usage import ModelUsage
from kaizen_widgets.nodes.node_policy import CachePolicy
from kaizen_widgets.runs.kept_result import KeptResult, KeptResults, output_print
from kaizen_widgets.runs.node_key import (
    CalledPrints,
    NodeKey,
    called_prints,
    key_of,
    may_call_with_approval,
    note_changes,
    own_key,
)
from kaizen_widgets.runs.result_cache import ResultCache
from kaizen_widgets.runs.run_selection import RunSelection

T = TypeVar("T")


class RecallingEngine:
    """Runs the nodes of one run on another engine, unless their output is there already.

    Args:
        engine: Engine that runs the nodes.
        selection: What runs and what is given.
        cache: Cache of results.
        base: Results of the run that is continued; None for a new run.
        pins: Pinned outputs by node id.
        accepted: By node id, the node's own part of the key that counts as unchanged.
        begun: Ids of nodes that began in the run that is continued.
        repeat: Whether nodes that touch the world may run again without asking.
        clock: Clock for durations.
        uses_threads: Whether large values may be read in threads.
        prints: Takes the fingerprints.
    """

    def __init__(
        self,
        engine: Engine,
        selection: RunSelection,
        cache: ResultCache,
        *,
        base: KeptResults | None,
        pins: Mapping[str, Any],
        accepted: Mapping[str, str],
        begun: frozenset[str],
        repeat: bool,
        clock: Clock,
        uses_threads: bool,
        prints: Fingerprinter,
    ) -> None:
        self._engine = engine
        self._selection = selection
        self._cache = cache
        self._base = base
        self._pins = pins
        self._accepted = accepted
        self._begun = begun
        self._repeat = repeat
        self._clock = clock
        self._uses_threads = uses_threads
        self._prints = prints
        self._usage: dict[str, ModelUsage] = {}
        steps = selection.plan.steps
        self.results = KeptResults(base, lambda key: key not in steps or key in selection.given)
        """The results of this run, those it took over among them."""
        self.models: ModelAgents | None = None
        """The models of this run, once a node has begun."""
        self.run_id = ""
        self.carried_by_node: dict[str, ModelUsage] = {}
        """What counted against the limits of nodes from the beginning."""

    @property
    def max_parallel(self) -> int:
        """Number of nodes that may run at the same time."""
        return self._engine.max_parallel

    async def run(self, work: Work, ctx: Context) -> Any:
        """Return the output of a node, taken from elsewhere or made by running it."""
        self.models = work.functions.models
        node_id = work.node_id
        if node_id in self._pins:
            ctx.say("cached", {"origin": "pinned"})
            return self._pins[node_id]
        if node_id in self._selection.given:
            await self._check_given(work)
            ctx.say("cached", {"origin": "cached"})
            return self._selection.given[node_id]
        step = self._selection.plan.steps[node_id]
        policy = policy_of(self._selection.plan, node_id, self._cache, work.functions)
        key = None
        if policy != "never":
            key = await self._key(work)
        if key is not None and node_id not in self._selection.forced:
            found = await self._find(node_id, key, policy)
            if found is not None:
                # A result of another key is one that was accepted as up to date.
                self.results.add(node_id, found)
                data = {"origin": "cached", "run_id": found.run_id, "seconds": found.seconds}
                ctx.say("cached", data)
                return found.output
        if step.kind.touches_world and node_id in self._begun and not self._repeat:
            await self._ask_again(work, ctx)
        called = await self._called(work) if key is not None else None
        began = self._clock.monotonic()
        self._count(node_id, ctx)
        output = await self._engine.run(work, ctx)
        if key is not None and called is not None:
            seconds = self._clock.monotonic() - began
            await self._keep(work, key, called, policy, output, seconds)
        return output

    def end(self) -> None:
        """Let go of what only a run needs that has not ended."""
        self._base = None
        self._pins = {}
        self._selection = dataclasses.replace(self._selection, given={})

    async def _key(self, work: Work) -> NodeKey | None:
        step = self._selection.plan.steps[work.node_id]
        try:
            return await self._call(lambda: key_of(work, step, self._prints))
        except Exception:  # A value changed while it was read, for example.
            _logger.debug("No key for %s", work.node_id, exc_info=True)
            return None

    async def _called(self, work: Work) -> CalledPrints | None:
        step = self._selection.plan.steps[work.node_id]
        try:
            return await self._call(lambda: called_prints(step, work.functions, self._prints))
        except Exception:  # See `_key`.
            return None

    async def _find(self, node_id: str, key: NodeKey, policy: CachePolicy) -> KeptResult | None:
        def find() -> KeptResult | None:
            found = find_kept(self._base, self._accepted, node_id, key, self._prints)
            if found is not None:
                return found
            found = self._cache.find(key, policy, self._prints)
            if found is not None and self.models is not None:
                # Or a budget would hold for each run alone, and a cache would be a way around it.
                self.models.count(found.usage)
            return found

        return await self._call(find)

    async def _check_given(self, work: Work) -> None:
        """Refuse an output of the earlier run that was changed since."""
        kept = None if self._base is None else self._base.last(work.node_id)
        if kept is not None and not await self._call(lambda: kept.is_unchanged(self._prints)):
            raise RunError(
                f"The output of {quoted(work.label)} was changed after the run that gave it: run it again.",
                node_id=work.node_id,
            )

    async def _ask_again(self, work: Work, ctx: Context) -> None:
        """Ask before a node touches the world a second time."""
        label = quoted(work.label)
        answer = await ctx.ask(f"{label} has reached outside before. Do it again?")
        if not answer.approved:
            why = f": {answer.reason}" if answer.reason else ""
            raise RunError(f"{label} was not run again{why}.", node_id=work.node_id)

    def _count(self, node_id: str, ctx: Context) -> None:
        """Add up what a node uses: all attempts until it gives a result."""
        say = ctx.say

        def counted(kind: Any, data: Mapping[str, Any]) -> object:
            if kind == "usage":
                used = self._usage.get(node_id, ModelUsage())
                self._usage[node_id] = used + ModelUsage.from_json(data)
            return say(kind, data)

        ctx.say = counted

    async def _keep(
        self,
        work: Work,
        key: NodeKey,
        called: CalledPrints,
        policy: CachePolicy,
        output: Any,
        seconds: float,
    ) -> None:
        node_id = work.node_id
        usage = self._usage.pop(node_id, ModelUsage())
        step = self._selection.plan.steps[node_id]

        def keep() -> None:
            nonlocal key
            try:
                if not note_changes(called, self._prints):
                    return  # Its code was changed while it ran: which one gave the output?
                own = own_key(step, work.functions, self._prints)
                key = NodeKey(own.own, key.arrived, key.inexact)
                taken = output_print(output, self._prints)
            except Exception:  # A value changed while it was read, for example.
                _logger.debug("No result of %s is kept", node_id, exc_info=True)
                return
            result = KeptResult(self.run_id, key, output, taken, usage, seconds)
            self.results.add(node_id, result)
            self._cache.add(node_id, result, policy)

        await self._call(keep)

    async def _call(self, call: Callable[[], T]) -> T:
        return await asyncio.to_thread(call) if self._uses_threads else call()


def policy_of(plan: Plan, node_id: str, cache: ResultCache, functions: Functions) -> CachePolicy:
    """Return when the result of a node may be used again; never that of one that asks a person."""
    step = plan.steps[node_id]
    if step.kind.asks_person:
        return "never"
    policy = step.policy.cache or cache.policy
    reaches_out = step.kind.touches_world or may_call_with_approval(step, functions)
    if reaches_out and step.policy.cache is None and policy in ("session", "disk"):
        # What is outside may have changed, and what a person approved was for one run: only its own policy
        # says that it does not matter.
        return "run"
    return policy


def find_kept(
    base: KeptResults | None,
    accepted: Mapping[str, str],
    node_id: str,
    key: NodeKey,
    prints: Fingerprinter,
) -> KeptResult | None:
    """Return the result of the run that is continued, if it holds for a key and has not changed."""
    if base is None:
        return None
    found = base.find(node_id, key)
    if found is None and accepted.get(node_id) == key.own_digest:
        found = base.find_arrived(node_id, key)
    return found if found is not None and found.is_unchanged(prints) else None


_logger = logging.getLogger("kaizen_widgets.runs")
