"""Submitting a form, and resetting it."""

from __future__ import annotations

import asyncio
import threading

import pytest

from kaizen_widgets.core.clock import sleep
from kaizen_widgets.errors import FormError
from kaizen_widgets.forms import Form, Resolved
from tests.forms.builders import Slow, changes_of, messages, required


def test_submit_passes_the_resolved_value_to_its_handler():
    form = Form(default_values={"a": "1"}, resolver=lambda values, _: Resolved(int(values["a"])))
    assert form.submit(lambda value: value + 1).wait() == 2
    assert (form.is_submitted, form.is_submit_successful, form.submit_count) == (True, True, 1)
    assert form.value == 1


def test_submit_of_an_invalid_form_passes_and_shows_errors():
    form = Form(default_values={"a": ""}, resolver=required("a"))
    seen: list = []
    assert form.submit(lambda _: 1 / 0, seen.append).wait() is None
    assert seen == [form.errors]
    assert messages(form) == {"a": "a?"}
    assert (form.is_submitted, form.is_submit_successful, form.submit_count) == (True, False, 1)
    assert form.value is None


def test_submit_raises_the_handlers_error_and_ends():
    form = Form(default_values={"a": 1})
    submission = form.submit(lambda _: 1 / 0)
    assert isinstance(submission.exception(), ZeroDivisionError)
    with pytest.raises(ZeroDivisionError):
        submission.wait()
    assert (form.is_submitting, form.is_submit_successful, form.submit_count) == (False, False, 1)


