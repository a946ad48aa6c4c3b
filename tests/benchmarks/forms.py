"""What a form costs beyond pydantic's own validation: ``python -m tests.benchmarks forms``.

Each row is one operation on a form of a model: its total time, the time pydantic alone needs to validate
the same values, the rest (the form's own code), and the part of that in the controller (the same form with a
resolver that returns immediately). The three are measured in turns, and each result is the median of all
turns, so that a busy machine slows them alike. Next come the costs of creating a form, for the first time for
a model and again, and `form_panel`: the form in a notebook beside other libraries. Nothing is asserted.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable, Sequence
from typing import Annotated, Any, TypeAlias

from annotated_types import Ge, MinLen
from pydantic import BaseModel, TypeAdapter, ValidationError, create_model

from kaizen_widgets.forms import Form, Resolved
from tests.benchmarks import _forms_tree, form_panel

Operation: TypeAlias = Callable[[int], object]

TURNS = 15
STEPS = 100
FIELDS = 50
ROWS = 200


def main(arguments: Sequence[str]) -> int:
    """Measure and print; the options are those of `form_panel`."""
    for part in PARTS:
        part()
    sys.stdout.write("\n")
    return form_panel.main(arguments)


def controller() -> None:
    """Print the costs of operations, and of creating a form."""
    write = sys.stdout.write
    columns = ("whole", "pydantic", "form's own", "of it controller")
    write(f"{'':34}" + "".join(f"{column:>18}" for column in columns) + "\n")
    for name, (whole, pydantic, controller) in _operations().items():
        times = _in_turns(whole, pydantic, controller)
        cells = (times[0], times[1], times[0] - times[1], times[2])
        write(f"{name:34}" + "".join(f"{seconds * 1e6:>15.1f} us" for seconds in cells) + "\n")
    first, again = _making()
    write(
        f"{f'make a form of {FIELDS} fields':34}{first * 1e6:>15.1f} us  the first time for a model\n"
    )
    write(f"{'':34}{again * 1e6:>15.1f} us  again: x{again / first:.2f}\n")


def _fields() -> type[BaseModel]:
    fields: Any = {
        f"field_{n}": (Annotated[str, MinLen(2)], "text") if n % 2 else (Annotated[int, Ge(0)], n)
        for n in range(FIELDS)
    }
    return create_model("Fields", **fields)


class _Row(BaseModel):
    name: Annotated[str, MinLen(2)]
    count: Annotated[int, Ge(0)]
    note: Annotated[str, MinLen(2)]


class _Rows(BaseModel):
    rows: list[_Row]


def _operations() -> dict[str, tuple[Operation, Operation, Operation]]:
    fields = _fields()
    good = {name: field.default for name, field in fields.model_fields.items()}
    bad = {name: "x" if isinstance(value, str) else -1 for name, value in good.items()}
    texts = [name for name, value in good.items() if isinstance(value, str)]
    rows = {"rows": [{"name": "row", "count": n, "note": "note"} for n in range(ROWS)]}
    bad_rows = {"rows": [{"name": "r", "count": -1, "note": "n"} for _ in range(ROWS)]}

    def field_at(step: int) -> str:
        return texts[step % len(texts)]

    def row_at(step: int) -> str:
        return f"rows.{step * 7 % ROWS}.name"

    return {
        f"change 1 of {FIELDS} fields": _changes(fields, good, field_at, "text"),
        f"change 1 of {FIELDS}, each in error": _changes(fields, bad, field_at, ""),
        f"change 1 of {ROWS} rows of 3": _changes(_Rows, rows, row_at, "row"),
        f"change 1 of {ROWS} rows, each in error": _changes(_Rows, bad_rows, row_at, ""),
        f"move 1 of {ROWS} rows of 3": _moves(rows),
    }


def _changes(
    model: type[BaseModel], values: Any, name_at: Callable[[int], str], stem: str
) -> tuple[Operation, Operation, Operation]:
    """Return an edit in a form of touched fields, and the parts of pydantic and the controller."""
    forms = _pair(model, values)
    # Single characters are too short where every field is to stay in error.
    edits = [f"{stem}{n % 10}" for n in range(STEPS)]
    return (
        lambda step: forms[0].change(name_at(step), edits[step]),
        _validating(model, values),
        lambda step: forms[1].change(name_at(step), edits[step]),
    )


def _moves(values: Any) -> tuple[Operation, Operation, Operation]:
    forms = _pair(_Rows, values)
    rows = [form.rows("rows") for form in forms]
    return (
        lambda step: rows[0].move(step % ROWS, ROWS - 1),
        _validating(_Rows, values),
        lambda step: rows[1].move(step % ROWS, ROWS - 1),
    )


def _pair(model: type[BaseModel], values: Any) -> tuple[Form, Form]:
    """Return two forms alike: one over the model, one over its answer, kept."""
    over_model = Form(model, default_values=values, mode="all", cross_field=True)
    over_model.trigger()
    answer = Resolved(None, over_model.errors)
    over_answer = Form(
        default_values=values,
        mode="all",
        cross_field=True,
        resolver=lambda _values, _context: answer,
    )
    for form in (over_model, over_answer):
        form.subscribe(lambda _change: None)
        with form.batch():
            for name in form.errors:
                form.blur(name)
        form.trigger()
    return over_model, over_answer


def _validating(model: type[BaseModel], values: Any) -> Operation:
    adapter = TypeAdapter(model)

    def validate(_step: int) -> object:
        try:
            return adapter.validate_python(values)
        except ValidationError as error:
            return error.errors()

    return validate


def _in_turns(*operations: Operation) -> list[float]:
    """Return the median seconds of one step of each."""
    times: list[list[float]] = [[] for _ in operations]
    for _ in range(TURNS):
        for operation, taken in zip(operations, times, strict=True):
            started = time.process_time()
            for step in range(STEPS):
                operation(step)
            taken.append((time.process_time() - started) / STEPS)
    return [statistics.median(taken) for taken in times]


def _making() -> tuple[float, float]:
    """Return the median seconds of the first form of a model, and of another one."""
    first, again = [], []
    for _ in range(TURNS):
        model = _fields()
        for taken in (first, again):
            started = time.process_time()
            Form(model)
            taken.append(time.process_time() - started)
    return statistics.median(first), statistics.median(again)


PARTS: tuple[Callable[[], None], ...] = (controller, _forms_tree.measure)
"""What is measured, in turn."""
