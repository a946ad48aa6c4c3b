"""A batch costs in proportion to what is done in it, counted in calls of Python functions."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import BaseModel, Field

from kaizen_widgets.forms import Form


class Item(BaseModel):
    name: str = Field("a", max_length=3)


class Order(BaseModel):
    items: list[Item] = []


def append(form: Form, count: int) -> None:
    for _ in range(count):
        form.rows("items").append({})


def insert_at_end(form: Form, count: int) -> None:
    rows = form.rows("items")
    for _ in range(count):
        rows.insert(len(rows), [{"name": "b"}])


def change(form: Form, count: int) -> None:
    for index in range(count):
        form.change(f"items.{index}.name", "b")


def set_value(form: Form, count: int) -> None:
    for index in range(count):
        form.set_value(f"items.{index}", {"name": "b"}, should_dirty=True)


def blur(form: Form, count: int) -> None:
    for index in range(count):
        form.blur(f"items.{index}.name")


def set_error(form: Form, count: int) -> None:
    for index in range(count):
        form.set_error(f"items.{index}.name", "taken")


def reset_default(form: Form, count: int) -> None:
    for index in range(count):
        form.reset_default_values({f"items.{index}.name": "b"})


@pytest.mark.parametrize(
    ("operation", "is_filled"),
    [
        (append, False),
        (insert_at_end, False),
        (change, True),
        (set_value, True),
        (blur, True),
        (set_error, True),
        (reset_default, True),
    ],
)
def test_batch_of_twice_as_many_operations_costs_twice_as_much(
    operation: Callable[[Form, int], None], is_filled: bool
):
    def cost(count: int) -> int:
        items = [{"name": "a"}] * count if is_filled else []
        form = Form(Order, default_values={"items": items}, mode="onChange")
        with form.batch():
            calls = _calls(lambda: operation(form, count))
        return calls

    cost(10)  # fills the caches
    small, large = cost(50), cost(200)
    assert large < 5 * small


def test_batch_of_appends_ends_with_the_same_state_as_appends_alone():
    together, alone = (Form(Order, mode="all", default_values={"items": [{}]}) for _ in range(2))
    for form in (together, alone):
        form.change("items.0.name", "too long")
        form.set_error("items.0.name", "taken")
    changes: list[Any] = []
    together.subscribe(changes.append)
    with together.batch():
        append(together, 3)
        assert together.dirty_fields == {f"items.{index}.name" for index in range(4)}
        append(together, 2)
    append(alone, 5)
    for name in ("values", "dirty_fields", "is_dirty", "errors", "is_valid"):
        assert getattr(together, name) == getattr(alone, name)
    (change,) = changes
    assert change.rows == {"items"}
    assert change.dirty == {f"items.{index}.name" for index in range(1, 6)}
    assert len(set(together.rows("items").ids)) == 6


def _calls(work: Callable[[], None]) -> int:
    count = 0

    def on_event(_frame: Any, event: str, _argument: Any) -> None:
        nonlocal count
        count += event == "call"

    sys.setprofile(on_event)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count
