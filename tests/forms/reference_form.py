"""A simple form that recomputes everything after each operation; `test_invariants` compares it with `Form`.

It validates synchronously and has no row ids.
"""

from __future__ import annotations

import copy
from typing import Any

from kaizen_widgets.forms.validation_modes import ValidationModes

EMPTY = object()


def errors_of(values: Any) -> dict[str, str]:
    """Return the errors: `name` is required, `again` repeats it, rows have an end after their start."""
    wrong = {}
    if values.get("name") in (None, ""):
        wrong["name"] = "empty"
    if values.get("group", {}).get("again") != values.get("name"):
        wrong["group.again"] = "differs"
    rows = values.get("rows", [])
    if len(rows) > 3:
        wrong["rows.root"] = "too many"
    for index, row in enumerate(rows):
        if row["n"] in (None, "", 0):
            wrong[f"rows.{index}.n"] = "empty"
        if row["from"] == row["n"]:
            wrong[f"rows.{index}"] = "the same"
    if values.get("name") == "form":
        wrong[""] = "not this one"
    return wrong


def flat(value: Any, name: str = "") -> dict[str, Any]:
    """Return the leaves by name; an empty dict or list is one."""
    if not isinstance(value, dict | list) or not value:
        return {name: value}
    items = value.items() if isinstance(value, dict) else enumerate(value)
    found: dict[str, Any] = {}
    for key, item in items:
        found |= flat(item, f"{name}.{key}" if name else str(key))
    return found


def differing(values: Any, defaults: Any) -> set[str]:
    """Return the names of the leaves that differ; of lists and dicts, by index and key."""
    one, other = flat(values), flat(defaults)
    names = {
        name
        for name in one.keys() | other.keys()
        if not _same(one.get(name, EMPTY), other.get(name, EMPTY))
    }
    # A list that is empty on one side differs in the rows of the other side, not in itself.
    return {name for name in names if not any(below.startswith(f"{name}.") for below in names)}


def _same(one: Any, other: Any) -> bool:
    return isinstance(one, bool) == isinstance(other, bool) and one == other


def within(names: Any, name: str) -> set[str]:
    return {known for known in names if known == name or known.startswith(f"{name}.")}


