"""What the views of one field area have been told, and what is otherwise by now.

Every operation on the form ends in `differences`: the form is compared with what was told, and what
differs counts as told from then on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from kaizen_widgets.sync.form.field_rules import FieldRules
from kaizen_widgets.sync.form.key_index import Cells, KeyIndex, is_within
from kaizen_widgets.sync.form.messages import (
    Cell,
    FieldNode,
    FormSnapshot,
    FormState,
)

COMPOSITE = ("object", "list", "dict", "tuple", "union")
Errors = dict[str, tuple[str, ...]]


class SentState:
    """What was told.

    Args:
        form: The form.
        places: Finds keys.
        rules: Options, hidden fields and read-outs.
        root: The form's root node.
        definitions: What recursive fields refer to.
        only: Keys of the fields that are told of; None for all.
    """

    def __init__(
        self,
        form: Any,
        places: KeyIndex,
        rules: FieldRules,
        root: FieldNode,
        definitions: Mapping[str, FieldNode],
        only: tuple[str, ...] | None,
    ) -> None:
        self._form = form
        self._places = places
        self._rules = rules
        self._root = root
        self._definitions = definitions
        self._only = only
        self.taken_out: set[str] = set()
        self.files: dict[str, str] = {}
        self._computes = any(_computes(node) for node in (root, *definitions.values()))
        self._computed = self._compute({})
        cells = self._read("", "", root) | self._computed
        self._cells: Cells = {key: cell for key, cell in cells.items() if self._wants(key)}
        self._errors = self._read_errors()
        self._rule_results = self._read_rules()
        self._state = self._read_state()

    @property
    def has_errors(self) -> bool:
        """Whether a field that is drawn here has an error, or the form itself has."""
        return any(
            not any(is_within(key, taken) for taken in self.taken_out) for key in self._errors
        )

    def picture(self, rev: int, widgets: Mapping[str, str]) -> FormSnapshot:
        """Return all of it."""
        options, hidden, notes = self._rule_results
        return FormSnapshot(
            root=self._root,
            definitions=dict(self._definitions),
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

    def differences(self, names: Iterable[str], echo: Iterable[str]) -> tuple[dict[str, Any], bool]:
        """Return the parts of a patch, and whether anything at all is otherwise.

        Args:
            names: Fields whose drafts may be others, with all below them.
            echo: Keys whose cells are told in any case.
        """
        cells, gone = self._changed_cells(names)
        errors = self._read_errors()
        changed_errors = _differing(self._errors, errors, ())
        self._errors = errors
        (options, hidden, notes), before = self._read_rules(), self._rule_results
        self._rule_results = (options, hidden, notes)
        parts: dict[str, Any] = {
            "cells": cells,
            "gone": tuple(gone),
            "errors": changed_errors,
            "options": _differing(before[0], options, ()),
            "notes": _differing(before[2], notes, ""),
        }
        if hidden != before[1]:
            parts["hidden"] = hidden
        state = self._read_state()
        if state != self._state:
            parts["state"] = self._state = state
        is_news = "hidden" in parts or any(parts.values())
        told = {key: self._cells[key] for key in echo if key in self._cells}
        parts["cells"] = {key: Cell(**cell) for key, cell in (cells | told).items()}
        return parts, is_news or bool(told)

    # -------------------------------------------------------------- reading

    def _changed_cells(self, names: Iterable[str]) -> tuple[Cells, list[str]]:
        changed: Cells = {}
        gone: list[str] = []
        for name in _outermost(set(names)):
            key, node = self._places.key_of(name)
            if node is None:
                continue  # below what views know, or gone
            fresh = {
                key: cell
                for key, cell in self._read(name, key, node).items()
                if self._wants(key) and key not in self._computed
            }
            if len(fresh) > 1 or node.kind in COMPOSITE:
                gone += [
                    told
                    for told in self._cells
                    if told not in fresh and is_within(told, key) and told not in self._computed
                ]
            changed |= {key: cell for key, cell in fresh.items() if self._cells.get(key) != cell}
        self._computed = self._compute(self._computed)
        for key, cell in self._computed.items():
            if self._wants(key) and self._cells.get(key) != cell:
                changed[key] = cell
        for key in gone:
            self._cells.pop(key, None)
        self._cells |= changed
        return changed, gone

    def _read(self, name: str, key: str, node: FieldNode) -> Cells:
        wire = self._form.tree.to_wire(name, self._form.get_value(name))
        cells = self._places.cells(name, wire, key, node)
        for file_key, file_name in self.files.items():
            value = cells.get(file_key, {}).get("value")
            if isinstance(value, dict):
                value["name"] = file_name
        return cells

    def _compute(self, before: Cells) -> Cells:
        """Return the cells of what the model computes; without a model it is not known."""
        if not self._computes:
            return {}
        fresh: Cells = {key: {} for key in before}
        for name, value in self._form.tree.computed(self._form.value).items():
            key, node = self._places.key_of(name)
            if node is not None:
                fresh[key] = {"value": value}
        return fresh

    def _read_errors(self) -> Errors:
        found: dict[str, list[str]] = {}
        for name, error in self._form.errors.items():
            # A list's own error, and the form's, stand at a `root`.
            is_own = name == "root" or name.startswith("root.")
            key = "" if is_own else self._places.key_of(name.removesuffix(".root"))[0]
            if self._wants(key):
                said = error.types.values() if error.types else [error.message]
                found.setdefault(key, []).extend(one for one in said if one)
        return {key: tuple(dict.fromkeys(said)) for key, said in found.items()}

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
    """Return the names that lie under no other: what is under one is read with it."""
    if "" in names:
        return {""}
    return {
        name for name in names if not any(name.startswith(f"{other}.") for other in names - {name})
    }


def _computes(node: FieldNode) -> bool:
    """Whether a node, or one below, is worked out by the model."""
    below = (*node.fields, *(branch.node for branch in node.branches), node.item, node.names)
    return node.kind == "computed" or any(_computes(one) for one in below if one is not None)


def _differing(old: Mapping[str, Any], new: Mapping[str, Any], none: Any) -> dict[str, Any]:
    changed = {key: value for key, value in new.items() if old.get(key) != value}
    return changed | {key: none for key in old if key not in new}
