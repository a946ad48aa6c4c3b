"""Random sequences of operations: the form and its listeners always match a simple reference form."""

from __future__ import annotations

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from kaizen_widgets.forms import Change, FieldError, Form, Resolved
from kaizen_widgets.forms.change import FLAGS
from kaizen_widgets.forms.differences import Differences
from kaizen_widgets.forms.paths import MISSING, get, parse, put
from kaizen_widgets.forms.validation_modes import ValidationModes
from tests.forms.reference_form import ReferenceForm, errors_of

DEFAULTS: dict[str, Any] = {
    "name": "x",
    "group": {"again": "x", "note": None},
    "rows": [{"n": 1, "from": 0, "key": "a"}, {"n": 2, "from": 0, "key": "b"}],
}
FIXED = ["name", "group.again", "group.note"]
VALUES = st.sampled_from([None, "", "x", "form", 0, 1, True, "3."])
KEEPS = (
    "values",
    "default_values",
    "errors",
    "dirty",
    "touched",
    "is_submitted",
    "is_submit_successful",
    "submit_count",
)


def resolver(values: Any, _context: object) -> Resolved:
    return Resolved(
        values, {name: FieldError("wrong", said) for name, said in errors_of(values).items()}
    )


class View:
    """Follows a form through notifications only."""

    def __init__(self, form: Form) -> None:
        self.form = form
        self.values = form.values
        self.errors = form.errors
        self.dirty, self.touched = set(form.dirty_fields), set(form.touched_fields)
        self.ids = {"rows": form.rows("rows").ids}
        self.flags = {name: getattr(form, name) for name in FLAGS}
        form.subscribe(self.on_change)

    def on_change(self, change: Change) -> None:
        form = self.form
        for name in change.values:
            self.values = self._copy(name)
        for name in change.errors:
            self.errors.pop(name, None)
            if name in form.errors:
                self.errors[name] = form.errors[name]
        self.dirty ^= change.dirty
        self.touched ^= change.touched
        if "rows" in change.rows:
            self.ids["rows"] = form.rows("rows").ids
        self.flags |= change.flags

    def _copy(self, name: str) -> Any:
        fresh = get(self.form.values, parse(name))
        assert fresh is not MISSING
        return put(self.values, parse(name), fresh)


