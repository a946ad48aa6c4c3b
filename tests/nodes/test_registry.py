from __future__ import annotations

import asyncio
import dataclasses

import pytest

from kaizen_widgets.errors import RunCancelledError, RunError
from kaizen_widgets.nodes import (
    Context,
    Functions,
    Kind,
    KindConfig,
    Look,
    Registry,
    Task,
    default_registry,
)
from kaizen_widgets.sync.canvas.messages import KindInfo
from tests.nodes.builders import task

COLORS = {
    "input": "#059669",
    "agent": "#3b82f6",
    "supervisor": "#8b5cf6",
    "router": "#f59e0b",
    "synthesizer": "#10b981",
    "stages": "#0891b2",
    "reactor": "#c026d3",
    "approval": "#b45309",
    "subflow": "#4f46e5",
    "connector": "#6b7280",
    "database": "#475569",
    "api": "#475569",
    "storage": "#475569",
    "messaging": "#475569",
    "output": "#e11d48",
}


class Shout(Kind):
    look = Look(type="shout", title="Shout", description="Says it louder.")

    class Config(KindConfig):
        marks: int = 1

    async def run(self, task: Task) -> str:
        return task.text.upper() + "!" * task.config.marks


def test_the_kinds_have_their_colors():
    assert {look.type: look.color for look in default_registry().looks()} == COLORS


def test_a_look_has_the_fields_of_the_message_it_becomes():
    names = [field.name for field in dataclasses.fields(Look)]
    assert names == list(KindInfo.model_fields)
    for look in default_registry().looks():
        assert KindInfo.model_validate(dataclasses.asdict(look)).type == look.type


def test_the_handles_are_those_edges_in_documents_name():
    handles = {
        look.type: ([h.id for h in look.inputs], [h.id for h in look.outputs])
        for look in default_registry().looks()
    }
    assert handles.pop("input") == ([], ["output"])
    assert handles.pop("output") == (["input"], [])
    assert handles.pop("router") == (["input"], ["default"])
    assert handles.pop("approval") == (["input"], ["approved", "rejected"])
    assert handles.pop("subflow") == (["input"], [])
    assert set(map(str, handles.values())) == {"(['input'], ['output'])"}


def test_new_nodes_of_every_kind_have_a_valid_config():
    from kaizen_widgets.graph import Node

    registry = default_registry()
    for look in registry.looks():
        kind = registry.get(look.type)
        assert kind is not None
        node = Node("n", data={"config": look.defaults})
        assert kind.read_config(node)[1] == []


def test_custom_kinds_run():
    registry = default_registry()
    registry.register(Shout)
    kind = registry.get("shout")
    assert kind is not None
    assert asyncio.run(kind.run(task(kind, "hey", config={"marks": 2}))) == "HEY!!"
    assert registry.looks()[-1].title == "Shout"


def test_registering_decorates_and_replaces():
    registry = Registry()

    @registry.register
    class Louder(Shout):
        pass

    registry.register(Shout)
    assert len(registry) == 1
    assert type(registry.get("shout")) is Shout
    assert Louder is not Shout


def test_registering_anything_but_a_kind_is_refused():
    class NoLook(Kind):
        async def run(self, task):
            return None

    class NoRun(Kind):
        look = Look(type="x", title="X", description="")

    for wrong, reason in ((NoLook, "needs a look"), (NoRun, "async def run"), (str, "subclass")):
        with pytest.raises(RunError, match=reason):
            Registry().register(wrong)  # type: ignore[arg-type]


def test_registries_do_not_share():
    default_registry().register(Shout)
    assert "shout" not in default_registry()


def test_functions_are_found_by_the_first_name_that_has_one():
    functions = Functions({"Billing": str, "n1": int}, names={"agent-7": "Billing"})
    assert functions.find("Nobody", "agent-7", "n1") is str
    assert functions.find("Nobody", None, "n1") is int
    assert functions.find(None, "") is None


@pytest.mark.parametrize(("name", "function"), [("", str), ("a", 3), (None, str)])
def test_what_cannot_be_called_is_not_registered(name, function):
    with pytest.raises(RunError):
        Functions().register(name, function)


def test_a_copy_of_functions_does_not_follow():
    functions = Functions({"a": str})
    copy = functions.copy()
    functions.register("b", str)
    assert list(copy) == ["a"]


def test_check_raises_after_stop():
    ctx = Context("n", "Billing", lambda kind, data: None)
    ctx.check()
    ctx.stop()
    assert ctx.cancelled
    with pytest.raises(RunCancelledError, match="'Billing' was asked to stop"):
        ctx.check()
