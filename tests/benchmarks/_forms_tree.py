"""The cost of a form's fields compared with pydantic's own validation, and of building the tree."""

from __future__ import annotations

import sys
from collections.abc import Callable
from timeit import repeat

from pydantic import BaseModel, Field, create_model

from kaizen_widgets.forms.fields import FieldTree

FIELDS = 50
ROWS = 200


class Row(BaseModel):
    """A row of three."""

    text: str = "x"
    whole: int = 1
    number: float = 0.5


class Table(BaseModel):
    """Rows."""

    rows: list[Row] = []


def fifty() -> type[BaseModel]:
    """Return a new model of fifty fields."""
    fields = {
        f"field_{n}": (str, Field("x", min_length=1)) if n % 2 else (int, Field(3, ge=0))
        for n in range(FIELDS)
    }
    return create_model("Fifty", **fields)  # pyright: ignore[reportCallIssue, reportArgumentType]


def best(call: Callable[[], object], number: int) -> float:
    """Return the microseconds of one call, in the best of several runs."""
    return min(repeat(call, number=number, repeat=5)) / number * 1e6


def measure() -> None:
    """Print the fields' rows."""
    model = fifty()
    tree = FieldTree.of(model)
    built = best(lambda: FieldTree(model), 3)
    found = best(lambda: FieldTree.of(model), 1000)
    schema = best(model.model_json_schema, 3)
    sys.stdout.write(
        f"field tree of {FIELDS} fields: {built:.0f} µs once a class, {found:.2f} µs to find again "
        f"({built / found:.0f} times less; its JSON Schema takes {schema:.0f} µs)\n"
    )
    draft = tree.blank()
    rows = FieldTree.of(Table)
    table = rows.draft({"rows": [{}] * ROWS})
    wrong = {"rows": [{"text": 1, "whole": "x", "number": "y"}] * ROWS}
    pairs = [
        (
            f"{FIELDS} fields",
            lambda: tree.validate(draft),
            lambda: model.model_validate(draft),
            2000,
        ),
        (
            f"{ROWS} rows of 3",
            lambda: rows.validate(table),
            lambda: Table.model_validate(table),
            100,
        ),
        (f"{ROWS * 3} errors", lambda: rows.validate(wrong), lambda: _refused(wrong), 5),
    ]
    for name, ours, theirs, number in pairs:
        mine, pydantics = best(ours, number), best(theirs, number)
        sys.stdout.write(
            f"validating {name}: {mine:.1f} µs, pydantic alone {pydantics:.1f} µs "
            f"({mine - pydantics:+.1f} µs, {mine / pydantics:.2f} times)\n"
        )


def _refused(values: object) -> list[object]:
    try:
        Table.model_validate(values)
    except ValueError as error:
        return error.errors()  # pyright: ignore[reportAttributeAccessIssue]
    raise AssertionError("these values are wrong")
