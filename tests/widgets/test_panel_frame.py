"""Panels over a query: their six states, what they keep, and what they say about changes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from kaizen_widgets.api import Api
from kaizen_widgets.testing import MockServer, Reply, VirtualLoop
from kaizen_widgets.widgets.panel_access import PanelAccess
from kaizen_widgets.widgets.panel_frame import PanelFrame

pytestmark = pytest.mark.usefixtures("comms")

TEAM = {"id": "1", "name": "Core <b>"}


class Shown:
    """A panel of teams, and the data it was given."""

    def __init__(self, api: Api) -> None:
        self.data: list[Any] = []
        self.panel = PanelFrame(
            api,
            api.teams.list(),
            noun="teams",
            permission="teams:read",
            title="Teams",
            empty="A team shares agents.",
            on_data=self.data.append,
        )

    @property
    def text(self) -> str:
        return self.panel.block.value + self.panel.line.value + self.panel.message.value

    @property
    def kind(self) -> str:
        return self.panel.state.kind


@pytest.fixture
def shown(api: Api, server: MockServer) -> Iterator[Shown]:
    server.answer("GET", "/teams", {"records": [TEAM]})
    made = Shown(api)
    yield made
    made.panel.close()


def sign_in(api: Api, role: str, *permissions: str) -> None:
    api.session.login({"id": "u", "role": role}, "access", "refresh", permissions)


def test_panel_loads_then_shows_its_data_and_the_time(shown: Shown, loop: VirtualLoop):
    assert shown.kind == "loading"
    assert 'aria-label="Loading"' in shown.text
    loop.settle()
    assert (shown.kind, shown.data[0][0].name) == ("ready", "Core <b>")
    assert shown.panel.block.value == ""
    assert "Up to date" in shown.text


def test_empty_list_says_what_it_is_for(api: Api, server: MockServer, loop: VirtualLoop):
    server.answer("GET", "/teams", {"records": []})
    shown = Shown(api)
    loop.settle()
    assert shown.kind == "empty"
    assert "No teams yet" in shown.text
    assert "A team shares agents." in shown.text
    shown.panel.close()


def test_error_says_how_often_it_was_tried_and_can_be_tried_again(
    api: Api, server: MockServer, loop: VirtualLoop
):
    server.answer("GET", "/teams", Reply(503))
    shown = Shown(api)
    loop.settle()
    loop.advance(1)
    assert "trying again" in shown.text
    loop.advance(60)
    assert shown.kind == "error"
    assert "Tried 3 times" in shown.text
    assert 'role="alert"' in shown.text
    server.answer("GET", "/teams", {"records": [TEAM]})
    shown.panel.retry_button.click()
    loop.settle()
    assert shown.kind == "ready"


def test_error_of_a_later_fetch_keeps_the_data(shown: Shown, server: MockServer, loop: VirtualLoop):
    loop.settle()
    server.answer("GET", "/teams", {"nonsense": 1})
    shown.panel.refresh_button.click()
    loop.advance(60)
    assert shown.kind == "error"
    assert "not a list of teams" in shown.text
    assert len(shown.data) == 1
    assert shown.panel.body.layout.display == ""


def test_offline_panel_keeps_its_data_and_counts_waiting_changes(
    shown: Shown, api: Api, loop: VirtualLoop
):
    loop.settle()
    loop.advance(240)
    api.query_client.online.set_online(False)
    assert shown.kind == "offline"
    assert "Seen 4 min ago" in shown.text
    api.query_client.mutate(_paused_options(), 1)
    loop.settle()
    assert "1 change waits" in shown.text
    api.query_client.online.set_online(True)
    loop.settle()
    assert shown.kind == "ready"


def _paused_options() -> Any:
    from kaizen_widgets.query import MutationOptions

    async def send(_given: Any) -> None:
        return None

    return MutationOptions(send, network_mode="online")


def test_stale_data_says_how_old_it_is(shown: Shown, loop: VirtualLoop):
    loop.settle()
    loop.advance(301)
    assert shown.kind == "stale"
    assert "5 min old" in shown.text


def test_missing_permission_says_which_the_role_and_whom_to_ask(
    shown: Shown, api: Api, loop: VirtualLoop
):
    loop.settle()
    sign_in(api, "viewer", "agents:read")
    assert shown.kind == "no permission"
    assert "Needs teams:read; your role is viewer. Ask an owner" in shown.text
    assert len(shown.data) == 1
    sign_in(api, "viewer", "teams:*")
    assert shown.kind == "ready"


def test_missing_permission_offers_a_request_to_copy(
    api: Api, server: MockServer, loop: VirtualLoop
):
    server.answer("GET", "/teams", Reply(403))
    shown = Shown(api)
    assert shown.panel.copy_button is None
    user = {"id": "u", "role": "viewer", "name": "Ben", "email": "ben@example.com"}
    api.session.login(user, "access", "refresh", ["agents:read"])
    loop.settle()
    button = shown.panel.copy_button
    assert button is not None
    assert button in shown.panel.blocked.children
    assert button.text == (
        "Please give me the permission teams:read, so that I can see teams: the studio refuses it "
        "to me.\nI am Ben (ben@example.com), with the role viewer."
    )
    assert "access" not in button.text
    server.answer("GET", "/teams", {"records": [TEAM]})
    sign_in(api, "org_owner", "teams:*")
    shown.panel.refetch()
    loop.settle()
    assert button.layout.display == "none"
    shown.panel.close()


def test_refusal_of_the_server_is_no_permission(api: Api, server: MockServer, loop: VirtualLoop):
    refused = {"error": {"code": "FORBIDDEN", "message": "Access denied by policy: team:read"}}
    server.answer("GET", "/teams", Reply(403, refused))
    shown = Shown(api)
    loop.settle()
    assert shown.kind == "no permission"
    assert "Access denied by policy: team:read" in shown.text
    shown.panel.close()


def test_permissions_are_allowed_until_they_are_known(api: Api):
    access = PanelAccess(api)
    assert access.may("teams:create")
    sign_in(api, "viewer")
    assert access.may("teams:create")
    sign_in(api, "viewer", "teams:read")
    assert not access.may("teams:create")
    sign_in(api, "org_owner")
    assert access.reason("teams:create") == ""


def test_failed_change_is_said_and_can_be_tried_again(
    shown: Shown, api: Api, server: MockServer, loop: VirtualLoop
):
    loop.settle()
    server.answer("POST", "/teams", Reply(refused=True), {"id": "2", "name": "New"})
    shown.panel.perform("Create New", lambda: api.teams.create(name="New"), "New was created.")
    loop.advance(60)
    assert "Create New did not work" in shown.text
    shown.panel.again_button.click()
    loop.advance(60)
    assert "New was created." in shown.text
    assert shown.panel.again_button.layout.display == "none"


def test_change_that_cannot_start_is_said(shown: Shown, api: Api):
    assert shown.panel.perform("Create it", lambda: api.teams.create(name="")) is None
    assert "Create it: Nothing was sent" in shown.text


def test_closed_panel_observes_nothing(shown: Shown, api: Api, loop: VirtualLoop):
    loop.settle()
    shown.panel.close()
    assert api.query_client.mount_count == 0
    api.query_client.invalidate_queries(("teams",))
    loop.settle()
    assert len(shown.data) == 1


def test_panel_of_something_else_is_refused():
    with pytest.raises(TypeError, match=r"AgentsPanel\(studio\)"):
        PanelFrame(object())
