"""The agent form with the embedded API: what it sends, and what it shows of the response."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from kaizen_widgets import Studio
from kaizen_widgets.api import Agent
from kaizen_widgets.errors import ConnectError, InvalidInputError
from kaizen_widgets.testing import fake_comms
from kaizen_widgets.testing.fake_comm import FakeComms
from kaizen_widgets.widgets import AgentForm
from tests.widgets.form_view import FormView

FILLED: dict[str, Any] = {
    "name": "Helper",
    "system_prompt": "You are a helpful agent.",
    "provider": "openai",
    "model": "gpt-4o",
}


@pytest.fixture
def comms() -> Iterator[FakeComms]:
    with fake_comms() as opened:
        yield opened


@pytest.fixture
def studio(comms: FakeComms) -> Iterator[Studio]:
    made = Studio(data=":memory:")
    yield made
    made.close()


def submit(form: AgentForm) -> None:
    submission = form.submit()
    assert submission is not None
    submission.wait(30)


def fill(form: AgentForm, **values: Any) -> None:
    for name, value in {**FILLED, **values}.items():
        form.form.change(name, value)


def named(studio: Studio, name: str) -> list[Any]:
    return [agent for agent in studio.agents.list().wait(30) if agent.name == name]


def test_required_fields_have_their_own_messages(studio: Studio, comms: FakeComms):
    form = AgentForm(agents=studio.agents)
    view = FormView(comms, form)
    assert form.submit_button.description == "Create Agent"
    view.submit()
    assert view.snapshot["errors"] == {
        "/name": ["Name is required"],
        "/system_prompt": ["System prompt must be at least 10 characters"],
        "/provider": ["Provider is required"],
        "/model": ["Model is required"],
    }
    assert not named(studio, "")


def test_agent_form_accepts_a_studio(studio: Studio):
    made = studio.agents.create(**FILLED).wait(30)
    for form in (AgentForm(studio), AgentForm(agents=studio), AgentForm(made, agents=studio)):
        assert form.agents is studio.agents
    assert AgentForm(studio).agent is None
    assert AgentForm(made, agents=studio).form.get_value("name") == "Helper"
    with pytest.raises(TypeError, match=r"AgentForm\(studio\), or agents=studio.agents"):
        AgentForm()


def test_create_saves_an_agent_and_continues_to_edit_it(studio: Studio):
    saved: list[Any] = []
    form = AgentForm(agents=studio.agents, on_success=saved.append)
    fill(form, max_tokens=4096, tools=["search"])
    submit(form)
    (agent,) = named(studio, "Helper")
    assert (agent.name, agent.provider, agent.model) == ("Helper", "openai", "gpt-4o")
    assert agent.max_tokens == 4096
    assert [one.id for one in saved] == [agent.id]
    assert [tool.name for tool in studio.agents.detail(agent.id).wait(30).tools] == ["search"]
    assert not form.form.is_dirty
    assert form.submit_button.description == "Save Agent"
    assert "Saved" in form.status.value


def test_taken_name_is_refused_at_its_field(studio: Studio, comms: FakeComms):
    form = AgentForm(agents=studio.agents)
    view = FormView(comms, form)
    fill(form, name="Billing")
    with pytest.raises(InvalidInputError, match="already an agent 'Billing'"):
        submit(form)
    view.follow()
    assert view.errors("/name") == [
        "There is already an agent 'Billing': edit that one, or choose another name."
    ]
    assert len(named(studio, "Billing")) == 1
    fill(form, name="Billing 2")
    submit(form)
    assert len(named(studio, "Billing 2")) == 1


def test_renaming_to_a_taken_name_is_refused_and_keeping_the_name_is_not(studio: Studio):
    made = studio.agents.create(**FILLED).wait(30)
    form = AgentForm(made, agents=studio.agents)
    form.form.change("description", "Helps")
    submit(form)
    form.form.change("name", "Billing")
    with pytest.raises(InvalidInputError, match="already an agent"):
        submit(form)
    assert studio.agents.detail(made.id).refetch().wait(30).name == "Helper"


def test_name_of_an_archived_agent_is_free(studio: Studio):
    made = studio.agents.create(**FILLED).wait(30)
    studio.agents.delete(made.id).wait(30)
    form = AgentForm(agents=studio.agents)
    fill(form)
    submit(form)
    assert form.agent.id != made.id


def test_update_saves_an_agent_and_its_tools(studio: Studio):
    tools = [{"name": "search", "description": "search"}]
    made = studio.agents.create(**FILLED, tools=tools).wait(30)
    form = AgentForm(studio.agents.detail(made.id).wait(30), agents=studio.agents)
    assert form.submit_button.description == "Save Agent"
    assert form.form.get_value("tools") == ["search"]
    form.form.change("name", "Renamed")
    form.form.rows("tools").replace(["calculator"])
    submit(form)
    agent = studio.agents.detail(made.id).refetch().wait(30)
    assert agent.name == "Renamed"
    assert [tool.name for tool in agent.tools] == ["calculator"]
    form.form.rows("tools").append("search")
    submit(form)
    agent = studio.agents.detail(made.id).refetch().wait(30)
    assert sorted(tool.name for tool in agent.tools) == ["calculator", "search"]


def test_model_options_follow_the_provider(studio: Studio, comms: FakeComms):
    form = AgentForm(agents=studio.agents, models={"openai": ["gpt-4o"], "ollama": ["qwen3"]})
    view = FormView(comms, form)
    view.type("/provider", "ollama")
    assert [option["value"] for option in view.snapshot["options"]["/model"]] == ["qwen3"]


class Refusing:
    """An agents API that raises the given errors first, and then saves."""

    def __init__(self, *answers: Exception) -> None:
        self.answers = list(answers)
        self.asked: list[dict[str, Any]] = []
        self.endpoints = self

    async def create(self, **fields: Any) -> Any:
        self.asked.append(fields)
        if self.answers:
            raise self.answers.pop(0)
        return await self.get("1")

    async def get(self, id: str) -> Agent:
        return Agent(id=id, name="Helper", system_prompt="Be helpful, be kind.", model_id="gpt-4o")


def test_server_errors_are_shown_at_the_forms_fields(comms: FakeComms):
    details = {"model_id": ["Model is not known"], "name": ["Name is taken"]}
    agents = Refusing(InvalidInputError("No.", status=422, details=details))
    form = AgentForm(agents=agents)
    view = FormView(comms, form)
    fill(form)
    with pytest.raises(InvalidInputError):
        submit(form)
    view.follow()
    assert view.errors("/model") == ["Model is not known"]
    assert view.errors("/name") == ["Name is taken"]


def test_other_errors_are_shown_with_retry(comms: FakeComms):
    agents = Refusing(ConnectError("The server could not be reached."))
    form = AgentForm(agents=agents)
    fill(form)
    with pytest.raises(ConnectError):
        submit(form)
    assert "could not be reached" in form.status.value
    assert form.submit_button.description == "Retry"
    submit(form)
    assert len(agents.asked) == 2
    assert "Saved" in form.status.value
