"""Callbacks may take fewer arguments than they are offered."""

from __future__ import annotations

from typing import Any

import pytest

from kaizen_widgets.forms import FieldError, Form, Resolved


def test_listeners_and_watchers_may_take_no_argument():
    form = Form(default_values={"a": 1})
    calls: list[str] = []
    form.subscribe(lambda: calls.append("subscribe"))
    form.watch(lambda: calls.append("watch"))
    form.watch(lambda: calls.append("watch a"), "a")
    form.change("a", 2)
    assert calls == ["subscribe", "watch", "watch a"]


@pytest.mark.parametrize("a", [1, None])
def test_submit_handlers_may_take_no_argument(a: Any):
    def resolver(values: Any) -> Resolved:
        return Resolved(values, {} if values["a"] else {"a": FieldError("missing", "a?")})

    form = Form(default_values={"a": a}, resolver=resolver)
    calls: list[str] = []
    form.submit(lambda: calls.append("valid"), lambda: calls.append("invalid")).wait()
    assert calls == ["valid" if a else "invalid"]


def test_reset_and_set_values_accept_functions_without_arguments():
    form = Form(default_values={"a": 1})
    form.set_values(lambda: {"a": 2})
    assert form.values == {"a": 2}
    form.reset(lambda: {"a": 3})
    assert form.default_values == {"a": 3}