def test_submit_ends_when_the_cell_is_interrupted():
    form = Form(default_values={"a": 1})

    def stopped(_: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        form.submit(stopped)
    assert not form.is_submitting


def test_submit_handlers_run_outside_the_lock():
    form = Form(default_values={"a": 1, "b": 1})

    def handler(_: object) -> None:
        other = threading.Thread(target=form.change, args=("b", 2))
        other.start()
        other.join(30)
        assert not other.is_alive()

    form.submit(handler).wait()
    assert form.values == {"a": 1, "b": 2}


def test_is_submitting_is_notified_before_the_handler_runs():
    form = Form(default_values={"a": 1})
    order: list = []
    form.observe(lambda event: order.append(event.new), "is_submitting")
    form.submit(lambda _: order.append("handler"))
    assert order == [True, "handler", False]


def test_second_submit_returns_the_first_while_it_is_under_way(loop):
    form = Form(default_values={"a": 1}, loop=loop, clock=loop.clock)
    calls = []

    async def save(value: object) -> str:
        calls.append(value)
        await sleep(loop.clock, 2)
        return "saved"

    press = form.handle_submit(save)
    first = press()
    loop.advance(1)
    assert form.is_submitting
    assert press("a button") is first
    loop.advance(1)
    assert (first.wait(0), calls, form.is_submitting) == ("saved", [{"a": 1}], False)
    press()
    loop.settle()
    assert len(calls) == 2


def test_overlapping_submits_run_both_handlers(loop):
    form = Form(default_values={"a": 1}, overlapping_submits=True, loop=loop, clock=loop.clock)

    async def save(_: object) -> None:
        await sleep(loop.clock, 2)

    assert form.submit(save) is not form.submit(save)
    loop.advance(2)
    assert form.submit_count == 2


def test_submit_passes_the_values_from_its_start(loop):
    form = Form(
        default_values={"a": "x"},
        resolver=Slow(loop.clock, required("a")),
        loop=loop,
        clock=loop.clock,
    )
    seen: list = []
    form.submit(seen.append)
    form.change("a", "y")
    loop.advance(1)
    assert seen == [{"a": "x"}]


def test_reset_cancels_a_submit_under_way(loop):
    form = Form(
        default_values={"a": "x"},
        resolver=Slow(loop.clock, required("a")),
        loop=loop,
        clock=loop.clock,
    )
    seen: list = []
    submission = form.submit(seen.append)
    form.reset()
    loop.advance(3)
    assert (submission.wait(0), seen, form.submit_count) == (None, [], 0)


def test_submit_handler_may_reset_the_form():
    form = Form(default_values={"id": None, "a": ""})
    form.change("a", "x")
    form.submit(lambda value: form.reset({**value, "id": 7})).wait()
    assert (form.values, form.is_dirty, form.submit_count) == ({"id": 7, "a": "x"}, False, 0)


def test_submit_is_not_successful_when_its_handler_sets_errors():
    form = Form(default_values={"a": 1})
    form.submit(lambda _: form.set_error("a", "taken"))
    assert (messages(form), form.is_submit_successful, form.is_valid) == (
        {"a": "taken"},
        False,
        False,
    )


def test_submitted_waits_for_the_next_successful_submit():
    form = Form(default_values={"a": ""}, resolver=required("a"))
    waiting = form.submitted()
    form.submit()
    assert not waiting.done()
    form.change("a", "x")
    form.submit()
    assert waiting.wait(30) == {"a": "x"}


def test_submit_and_trigger_can_be_awaited_on_any_loop():
    form = Form(default_values={"a": "x"}, resolver=required("a"))

    async def save(value: dict) -> str:
        await asyncio.sleep(0)
        return value["a"]

    async def cell() -> tuple[str, bool]:
        return await form.submit(save), await form.trigger("a")

    assert asyncio.run(cell()) == ("x", True)


def test_submit_notifies_at_its_start_and_its_end():
    form = Form(default_values={"a": 1})
    changes = changes_of(form)
    form.submit()
    assert [change.flags for change in changes] == [
        {"is_submitting": True},
        {
            "is_submitting": False,
            "is_submitted": True,
            "is_submit_successful": True,
            "submit_count": 1,
        },
    ]


# -------------------------------------------------------------------- reset


def test_reset_keeps_dirty_values_of_a_refetch():
    form = Form(default_values={"a": 1, "b": 1, "items": [{"x": 1}, {"x": 2}, {"x": 3}]})
    form.change("a", 5)
    form.change("items.1.x", 9)
    form.reset({"a": 2, "b": 3, "items": [{"x": 7}, {"x": 8}, {"x": 3}]}, keep_dirty_values=True)
    assert form.values == {"a": 5, "b": 3, "items": [{"x": 7}, {"x": 9}, {"x": 3}]}
    assert (form.is_dirty, form.dirty_fields) == (True, {"a", "items.1.x"})


def test_reset_keeps_the_whole_list_when_a_dirty_row_has_no_place():
    form = Form(default_values={"items": [{"x": 1}, {"x": 2}, {"x": 3}]})
    form.change("items.2.x", 9)
    form.reset({"items": [{"x": 1}]}, keep_dirty_values=True)
    assert form.values == {"items": [{"x": 1}, {"x": 2}, {"x": 9}]}


def test_reset_notifies_that_everything_may_have_changed():
    form = Form(default_values={"a": 1})
    form.change("a", 2)
    changes = changes_of(form)
    form.reset()
    (change,) = changes
    assert change.is_reset
    assert (change.values, change.dirty, change.flags) == ({""}, {"a"}, {"is_dirty": False})


def test_reset_accepts_a_function_of_the_values():
    form = Form(default_values={"a": 1})
    form.reset(lambda values: {"a": values["a"] + 1})
    assert (form.values, form.default_values) == ({"a": 2}, {"a": 2})


# -------------------------------------------------- inside other operations


def test_listeners_may_submit_and_wait():
    form = Form(default_values={"a": 1})
    saved: list = []
    form.watch(lambda values: form.submit(saved.append).wait(30))
    form.change("a", 2)
    assert saved == [{"a": 2}]


def test_batch_may_trigger_and_wait_but_not_submit():
    form = Form(default_values={"a": "x"}, resolver=required("a"))
    with form.batch():
        form.change("a", "")
        assert form.trigger().wait(30) is False
        with pytest.raises(FormError, match="within its own batch"):
            form.submit()
    assert messages(form) == {"a": "a?"}
    assert not form.is_submitting


def test_resolver_errors_end_submit_and_trigger():
    def broken(values, _):
        return Resolved(1 / values["a"])

    form = Form(default_values={"a": 1}, resolver=broken)
    with pytest.raises(ZeroDivisionError):
        form.set_value("a", 0)
    for waiting in (form.trigger(), form.submit()):
        with pytest.raises(ZeroDivisionError):
            waiting.wait(30)
    assert (form.is_submitting, form.submit_count) == (False, 0)


def test_canceled_handles_do_no_harm(loop):
    form = Form(
        default_values={"a": "x"},
        resolver=Slow(loop.clock, required("a")),
        loop=loop,
        clock=loop.clock,
    )
    assert form.trigger().cancel()
    assert form.submit().cancel()
    loop.advance(2)
    assert (form.is_submitting, form.submit_count, form.is_validating) == (False, 1, False)


def test_submit_ends_when_a_listener_raises():
    form = Form(default_values={"a": 1})
    form.subscribe(lambda change: 1 / 0 if "submit_count" in change.flags else None)
    seen: list = []
    with pytest.raises(ZeroDivisionError):
        form.submit(seen.append)
    assert (seen, form.is_submitting, form.submit_count) == ([{"a": 1}], False, 1)
