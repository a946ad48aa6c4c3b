"""Conditions of policies: ``{"all": [...]}``, ``{"any": [...]}`` and ``{"field", "op", "value"}``.

A field is a path below ``user``, ``resource`` or ``context``. A condition on a field that is missing does not
hold, except with ``ne``, ``not_in`` and ``not_exists``. Nothing here is ever run as code.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

ROOTS = ("user", "resource", "context")
MAX_DEPTH = 20
MAX_PATTERN, MAX_TEXT = 200, 2000
_MISSING = object()


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def test(found: Any, value: Any) -> bool:
        numbers = all(_is_number(operand) for operand in (found, value))
        texts = isinstance(found, str) and isinstance(value, str)
        return (numbers or texts) and compare(found, value)

    return test


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _in(found: Any, value: Any) -> bool:
    return isinstance(value, list) and found in value


def _contains(found: Any, value: Any) -> bool:
    if isinstance(found, str):
        return isinstance(value, str) and value in found
    return isinstance(found, list) and value in found


def _matches(found: Any, value: Any) -> bool:
    """Return whether a text fits a pattern with ``*`` and ``?``.

    Regular expressions could take exponential time, and so could stars turned into ``.*`` one by one;
    `fnmatch` never tries a star twice.
    """
    if not isinstance(found, str) or not isinstance(value, str):
        return False
    return fnmatchcase(found[:MAX_TEXT], value[:MAX_PATTERN].replace("[", "[[]"))


OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": lambda found, value: found == value,
    "ne": lambda found, value: found != value,
    "gt": _ordered(lambda found, value: found > value),
    "gte": _ordered(lambda found, value: found >= value),
    "lt": _ordered(lambda found, value: found < value),
    "lte": _ordered(lambda found, value: found <= value),
    "in": _in,
    "not_in": lambda found, value: not _in(found, value),
    "contains": _contains,
    "starts_with": lambda f, v: isinstance(f, str) and isinstance(v, str) and f.startswith(v),
    "ends_with": lambda f, v: isinstance(f, str) and isinstance(v, str) and f.endswith(v),
    "matches": _matches,
    "exists": lambda found, value: found is not _MISSING,
    "not_exists": lambda found, value: found is _MISSING,
}
_HOLD_WITHOUT_FIELD = ("ne", "not_in", "not_exists")


def condition_holds(condition: Mapping[str, Any], facts: Mapping[str, Any]) -> bool:
    """Return whether a valid condition holds for some facts; an empty one does."""
    if not condition:
        return True
    if isinstance(condition.get("all"), list):
        return all(condition_holds(part, facts) for part in condition["all"])
    if isinstance(condition.get("any"), list):
        return any(condition_holds(part, facts) for part in condition["any"])
    found: Any = facts
    for part in str(condition.get("field", "")).split("."):
        found = found[part] if isinstance(found, Mapping) and part in found else _MISSING
    operator = condition.get("op")
    if found is _MISSING and operator not in _HOLD_WITHOUT_FIELD:
        return False
    test = OPERATORS.get(str(operator))
    return test is not None and test(found, condition.get("value"))


def condition_problems(condition: Any, place: str = "conditions", depth: int = 0) -> Iterator[str]:
    """Yield what is wrong with a condition, one sentence each."""
    if depth > MAX_DEPTH:
        yield f"{place} is nested deeper than {MAX_DEPTH} levels"
        return
    if not isinstance(condition, Mapping):
        yield f"{place} must be an object"
        return
    if not condition:
        return
    groups = [name for name in ("all", "any") if name in condition]
    if groups:
        inner = condition[groups[0]]
        if len(condition) > 1 or not isinstance(inner, list):
            yield f"{place} must hold one list, called all or any"
            return
        for index, one in enumerate(inner):
            yield from condition_problems(one, f"{place}.{groups[0]}.{index}", depth + 1)
        return
    field = condition.get("field")
    if not isinstance(field, str) or field.split(".")[0] not in ROOTS or "." not in field:
        yield f"{place}.field must be a path below {', '.join(ROOTS)}"
    if condition.get("op") not in OPERATORS:
        yield f"{place}.op must be one of {', '.join(OPERATORS)}"


def referenced_fields(condition: Any) -> list[str]:
    """Return the fields a condition reads, each once, in their order."""
    found: dict[str, None] = {}

    def visit(one: Any, depth: int) -> None:
        if depth > MAX_DEPTH or not isinstance(one, Mapping):
            return
        if isinstance(one.get("field"), str):
            found[one["field"]] = None
        for name in ("all", "any"):
            if isinstance(one.get(name), list):
                for inner in one[name]:
                    visit(inner, depth + 1)

    visit(condition, 0)
    return list(found)
