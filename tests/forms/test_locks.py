"""The background loop never waits for a form's lock, which a thread holds in a batch."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from kaizen_widgets.core.background import BackgroundLoop
from kaizen_widgets.forms import FieldError, Form, Resolved

SECONDS = 60.0
"""Longer than any wait in these tests takes unless it never ends."""


@pytest.fixture
def real_loop() -> Iterator[BackgroundLoop]:
    loop = BackgroundLoop("forms-locks")
    yield loop

    async def until_idle() -> None:
        while others := asyncio.all_tasks() - {asyncio.current_task()}:
            await asyncio.wait(others)

    # A loop that ends earlier drops validations that have not started, and Python warns of their coroutines.
    loop.wait(until_idle(), SECONDS)
    loop.close()


async def refuse(values: Any) -> Resolved:
    await asyncio.sleep(0)
    return Resolved(values, {"a": FieldError("wrong", "no")} if values["a"] else {})


def make(loop: BackgroundLoop, **options: Any) -> Form:
    form = Form(default_values={"a": 0, "b": 0}, resolver=refuse, loop=loop, **options)
    form.trigger().wait(SECONDS)
    return form


async def answer() -> str:
    return "answer"


def test_batch_may_wait_for_the_loop_while_a_validation_ends(real_loop: BackgroundLoop):
    form = make(real_loop, mode="onChange")
    with form.batch():
        form.change("b", 1)
        checked = form.trigger("a")
        for _ in range(3):
            assert real_loop.start(answer()).wait(SECONDS) == "answer"
        form.change("a", 1)
    form.trigger().wait(SECONDS)
    assert checked.wait(SECONDS) is True
    assert list(form.errors) == ["a"]
    assert not form.is_validating


def test_batch_may_wait_for_its_own_validation(real_loop: BackgroundLoop):
    form = make(real_loop)
    with form.batch():
        form.change("a", 1)
        assert form.trigger().wait(SECONDS) is False
    form.trigger("b").wait(SECONDS)
    assert list(form.errors) == ["a"]


def test_batch_may_wait_for_an_earlier_submit(real_loop: BackgroundLoop):
    form = make(real_loop)
    release = threading.Event()

    async def save(values: Any) -> str:
        await asyncio.to_thread(release.wait, SECONDS)
        return "saved"

    submission = form.submit(save)
    with form.batch():
        release.set()
        assert submission.wait(SECONDS) == "saved"
        assert form.is_submitting
    assert not form.is_submitting
    assert form.is_submit_successful
    assert form.submit_count == 1


def test_batch_may_wait_for_the_loop_while_a_delayed_error_is_due(real_loop: BackgroundLoop):
    form = make(real_loop, mode="onChange", delay_error=0.001)
    shown = threading.Event()
    form.subscribe(lambda change: shown.set() if "a" in change.errors else None)
    form.change("a", 1)
    form.trigger("b").wait(SECONDS)
    with form.batch():
        for _ in range(20):
            real_loop.start(asyncio.sleep(0.001)).wait(SECONDS)
    assert shown.wait(SECONDS)
    assert list(form.errors) == ["a"]


def test_when_free_makes_a_call_now_or_when_the_batch_ends(real_loop: BackgroundLoop):
    form = make(real_loop)

    async def write() -> None:
        form.when_free(lambda: form.set_value("b", form.get_value("b") + 1))

    real_loop.start(write()).wait(SECONDS)
    assert form.values["b"] == 1
    with form.batch():
        real_loop.start(write()).wait(SECONDS)
        assert form.values["b"] == 1
    assert form.values["b"] == 2
