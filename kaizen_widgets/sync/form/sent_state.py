"""The state last sent to the views of a form, and the difference to send next."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from kaizen_widgets.forms import Form
from kaizen_widgets.forms.fields.field_node import FieldNode, FormDescription
from kaizen_widgets.sync.form.field_rules import FieldRules
from kaizen_widgets.sync.form.key_index import Cells, KeyIndex, is_within
from kaizen_widgets.sync.form.messages import Cell, FormSnapshot, FormState

_WITH_PARTS = ("object", "list", "dict", "tuple", "union")
Errors = dict[str, tuple[str, ...]]


class SentState:
    """The sent state of one field area.

    Args:
        form: The form.
        keys: Finds the keys of names.
        rules: Options, hidden fields and read-outs.
        description: The description of the fields.
        only: Keys of the fields of this area; None for all.

    Attributes:
        taken_out: Keys of fields that another area draws.
        files: The names of picked files, by key.
    """

    def __init__(
        self,
        form: Form,
        keys: KeyIndex,
        rules: FieldRules,
        description: FormDescription,
        only: tuple[str, ...] | None,
    ) -> None:
        self._form = form
        self._keys = keys
        self._rules = rules
        self._description = description
        self._only = only
        self.taken_out: set[str] = set()
        self.files: dict[str, str] = {}
        nodes = (description.root, *description.definitions.values())
        self._has_computed = any(_is_computed(node) for node in nodes)
        self._computed = self._read_computed({})
        cells = self._read_cells("", "", description.root) | self._computed
        self._cells: Cells = {key: cell for key, cell in cells.items() if self._wants(key)}
        self._errors = self._read_errors()
        self._rule_results = self._read_rules()
        self._state = self._read_state()

    @property
    def has_errors(self) -> bool:
        """Whether a field of this area has an error, or the form itself has."""
        return any(
            not any(is_within(key, taken) for taken in self.taken_out) for key in self._errors
        )

    def snapshot(self, rev: int, widgets: Mapping[str, str]) -> FormSnapshot:
        """Return the sent state.

        Args:
            rev: The revision.
            widgets: References to ipywidgets that take the place of controls, by key.
        """
        options, hidden, notes = self._rule_results
        return FormSnapshot(
            root=self._description.root,
            definitions=self._description.definitions,
            only=self._only,
            rev=rev,
            cells={key: Cell(**cell) for key, cell in self._cells.items()},
            errors=self._errors,
            options=options,
            hidden=hidden,
            notes=notes,
            widgets=dict(widgets),
            state=self._state,
        )

    def difference(
        self, names: Iterable[str], echoes: Iterable[str]
    ) -> tuple[dict[str, Any], bool]:
        """Return the parts of a patch, and whether anything changed; they count as sent from now on.

        Args:
            names: Names of fields that may have changed, with everything below them.
            echoes: Keys whose cells are in the patch in any case.
        """
        cells, removed = self._changed_cells(names)
        errors = self._read_errors()
        changed_errors = _difference(self._errors, errors, ())
        self._errors = errors
        (options, hidden, notes), before = self._read_rules(), self._rule_results
        self._rule_results = (options, hidden, notes)
        parts: dict[str, Any] = {
            "cells": cells,
            "removed": tuple(removed),
            "errors": changed_errors,
            "options": _difference(before[0], options, ()),
            "notes": _difference(before[2], notes, ""),
        }
        if hidden != before[1]:
            parts["hidden"] = hidden
        state = self._read_state()
        if state != self._state:
            parts["state"] = self._state = state
        has_changed = "hidden" in parts or any(parts.values())
        echoed = {key: self._cells[key] for key in echoes if key in self._cells}
        parts["cells"] = {key: Cell(**cell) for key, cell in (cells | echoed).items()}
        return parts, has_changed or bool(echoed)

    # ------------------------------------------------------------------ private

    def _changed_cells(self, names: Iterable[str]) -> tuple[Cells, list[str]]:
        changed: Cells = {}
        removed: list[str] = []
        for name in _outermost(set(names)):
            key, node = self._keys.key_of(name)
            if node is None:
                continue  # removed, or below what views know
            fresh = {
                key: cell
                for key, cell in self._read_cells(name, key, node).items()
                if self._wants(key) and key not in self._computed
            }
            if len(fresh) > 1 or node.kind in _WITH_PARTS:
                removed += [
                    sent
                    for sent in self._cells
                    if sent not in fresh and is_within(sent, key) and sent not in self._computed
                ]
            changed |= {key: cell for key, cell in fresh.items() if self._cells.get(key) != cell}
        self._computed = self._read_computed(self._computed)
        for key, cell in self._computed.items():
            if self._wants(key) and self._cells.get(key) != cell:
                changed[key] = cell
        for key in removed:
            self._cells.pop(key, None)
        self._cells |= changed
        return changed, removed

    def _read_cells(self, name: str, key: str, node: FieldNode) -> Cells:
        json = self._form.tree.to_wire(name, self._form.get_value(name))
        cells = self._keys.cells(name, json, key, node)
        for file_key, file_name in self.files.items():
            value = cells.get(file_key, {}).get("value")
            if isinstance(value, dict):
                value["name"] = file_name
        return cells

    def _read_computed(self, before: Cells) -> Cells:
        """Return the cells of computed fields; they are empty while the form is invalid."""
        if not self._has_computed:
            return {}
        fresh: Cells = {key: {} for key in before}
        for name, value in self._form.tree.computed(self._form.value).items():
            key, node = self._keys.key_of(name)
            if node is not None:
                fresh[key] = {"value": value}
        return fresh

    def _read_errors(self) -> Errors:
        found: dict[str, list[str]] = {}
        for name, error in self._form.errors.items():
            # The error of a whole list, and that of the form, end in `root`.
            is_own = name == "root" or name.startswith("root.")
            key = "" if is_own else self._keys.key_of(name.removesuffix(".root"))[0]
            if self._wants(key):
                messages = error.types.values() if error.types else [error.message]
                found.setdefault(key, []).extend(message for message in messages if message)
        return {key: tuple(dict.fromkeys(messages)) for key, messages in found.items()}

    def _read_rules(self) -> tuple[dict[str, Any], tuple[str, ...], dict[str, str]]:
        rules = self._rules
        return (
            {key: value for key, value in rules.options.items() if self._wants(key)},
            (*filter(self._wants, rules.hidden), *sorted(self.taken_out)),
            {key: value for key, value in rules.notes.items() if self._wants(key)},
        )

    def _read_state(self) -> FormState:
        form = self._form
        return FormState(
            is_dirty=form.is_dirty,
            is_valid=form.is_valid,
            is_submitting=form.is_submitting,
            is_validating=form.is_validating,
            submit_count=form.submit_count,
        )

    def _wants(self, key: str) -> bool:
        return (
            self._only is None or key == "" or any(is_within(key, wanted) for wanted in self._only)
        )


def _outermost(names: set[str]) -> set[str]:
    """Return the names that are below no other, because a field is read with everything below it."""
    if "" in names:
        return {""}
    return {
        name for name in names if not any(name.startswith(f"{other}.") for other in names - {name})
    }


def _is_computed(node: FieldNode) -> bool:
    """Whether a node, or one below it, is computed by the model."""
    below = (*node.fields, *(branch.node for branch in node.branches), node.item, node.names)
    return node.kind == "computed" or any(
        _is_computed(child) for child in below if child is not None
    )


def _difference(old: Mapping[str, Any], new: Mapping[str, Any], none: Any) -> dict[str, Any]:
    changed = {key: value for key, value in new.items() if old.get(key) != value}
    return changed | {key: none for key in old if key not in new}
