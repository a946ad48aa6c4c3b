"""From the press of the button to the end of its handler; and back to the beginning."""

from __future__ import annotations

import asyncio
import threading

import pytest

from kaizen_widgets.core.clock import sleep
from kaizen_widgets.errors import FormError
from kaizen_widgets.forms import Form, Resolved
from tests.forms.builders import Slow, heard_by, required, words


def test_a_valid_form_hands_over_what_the_resolver_made_of_it():
    form = Form(default_values={"a": "1"}, resolver=lambda values, _: Resolved(int(values["a"])))
    assert form.submit(lambda value: value + 1).wait() == 2
    assert (form.is_submitted, form.is_submit_successful, form.submit_count) == (True, True, 1)
    assert form.value == 1


def test_an_invalid_form_hands_over_its_errors_and_shows_them():
    form = Form(default_values={"a": ""}, resolver=required("a"))
    seen: list = []
    assert form.submit(lambda _: 1 / 0, seen.append).wait() is None
    assert seen == [form.errors]
    assert words(form) == {"a": "a?"}
    assert (form.is_submitted, form.is_submit_successful, form.submit_count) == (True, False, 1)
    assert form.value is None


def test_what_a_handler_raises_reaches_who_waits_and_the_form_is_free_again():
    form = Form(default_values={"a": 1})
    submission = form.submit(lambda _: 1 / 0)
    assert isinstance(submission.exception(), ZeroDivisionError)
    with pytest.raises(ZeroDivisionError):
        submission.wait()
    assert (form.is_submitting, form.is_submit_successful, form.submit_count) == (False, False, 1)


