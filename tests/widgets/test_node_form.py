"""The form of the selected node: commits as single steps, undo, and edits by others."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import pytest

from kaizen_widgets.api.agent_models import Agent
from kaizen_widgets.errors import KaizenError
from kaizen_widgets.graph import Edge, Graph, Node, SetProperty
from kaizen_widgets.nodes import Functions, Kind, KindConfig, Look, Task, default_registry
from kaizen_widgets.nodes.node_policy import NodePolicy, read_policy
from kaizen_widgets.testing import FakeClock, fake_comms
from kaizen_widgets.testing.fake_comm import FakeComms
from kaizen_widgets.widgets import Canvas, NodeCalls, NodeForm
from tests.waiting import until
from tests.widgets.form_view import FormView

KINDS = ("input", "agent", "supervisor", "router", "synthesizer", "connector", "output")


@pytest.fixture
def comms() -> Iterator[FakeComms]:
    with fake_comms() as opened:
        yield opened


class Bench:
    """A canvas with one node of each kind, and the form beside it."""

    def __init__(self, comms: FakeComms, **config: Any) -> None:
        self.comms = comms
        self.clock = FakeClock()
        nodes = [Node(kind, type=kind, data={"label": kind.title()}) for kind in KINDS]
        self.canvas = Canvas(Graph(nodes), clock=self.clock)
        self.store = self.canvas.store
        self.form = NodeForm(self.canvas)
        if config:
            self.store.update_node_data("supervisor", {"config": config})

    def select(self, node_id: str) -> FormView:
        self.store.set_selection(node_id)
        return self.view()

    def view(self) -> FormView:
        assert self.form.editor is not None
        return FormView(self.comms, self.form, self.form.editor.area)  # type: ignore[arg-type]

    def config(self, node_id: str) -> Any:
        return self.store.graph.node(node_id).data.get("config")


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_a_form_of_its_config(comms: FakeComms, kind: str):
    bench = Bench(comms)
    view = bench.select(kind)
    config = default_registry().get(kind)
    assert config is not None
    drawn = {field["name"] for field in view.snapshot["root"]["fields"]}
    assert drawn == set(config.Config.model_fields)


def test_empty_selection_shows_a_hint(comms: FakeComms):
    bench = Bench(comms)
    assert "Select a node" in bench.form.body.children[0].value
    bench.select("agent")
    bench.store.set_selection()
    assert "Select a node" in bench.form.body.children[0].value


def test_heading_says_that_several_nodes_are_selected(comms: FakeComms):
    bench = Bench(comms)
    bench.canvas.selected = ("agent", "router", "output")
    bench.select("router")
    assert "Router: one of 3 selected nodes" in bench.form.heading.value
    bench.canvas.selected = ("router",)
    assert "selected nodes" not in bench.form.heading.value
    bench.form.close()
    bench.canvas.selected = ("agent", "router")
    assert "selected nodes" not in bench.form.heading.value


def test_edit_is_committed_on_blur_as_one_step(comms: FakeComms):
    bench = Bench(comms)
    view = bench.select("supervisor")
    steps = len(bench.store.history.past)
    view.type("/max_workers", "5")
    assert bench.config("supervisor") is None
    view.blur("/max_workers")
    assert bench.config("supervisor") == {"max_workers": 5}
    assert len(bench.store.history.past) == steps + 1
    assert bench.store.history.undo_label == "configure Supervisor"


def test_edit_is_committed_after_a_pause(comms: FakeComms):
    bench = Bench(comms)
    view = bench.select("agent")
    view.type("/prompt", "Say {{ text")
    bench.clock.advance(0.5)
    view.type("/prompt", "Say {{ text }}")
    bench.clock.advance(0.5)
    assert bench.config("agent") is None
    bench.clock.advance(0.5)
    assert bench.config("agent") == {"prompt": "Say {{ text }}"}


def test_undo_and_redo_are_shown_in_the_form(comms: FakeComms):
    bench = Bench(comms)
    view = bench.select("supervisor")
    view.type("/max_workers", "5")
    view.blur("/max_workers")
    bench.store.undo()
    view.follow()
    assert view.value("/max_workers") == "3"
    bench.store.redo()
    view.follow()
    assert view.value("/max_workers") == "5"
    assert not bench.form.form.is_dirty  # type: ignore[union-attr]


def test_invalid_edit_is_shown_and_not_applied(comms: FakeComms):
    bench = Bench(comms)
    view = bench.select("supervisor")
    view.type("/max_workers", "0")
    view.blur("/max_workers")
    assert view.errors("/max_workers")
    assert bench.config("supervisor") is None
    assert "not applied" in bench.form.status.value
    view.type("/max_workers", "2")
    view.blur("/max_workers")
    assert bench.config("supervisor") == {"max_workers": 2}
    assert bench.form.status.value == ""


def test_invalid_field_does_not_hold_back_others(comms: FakeComms):
    bench = Bench(comms)
    view = bench.select("supervisor")
    view.type("/max_workers", "0")
    steps = len(bench.store.history.past)
    view.type("/items", "rows")
    view.blur("/items")
    assert bench.config("supervisor") == {"items": "rows"}
    assert len(bench.store.history.past) == steps + 1
    assert view.value("/max_workers") == "0"
    assert view.errors("/max_workers")
    assert "not applied" in bench.form.status.value
    assert bench.form.form.dirty_fields == {"max_workers"}  # type: ignore[union-attr]
    bench.store.undo()
    view.follow()
    assert (view.value("/max_workers"), view.value("/items")) == ("0", "")
    assert view.errors("/max_workers")


def test_edits_are_held_back_when_the_model_rejects_the_whole(comms: FakeComms):
    bench = Bench(comms)
    view = bench.select("router")
    for index in (0, 1):
        view.insert("/routes", index)
    one, two = view.rows("/routes")
    same = {f"/routes/{row}/{part}": "yes" for row in (one, two) for part in ("name", "when")}
    view.send("change", edits={**same, "/default": "no"})
    view.blur(f"/routes/{two}/when")
    assert view.errors("")
    assert bench.config("router") is None
    view.type(f"/routes/{two}/name", "also")
    view.blur(f"/routes/{two}/name")
    assert [route["name"] for route in bench.config("router")["routes"]] == ["yes", "also"]
    assert bench.config("router")["default"] == "no"


def test_invalid_draft_is_restored_when_its_node_is_selected_again(comms: FakeComms):
    bench = Bench(comms)
    view = bench.select("supervisor")
    view.type("/max_workers", "many")
    view.blur("/max_workers")
    bench.select("agent")
    view = bench.select("supervisor")
    assert view.value("/max_workers") == "many"
    assert view.errors("/max_workers")
    view.type("/max_workers", "4")
    view.blur("/max_workers")
    assert bench.config("supervisor") == {"max_workers": 4}


def test_invalid_config_does_not_stop_an_edit_of_another_field(comms: FakeComms):
    bench = Bench(comms, max_workers=0)
    view = bench.select("supervisor")
    view.type("/items", "rows")
    view.blur("/items")
    assert bench.config("supervisor") == {"max_workers": 0, "items": "rows"}


def test_refused_commit_is_shown_and_can_be_repeated(comms: FakeComms, monkeypatch):
    bench = Bench(comms)
    view = bench.select("supervisor")

    def refuse(*_arguments: Any, **_options: Any) -> None:
        raise KaizenError("The pipeline is read-only.")

    with monkeypatch.context() as patched:
        patched.setattr(bench.store, "commit", refuse)
        view.type("/max_workers", "5")
        view.blur("/max_workers")
    assert "read-only" in bench.form.status.value
    assert bench.form.commit()
    assert bench.config("supervisor") == {"max_workers": 5}


def test_two_forms_of_one_node_keep_both_edits(comms: FakeComms):
    bench = Bench(comms, max_workers=3)
    one = bench.select("supervisor")
    other_form = NodeForm(bench.canvas)
    assert other_form.editor is not None
    other = FormView(comms, other_form, other_form.editor.area)  # type: ignore[arg-type]
    one.type("/max_workers", "7")
    other.type("/items", "rows")
    other.blur("/items")
    one.follow()
    assert one.value("/max_workers") == "7"
    assert one.value("/items") == "rows"
    one.blur("/max_workers")
    assert bench.config("supervisor") == {"max_workers": 7, "items": "rows"}
    other.follow()
    assert other.value("/max_workers") == "7"


def test_commit_sets_only_changed_keys_in_their_spelling(comms: FakeComms):
    bench = Bench(comms, maxWorkers=3, items="rows")
    batches: list[Any] = []
    bench.store.on_event(lambda event: batches.append(getattr(event, "batch", None)))
    view = bench.select("supervisor")
    assert view.value("/max_workers") == "3"
    view.type("/max_workers", "4")
    view.blur("/max_workers")
    assert batches == [
        (SetProperty(kind="node", id="supervisor", path=("data", "config", "maxWorkers"), value=4),)
    ]


def test_router_routes_are_rows(comms: FakeComms):
    bench = Bench(comms)
    view = bench.select("router")
    view.insert("/routes", 0)
    (row,) = view.rows("/routes")
    view.send("change", edits={f"/routes/{row}/name": "bill", f"/routes/{row}/when": "True"})
    view.blur(f"/routes/{row}/when")
    assert bench.config("router") == {"routes": [{"name": "bill", "when": "True"}]}
    assert view.rows("/routes") == [row]


def test_selecting_another_node_commits_valid_edits(comms: FakeComms):
    bench = Bench(comms)
    view = bench.select("supervisor")
    view.type("/max_workers", "9")
    bench.select("agent")
    assert bench.config("supervisor") == {"max_workers": 9}


def test_deleting_the_node_closes_its_form(comms: FakeComms):
    bench = Bench(comms)
    bench.select("agent")
    bench.store.delete_node("agent")
    assert bench.form.form is None


def test_custom_kind_has_a_form(comms: FakeComms):
    class Shout(Kind):
        look = Look(type="shout", title="Shout", description="Louder.")

        class Config(KindConfig):
            marks: int = 1

        async def run(self, task: Task) -> str:
            return task.text

    registry = default_registry()
    registry.register(Shout)
    canvas = Canvas(Graph([Node("s", type="shout")]), registry=registry, clock=FakeClock())
    form = NodeForm(canvas)
    canvas.store.set_selection("s")
    assert form.editor is not None
    view = FormView(comms, form, form.editor.area)  # type: ignore[arg-type]
    view.type("/marks", "3")
    view.blur("/marks")
    assert canvas.graph.node("s").data["config"] == {"marks": 3}


def test_edit_that_equals_the_old_value_is_committed(comms: FakeComms, monkeypatch):
    class Table(Kind):
        look = Look(type="table", title="Table", description="Columns.")

        class Config(KindConfig):
            columns: Any = None
            rows: int = 1

        async def run(self, task: Task) -> str:
            return task.text

    registry = default_registry()
    registry.register(Table)
    config = {"columns": {"a": 1, "b": 2}}
    node = Node("t", type="table", data={"config": config})
    canvas = Canvas(Graph([node]), registry=registry, clock=FakeClock())
    form = NodeForm(canvas)
    canvas.store.set_selection("t")
    assert form.form is not None
    form.form.change("columns", {"b": 2, "a": 1})
    canvas.store.update_node_data("t", {"config": {**config, "rows": 2}})
    assert form.form.values["rows"] == 2
    batches: list[Any] = []
    monkeypatch.setattr(canvas.store, "commit", lambda batch, **_options: batches.append(batch))
    assert form.commit()
    ((operation,),) = batches
    assert (operation.path[-1], list(operation.value)) == ("columns", ["b", "a"])
    assert not form.commit()


def test_closed_form_does_not_follow_the_selection(comms: FakeComms):
    bench = Bench(comms)
    bench.select("agent")
    bench.form.close()
    bench.store.set_selection("supervisor")
    assert bench.form.form is None


@pytest.mark.parametrize(
    "config", [{"max_workers": "many", "workers": 3, "unknown": 1}, {"workers": None}, "nonsense"]
)
def test_invalid_config_can_be_corrected(comms: FakeComms, config: Any):
    bench = Bench(comms)
    bench.store.update_node_data("supervisor", {"config": config})
    view = bench.select("supervisor")
    for row in view.rows("/workers"):
        view.remove("/workers", row)
    view.type("/max_workers", "4")
    view.blur("/max_workers")
    assert view.value("/max_workers") == "4"


def test_node_form_refuses_what_is_not_a_canvas(comms: FakeComms):
    with pytest.raises(
        TypeError, match=r"needs a Canvas, not Graph; for a studio, pass `studio.canvas`"
    ):
        NodeForm(Graph())  # type: ignore[arg-type]


# -- name, and what the node calls


class FakeAgents:
    """An agents API that creates agents."""

    def __init__(self) -> None:
        self.agents = self
        self.endpoints = self

    async def create(self, **fields: Any) -> Agent:
        return Agent(id="agent-7", **{key: fields[key] for key in ("name", "system_prompt")})

    async def get(self, id: str) -> Agent:
        return Agent(id=id, name="Poet", system_prompt="Write poems only.", model_id="gpt-4o")


class CallsBench:
    """An agent node, two functions, and the form with a choice of what the node calls."""

    def __init__(self, comms: FakeComms) -> None:
        self.comms = comms
        nodes = [Node("a", type="agent", data={"label": "Billing"}), Node("o", type="output")]
        self.canvas = Canvas(Graph(nodes), clock=FakeClock())
        self.store = self.canvas.store
        self.functions = Functions({"Billing": str.upper, "Technical": str.lower})
        self.agents = FakeAgents()
        self.calls = NodeCalls(
            self.store, self.canvas.registry, self.functions, cast("Any", self.agents)
        )
        self.form = NodeForm(self.canvas, calls=self.calls)
        self.store.set_selection("a")
        assert self.form.basics is not None
        self.view = FormView(comms, self.form, self.form.basics.area)  # type: ignore[arg-type]

    def data(self) -> Any:
        return dict(self.store.graph.node("a").data)


def test_name_is_applied_when_its_field_is_left(comms: FakeComms):
    bench = CallsBench(comms)
    bench.view.type("/name", "Money")
    assert bench.data()["label"] == "Billing"
    bench.view.blur("/name")
    assert bench.data() == {"label": "Money", "config": {"calls": "Billing"}}
    assert "Money" in bench.form.heading.value
    bench.store.undo()
    bench.view.follow()
    assert bench.view.value("/name") == "Billing"


def test_empty_name_is_an_error_and_not_applied(comms: FakeComms):
    bench = CallsBench(comms)
    bench.view.type("/name", "")
    bench.view.blur("/name")
    assert bench.view.errors("/name") == ["Name is required"]
    assert bench.data() == {"label": "Billing"}


def test_name_that_is_being_typed_survives_edits_by_others(comms: FakeComms):
    bench = CallsBench(comms)
    bench.view.type("/name", "Mon")
    bench.store.update_node_data("a", {"x": 1})
    bench.functions.register("More", len)
    bench.view.follow()
    assert bench.view.value("/name") == "Mon"


def test_choice_of_a_function_is_applied_immediately(comms: FakeComms):
    bench = CallsBench(comms)
    assert bench.view.value("/calls") == "function:Billing"
    bench.view.type("/calls", "function:Technical")
    assert bench.data()["config"] == {"calls": "Technical"}
    bench.store.undo()
    bench.view.follow()
    assert bench.view.value("/calls") == "function:Billing"


def test_function_registered_later_is_offered(comms: FakeComms):
    bench = CallsBench(comms)
    bench.functions.register("Later", len)
    bench.view.follow()
    offered = [option["label"] for option in bench.view.snapshot["options"]["/calls"]]
    assert offered == [
        "upper() · your function",
        "lower() · your function",
        "len() · your function",
        "New agent…",
    ]


def test_new_agent_is_chosen_once_it_is_created(comms: FakeComms):
    bench = CallsBench(comms)
    bench.view.type("/calls", "new-agent")
    assert bench.view.value("/calls") == "function:Billing"
    assert bench.data() == {"label": "Billing"}
    dialog = bench.form.dialogs.dialog
    assert dialog is not None
    assert dialog.title == "New agent"
    (form,) = dialog.body.children
    form.form.set_values(
        {
            "name": "Poet",
            "system_prompt": "Write poems only.",
            "provider": "openai",
            "model": "gpt-4o",
        }
    )
    dialog.give_answer()
    until(lambda: bench.data() == {"label": "Billing", "agentId": "agent-7"})
    until(lambda: bench.form.dialogs.dialog is None)


def test_field_of_the_function_is_shown_once(comms: FakeComms):
    bench = CallsBench(comms)
    editor = bench.form.editor
    assert editor is not None
    drawn = FormView(comms, bench.form, editor.area).snapshot["root"]["fields"]  # type: ignore[arg-type]
    assert "calls" not in {field["name"] for field in drawn}
    bench.store.set_selection("o")
    assert bench.form.basics is not None
    view = FormView(comms, bench.form, bench.form.basics.area)  # type: ignore[arg-type]
    assert [field["name"] for field in view.snapshot["root"]["fields"]] == ["name"]


def test_a_subflow_shows_what_is_inside_and_can_be_taken_apart():
    nodes = [
        Node("a", type="agent", data={"label": "<Draft>"}),
        Node("b", type="router", data={"label": "Check"}),
    ]
    canvas = Canvas(Graph(nodes, [Edge("ab", "a", "b")]))
    form = NodeForm(canvas)
    made = canvas.group(["a", "b"], label="Two steps")
    assert form.subflow is not None
    text = form.subflow.contents.value
    assert "2 nodes inside" in text
    assert "&lt;Draft&gt;" in text
    assert "Router" in text
    assert form.subflow in form.body.children
    assert form.editor is not None
    assert form.editor.area not in form.body.children
    form.subflow.ungroup_button.click()
    assert canvas.graph == Graph(nodes, [Edge("ab", "a", "b")])
    assert not canvas.graph.has_node(made.id)
    assert form.subflow is None


# ------------------------------------------------------------------- policy


def policy_view(bench: Bench, node_id: str) -> FormView:
    bench.select(node_id)
    policy = bench.form.policy
    assert policy is not None
    assert policy.area in bench.form.body.children
    return FormView(bench.comms, bench.form, policy.area)  # type: ignore[arg-type]


def policy_of(bench: Bench, node_id: str) -> Any:
    return bench.store.graph.node(node_id).data.get("policy")


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_a_form_of_its_policy_but_for_what_the_canvas_has_a_button_for(
    comms: FakeComms, kind: str
):
    view = policy_view(Bench(comms), kind)
    fields = {field["name"] for field in view.snapshot["root"]["fields"]}
    assert fields == set(NodePolicy.model_fields) - {"muted"}


def test_policy_is_set_field_by_field_and_means_the_same_to_a_run(comms: FakeComms):
    bench = Bench(comms)
    view = policy_view(bench, "agent")
    wanted = {
        "retries": "3",
        "retry_delay": "0.5",
        "timeout": "12",
        "needs": "any",
        "cache": "disk",
    }
    for name, value in wanted.items():
        steps = len(bench.store.history.past)
        view.type(f"/{name}", value)
        view.blur(f"/{name}")
        assert len(bench.store.history.past) == steps + 1
        assert bench.store.history.undo_label == "set how Agent runs"
    assert read_policy(bench.store.graph.node("agent")) == (
        NodePolicy(retries=3, retry_delay=0.5, timeout=12, needs="any", cache="disk"),
        [],
    )
    view.type("/timeout", None)
    view.blur("/timeout")
    assert read_policy(bench.store.graph.node("agent"))[0].timeout is None


def test_policy_fields_of_one_edit_are_one_step_and_come_back_with_undo(comms: FakeComms):
    bench = Bench(comms)
    bench.store.update_node_data("agent", {"policy": {"muted": True, "retryDelay": 4}})
    view = policy_view(bench, "agent")
    assert view.value("/retry_delay") == "4"
    steps = len(bench.store.history.past)
    view.send("change", edits={"/retries": "2", "/retry_delay": "8"})
    view.submit()
    assert policy_of(bench, "agent") == {"muted": True, "retries": 2, "retryDelay": 8.0}
    assert len(bench.store.history.past) == steps + 1
    bench.store.undo()
    view.follow()
    assert policy_of(bench, "agent") == {"muted": True, "retryDelay": 4}
    assert (view.value("/retries"), view.value("/retry_delay")) == ("0", "4")


def test_wrong_policy_is_shown_under_its_field_and_keeps_its_text_while_another_node_is_shown(
    comms: FakeComms,
):
    bench = Bench(comms)
    view = policy_view(bench, "agent")
    view.type("/timeout", "0")
    view.type("/retries", "21")
    view.blur("/retries")
    assert view.errors("/timeout") == ["Input should be greater than 0"]
    assert view.errors("/retries") == ["Input should be less than or equal to 20"]
    assert "not applied" in bench.form.policy_status.value
    assert bench.form.status.value == ""
    assert policy_of(bench, "agent") is None
    policy_view(bench, "router")
    assert bench.form.policy_status.value == ""
    view = policy_view(bench, "agent")
    assert (view.value("/timeout"), view.value("/retries")) == ("0", "21")
    assert view.errors("/timeout")


def test_subflow_has_no_policy_of_its_own():
    nodes = [Node("a", type="agent"), Node("b", type="router")]
    canvas = Canvas(Graph(nodes, [Edge("ab", "a", "b")]))
    form = NodeForm(canvas)
    canvas.group(["a", "b"])
    assert form.subflow is not None
    assert form.policy is None