class ReferenceForm:
    """The operations of a form, as their definitions say."""

    def __init__(self, defaults: Any, modes: ValidationModes, *, cross_field: bool = False) -> None:
        self.cross_field = cross_field
        self.given: set[str] = set()
        self.values, self.defaults = copy.deepcopy(defaults), copy.deepcopy(defaults)
        self.modes = modes
        self.errors: dict[str, str] = {}
        self.dirty: set[str] = set()
        self.touched: set[str] = set()
        self.is_dirty = self.is_submitted = self.is_submit_successful = False
        self.is_submitting = self.is_validating = False
        self.submit_count = 0
        self.is_valid = not errors_of(self.values)

    def write(self, name: str, value: Any) -> None:
        *way, last = (int(part) if part.isdigit() else part for part in name.split("."))
        place = self.values
        for part in way:
            place = place[part]
        place[last] = copy.deepcopy(value)

    def mark(self, name: str) -> None:
        now = differing(self.values, self.defaults)
        self.dirty = self.dirty - within(self.dirty, name) | within(now, name)
        self.is_dirty = bool(now)

    def replace(self, names: list[str] | None) -> None:
        """Replace the errors of these names, or all errors, and update `is_valid`."""
        wrong = errors_of(self.values)
        self.is_valid = not wrong
        if names is None:
            self.errors, self.given = wrong, set()
        for name in names or ():
            self.given -= within(self.given, name)
            for known in within(self.errors, name):
                del self.errors[known]
            self.errors |= {known: wrong[known] for known in within(wrong, name)}

    def event(self, name: str, event: Any) -> None:
        is_validated = self.modes.validates(
            event, is_touched=name in self.touched, is_submitted=self.is_submitted
        )
        if is_validated and self.cross_field:
            self.replace_others(name)
        if is_validated or self.modes.updates_is_valid(event):
            self.replace([name] if is_validated else [])

    def replace_others(self, name: str) -> None:
        """Update the errors of other fields: remove resolved ones, add those of touched fields."""
        wrong = errors_of(self.values)
        for other in (
            (self.errors.keys() | wrong.keys()) - self.given - within([*self.errors, *wrong], name)
        ):
            if other not in wrong:
                del self.errors[other]
            elif other in self.errors or self.is_submitted or self.was_at(other):
                self.errors[other] = wrong[other]

    def was_at(self, name: str) -> bool:
        field = name.removesuffix(".root")
        return any(
            not field or field in within([field], at) or at in within([at], field)
            for at in self.touched
        )

    def change(self, name: str, value: Any) -> None:
        self.write(name, value)
        self.mark(name)
        self.event(name, "change")

    def blur(self, name: str) -> None:
        self.touched.add(name)
        self.event(name, "blur")

    def set_value(self, name: str, value: Any, *, validate: bool, dirty: bool, touch: bool) -> None:
        self.write(name, value)
        if dirty:
            self.mark(name)
        if touch:
            self.touched.add(name)
        self.replace([name] if validate else [])

    def trigger(self, names: list[str] | None) -> None:
        self.replace(names)

    def set_error(self, name: str) -> None:
        self.errors[name] = "set"
        self.given.add(name)
        self.is_valid = False

    def clear_errors(self, name: str | None) -> None:
        gone = set(self.errors) if name is None else within(self.errors, name)
        self.given -= gone
        self.errors = {known: said for known, said in self.errors.items() if known not in gone}
        self.replace([])

    def submit(self) -> None:
        self.replace(None)
        self.is_submitted = True
        self.submit_count += 1
        self.is_submit_successful = not self.errors

    def move(self, order: list[int | None], rows: list[Any]) -> None:
        """Replace the rows of the list; `order` has the previous index of each row, or None for a new row."""

        def follow(name: str) -> str | None:
            parts = name.split(".")
            if parts[0] != "rows" or len(parts) == 1 or not parts[1].isdigit():
                return name
            if int(parts[1]) not in order:
                return None
            return ".".join(["rows", str(order.index(int(parts[1]))), *parts[2:]])

        self.values["rows"] = copy.deepcopy(rows)
        self.errors = {new: said for name, said in self.errors.items() if (new := follow(name))} | {
            name: said for name, said in self.errors.items() if not name
        }
        self.touched = {new for name in self.touched if (new := follow(name))}
        self.given = {new for name in self.given if (new := follow(name))}
        self.mark("rows")
        is_validated = self.modes.validates_rows(is_submitted=self.is_submitted)
        shown = set(self.errors)
        self.replace(["rows"] if is_validated else [])
        if self.cross_field and not self.is_submitted:
            for name in within([*self.errors], "rows") - shown - {"rows", "rows.root"}:
                if not self.was_at(name):
                    del self.errors[name]

    def reset(self, values: Any, keep: set[str]) -> None:
        if values is not None and "default_values" not in keep:
            self.defaults = copy.deepcopy(values)
        if "values" not in keep:
            self.values = copy.deepcopy(self.defaults if values is None else values)
        now = differing(self.values, self.defaults)
        if "dirty" not in keep:
            self.dirty, self.is_dirty = now, bool(now)
        elif values is not None and "default_values" in keep:
            self.dirty = now
        self.touched = self.touched if "touched" in keep else set()
        errors = self.errors if "errors" in keep else {}
        self.given = self.given if "errors" in keep else set()
        self.is_submitted &= "is_submitted" in keep
        self.is_submit_successful &= "is_submit_successful" in keep
        self.submit_count *= "submit_count" in keep
        self.errors = errors
        self.replace([])

    def reset_field(self, name: str) -> None:
        default = flat(self.defaults).get(name, EMPTY)
        if default is EMPTY:
            *way, last = name.split(".")
            place = self.values
            for part in way:
                place = place[int(part) if part.isdigit() else part]
            place[last] = None
        else:
            self.write(name, default)
        self.dirty -= within(self.dirty, name)
        self.touched -= within(self.touched, name)
        self.is_dirty = bool(differing(self.values, self.defaults))
        self.clear_errors(name)
