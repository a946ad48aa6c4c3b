"""Signing in and out, and what tokens are good for."""

from __future__ import annotations

import pytest

from kaizen_widgets.server import LOCAL_EMAIL, Database, local_session, new_local_password
from kaizen_widgets.server.organization.passwords import hash_password, verify_password
from kaizen_widgets.testing import FakeClock
from tests.server.conftest import ApiUser, register

LOGIN = {"email": "ada@example.com", "password": "correct horse"}


def test_registering_creates_an_organization_with_its_owner(nobody: ApiUser):
    answer = register(nobody)
    ada = nobody.as_(answer["tokens"]["access_token"])
    (organization,) = ada.got("GET", "/auth/me/organizations")["organizations"]
    assert answer["user"]["role"] == "org_owner"
    assert organization["name"] == "Ada & Co"
    assert organization["slug"] == "ada-co"
    assert organization["id"] == answer["user"]["organization_id"]
    assert organization["is_primary"] is True


def test_email_in_another_case_is_taken(nobody: ApiUser):
    register(nobody)
    body = LOGIN | {"email": "ADA@example.com", "name": "B", "organization_name": "B"}
    assert nobody.refused(409, "POST", "/auth/register", body)["code"] == "CONFLICT"


def test_organizations_of_one_name_get_different_slugs(nobody: ApiUser):
    slugs = []
    for number in range(2):
        body = {"email": f"{number}@example.com", "password": "12345678", "name": "N"}
        made = nobody.got("POST", "/auth/register", body | {"organization_name": "Same"})
        caller = nobody.as_(made["tokens"]["access_token"])
        slugs.append(caller.got("GET", "/auth/me/organizations")["organizations"][0]["slug"])
    assert slugs == ["same", "same-2"]


def test_login_returns_tokens_and_user(nobody: ApiUser):
    register(nobody)
    answer = nobody.got("POST", "/auth/login", LOGIN)
    assert answer["expires_in"] == 900
    assert answer["token_type"] == "bearer"
    me = nobody.as_(answer["access_token"]).got("GET", "/auth/me")
    assert me["email"] == "ada@example.com"
    assert me["last_login_at"] is not None


@pytest.mark.parametrize("wrong", [{"password": "wrong"}, {"email": "nobody@example.com"}])
def test_wrong_password_and_unknown_email_get_the_same_answer(nobody: ApiUser, wrong: dict):
    register(nobody)
    error = nobody.refused(401, "POST", "/auth/login", LOGIN | wrong)
    assert (error["code"], error["message"]) == ("UNAUTHORIZED", "Invalid email or password")


def test_suspended_account_cannot_sign_in_and_its_sessions_end(nobody: ApiUser, database: Database):
    token = register(nobody)["tokens"]["access_token"]
    with database.write() as db:
        db.execute("UPDATE users SET status = 'suspended'")
    nobody.refused(403, "POST", "/auth/login", LOGIN)
    nobody.as_(token).refused(401, "GET", "/auth/me")


@pytest.mark.parametrize(
    ("header", "message"),
    [
        (None, "Not authenticated"),
        (b"Basic dXNlcjpwYXNz", "Not authenticated"),
        (b"Bearer made-up", "Invalid or expired token"),
        ("Bearer ü".encode(), "Invalid or expired token"),
        (b"Bearer \xff\xfe", "Invalid or expired token"),
    ],
)
def test_requests_without_a_valid_token_are_refused(
    nobody: ApiUser, header: bytes | None, message: str
):
    headers = {} if header is None else {b"Authorization": header}
    response = nobody.call("GET", "/agents", headers=headers)
    assert response.status_code == 401
    assert response.headers["www-authenticate"] == "Bearer"
    assert response.json()["error"]["message"] == message


def test_the_token_is_checked_before_the_body(nobody: ApiUser):
    nobody.as_("made-up").refused(401, "POST", "/agents", {})


def test_an_access_token_lives_fifteen_minutes(me: ApiUser, clock: FakeClock):
    clock.advance(899)
    me.got("GET", "/auth/me")
    clock.advance(1)
    me.refused(401, "GET", "/auth/me")


def test_refresh_token_is_refused_as_access_token(nobody: ApiUser, session: dict):
    error = nobody.as_(session["refresh_token"]).refused(401, "GET", "/auth/me")
    assert error["message"] == "Invalid token type"


def test_a_refresh_token_works_once(nobody: ApiUser, session: dict):
    old = {"refresh_token": session["refresh_token"]}
    new = nobody.got("POST", "/auth/refresh", old)
    assert new["refresh_token"] != session["refresh_token"]
    nobody.as_(new["access_token"]).got("GET", "/auth/me")
    assert (
        nobody.refused(401, "POST", "/auth/refresh", old)["message"]
        == "Invalid or expired refresh token"
    )
    nobody.got("POST", "/auth/refresh", {"refresh_token": new["refresh_token"]})


def test_one_of_five_simultaneous_refreshes_succeeds(nobody: ApiUser, session: dict):
    body = {"refresh_token": session["refresh_token"]}
    answers = nobody.together(*[("POST", "/auth/refresh", body)] * 5)
    assert sorted(answer.status_code for answer in answers) == [200, 401, 401, 401, 401]


def test_a_refresh_token_lives_seven_days(nobody: ApiUser, session: dict, clock: FakeClock):
    clock.advance(7 * 24 * 3600)
    nobody.refused(401, "POST", "/auth/refresh", {"refresh_token": session["refresh_token"]})


def test_access_token_is_refused_as_refresh_token(nobody: ApiUser, session: dict):
    nobody.refused(401, "POST", "/auth/refresh", {"refresh_token": session["access_token"]})