def test_a_cell_that_is_stopped_in_a_handler_leaves_the_form_free():
    form = Form(default_values={"a": 1})

    def stopped(_: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        form.submit(stopped)
    assert not form.is_submitting


def test_handlers_run_outside_the_lock():
    form = Form(default_values={"a": 1, "b": 1})

    def handler(_: object) -> None:
        other = threading.Thread(target=form.change, args=("b", 2))
        other.start()
        other.join(5)
        assert not other.is_alive()

    form.submit(handler).wait()
    assert form.values == {"a": 1, "b": 2}


def test_who_looks_is_told_that_it_submits_before_the_handler_runs():
    form = Form(default_values={"a": 1})
    order: list = []
    form.observe(lambda event: order.append(event.new), "is_submitting")
    form.submit(lambda _: order.append("handler"))
    assert order == [True, "handler", False]


def test_a_coroutine_is_waited_for_and_a_second_press_gives_the_first_submit(loop):
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


def test_submits_may_overlap_if_the_form_lets_them(loop):
    form = Form(default_values={"a": 1}, overlapping_submits=True, loop=loop, clock=loop.clock)

    async def save(_: object) -> None:
        await sleep(loop.clock, 2)

    assert form.submit(save) is not form.submit(save)
    loop.advance(2)
    assert form.submit_count == 2


def test_an_edit_during_a_submit_does_not_reach_the_handler(loop):
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


def test_after_a_reset_the_rest_of_a_submit_changes_nothing(loop):
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


def test_a_handler_may_reset_the_form_to_what_was_saved():
    form = Form(default_values={"id": None, "a": ""})
    form.change("a", "x")
    form.submit(lambda value: form.reset({**value, "id": 7})).wait()
    assert (form.values, form.is_dirty, form.submit_count) == ({"id": 7, "a": "x"}, False, 0)


def test_errors_a_handler_sets_keep_the_submit_from_counting_as_successful():
    form = Form(default_values={"a": 1})
    form.submit(lambda _: form.set_error("a", "taken"))
    assert (words(form), form.is_submit_successful, form.is_valid) == ({"a": "taken"}, False, False)


def test_a_notebook_can_wait_for_the_next_submit_that_goes_well():
    form = Form(default_values={"a": ""}, resolver=required("a"))
    waiting = form.submitted()
    form.submit()
    assert not waiting.done()
    form.change("a", "x")
    form.submit()
    assert waiting.wait(5) == {"a": "x"}


def test_a_coroutine_of_any_loop_can_await_a_submit_and_a_trigger():
    form = Form(default_values={"a": "x"}, resolver=required("a"))

    async def save(value: dict) -> str:
        await asyncio.sleep(0)
        return value["a"]

    async def cell() -> tuple[str, bool]:
        return await form.submit(save), await form.trigger("a")

    assert asyncio.run(cell()) == ("x", True)


def test_a_submit_is_told_in_two_steps():
    form = Form(default_values={"a": 1})
    heard = heard_by(form)
    form.submit()
    assert [change.flags for change in heard] == [
        {"is_submitting": True},
        {
            "is_submitting": False,
            "is_submitted": True,
            "is_submit_successful": True,
            "submit_count": 1,
        },
    ]


# -------------------------------------------------------------------- reset


def test_a_refetch_while_editing_keeps_what_the_user_changed():
    form = Form(default_values={"a": 1, "b": 1, "items": [{"x": 1}, {"x": 2}, {"x": 3}]})
    form.change("a", 5)
    form.change("items.1.x", 9)
    form.reset({"a": 2, "b": 3, "items": [{"x": 7}, {"x": 8}, {"x": 3}]}, keep_dirty_values=True)
    assert form.values == {"a": 5, "b": 3, "items": [{"x": 7}, {"x": 9}, {"x": 3}]}
    assert (form.is_dirty, form.dirty_fields) == (True, {"a", "items.1.x"})


def test_a_refetch_with_fewer_rows_keeps_the_users_list_whole():
    form = Form(default_values={"items": [{"x": 1}, {"x": 2}, {"x": 3}]})
    form.change("items.2.x", 9)
    form.reset({"items": [{"x": 1}]}, keep_dirty_values=True)
    assert form.values == {"items": [{"x": 1}, {"x": 2}, {"x": 9}]}


def test_a_reset_tells_that_everything_may_be_another():
    form = Form(default_values={"a": 1})
    form.change("a", 2)
    heard = heard_by(form)
    form.reset()
    (change,) = heard
    assert change.is_reset
    assert (change.values, change.dirty, change.flags) == ({""}, {"a"}, {"is_dirty": False})


def test_a_reset_may_take_a_function_of_the_values():
    form = Form(default_values={"a": 1})
    form.reset(lambda values: {"a": values["a"] + 1})
    assert (form.values, form.default_values) == ({"a": 2}, {"a": 2})


# -------------------------------------------------- inside other operations


def test_a_listener_may_submit_and_wait():
    form = Form(default_values={"a": 1})
    saved: list = []
    form.watch(lambda values: form.submit(saved.append).wait(5))
    form.change("a", 2)
    assert saved == [{"a": 2}]


def test_a_batch_may_judge_and_wait_but_not_submit():
    form = Form(default_values={"a": "x"}, resolver=required("a"))
    with form.batch():
        form.change("a", "")
        assert form.trigger().wait(5) is False
        with pytest.raises(FormError, match="within its own batch"):
            form.submit()
    assert words(form) == {"a": "a?"}
    assert not form.is_submitting


def test_a_resolver_that_raises_ends_the_submit_and_the_trigger_with_it():
    def broken(values, _):
        return Resolved(1 / values["a"])

    form = Form(default_values={"a": 1}, resolver=broken)
    with pytest.raises(ZeroDivisionError):
        form.set_value("a", 0)
    for waiting in (form.trigger(), form.submit()):
        with pytest.raises(ZeroDivisionError):
            waiting.wait(5)
    assert (form.is_submitting, form.submit_count) == (False, 0)


def test_who_no_longer_waits_harms_nothing(loop):
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


def test_a_listener_that_raises_does_not_keep_a_submit_from_ending():
    form = Form(default_values={"a": 1})
    form.subscribe(lambda change: 1 / 0 if "submit_count" in change.flags else None)
    seen: list = []
    with pytest.raises(ZeroDivisionError):
        form.submit(seen.append)
    assert (seen, form.is_submitting, form.submit_count) == ([{"a": 1}], False, 1)
