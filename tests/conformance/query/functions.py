"""The ``$fn`` functions that a scenario can name; equal specs give the same function object."""

from __future__ import annotations

import copy
import json
import re
from typing import TYPE_CHECKING, Any

from kaizen_widgets.query import UNSET, keep_previous_data

if TYPE_CHECKING:
    from collections.abc import Callable

UNDEFINED = "$undefined"


class ScriptError(Exception):
    """Raised by scripted functions."""


def canon(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def at(value: Any, path: list[Any]) -> Any:
    for step in path:
        part: Any = "page_params" if step == "pageParams" else step
        in_list = isinstance(value, list) and isinstance(part, int) and part < len(value)
        if not in_list and not (isinstance(value, dict) and part in value):
            return UNSET
        value = value[part]
    return value


def substitute(value: Any, env: dict[str, Any]) -> Any:
    if isinstance(value, list):
        return [substitute(item, env) for item in value]
    if isinstance(value, dict):
        return {name: substitute(item, env) for name, item in value.items()}
    if not isinstance(value, str) or not value.startswith("$"):
        return value
    page: Any = env.get("page")
    if value in ("$n", "$key", "$page", "$vars"):
        return copy.deepcopy(env.get(value[1:], UNSET))
    if value == UNDEFINED:
        return UNSET
    if found := re.fullmatch(r"\$page([+-]\d+)", value):
        return page + int(found[1])
    if found := re.fullmatch(r"\$nextUpTo:(-?\d+)", value):
        return page + 1 if page < int(found[1]) else None
    if found := re.fullmatch(r"\$prevDownTo:(-?\d+)", value):
        return page - 1 if page > int(found[1]) else None
    if found := re.fullmatch(r"\$vars\.(\w+)", value):
        variables = env.get("vars")
        return (
            copy.deepcopy(variables.get(found[1], UNSET)) if isinstance(variables, dict) else UNSET
        )
    return value


def given_data(value: Any) -> Any:
    """Return data of a scenario with the names in pages in snake case."""
    if isinstance(value, dict) and set(value) == {"pages", "pageParams"}:
        return {"pages": value["pages"], "page_params": value["pageParams"]}
    return UNSET if value == UNDEFINED else copy.deepcopy(value)


def transform(spec: dict[str, Any]) -> Callable[[Any], Any]:
    """Return the pure function of a spec; it takes None where query-core's takes undefined."""
    kind, field = spec["$fn"], spec.get("field", "")
    equals, more = spec.get("equals"), spec.get("merge", {})

    def throw(data: Any, when: bool = True) -> Any:
        if when:
            raise ScriptError(spec["message"])
        return data

    functions: dict[str, Callable[[Any], Any]] = {
        "identity": lambda d: d,
        "const": lambda d: given_data(spec["value"]),
        "none": lambda d: UNSET,
        "pick": lambda d: at(d, spec["path"]),
        "length": len,
        "inc": lambda d: (d or 0) + spec.get("by", 1),
        "append": lambda d: [*(d or []), spec["value"]],
        "merge": lambda d: {**(d or {}), **spec["value"]},
        "wrap": lambda d: {field: d},
        "where": lambda d: [x for x in d if x.get(field) == equals],
        "removeWhere": lambda d: UNSET if d is None else [x for x in d if x.get(field) != equals],
        "updateWhere": lambda d: (
            UNSET if d is None else [{**x, **more} if x.get(field) == equals else x for x in d]
        ),
        "mapPick": lambda d: [x[field] for x in d],
        "flatPages": lambda d: [x for page in d["pages"] for x in page[field]],
        "throw": throw,
        "throwIf": lambda d: throw(d, same_json(at(d, spec["path"]), equals)),
    }
    return functions[kind]


def same_json(one: Any, other: Any) -> bool:
    return one is not UNSET and canon(one) == canon(other)


def seconds(value: Any) -> Any:
    """Return milliseconds as seconds; words and booleans stay."""
    if value == "Infinity":
        return float("inf")
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return value / 1000 if is_number else value


class Functions:
    """The functions of one scenario, each created once.

    Args:
        flags: The scenario's flags, as they are now.
        selected: Told the label of a select function that runs.
    """

    def __init__(self, flags: dict[str, Any], selected: Callable[[str], None]) -> None:
        self._flags = flags
        self._selected = selected
        self._made: dict[str, Any] = {}

    def once(self, spec: dict[str, Any], label: str, make: Callable[[], Any]) -> Any:
        name = label + canon(spec)
        if name not in self._made:
            self._made[name] = make()
        return self._made[name]

    def select(self, spec: dict[str, Any]) -> Any:
        function = transform(spec)

        def select(data: Any) -> Any:
            self._selected(spec.get("name", spec["$fn"]))
            return function(data)

        return self.once(spec, "select", lambda: select)

    def placeholder(self, spec: Any) -> Any:
        if not isinstance(spec, dict) or "$fn" not in spec:
            return spec
        if spec["$fn"] == "keepPrevious":
            return keep_previous_data
        function = transform(spec)
        return self.once(spec, "placeholder", lambda: lambda data, query: function(data))

    def of_query(self, spec: Any, to: Callable[[Any], Any] = lambda value: value) -> Any:
        if not isinstance(spec, dict):
            return to(spec)
        kind, path = spec["$fn"], spec.get("path", [])

        def by_data(query: Any) -> Any:
            value = at(query.state.data, path)
            for wanted, result in spec["cases"]:
                if same_json(value, wanted):
                    return to(result)
            return to(spec.get("else"))

        functions: dict[str, Callable[[Any], Any]] = {
            "flag": lambda query: to(self._flags.get(spec["name"])),
            "hasData": lambda query: query.state.data is not UNSET,
            "untilData": lambda query: (
                False if same_json(at(query.state.data, path), spec["equals"]) else to(spec["ms"])
            ),
            "byData": by_data,
        }
        return self.once(spec, "query", lambda: functions[kind])

    def retry(self, spec: Any) -> Any:
        if not isinstance(spec, dict):
            return spec
        most = spec["max"]
        if spec["$fn"] == "upTo":
            return self.once(spec, "retry", lambda: lambda n, error: n < most)
        return self.once(
            spec, "retry", lambda: lambda n, error: str(error) != spec["message"] and n < most
        )

    def delay(self, spec: Any) -> Any:
        if not isinstance(spec, dict):
            return seconds(spec)
        base = spec["base"] / 1000
        if spec["$fn"] == "exp":
            most = spec["max"] / 1000
            return self.once(spec, "delay", lambda: lambda n, error: min(base * 2**n, most))
        return self.once(spec, "delay", lambda: lambda n, error: base * (n + 1))

    def page_param(self, spec: dict[str, Any]) -> Any:
        if spec["$fn"] == "field":
            field = spec["field"]
            return self.once(spec, "page", lambda: lambda page, *_: page.get(field))
        low, high = spec.get("min", float("-inf")), spec.get("max", float("inf"))

        def step(page: Any, pages: Any, param: Any, params: Any) -> Any:
            moved = param + spec["by"]
            return moved if low <= moved <= high else None

        return self.once(spec, "page", lambda: step)

    def predicate(self, spec: dict[str, Any]) -> Callable[[Any], bool]:
        wanted = spec["value"]
        functions: dict[str, Callable[[Any], bool]] = {
            "dataEquals": lambda query: same_json(
                UNDEFINED if query.state.data is UNSET else query.state.data, wanted
            ),
            "keyIncludes": lambda query: any(same_json(part, wanted) for part in query.key),
            "status": lambda query: query.state.status == wanted,
            "metaEquals": lambda query: same_json(query.meta.get(spec["field"]), wanted),
        }
        return functions[spec["$fn"]]
