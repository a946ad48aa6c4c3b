"""From sign-in to sign-out."""

from __future__ import annotations

import asyncio

import pytest

from kaizen_widgets.errors import ConflictError, UnauthorizedError
from tests.contract.conftest import WAIT, Client


@pytest.fixture
def other(connect, client: Client) -> Client:
    """The same person, signed in a second time."""
    api = connect()
    api.auth.login(client.email, client.password).wait(WAIT)
    return Client(api, client.email, client.password)


def test_current_user_is_known(client: Client):
    user = client.user.current().wait(WAIT)
    assert user.email == client.email
    organizations = client.user.organizations().wait(WAIT)
    assert user.organization_id in {one.id for one in organizations}
    assert any(one.startswith("agents:") for one in client.user.permissions().wait(WAIT))


def test_a_session_begins_and_ends(other: Client):
    assert other.user.current().wait(WAIT).email == other.email
    refresh = other.transport.tokens.refresh
    other.auth.logout().wait(WAIT)
    assert not other.transport.tokens.signed_in
    with pytest.raises(UnauthorizedError):
        other.run(other.transport.request("GET", "/auth/me"))
    with pytest.raises(UnauthorizedError):
        other.run(
            other.transport.request(
                "POST", "/auth/refresh", json={"refresh_token": refresh}, authenticated=False
            )
        )


def test_expired_token_is_renewed_once_for_many_requests(other: Client):
    tokens, heard = other.transport.tokens, []
    end = tokens.watch(heard.append)
    tokens.set("expired", tokens.refresh)
    heard.clear()

    async def ask():
        return await asyncio.gather(
            *(other.transport.request("GET", "/auth/me") for _ in range(50))
        )

    answers = other.run(ask())
    end()
    assert {answer["email"] for answer in answers} == {other.email}
    assert len(heard) == 1


def test_a_refresh_token_works_once(other: Client):
    spent = {"refresh_token": other.transport.tokens.refresh}
    renewed = other.ask("POST", "/auth/refresh", json=spent, authenticated=False)
    assert renewed["access_token"]
    with pytest.raises(UnauthorizedError):
        other.ask("POST", "/auth/refresh", json=spent, authenticated=False)


def test_a_wrong_password_is_refused(connect, client: Client):
    with pytest.raises(UnauthorizedError):
        connect().auth.login(client.email, "not the password").wait(WAIT)


def test_switching_to_the_same_organization_keeps_the_session(other: Client):
    user = other.user.current().wait(WAIT)
    other.auth.switch(user.organization_id).wait(WAIT)
    assert other.user.current().wait(WAIT).id == user.id


def test_an_email_is_taken_once(connect, client: Client):
    with pytest.raises(ConflictError):
        connect().auth.register(client.email, "another password", "Twin", "Twins").wait(WAIT)


def test_requests_without_a_session_are_refused(connect):
    with pytest.raises(UnauthorizedError):
        connect().agents.list().wait(WAIT)
