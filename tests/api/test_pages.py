"""Lists that are fetched page by page, and the names that new agents may not have."""

from __future__ import annotations

from typing import Any

import pytest

from kaizen_widgets.api import Api
from kaizen_widgets.errors import InvalidInputError
from kaizen_widgets.testing import Call, MockServer, Reply, VirtualLoop


def agents(count: int, name: str = "Agent") -> list[dict[str, Any]]:
    return [{"id": str(n), "name": f"{name} {n}", "status": "draft"} for n in range(count)]


def serve(server: MockServer, rows: list[dict[str, Any]], *, total: bool = True) -> None:
    """Answer as the embedded server does, or with totals of the page as the public one."""

    def page(call: Call) -> Any:
        at, most = int(call.query["offset"]), int(call.query["limit"])
        found = rows[at : at + most]
        return {"records": found, "total": len(rows) if total else len(found)}

    server.answer("GET", "/agents", page)


def names(query: Any) -> list[str]:
    return [row.name for page in query.data["pages"] for row in page["rows"]]


def test_pages_fetch_fifty_rows_and_the_next_fifty_when_asked(
    api: Api, server: MockServer, loop: VirtualLoop
):
    serve(server, agents(10_000))
    query: Any = api.agents.pages()
    loop.settle()
    assert len(names(query)) == 50
    assert len(server.calls) == 1
    assert query.data["pages"][0]["total"] == 10_000
    query.observer.fetch_next_page()
    loop.settle()
    assert names(query)[-1] == "Agent 99"
    assert query.result.has_next_page


def test_pages_end_with_a_short_page(api: Api, server: MockServer, loop: VirtualLoop):
    serve(server, agents(57), total=False)
    query: Any = api.agents.pages()
    loop.settle()
    assert query.data["pages"][0]["total"] is None
    query.observer.fetch_next_page()
    loop.settle()
    assert len(names(query)) == 57
    assert not query.result.has_next_page


def test_pages_of_a_server_that_ignores_the_search_hold_matches_only(
    api: Api, server: MockServer, loop: VirtualLoop
):
    serve(server, [*agents(400), {"id": "x", "name": "Billing"}], total=False)
    query: Any = api.agents.pages(search="bill")
    loop.settle()
    assert names(query) == ["Billing"]
    assert not query.result.has_next_page


def test_pages_of_a_server_that_ignores_the_offset_end(
    api: Api, server: MockServer, loop: VirtualLoop
):
    server.answer("GET", "/agents", {"records": agents(50)})
    query: Any = api.agents.pages()
    loop.settle()
    query.observer.fetch_next_page()
    loop.settle()
    assert not query.result.has_next_page


def test_optimistic_status_is_shown_in_pages_and_undone_on_an_error(
    api: Api, server: MockServer, loop: VirtualLoop
):
    serve(server, agents(2))
    server.answer("PUT", "/agents/1", Reply(403, delay=5))
    query: Any = api.agents.pages()
    query.subscribe(lambda: None)
    loop.settle()
    change = api.agents.set_active("1")
    loop.advance(1)
    assert [row.status for row in query.data["pages"][0]["rows"]] == ["draft", "active"]
    loop.advance(10)
    assert change.status == "error"
    assert [row.status for row in query.data["pages"][0]["rows"]] == ["draft", "draft"]


def test_second_agent_of_a_name_is_refused_unless_duplicates_are_allowed(
    api: Api, server: MockServer, loop: VirtualLoop
):
    serve(server, [{"id": "7", "name": "Billing", "status": "active"}])
    server.answer("POST", "/agents", {"id": "8", "name": "Billing"})
    refused = api.agents.create(name="Billing", model_id="m")
    loop.settle()
    with pytest.raises(
        InvalidInputError, match=r"already an agent 'Billing': .*agents.update\('7'"
    ):
        refused.wait(0)
    assert not server.asked("POST", "/agents")
    allowed = api.agents.create(name="Billing", model_id="m", allow_duplicate=True)
    loop.settle()
    assert allowed.wait(0).id == "8"


def test_name_is_not_checked_for_users_who_may_not_list_agents(
    api: Api, server: MockServer, loop: VirtualLoop
):
    server.answer("GET", "/agents", Reply(403)).answer("POST", "/agents", {"id": "8", "name": "B"})
    made = api.agents.create(name="B", model_id="m")
    loop.settle()
    assert made.wait(0).id == "8"
