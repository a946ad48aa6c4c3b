"""A resolver for the rules of the cases; see the README."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Iterator, Mapping
from typing import Any

from kaizen_widgets.core.clock import sleep
from kaizen_widgets.forms import FieldError, Resolved, ResolverContext
from kaizen_widgets.forms.paths import get, parse
from kaizen_widgets.testing import FakeClock
from tests.conformance.compare import first_difference

Rule = Mapping[str, Any]


class Rules:
    """A resolver that takes as long as the case specifies."""

    def __init__(self, form: Mapping[str, Any], clock: FakeClock) -> None:
        self._rules: Mapping[str, list[Rule]] = form.get("rules", {})
        self._arrays: list[str] = form.get("arrays", [])
        self._delay: Any = form.get("delay", 0)
        self._clock = clock

    def __call__(self, values: Any, context: ResolverContext) -> Resolved | Awaitable[Resolved]:
        resolved = self.validate(values, context)
        delay = self._delay_of(values)
        return resolved if delay <= 0 else self._later(delay, resolved)

    def validate(self, values: Any, context: ResolverContext) -> Resolved:
        """Return the result without delay."""
        return Resolved(values, self._errors(values, context))

    async def _later(self, delay: float, resolved: Resolved) -> Resolved:
        await sleep(self._clock, delay)
        return resolved

    def _delay_of(self, values: Any) -> float:
        if not isinstance(self._delay, Mapping):
            return self._delay
        value = get(values, parse(self._delay["field"]))
        return self._delay["byValue"].get(_as_text(value), self._delay.get("default", 0))

    def _errors(self, values: Any, context: ResolverContext) -> dict[str, FieldError]:
        errors = {}
        for pattern, rules in self._rules.items():
            for name in _expand(pattern, values):
                value: Any = get(values, parse(name), None)
                failed = [rule for rule in rules if _fails(rule, value, values)]
                if not failed:
                    continue
                messages = {
                    rule["type"]: rule.get("message", rule["type"]) for rule in reversed(failed)
                }
                location = f"{name}.root" if name in self._arrays else name
                errors[location] = FieldError(
                    failed[0]["type"],
                    failed[0].get("message", failed[0]["type"]),
                    messages if context.criteria_mode == "all" else None,
                )
        return errors


def _expand(pattern: str, values: Any) -> Iterator[str]:
    before, star, after = pattern.partition("*")
    if not star:
        yield pattern
        return
    rows = get(values, parse(before.rstrip(".")), [])
    for index in range(len(rows) if isinstance(rows, list) else 0):
        yield from _expand(f"{before}{index}{after}", values)


def _fails(rule: Rule, value: Any, values: Any) -> bool:
    sized: Any = value
    is_empty = value is None or value == "" or value == []
    number: Any = value if isinstance(value, int | float) and not isinstance(value, bool) else None
    match rule["type"]:
        case "required":
            return is_empty or value is False
        case "equalsField":
            return not _equal(value, get(values, parse(rule["field"]), None))
        case _ if is_empty:
            return False
        case "minLength":
            return len(sized) < rule["value"]
        case "maxLength":
            return len(sized) > rule["value"]
        case "min":
            return number is not None and number < rule["value"]
        case "max":
            return number is not None and number > rule["value"]
        case "pattern":
            return not re.search(rule["value"], _as_text(value))
        case "int":
            return number is None or not float(number).is_integer()
        case "oneOf":
            return not any(_equal(value, choice) for choice in rule["value"])
        case "notIn":
            return any(_equal(value, choice) for choice in rule["value"])
        case unknown:
            raise ValueError(f"unknown rule {unknown}")


def _equal(one: Any, other: Any) -> bool:
    return first_difference(one, other) is None


def _as_text(value: Any) -> str:
    """Return a value as JavaScript's String() does."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "null" if value is None else str(value)