@pytest.mark.parametrize("body", [None, {}, "with its refresh token"])
def test_signing_out_ends_both_tokens(me: ApiUser, nobody: ApiUser, session: dict, body: object):
    tokens = {"refresh_token": session["refresh_token"]}
    me.got("POST", "/auth/logout", tokens if isinstance(body, str) else body)
    me.refused(401, "GET", "/auth/me")
    nobody.refused(401, "POST", "/auth/refresh", tokens)


def test_signing_out_cannot_end_another_persons_session(me: ApiUser, nobody: ApiUser):
    tokens = register(nobody)["tokens"]
    me.got("POST", "/auth/logout", {"refresh_token": tokens["refresh_token"]})
    nobody.got("POST", "/auth/refresh", {"refresh_token": tokens["refresh_token"]})


def test_owners_have_wildcards(me: ApiUser):
    assert "agents:*" in me.got("GET", "/auth/permissions")["permissions"]


def test_viewer_may_read_but_not_create(me: ApiUser, database: Database):
    with database.write() as db:
        db.execute("UPDATE memberships SET role = 'viewer'")
    me.got("GET", "/agents")
    assert "agents:read" in me.got("GET", "/auth/permissions")["permissions"]
    error = me.refused(
        403,
        "POST",
        "/agents",
        {"workspace_id": "", "name": "A", "agent_type": "chat", "model_id": "m"},
    )
    assert error["code"] == "FORBIDDEN"
    assert error["message"] == "Permission denied: agents:create"


def test_switching_organization_needs_a_membership(
    me: ApiUser, stranger: ApiUser, database: Database
):
    theirs = stranger.got("GET", "/auth/me")["organization_id"]
    mine = me.got("GET", "/auth/me")
    me.refused(403, "POST", "/auth/me/switch-org", {"organization_id": theirs})
    with database.write() as db:
        db.execute(
            "INSERT INTO memberships VALUES (?, ?, 'viewer', 0, '2026', 'invitation')",
            (mine["id"], theirs),
        )
    answer = me.got("POST", "/auth/me/switch-org", {"organization_id": theirs})
    assert answer["active_organization"]["role"] == "viewer"
    there = me.as_(answer["access_token"]).got("GET", "/auth/me")
    assert (there["organization_id"], there["role"]) == (theirs, "viewer")
    assert me.as_(answer["access_token"]).got("GET", "/agents")["total"] == 0


def test_switching_organization_does_not_extend_the_session(nobody: ApiUser, clock: FakeClock):
    session = register(nobody)
    organization = {"organization_id": session["user"]["organization_id"]}
    clock.advance(600)
    ada = nobody.as_(session["tokens"]["access_token"])
    switched = ada.got("POST", "/auth/me/switch-org", organization)
    assert switched["expires_in"] == 900
    again = nobody.as_(switched["access_token"]).got("POST", "/auth/me/switch-org", organization)
    clock.advance(7 * 24 * 3600 - 600)
    for tokens in (switched, again):
        body = {"refresh_token": tokens["refresh_token"]}
        nobody.refused(401, "POST", "/auth/refresh", body)


def test_switching_organization_without_a_refresh_token_keeps_the_remaining_time(
    nobody: ApiUser, clock: FakeClock, database: Database
):
    session = register(nobody)
    with database.write() as db:
        db.execute("DELETE FROM tokens WHERE kind = 'refresh'")
    clock.advance(600)
    ada = nobody.as_(session["tokens"]["access_token"])
    organization = {"organization_id": session["user"]["organization_id"]}
    switched = ada.got("POST", "/auth/me/switch-org", organization)
    assert switched["expires_in"] == 300
    clock.advance(300)
    nobody.as_(switched["access_token"]).refused(401, "GET", "/auth/me")
    nobody.refused(401, "POST", "/auth/refresh", {"refresh_token": switched["refresh_token"]})


def test_signing_out_ends_the_tokens_of_a_switch(nobody: ApiUser):
    session = register(nobody)
    organization = {"organization_id": session["user"]["organization_id"]}
    ada = nobody.as_(session["tokens"]["access_token"])
    switched = ada.got("POST", "/auth/me/switch-org", organization)
    ada.got("POST", "/auth/logout")
    nobody.as_(switched["access_token"]).refused(401, "GET", "/auth/me")


def test_tokens_and_passwords_are_not_stored_in_plain_text(nobody: ApiUser, database: Database):
    made = register(nobody)
    with database.read() as db:
        dump = "\n".join(db.iterdump())
    assert "ada@example.com" in dump
    for secret in (*made["tokens"].values(), "correct horse"):
        if secret not in ("bearer", 900):
            assert secret not in dump


def test_validation_errors_do_not_repeat_the_input(nobody: ApiUser):
    body = {"email": "no email", "password": "hunter2", "name": "", "organization_name": "x"}
    response = nobody.call("POST", "/auth/register", body)
    assert response.status_code == 422
    assert "hunter2" not in response.text


def test_password_hashes_are_salted_and_verify():
    first, second = hash_password("geheim"), hash_password("geheim")
    assert first != second
    assert verify_password("geheim", first)
    assert verify_password("geheim", second)
    assert not verify_password("geheiM", first)
    assert not verify_password("", None)


def test_local_user_has_no_password_until_one_is_made(nobody: ApiUser, database: Database):
    local_session(database, FakeClock())
    for guess in ("", "password", "local"):
        nobody.refused(401, "POST", "/auth/login", {"email": LOCAL_EMAIL, "password": guess})
    password = new_local_password(database)
    nobody.got("POST", "/auth/login", {"email": LOCAL_EMAIL, "password": password})


def test_new_local_password_ends_earlier_sessions(me: ApiUser, database: Database):
    new_local_password(database)
    me.refused(401, "GET", "/auth/me")
