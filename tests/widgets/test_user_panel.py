"""The signed-in user: profile, permissions and organizations."""

from __future__ import annotations

import pytest

from kaizen_widgets.testing import MockServer, Reply, find
from kaizen_widgets.widgets import SignInPanel, UserPanel
from tests.widgets.resource_server import OWNER, answer, client_of, mock_server

pytestmark = pytest.mark.usefixtures("comms")


@pytest.fixture
def server(loop) -> MockServer:
    return mock_server(loop)


@pytest.fixture
def panel(server, loop):
    panel = UserPanel(client_of(server, loop))
    loop.advance(1)
    yield panel
    panel.close()


def test_profile_and_permissions_are_shown(panel):
    assert "ada@example.com" in panel.profile.value
    assert "Owner" in panel.profile.value
    assert "2 permissions" in panel.permissions.value
    assert "everything" in panel.permissions.value
    assert "Engines" in find(panel, SignInPanel).organization_status.value


def test_only_what_was_changed_of_the_profile_is_sent(panel, server, loop):
    server.answer("PUT", "/users/u1", {**OWNER, "name": "Ada L."})
    server.answer("GET", "/auth/me", {**OWNER, "name": "Ada L."})
    answer(panel.edit_profile(), loop, name="Ada L.")
    assert server.asked("PUT", "/users/u1")[0].json == {"name": "Ada L."}
    assert "Ada L." in panel.profile.value
    assert panel.dialogs.dialog is None


def test_network_that_goes_while_the_dialog_is_open_loses_nothing(panel, server, loop):
    server.answer("PUT", "/users/u1", Reply(refused=True))
    dialog = panel.edit_profile()
    answer(dialog, loop, name="Ada L.")
    assert panel.dialogs.dialog is dialog
    form = dialog.body.children[0]
    assert form.form.get_value("name") == "Ada L."
    assert 'role="alert"' in form.status.value
    server.answer("PUT", "/users/u1", {**OWNER, "name": "Ada L."})
    answer(dialog, loop)
    assert panel.dialogs.dialog is None


def test_invalid_email_is_refused_before_it_is_sent(panel, server, loop):
    dialog = panel.edit_profile()
    answer(dialog, loop, email="ada")
    assert panel.dialogs.dialog is dialog
    assert server.asked("PUT", "/users/u1") == []


def test_permissions_that_cannot_be_read_leave_the_profile(server, loop):
    server.answer("GET", "/auth/permissions", Reply(500))
    panel = UserPanel(client_of(server, loop))
    loop.advance(60)
    assert "could not be read" in panel.permissions.value
    assert "ada@example.com" in panel.profile.value
    panel.close()


@pytest.mark.parametrize("nonsense", [[], {"id": 7}, Reply(200, text="<html>"), None])
def test_nonsense_keeps_the_profile_and_says_so(panel, server, loop, nonsense):
    server.answer("GET", "/auth/me", nonsense)
    panel.refetch()
    loop.advance(60)
    assert panel.state.kind == "error"
    assert "ada@example.com" in panel.profile.value


def test_names_are_escaped_and_cut(server, loop):
    server.answer("GET", "/auth/me", {**OWNER, "name": "<b>" + "س" * 5000})
    panel = UserPanel(client_of(server, loop))
    loop.advance(1)
    assert "<b>" not in panel.profile.value
    assert len(panel.profile.value) < 5000
    panel.close()
