"""Dialogs: their answers, errors and ends."""

import asyncio
import threading

import ipywidgets as ipw
import pytest

from kaizen_widgets.core.background import background
from kaizen_widgets.errors import StoreError
from kaizen_widgets.testing import FakeComms
from kaizen_widgets.widgets.dialog import Dialog, DialogHost


@pytest.fixture
def host(comms: FakeComms) -> DialogHost:
    return DialogHost()


def test_answer_calls_the_function_and_closes_the_dialog(host: DialogHost):
    answers: list[str] = []
    name = ipw.Text("Billing")
    dialog = host.show(Dialog("New agent", [name], on_answer=lambda: answers.append(name.value)))
    assert host.dialog is dialog
    dialog.answer_button.click()
    assert answers == ["Billing"]
    assert host.dialog is None
    assert name.comm is None


def test_error_is_shown_escaped_and_the_dialog_stays(host: DialogHost):
    def fail() -> None:
        raise StoreError("There is an agent <b>already</b>.", store="canvas")

    dialog = host.show(Dialog("New agent", on_answer=fail))
    dialog.give_answer()
    assert host.dialog is dialog
    assert "&lt;b&gt;already" in dialog.status.value
    dialog.cancel()
    assert host.dialog is None


def test_false_keeps_the_dialog_open(host: DialogHost):
    dialog = host.show(Dialog("New agent", on_answer=lambda: False))
    dialog.give_answer()
    assert host.dialog is dialog


def test_awaitable_answer_is_awaited_and_a_second_press_does_nothing(host: DialogHost):
    calls: list[int] = []
    gate = asyncio.Event()

    async def work() -> None:
        calls.append(1)
        await gate.wait()

    closed = threading.Event()
    dialog = host.show(Dialog("Deploy", on_answer=work, on_close=closed.set))
    dialog.give_answer()
    dialog.give_answer()
    assert host.dialog is dialog
    assert dialog.answer_button.icon == "spinner spin"

    background.loop.call_soon_threadsafe(gate.set)
    assert closed.wait(30)
    assert calls == [1]


def test_escape_cancels_and_other_messages_are_ignored(host: DialogHost):
    closed: list[str] = []
    dialog = host.show(Dialog("New agent", on_close=lambda: closed.append("closed")))
    for content in (None, {}, {"kind": "answer"}, {"kind": "cancel", "extra": 1}, "cancel"):
        dialog._receive(dialog, content, [])
    assert host.dialog is dialog
    dialog._receive(dialog, {"kind": "cancel"}, [])
    assert host.dialog is None
    assert closed == ["closed"]


def test_confirmation_is_above_the_dialog_that_asks(host: DialogHost):
    done: list[str] = []
    form = host.show(Dialog("Agent", answer=None))
    question = host.confirm("Archive <i>?", "No way back.", "Archive", lambda: done.append("x"))
    assert host.dialog is question
    assert "&lt;i&gt;" in question.heading.value
    assert question.answer_button.button_style == "danger"
    question.give_answer()
    assert (host.dialog, done) == (form, ["x"])
    host.close()
    assert form.comm is None


def test_dialog_whose_content_has_its_own_button_has_none(host: DialogHost):
    dialog = Dialog("Agent", answer=None)
    assert dialog.actions.children == (dialog.cancel_button,)
    assert dialog.cancel_button.description == "Close"
    dialog.cancel()  # It is not shown; nothing to close.


def test_reprs(host: DialogHost):
    assert repr(host) == "DialogHost()"
    host.show(Dialog("Agent"))
    assert repr(host) == "DialogHost(Dialog('Agent'))"
