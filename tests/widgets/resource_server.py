"""A mock server with users, teams and policies, and a client of it in virtual time."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

from kaizen_widgets.api import Api, studio_defaults
from kaizen_widgets.query import QueryClient
from kaizen_widgets.testing import MockServer, VirtualLoop
from kaizen_widgets.transport import Tokens, Transport
from kaizen_widgets.widgets import FormPanel
from kaizen_widgets.widgets.dialog import Dialog

OWNER = {
    "id": "u1",
    "email": "ada@example.com",
    "name": "Ada",
    "organization_id": "o1",
    "role": "org_owner",
}
BEN = {**OWNER, "id": "u2", "email": "ben@example.com", "name": "Ben", "role": "viewer"}
POLICY = {
    "id": "p1",
    "name": "No deploys",
    "resource_type": "deployment",
    "action": "create",
    "effect": "deny",
    "status": "active",
    "conditions": {"all": [{"field": "context.hour", "op": "gte", "value": 18}]},
}
TEAM = {"id": "t1", "name": "Looms", "description": "They weave."}


def mock_server(loop: VirtualLoop) -> MockServer:
    """Return a server with two users, a team of one and a policy."""
    server = MockServer(loop.clock)
    member = {"id": "m1", "user_id": "u2", "team_id": "t1", "role": "member"}
    organization = {"id": "o1", "name": "Engines", "role": "org_owner"}
    server.answer("GET", "/users", {"records": [OWNER, BEN], "total": 2})
    server.answer("GET", "/teams", {"records": [TEAM], "total": 1})
    server.answer("GET", "/teams/t1", {**TEAM, "members": [member], "member_count": 1})
    server.answer("GET", "/policies", {"records": [POLICY], "total": 1})
    server.answer("GET", "/policies/p1", POLICY)
    server.answer("GET", "/auth/me", OWNER)
    server.answer("GET", "/auth/permissions", {"permissions": ["agents:*", "teams:read"]})
    server.answer("GET", "/auth/me/organizations", {"organizations": [organization]})
    return server


def client_of(
    server: MockServer,
    loop: VirtualLoop,
    user: Mapping[str, Any] = OWNER,
    permissions: tuple[str, ...] = (),
) -> Api:
    """Return a client of a server, signed in as a user."""
    transport = Transport(
        "https://k.example.com",
        clock=loop.clock,
        transport=server,
        tokens=Tokens("access-1", "refresh-1"),
        jitter=lambda: 0.0,
    )
    api = Api(
        transport, QueryClient(loop=loop, clock=loop.clock, default_options=studio_defaults())
    )
    api.session.login(user, "access-1", "refresh-1", permissions)
    return api


def answer(dialog: Dialog, loop: VirtualLoop, **values: Any) -> None:
    """Fill in the form of a dialog, if it has one, give its answer, and wait for what comes of it."""
    if values:
        form = dialog.body.children[0]
        assert isinstance(form, FormPanel)
        form.form.set_values(values)
    ended = threading.Event()
    show_busy = dialog._show_busy

    def show(busy: bool) -> None:
        show_busy(busy)
        if not busy:
            ended.set()

    dialog._show_busy = show  # type: ignore[method-assign]
    dialog.on_dismiss(ended.set)
    dialog.give_answer()
    for _ in range(3000):
        loop.advance(0.1)
        if ended.wait(0.02):
            break
    assert ended.is_set()
    loop.advance(1)
