"""The kernel's end of a form: what views get, and what it costs with many of them (rules F1, F2 and F7)."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel

from kaizen_widgets.forms import Form
from kaizen_widgets.sync.form.field_rules import FieldRules
from kaizen_widgets.sync.form.form_end import INTERVAL, FormEnd
from kaizen_widgets.sync.form.messages import form_kernel_message
from kaizen_widgets.sync.remembered_views import MOST_VIEWS
from kaizen_widgets.testing.fake_clock import FakeClock


class Person(BaseModel):
    name: str = ""
    tags: list[str] = []


class Actions:
    """Actions of a panel that does nothing."""

    def submit(self, client: str) -> None: ...

    def on_blur(self, key: str) -> None: ...

    def reset(self) -> None: ...

    def store_file(self, name: str, content: bytes) -> Any: ...


class Bench:
    """A kernel's end whose messages are kept."""

    def __init__(self) -> None:
        self.form = Form(Person)
        self.clock = FakeClock()
        self.sent: list[dict[str, Any]] = []
        self.failures: list[Exception] = []
        self.end = FormEnd(
            self.form,
            lambda message: self.sent.append(
                form_kernel_message.dump_python(
                    message, mode="json", by_alias=True, exclude_defaults=True
                )
            ),
            rules=FieldRules(self.form),
            actions=Actions(),
            description=self.form.tree.description(),
            widgets={},
            only=None,
            clock=self.clock,
            on_failure=self.failures.append,
        )

    def send(self, client: str, kind: str = "change", seq: int = 1, **rest: Any) -> dict[str, Any]:
        self.end.receive({"kind": kind, "client": client, "seq": seq, **rest})
        return self.sent[-1]

    def hello(self, client: str, **rest: Any) -> dict[str, Any]:
        self.end.receive({"kind": "hello", "client": client, **rest})
        return self.sent[-1]


@pytest.fixture
def bench() -> Bench:
    return Bench()


def edit(value: str) -> list[dict[str, Any]]:
    return [{"key": "/name", "value": value}]


def test_f1_a_patch_says_what_was_seen_of_the_view_it_answers_and_of_no_other(bench: Bench):
    assert bench.send("one", edits=edit("a"))["seen"] == {"one": 1}
    assert bench.send("two", edits=edit("b"))["seen"] == {"two": 1}
    assert bench.send("one", seq=2)["seen"] == {"one": 2}
    bench.clock.advance(INTERVAL)
    bench.form.change("name", "from Python")
    bench.clock.advance(INTERVAL)
    assert "seen" not in bench.sent[-1]


def test_f1_a_patch_does_not_grow_with_the_number_of_views(bench: Bench):
    first = bench.send("first", edits=edit("x"))
    for index in range(1000):
        bench.hello(f"view {index}")
        bench.send(f"view {index}", edits=edit(f"{index}"))
    last = bench.send("view 999", seq=2, edits=edit("y"))
    assert (first["seen"], last["seen"]) == ({"first": 1}, {"view 999": 2})
    assert len(last["cells"]) == len(first["cells"]) == 1


def test_f2_a_repeated_message_is_handled_once_and_answered(bench: Bench):
    bench.send("one", edits=edit("a"))
    bench.form.change("name", "b")
    answer = bench.send("one", edits=edit("a"))
    assert answer["seen"] == {"one": 1}
    assert bench.form.get_value("name") == "b"


def test_f7_a_greeting_is_answered_with_what_was_seen(bench: Bench):
    bench.send("one", edits=edit("a"))
    assert bench.hello("one")["seen"] == {"one": 1}
    answer = bench.hello("one", missed=True)
    assert (answer["kind"], answer["seen"]) == ("snapshot", 1)
    assert answer["snapshot"]["cells"]["/name"] == {"value": "a"}


def test_a_view_that_was_forgotten_is_served_like_a_new_one(bench: Bench):
    bench.send("old", edits=edit("a"))
    for index in range(MOST_VIEWS):
        bench.hello(f"view {index}")
        bench.send(f"view {index}")
    bench.send("old", seq=7, edits=edit("b"))
    bench.clock.advance(1)
    assert bench.form.get_value("name") == "b"
    assert bench.sent[-1]["seen"] == {"old": 7}


def test_f10_a_message_that_does_not_fit_changes_nothing(bench: Bench):
    bench.send("one", edits=edit("a"))
    answer = bench.send("one", seq=2, edits=[{"key": "name", "value": 1, "more": 2}])
    assert (answer["kind"], answer["seen"]) == ("snapshot", 2)
    assert bench.form.get_value("name") == "a"
