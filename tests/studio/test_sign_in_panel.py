"""Signing in, registering, switching and signing out, against the embedded API served over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import ipywidgets as ipw
import pytest
from ipywidgets.widgets.widget import _instances

from kaizen_widgets import Studio
from kaizen_widgets.api import Organization
from kaizen_widgets.core.background import background
from kaizen_widgets.errors import KaizenError
from kaizen_widgets.server import Database, create_app
from kaizen_widgets.server.organization import accounts
from kaizen_widgets.testing import fake_comms
from kaizen_widgets.widgets.dialog import DialogHost
from kaizen_widgets.widgets.sign_in_panel import SignInPanel
from tests.contract.serving import LIMITS, over_http
from tests.waiting import until

WAIT = 60
PASSWORD = "correct-horse-7"
NEW = {
    "name": "Ada",
    "email": "ada@example.com",
    "password": PASSWORD,
    "organization_name": "Engines",
}


@pytest.fixture
def database() -> Iterator[Database]:
    with Database.open(":memory:") as database:
        yield database


@pytest.fixture
def url(database: Database) -> Iterator[str]:
    with over_http(create_app(database, background, limits=LIMITS)) as url:
        yield url


@contextmanager
def opened(url: str) -> Iterator[tuple[Studio, SignInPanel]]:
    with fake_comms():
        studio = Studio(url)
        panel = SignInPanel(studio)
        yield studio, panel
        panel.close()
        studio.close()


@pytest.fixture
def studio(url: str) -> Iterator[Studio]:
    with opened(url) as (studio, _):
        yield studio


@pytest.fixture
def panel(studio: Studio) -> Iterator[SignInPanel]:
    panel = SignInPanel(studio)
    yield panel
    panel.close()


def submit(form: Any, **values: str) -> None:
    form.form.set_values(values)
    form.submit().wait(WAIT)


def is_shown(widget: ipw.DOMWidget) -> bool:
    return widget.layout.display != "none"


def test_registering_signs_in_and_clears_the_password(studio, panel):
    assert is_shown(panel.sign_in_form)
    panel.mode.value = "register"
    assert is_shown(panel.register_form)
    assert not is_shown(panel.sign_in_form)
    submit(panel.register_form, **NEW)
    assert studio.auth.user["name"] == "Ada"
    assert panel.register_form.form.get_value("password") == ""
    assert "Ada" in panel.user.value
    assert "Owner" in panel.user.value
    assert not is_shown(panel.register_form)
    until(lambda: "Engines" in panel.organization_status.value)
    assert PASSWORD not in str([each.get_state() for each in _instances.values()])


def test_taken_email_is_refused_and_what_was_typed_stays(studio, panel):
    studio.account.register(NEW["email"], PASSWORD, "Ada", "Engines")
    studio.logout()
    panel.mode.value = "register"
    with pytest.raises(KaizenError):
        submit(panel.register_form, **NEW)
    assert "exists already" in panel.register_form.status.value
    assert panel.register_form.form.get_value("organization_name") == "Engines"
    assert not studio.auth.is_authenticated


def test_wrong_password_is_refused_and_the_email_stays(studio, panel):
    with pytest.raises(KaizenError):
        submit(panel.sign_in_form, email="ada@example.com", password="wrong")
    assert 'role="alert"' in panel.sign_in_form.status.value
    assert panel.sign_in_form.form.get_value("email") == "ada@example.com"
    assert panel.sign_in_form.submit_button.description == "Retry"


def test_short_password_is_refused_before_anything_is_sent(studio, panel):
    submit(panel.register_form, **{**NEW, "password": "short", "email": "ada"})
    assert set(panel.register_form.form.errors) == {"password", "email"}
    assert not studio.auth.is_authenticated


def test_server_that_is_gone_is_said_and_tried_again(database):
    with over_http(create_app(database, background, limits=LIMITS)) as url:
        pass
    with opened(url) as (studio, panel):
        with pytest.raises(KaizenError):
            submit(panel.sign_in_form, email="ada@example.com", password=PASSWORD)
        assert 'role="alert"' in panel.sign_in_form.status.value
        assert panel.sign_in_form.form.get_value("email") == "ada@example.com"
        assert not studio.auth.is_authenticated


def test_switching_the_organization_opens_its_pipelines(studio, panel, database):
    studio.account.register(NEW["email"], PASSWORD, "Ada", "Engines")
    studio.new("Of the engines")
    user = studio.auth.user["id"]
    names = iter(f"other-{index}" for index in range(9))
    services = SimpleNamespace(new_id=lambda: next(names), clock=background)
    with database.write() as db:
        other = accounts.create_organization(db, services, name="<b>Looms</b>", owner=user)  # pyright: ignore
    panel._organizations.refetch().wait(WAIT)
    until(lambda: len(panel.organization.options) == 2 and panel.switch_button.disabled)
    panel.organization.value = other
    assert not panel.switch_button.disabled
    panel.switch_button.click()
    until(
        lambda: (
            (studio.auth.user or {}).get("organization_id") == other
            and panel.switch_button.disabled
        )
    )
    until(lambda: studio.store.pipeline_id is None, "the old organization's pipeline is closed")
    assert studio.pipelines.list().wait(WAIT) == []


def test_organizations_read_before_the_user_is_known_again_leave_the_new_one_chosen(
    studio, panel, monkeypatch
):
    studio.account.register(NEW["email"], PASSWORD, "Ada", "Engines")
    user = dict(studio.auth.user)
    found = [Organization(id=id, name=id, role="") for id in (user["organization_id"], "other")]
    result = SimpleNamespace(data=found, has_data=True, is_error=False, is_fetching=False)
    empty = SimpleNamespace(data=None, has_data=False, is_error=False, is_fetching=True)
    query = SimpleNamespace(result=result)
    monkeypatch.setattr(panel, "_organizations", query)
    monkeypatch.setattr(panel, "_stop_organizations", None)
    panel.refresh()
    panel.organization.value = "other"
    for query.result in (empty, result):  # a switch: the cache is cleared and filled
        panel.refresh()
    studio.auth.set_user({**user, "organization_id": "other"})
    assert panel.organization.value == "other"
    assert panel.switch_button.disabled


def test_switch_that_is_refused_keeps_the_organization_and_its_pipeline(studio, panel):
    studio.account.register(NEW["email"], PASSWORD, "Ada", "Engines")
    studio.new("Of the engines")
    before = studio.auth.user["organization_id"]
    panel.organization.options = [("Engines", before), ("Nowhere", "nowhere")]
    panel.organization.value = "nowhere"
    panel.switch_button.click()
    until(lambda: "alert" in panel.status.value)
    assert studio.auth.user["organization_id"] == before
    assert studio.auth.is_authenticated


def test_signing_out_with_unsaved_edits_asks_once_more(studio, panel, monkeypatch):
    studio.account.register(NEW["email"], PASSWORD, "Ada", "Engines")

    def logout(*, discard: bool = False) -> None:
        if not discard:
            raise KaizenError("There are unsaved edits.")
        studio.auth.logout()

    monkeypatch.setattr(studio.account, "logout", logout)
    panel.sign_out_button.click()
    until(
        lambda: (
            "unsaved edits" in panel.status.value
            and panel.sign_out_button.description == "Sign out and give up edits"
        )
    )
    panel.sign_out_button.click()
    until(lambda: is_shown(panel.sign_in_form) and not studio.auth.is_authenticated)


def test_dialog_closes_once_signed_in(studio, panel):
    studio.account.register(NEW["email"], PASSWORD, "Ada", "Engines")
    studio.logout()
    host = DialogHost()
    host.show(panel.dialog())
    submit(panel.sign_in_form, email=NEW["email"], password=PASSWORD)
    assert host.dialog is None
    assert studio.auth.is_authenticated


def test_embedded_api_asks_for_no_password():
    with fake_comms():
        studio = Studio(data=":memory:")
        panel = SignInPanel(studio)
        panel.sign_out_button.click()
        until(lambda: is_shown(panel.local_button) and not is_shown(panel.mode))
        panel.local_button.click()
        until(lambda: not is_shown(panel.local_button) and studio.auth.is_authenticated)
        panel.close()
        studio.close()
