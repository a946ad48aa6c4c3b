"""Runs a scenario on a `Form` in virtual time, and compares the state after every step.

A millisecond of the case is a second of the clock, because whole numbers add up exactly.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from typing import Any

from kaizen_widgets.core.clock import sleep
from kaizen_widgets.forms import Change, FieldError, Form
from kaizen_widgets.forms.paths import MISSING
from kaizen_widgets.testing import FakeClock, VirtualLoop
from tests.conformance.compare import first_difference
from tests.conformance.forms.rules import Rules

KEEPS = {
    "keepValues": "keep_values",
    "keepDirtyValues": "keep_dirty_values",
    "keepDefaultValues": "keep_default_values",
    "keepDefaultValue": "keep_default_value",
    "keepValue": "keep_value",
    "keepErrors": "keep_errors",
    "keepError": "keep_error",
    "keepDirty": "keep_dirty",
    "keepTouched": "keep_touched",
    "keepIsSubmitted": "keep_is_submitted",
    "keepIsSubmitSuccessful": "keep_is_submit_successful",
    "keepSubmitCount": "keep_submit_count",
    "keepIsValid": "keep_is_valid",
    "shouldDirty": "should_dirty",
    "shouldTouch": "should_touch",
    "shouldValidate": "should_validate",
    "delayError": "delay_error",
    "defaultValue": "default_value",
}
FLAGS = {
    "isDirty": "is_dirty",
    "isValid": "is_valid",
    "isSubmitting": "is_submitting",
    "isSubmitted": "is_submitted",
    "isSubmitSuccessful": "is_submit_successful",
    "submitCount": "submit_count",
}
FRESH_IDS = {"update", "replace", "setValue", "reset"}
"""Steps after which a row may have a new id or its old one."""


def replay(case: Mapping[str, Any]) -> str | None:
    """Return the first difference from the trace of a case, or None."""
    loop = OneByOne(OneTimer())
    try:
        player = Player(case["scenario"]["form"], loop)
        steps = zip(case["scenario"]["steps"], case["expected"]["trace"], strict=True)
        for number, (step, expected) in enumerate(steps):
            actual = player.play(step)
            if difference := _compare(step, expected, actual):
                return f"step {number} ({step['op']}){difference}"
        return None
    finally:
        loop.close()


def _compare(step: Mapping[str, Any], expected: Mapping[str, Any], actual: dict[str, Any]) -> str:
    expected = dict(expected)
    actual = {key: actual[key] for key in expected if key in actual}
    for key in ("dirtyFields", "touchedFields"):
        if key in expected:
            expected[key] = sorted(expected[key])
    if "rowsFrom" in expected and (step.get("method") or step["op"]) in FRESH_IDS:
        for name, rows in expected["rowsFrom"].items():
            ours = actual["rowsFrom"][name]
            if len(ours) == len(rows):
                actual["rowsFrom"][name] = [
                    None if row is None else own for row, own in zip(rows, ours, strict=True)
                ]
    return first_difference(expected, actual, "") or ""


class OneByOne(VirtualLoop):
    """A loop that runs all ready tasks before each timer, as JavaScript runs promises before timers."""

    def settle(self) -> None:
        ready = self._virtual._ready  # pyright: ignore[reportAttributeAccessIssue]
        while True:
            self._virtual.call_soon(self._virtual.stop)
            self._virtual.run_forever()
            due = self.clock.next_due
            if ready:
                continue
            if due is None or due > self.clock.monotonic():
                return
            self.clock.advance(0)


class OneTimer(FakeClock):
    """A clock that fires one timer at a time."""

    def fire(self) -> None:
        """Move the clock to the next timer and fire it."""
        due, _, timer = heapq.heappop(self._timers)
        self._seconds = max(self._seconds, due)
        timer.callback()

    def advance(self, seconds: float) -> None:
        target = self._seconds + seconds
        if (due := self.next_due) is not None and due <= target:
            self.fire()
        else:
            self._seconds = target


class Player:
    """A form, and its notifications since the last step."""

    def __init__(self, options: Mapping[str, Any], loop: VirtualLoop) -> None:
        self._loop = loop
        self._arrays: list[str] = options.get("arrays", [])
        rows = [f"{name}.*.{f}" for name, row in options.get("rowFields", {}).items() for f in row]
        self._form = Form(
            default_values=options["defaultValues"],
            mode=options.get("mode", "onSubmit"),
            re_validate_mode=options.get("reValidateMode", "onChange"),
            criteria_mode=options.get("criteriaMode", "firstError"),
            delay_error=options.get("delayError", 0),
            resolver=Rules(options, loop.clock),
            fields=[*options.get("fields", []), *rows],
            deps=options.get("deps"),
            overlapping_submits=True,
            loop=loop,
            clock=loop.clock,
        )
        self._handlers: list[Any] = []
        self._results: list[Any] = []
        self._watchers: dict[str, Any] = {}
        self._changes: dict[str, list[Change]] = {}
        self._seen: dict[str, Any] = {}
        self._ids: dict[str, list[str]] = {}
        loop.settle()

    def play(self, step: Mapping[str, Any]) -> dict[str, Any]:
        """Perform one step and return its trace entry."""
        self._handlers, self._results, self._changes, self._seen = [], [], {}, {}
        self._step = step
        if step["op"] != "start":
            getattr(self, f"_do_{step['op']}")(step)
        self._loop.settle()
        return self._entry()

    # ---------------------------------------------------------------- steps

    def _do_change(self, step: Mapping[str, Any]) -> None:
        self._form.change(step["name"], step["value"])

    def _do_blur(self, step: Mapping[str, Any]) -> None:
        self._form.blur(step["name"])

    def _do_setValue(self, step: Mapping[str, Any]) -> None:
        self._form.set_value(step["name"], step["value"], **_options(step))

    def _do_submit(self, step: Mapping[str, Any]) -> None:
        outcome = step.get("handler", {"kind": "ok"})

        async def on_valid(values: Any) -> Any:
            self._handlers.append(["valid", values])
            if outcome.get("delay"):
                await sleep(self._loop.clock, outcome["delay"])
            match outcome["kind"]:
                case "throws":
                    raise RuntimeError(outcome["message"])
                case "serverError":
                    for error in outcome["errors"]:
                        self._form.set_error(error["name"], _error(error))
                case "reset":
                    self._form.reset(outcome.get("values"))
            return outcome.get("result")

        submission = self._form.submit(
            on_valid, lambda errors: self._handlers.append(["invalid", _errors(errors)])
        )
        submission.add_done_callback(
            lambda done: self._results.append(
                ["submit", done.wait(0)]
                if done.exception() is None
                else ["submit:rejected", str(done.exception())]
            )
        )

    def _do_reset(self, step: Mapping[str, Any]) -> None:
        self._form.reset(step.get("values"), **_options(step))

    def _do_resetField(self, step: Mapping[str, Any]) -> None:
        options = _options(step)
        self._form.reset_field(
            step["name"], default_value=options.pop("default_value", MISSING), **options
        )

    def _do_setError(self, step: Mapping[str, Any]) -> None:
        self._form.set_error(step["name"], _error(step["error"]))

    def _do_clearErrors(self, step: Mapping[str, Any]) -> None:
        self._form.clear_errors(step.get("name"))

    def _do_trigger(self, step: Mapping[str, Any]) -> None:
        pending = self._form.trigger(step.get("name"))

        async def note() -> None:
            is_right = await pending
            self._results.append(["trigger", is_right])

        self._loop.start(note())

    def _do_unregister(self, step: Mapping[str, Any]) -> None:
        self._form.unregister(step["name"], **_options(step))

    def _do_register(self, step: Mapping[str, Any]) -> None:
        self._form.register(step["name"])

    def _do_array(self, step: Mapping[str, Any]) -> None:
        getattr(self._form.rows(step["name"]), step["method"])(*step["args"])

    def _do_watch(self, step: Mapping[str, Any]) -> None:
        name = step["id"]

        def on_change(change: Change) -> None:
            if change.values:
                self._changes.setdefault(name, []).append(change)
                self._seen[name] = self._form.values

        self._watchers[name] = self._form.subscribe(on_change)

    def _do_unwatch(self, step: Mapping[str, Any]) -> None:
        self._watchers[step["id"]]()

    def _do_advance(self, step: Mapping[str, Any]) -> None:
        self._loop.advance(step["ms"])

    # ---------------------------------------------------------------- trace

    def _entry(self) -> dict[str, Any]:
        form = self._form
        entry: dict[str, Any] = {
            "values": form.values,
            "errors": _errors(form.errors),
            "dirtyFields": sorted(form.dirty_fields),
            "touchedFields": sorted(form.touched_fields),
            "handlers": self._handlers,
            "results": self._results,
            **{theirs: getattr(form, ours) for theirs, ours in FLAGS.items()},
        }
        if self._watchers:
            entry["watch"] = {name: self._changes_by(name) for name in self._watchers}
        if self._arrays:
            entry["rowsFrom"] = {name: self._origins(name) for name in self._arrays}
        return entry

    def _changes_by(self, watcher: str) -> dict[str, Any]:
        heard = self._changes.get(watcher, [])
        # The original names no field on unregister; ours does.
        is_named = self._step["op"] != "unregister"
        names = {
            name for change in heard if is_named and not change.is_reset for name in change.values
        }
        return {"fired": bool(heard), "names": sorted(names), "last": self._seen.get(watcher)}

    def _origins(self, name: str) -> list[int | None]:
        ids, before = self._form.rows(name).ids, self._ids.get(name, [])
        self._ids[name] = ids
        return [before.index(row) if row in before else None for row in ids]


def _options(step: Mapping[str, Any]) -> dict[str, Any]:
    return {KEEPS[key]: value for key, value in step.get("options", {}).items()}


def _error(error: Mapping[str, Any]) -> FieldError:
    return FieldError(error.get("type", "custom"), error.get("message", ""), error.get("types"))


def _errors(errors: Mapping[str, FieldError]) -> dict[str, Any]:
    return {
        name or "root": {
            "type": error.type,
            "message": error.message,
            **({"types": dict(error.types)} if error.types else {}),
        }
        for name, error in errors.items()
    }
