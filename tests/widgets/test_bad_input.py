"""Every panel with bad answers, no network and odd names: it keeps what it had, and says what happened."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest

from kaizen_widgets.api import Api
from kaizen_widgets.testing import Call, MockServer, Reply, VirtualLoop, find
from kaizen_widgets.widgets import FormPanel, QueryPanel
from tests.widgets.answered import answered
from tests.widgets.every_panel import (
    CASES,
    ME,
    PanelCase,
    answer_all,
    answer_instead,
    said_in,
    shown_in,
    state_of,
)

pytestmark = pytest.mark.usefixtures("comms")

NONSENSE = (
    {"records": [{"id": 7}], "data": [3]},
    None,
    "text",
    [[]],
    Reply(200, text="<html><script>alert(1)</script>"),
    Reply(500),
)
SECRETS = ("api_key", "password")
LISTS = [case for case in CASES if case.listed[0]]
FORMS = [case for case in CASES if case.form is not None]
named = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


@pytest.fixture
def open_panel(
    api: Api, server: MockServer, loop: VirtualLoop, caplog: pytest.LogCaptureFixture
) -> Iterator[Any]:
    answer_all(server)
    panels: list[Any] = []

    def make(case: PanelCase) -> Any:
        panels.append(case.make(api))
        loop.advance(1)
        return panels[-1]

    yield make
    for panel in panels:
        panel.close()
    # An exception in a panel is logged, and nothing else would show it.
    assert [each.getMessage() for each in caplog.records if each.levelno >= logging.ERROR] == []


def fetch_again(panel: Any, loop: VirtualLoop, seconds: float = 60) -> None:
    if isinstance(panel, QueryPanel):
        panel.refresh_button.click()
    else:
        panel.refetch()
    loop.advance(seconds)


@named
def test_nonsense_of_the_server_keeps_what_was_shown(
    case: PanelCase, open_panel: Any, server: MockServer, loop: VirtualLoop
):
    panel = open_panel(case)
    before = shown_in(panel)
    assert any(before) or isinstance(panel, QueryPanel)
    for nonsense in NONSENSE:
        answer_instead(server, "GET", nonsense)
        fetch_again(panel, loop)
        assert state_of(panel) == "error", nonsense
        assert shown_in(panel) == before
        assert "<script>" not in said_in(panel)
    answer_all(server)
    fetch_again(panel, loop, 1)
    assert state_of(panel) != "error"


@named
def test_nonsense_from_the_beginning_is_an_error_that_can_be_tried_again(
    case: PanelCase, open_panel: Any, server: MockServer, loop: VirtualLoop
):
    answer_instead(server, "GET", {"records": [{"id": 7}], "data": [3]})
    panel = open_panel(case)
    loop.advance(60)
    assert state_of(panel) == "error"
    assert "The server&#x27;s answer is not" in said_in(panel)
    answer_all(server)
    panel.retry_button.click()
    loop.advance(30)
    assert state_of(panel) != "error"
    assert any(shown_in(panel)) or isinstance(panel, QueryPanel)


@named
def test_forbidden_panel_keeps_what_it_had_and_names_the_reason(
    case: PanelCase, open_panel: Any, server: MockServer, loop: VirtualLoop
):
    panel = open_panel(case)
    before = shown_in(panel)
    refusal = {"error": {"code": "FORBIDDEN", "message": "Denied by policy <Night>"}}
    answer_instead(server, "GET", Reply(403, refusal))
    fetch_again(panel, loop)
    assert shown_in(panel) == before
    assert "Denied by policy &lt;Night&gt;" in said_in(panel)
    assert state_of(panel) == ("error" if case.name == "a query" else "no permission")


@named
def test_panel_without_network_keeps_what_it_had(
    case: PanelCase, open_panel: Any, api: Api, server: MockServer, loop: VirtualLoop
):
    panel = open_panel(case)
    before = shown_in(panel)
    answer_instead(server, "GET", Reply(refused=True))
    fetch_again(panel, loop, 120)
    assert shown_in(panel) == before
    assert state_of(panel) == "error"
    api.query_client.online.set_online(False)
    loop.advance(1)
    assert state_of(panel) == ("error" if case.name == "a query" else "offline")
    assert shown_in(panel) == before


@pytest.mark.parametrize("case", LISTS, ids=lambda case: case.name)
def test_ten_thousand_rows_with_long_and_arabic_names_are_paged(
    case: PanelCase, open_panel: Any, server: MockServer, loop: VirtualLoop
):
    path, envelope, record = case.listed
    names = ("<b>x</b>" + "y" * 5_000, "الفوترة", "\u202eetis", "")
    rows = [
        {**record, "id": f"{place}", "name": names[place % 4] or f"Name {place}"}
        for place in range(10_000)
    ]

    def page(call: Call) -> Any:
        at, limit = int(call.query.get("offset", 0)), int(call.query.get("limit", 10))
        return {envelope: rows[at : at + limit], "total": len(rows)}

    server.answer("GET", path, page)
    panel = open_panel(case)
    assert state_of(panel) in ("ready", "stale")
    if len(panel.rows) < len(rows):
        assert panel.grid.total == 10_000
        assert len(panel.rows) == 50
        # A page of fifty rows, as compressed as it is sent.
        assert len(panel.grid._table) < 10_000
    shown = str(panel.grid.shown_rows[:8])
    assert "Name 3" in shown or "name" not in panel.grid.column_names
    assert len(shown) < 20_000


@pytest.mark.parametrize("case", FORMS, ids=lambda case: case.name)
def test_dialog_keeps_what_was_typed_when_the_network_goes_and_sends_it_once_it_is_back(
    case: PanelCase, open_panel: Any, api: Api, server: MockServer, loop: VirtualLoop
):
    api.session.login(ME, "access-1", "refresh-1", ["agents:*"])
    panel = open_panel(case)
    assert case.form is not None
    dialog = case.form(panel)
    assert dialog is not None
    loop.advance(1)
    form = find(dialog, FormPanel)
    for name, value in case.values.items():
        form.form.change(name, value)
    for method in ("GET", "POST", "PUT"):
        answer_instead(server, method, Reply(refused=True))
    answered(loop, dialog)
    assert not form.form.errors, form.form.errors
    assert panel.dialogs.dialog is dialog
    typed = {name: value for name, value in case.values.items() if name not in SECRETS}
    assert {name: form.form.get_value(name) for name in typed} == typed
    assert said_in(dialog).strip()
    for method in ("POST", "PUT"):
        answer_instead(server, method, case.saved)
    answer_all(server)
    answered(loop, dialog)
    assert panel.dialogs.dialog is None, said_in(dialog)
