"""Run a scenario with `PlainStore`, `persist` and `devtools`, and compare the trace with the recorded one."""

from __future__ import annotations

import copy
import json
from typing import Any

from kaizen_widgets.stores import Devtools, Persistence, PlainStore, devtools, persist, shallow
from tests.conformance.compare import first_difference
from tests.conformance.stores.vocabulary import (
    ABSENT,
    ScriptedError,
    merger,
    migration,
    selector,
    updater,
)
from tests.conformance.stores.world import Cells, Extension, LaterCells, Loop, Soon


def replay(case: dict[str, Any]) -> str | None:
    """Return the first difference to the recorded trace, or None."""
    stage = Stage(case["scenario"])
    try:
        for index, step in enumerate(case["scenario"]["steps"]):
            wanted = {k: v for k, v in case["expected"]["trace"][index].items() if k != "console"}
            actual = {key: value for key, value in stage.act(step).items() if key in wanted}
            difference = first_difference(wanted, actual, f"step {index} ({step['op']})")
            if difference is not None:
                return difference
    finally:
        stage.loop.close()
    return None


class Stage:
    """The stores of a scenario and what was seen of them in the present step."""

    def __init__(self, scenario: dict[str, Any]) -> None:
        self.cells = Cells(scenario.get("storage", {}))
        self.loop = Loop()
        self.stores: dict[str, PlainStore] = {}
        self.actions: dict[str, dict[str, Any]] = {}
        self.persisted: dict[str, Persistence] = {}
        self.extensions: dict[str, Extension] = {}
        self.devtools: dict[str, Devtools] = {}
        self.listeners: dict[str, Any] = {}
        self.endings: dict[str, Any] = {}
        self.seen: dict[str, list[Any]] = {}

    def act(self, step: dict[str, Any]) -> dict[str, Any]:
        """Take one step; return its entry of the trace."""
        self.seen = {"calls": [], "hooks": [], "migrations": [], "devtools": []}
        self.cells.log = []
        entry: dict[str, Any] = {}
        try:
            value = self._take(copy.deepcopy(step))
        except ScriptedError as error:
            entry["error"] = str(error)
        else:
            if step["op"] == "getInitialState":
                entry["value"] = value
        entry["states"] = {name: _as_is(store.get()) for name, store in self.stores.items()}
        entry["storage"] = self.cells.shown()
        entry["storageLog"] = self.cells.log
        entry["hydrated"] = {name: p.has_hydrated for name, p in self.persisted.items()}
        return {**entry, **self.seen}

    def _take(self, step: dict[str, Any]) -> Any:
        name = step.get("store", "main")
        if step["op"] == "create":
            return self._create(name, step["def"])
        store = self.stores.get(name, PlainStore())
        match step["op"]:
            case "action":
                self._run(name, step["action"], step.get("args", {}))
            case "setState":
                store.set(
                    step["partial"],
                    replace=bool(step.get("replace")),
                    # persist's set does not hand the name on
                    action=None if name in self.persisted else step.get("name"),
                )
            case "reset":
                store.reset()
            case "getInitialState":
                return _as_is(store.initial)
            case "subscribe":
                self._subscribe(store, name, step)
            case "unsubscribe":
                self.endings[step["id"]]()
            case "rehydrate":
                self.persisted[name].rehydrate()
            case "clearStorage":
                self.persisted[name].clear_storage()
            case "setOptions":
                self.persisted[name].set_options(**step["options"])
            case "flush":
                self.loop.flush()
            case "storageWrite":
                self.cells.write(step["name"], step)
            case "failWrites":
                self.cells.fails = step["on"]
            case "devtoolsMessage":
                self.extensions[name].message(step["message"])
            case op:
                raise ValueError(f"unknown op {op}")
        return None

    def _run(self, name: str, action: str, args: dict[str, Any]) -> None:
        spec = self.actions[name][action]
        self.stores[name].set(
            updater(spec, args), replace=bool(spec.get("replace")), action={"type": action}
        )

    def _create(self, name: str, definition: dict[str, Any]) -> None:
        # combine: a state beside which more keys stand
        store = PlainStore({**definition.get("combine", {}), **definition["initial"]}, name=name)
        self.stores[name] = store
        self.actions[name] = definition.get("actions", {})
        options = definition.get("persist")
        if options is not None and options.get("storage") != "unavailable":
            kept = self._persist(store, name, options)
            self.persisted[name] = kept
            if options.get("hooks"):
                kept.on_hydrate(lambda state: self._hook(name, "onHydrate", state))
                kept.on_finish_hydration(lambda state: self._hook(name, "onFinishHydration", state))
        if "devtools" in definition:
            self.extensions[name] = Extension(
                lambda *facts: self.seen["devtools"].append([name, *map(_as_is, facts)])
            )
            self.devtools[name] = devtools(store, self.extensions[name])

    def _persist(self, store: PlainStore, name: str, options: dict[str, Any]) -> Persistence:
        def migrate(state: Any, version: Any) -> Any:
            self.seen["migrations"].append({"state": _as_is(state), "version": version})
            change = migration(options["migrate"])
            if not options["migrate"].get("async"):
                return change(state, version)
            try:
                return Soon(change(state, version))
            except ScriptedError as error:
                return Soon(error=error)

        def before(state: Any) -> Any:
            self._hook(name, "before", state)
            return lambda after, error: (
                self._hook(name, "failed") if error else self._hook(name, "after", after)
            )

        return persist(
            store,
            options["name"],
            storage=LaterCells(self.cells) if options.get("storage") == "async" else self.cells,
            version=options.get("version", 0),
            skip_hydration=options.get("skipHydration", False),
            partialize=options.get("partialize"),
            migrate=migrate if "migrate" in options else None,
            merge=merger(options.get("merge", "shallow")),
            on_rehydrate_storage=before if options.get("hooks") else None,
            spawn=self.loop.spawn,
        )

    def _hook(self, *facts: Any) -> None:
        self.seen["hooks"].append([_as_is(fact) for fact in facts])

    def _subscribe(self, store: PlainStore, name: str, step: dict[str, Any]) -> None:
        identity, reactions = step["id"], step.get("onCall", [])

        def called(now: Any, old: Any) -> None:
            self.seen["calls"].append([identity, _as_is(now), _as_is(old)])
            for reaction in reactions:
                if not (reaction.get("once") and reaction.get("done")):
                    reaction["done"] = True
                    self._react(name, reaction)

        listener = self.listeners[step["sameAs"]] if "sameAs" in step else called
        self.listeners[identity] = listener
        if "selector" not in step:
            self.endings[identity] = store.subscribe(listener)
            return
        equality = {"equality": shallow} if step.get("equality") == "shallow" else {}
        self.endings[identity] = store.subscribe(
            selector(step["selector"]),
            listener,
            fire_immediately=step.get("fireImmediately", False),
            **equality,
        )

    def _react(self, name: str, reaction: dict[str, Any]) -> None:
        match reaction["do"]:
            case "throw":
                raise ScriptedError(reaction["message"])
            case "unsubscribe":
                self.endings.get(reaction["id"], lambda: None)()
            case "action":
                self._run(reaction.get("store", name), reaction["action"], reaction.get("args", {}))
            case do:
                raise ValueError(f"unknown reaction {do}")


def _as_is(value: Any) -> Any:
    """Return a copy of a value as JSON shows it; what is absent becomes null."""
    return json.loads(json.dumps(None if value is ABSENT else value))