class FormMachine(RuleBasedStateMachine):
    @initialize(
        before=st.sampled_from(["onSubmit", "onBlur", "onChange", "onTouched", "all"]),
        after=st.sampled_from(["onChange", "onBlur", "onSubmit"]),
        cross_field=st.booleans(),
    )
    def begin(self, before: Any, after: Any, cross_field: bool) -> None:
        self.form = Form(
            default_values=DEFAULTS,
            mode=before,
            re_validate_mode=after,
            resolver=resolver,
            cross_field=cross_field,
        )
        self.reference = ReferenceForm(
            DEFAULTS, ValidationModes(before, after), cross_field=cross_field
        )
        self.view = View(self.form)
        self.keys = dict(zip(self.form.rows("rows").ids, "ab", strict=True))
        self.made = 0

    # ------------------------------------------------------------- operations

    def name(self, data: Any) -> str:
        rows = [
            f"rows.{i}.{key}"
            for i in range(len(self.reference.values["rows"]))
            for key in ("n", "from")
        ]
        return data.draw(st.sampled_from([*FIXED, *rows]))

    def row(self, data: Any) -> dict[str, Any]:
        self.made += 1
        return {"n": data.draw(VALUES), "from": 0, "key": f"new {self.made}"}

    @rule(data=st.data(), value=VALUES)
    def change(self, data: Any, value: Any) -> None:
        name = self.name(data)
        self.form.change(name, value)
        self.reference.change(name, value)

    @rule(data=st.data())
    def blur(self, data: Any) -> None:
        name = self.name(data)
        self.form.blur(name)
        self.reference.blur(name)

    @rule(
        data=st.data(),
        value=VALUES,
        validate=st.booleans(),
        dirty=st.booleans(),
        touch=st.booleans(),
    )
    def set_value(self, data: Any, value: Any, validate: bool, dirty: bool, touch: bool) -> None:
        name = self.name(data)
        self.form.set_value(
            name, value, should_validate=validate, should_dirty=dirty, should_touch=touch
        )
        self.reference.set_value(name, value, validate=validate, dirty=dirty, touch=touch)

    @rule(data=st.data(), names=st.sampled_from([None, ["group"], ["rows"], ["name", "rows.0"]]))
    def trigger(self, data: Any, names: list[str] | None) -> None:
        if names and "rows.0" in names and not self.reference.values["rows"]:
            return
        assert self.form.trigger(names).wait(0) == (
            not errors_of(self.reference.values)
            if names is None
            else not any(
                known == name or known.startswith(f"{name}.")
                for known in errors_of(self.reference.values)
                for name in names
            )
        )
        self.reference.trigger(names)

    @rule(data=st.data())
    def set_error(self, data: Any) -> None:
        name = self.name(data)
        self.form.set_error(name, "set")
        self.reference.set_error(name)

    @rule(name=st.sampled_from([None, "name", "group", "rows"]))
    def clear_errors(self, name: str | None) -> None:
        self.form.clear_errors(name)
        self.reference.clear_errors(name)

    @rule()
    def submit(self) -> None:
        value = self.form.submit(lambda value: value).wait(0)
        assert value == (None if errors_of(self.reference.values) else self.reference.values)
        self.reference.submit()

    @rule(data=st.data(), keep=st.sets(st.sampled_from(KEEPS), max_size=3), given=st.booleans())
    def reset(self, data: Any, keep: set[str], given: bool) -> None:
        values = None
        if given:
            values = {
                "name": data.draw(VALUES),
                "group": {"again": data.draw(VALUES), "note": None},
                "rows": [self.row(data) for _ in range(data.draw(st.integers(0, 2)))],
            }
        self.form.reset(values, **{f"keep_{name}": True for name in keep})
        self.reference.reset(values, keep)
        if "values" not in keep:
            self.remember_rows()

    @rule(name=st.sampled_from(FIXED))
    def reset_field(self, name: str) -> None:
        self.form.reset_field(name)
        self.reference.reset_field(name)

    # ------------------------------------------------------------------- rows

    @rule(data=st.data(), count=st.integers(1, 2))
    def insert(self, data: Any, count: int) -> None:
        rows = self.reference.values["rows"]
        if len(rows) > 4:
            return
        at, fresh = data.draw(st.integers(0, len(rows))), [self.row(data) for _ in range(count)]
        self.form.rows("rows").insert(at, fresh)
        old = list(range(len(rows)))
        self.reference.move(
            [*old[:at], *[None] * count, *old[at:]], [*rows[:at], *fresh, *rows[at:]]
        )
        self.remember_rows()

    @precondition(lambda self: self.reference.values["rows"])
    @rule(data=st.data(), what=st.sampled_from(["swap", "move", "remove", "update"]))
    def rearrange(self, data: Any, what: str) -> None:
        rows = list(self.reference.values["rows"])
        order: list[int | None] = list(range(len(rows)))
        index = st.integers(0, len(rows) - 1)
        one, other = data.draw(index), data.draw(index)
        handle = self.form.rows("rows")
        if what == "swap":
            handle.swap(one, other)
            order[one], order[other] = order[other], order[one]
        elif what == "move":
            handle.move(one, other)
            order.insert(other, order.pop(one))
        elif what == "remove":
            gone = data.draw(st.sets(index, max_size=2))
            handle.remove(gone)
            order = [each for each in order if each not in gone]
        else:
            rows[one] = self.row(data)
            handle.update(one, rows[one])
            order[one] = None
        moved = [rows[one if old is None else old] for old in order]
        self.reference.move(order, moved)
        self.remember_rows()

    def remember_rows(self) -> None:
        """Check that each row id belongs to one row, identified by its `key`."""
        rows = self.form.values["rows"]
        ids = self.form.rows("rows").ids
        assert len(set(ids)) == len(ids) == len(rows)
        for row_id, row in zip(ids, rows, strict=True):
            assert self.keys.setdefault(row_id, row["key"]) == row["key"]

    # ------------------------------------------------------------- invariants

    @invariant()
    def the_form_matches_the_reference(self) -> None:
        if not hasattr(self, "form"):
            return
        form, reference = self.form, self.reference
        assert form.values == reference.values
        assert form.default_values == reference.defaults
        assert form.dirty_fields == reference.dirty
        assert form.touched_fields == reference.touched
        assert {name: error.message for name, error in form.errors.items()} == reference.errors
        assert {name: getattr(form, name) for name in FLAGS} == {
            name: getattr(reference, name) for name in FLAGS
        }
        assert form.value == (None if errors_of(reference.values) else reference.values)

    @invariant()
    def differences_are_up_to_date(self) -> None:
        if hasattr(self, "form"):
            state = self.form._state
            assert state.differences.names == Differences(state.values, state.defaults).names

    @invariant()
    def listeners_know_the_whole_state(self) -> None:
        if not hasattr(self, "form"):
            return
        form, view = self.form, self.view
        assert view.values == form.values
        assert (view.errors, view.dirty, view.touched) == (
            form.errors,
            form.dirty_fields,
            form.touched_fields,
        )
        assert view.ids["rows"] == form.rows("rows").ids
        assert view.flags == {name: getattr(form, name) for name in FLAGS}


TestForm = FormMachine.TestCase
TestForm.settings = settings(max_examples=150, stateful_step_count=30)
