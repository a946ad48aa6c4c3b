"""Signing in and out with the account panel, without a browser."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ipywidgets import Button
from ipywidgets.widgets.widget import _instances

from kaizen_widgets.core.background import background
from kaizen_widgets.errors import StoreError, UnauthorizedError
from kaizen_widgets.stores import AuthStore
from kaizen_widgets.testing import FakeComms, find
from kaizen_widgets.widgets import AccountPanel, FormPanel
from tests.waiting import until

WAIT = 60
PASSWORD = "correct-horse"


class Desk:
    """A session, its panel, and a server that a test can make refuse."""

    def __init__(self, *, needs_password: bool) -> None:
        self.auth = AuthStore()
        self.auth.set({"is_loading": False})
        self.problem = ""
        self.discarded: list[bool] = []
        self.panel = AccountPanel(
            self.auth,
            login=self.login,
            logout=self.logout,
            needs_password=needs_password,
            start=background.start,
        )

    def login(self, email: str, password: str) -> None:
        if email and password != PASSWORD:
            raise UnauthorizedError("Invalid email or password.", status=401)
        self.auth.login({"id": "u1", "name": "Anna <b>"}, "access")

    def logout(self, discard: bool) -> None:
        self.discarded.append(discard)
        if self.problem and not discard:
            raise StoreError(self.problem, store="canvas")
        self.auth.logout()

    def button(self, name: str) -> Button:
        return find(self.panel, Button, description=name)

    def wait(self, condition: Callable[[], Any]) -> None:
        """Wait until work in the background makes a condition true, and its panel has drawn it."""
        until(condition)
        self.panel.refresh()  # waits for the thread that draws, and draws nothing twice


@pytest.fixture
def local(comms: FakeComms):
    desk = Desk(needs_password=False)
    yield desk
    desk.panel.close()


@pytest.fixture
def remote(comms: FakeComms):
    desk = Desk(needs_password=True)
    yield desk
    desk.panel.close()


def sign_in(desk: Desk, password: str) -> None:
    form = find(desk.panel, FormPanel)
    form.form.set_value("email", "anna@example.com")
    form.form.set_value("password", password)
    submission = form.submit()
    assert submission is not None
    submission.wait(WAIT)


def test_panel_without_password_signs_in_and_out_with_buttons(local: Desk):
    local.button("Sign in").click()
    local.wait(lambda: local.auth.is_authenticated and not local.panel._notices.children)
    assert "Anna &lt;b&gt;" in local.panel._user.value
    local.button("Sign out").click()
    local.wait(lambda: not local.auth.has_tokens and local.panel._notices.children)
    assert local.discarded == [False]


def test_wrong_password_is_reported_and_the_right_one_signs_in(remote: Desk):
    with pytest.raises(UnauthorizedError):
        sign_in(remote, "wrong")
    form = find(remote.panel, FormPanel)
    assert "Invalid email or password." in form.status.value
    sign_in(remote, PASSWORD)
    remote.wait(lambda: remote.auth.is_authenticated)
    assert remote.panel._form is None
    assert not form.form.values["password"]


def test_password_is_in_no_message_to_the_page(remote: Desk, comms: FakeComms):
    sign_in(remote, PASSWORD)
    said = [str(comm.sent) for comm in comms]
    assert any("Password" in one for one in said)
    assert PASSWORD not in "".join(said)


def test_sign_out_with_unsaved_edits_asks_before_discarding(local: Desk):
    local.login("", "")
    local.problem = "There are unsaved edits."
    local.button("Sign out").click()
    local.wait(lambda: local.panel._notices.children)
    assert local.auth.has_tokens
    local.button("Sign out anyway").click()
    assert local.discarded == [False], "it asks once more"
    local.button("Sign out anyway for good?").click()
    local.wait(lambda: not local.auth.has_tokens)
    assert local.discarded == [False, True]


def test_typed_credentials_stay_while_the_message_changes(remote: Desk):
    form = find(remote.panel, FormPanel)
    form.form.set_value("email", "anna@example.com")
    remote.auth.set({"message": "Signed out in another notebook."})
    assert find(remote.panel, FormPanel) is form
    assert form.form.values["email"] == "anna@example.com"


def test_repeated_sign_in_and_out_leaves_no_widgets(local: Desk):
    counts = []
    for _ in range(3):
        local.login("", "")
        local.auth.logout()
        counts.append(len(_instances))
    assert counts[0] == counts[2]
