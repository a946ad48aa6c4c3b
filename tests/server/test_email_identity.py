"""One e-mail address is one account, however it is spelled."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from kaizen_widgets.core.clock import random_id
from kaizen_widgets.server import Database
from kaizen_widgets.server.base.email_identity import email_identity
from kaizen_widgets.server.base.migrations import APPLICATION_ID, MIGRATIONS
from kaizen_widgets.server.base.services import Services
from kaizen_widgets.testing import FakeClock
from tests.server.conftest import ApiUser, new_user

PASSWORD = "long enough"


def registration(email: str) -> dict[str, str]:
    return {"email": email, "password": PASSWORD, "name": "N", "organization_name": "O"}


SPELLINGS = [
    ("é@example.org", "É@example.org"),
    ("é@example.org", "e\u0301@example.org"),
    ("Straße@example.org", "STRASSE@example.org"),
    ("ada@example.org", "\uff21\uff24\uff21@example.org"),
    ("\ufb01n@example.org", "fin@example.org"),
    ("\u03c3\u03ac\u03c2@example.org", "\u03a3\u0386\u03a3@example.org"),
    ("ada@münchen.example", "ada@MU\u0308NCHEN.example"),
]


@pytest.mark.parametrize(("email", "other"), SPELLINGS)
def test_another_spelling_of_an_email_is_taken_and_signs_in(
    nobody: ApiUser, email: str, other: str
):
    user = nobody.got("POST", "/auth/register", registration(email))["user"]
    error = nobody.refused(409, "POST", "/auth/register", registration(other))
    assert error["code"] == "CONFLICT"
    signed_in = nobody.got("POST", "/auth/login", {"email": other, "password": PASSWORD})
    assert signed_in["user"]["id"] == user["id"]


@pytest.mark.parametrize(("email", "other"), [("ada@example.org", "bob@example.org")])
def test_other_emails_are_other_accounts(nobody: ApiUser, email: str, other: str):
    nobody.got("POST", "/auth/register", registration(email))
    nobody.got("POST", "/auth/register", registration(other))


@pytest.mark.parametrize(
    "character",
    [
        "\u200b",
        "\u00ad",
        "\u2060",
        "\ufeff",
        "\x00",
        "\x7f",
        "\u202e",
        "\u034f",
        "\u3164",
        "\ufe0f",
    ],
    ids=ascii,
)
def test_an_email_with_invisible_characters_is_refused_everywhere(me: ApiUser, character: str):
    email = f"a{character}da@example.org"
    user = f"/users/{new_user(me)['id']}"
    for method, path, body in (
        ("POST", "/auth/register", registration(email)),
        ("POST", "/users", {"email": email, "name": "N", "password": PASSWORD, "role": "viewer"}),
        ("PUT", user, {"email": email}),
    ):
        error = me.refused(422, method, path, body)
        assert error["details"]["errors"][0]["field"] == "body.email", path


def test_changing_an_email_to_another_users_spelling_is_refused(me: ApiUser):
    new_user(me, "é@example.org")
    path = f"/users/{new_user(me, 'other@example.org')['id']}"
    me.refused(409, "PUT", path, {"email": "E\u0301@example.org"})
    me.refused(409, "POST", "/users", new_user_body("E\u0301@example.org"))
    changed = me.got("PUT", path, {"email": "OTHER@example.org"})
    assert changed["email"] == "OTHER@example.org"
    me.refused(409, "POST", "/users", new_user_body("other@example.org"))


def new_user_body(email: str) -> dict[str, str]:
    return {"email": email, "name": "N", "password": PASSWORD, "role": "viewer"}


def test_file_of_an_earlier_version_with_two_spellings_still_works(tmp_path: Path, nobody: ApiUser):
    """Both accounts sign in with their own spelling; a third spelling finds the older one."""
    hashed = "$argon2id$v=19$m=8,t=1,p=1$7SoAws+xEaJK/yt62rJaLg$DOThfXqzKiXDzN224nzERfFtkcDreYoHwaQnk+E8bwY"
    old = sqlite3.connect(tmp_path / "s.db")
    for migration in MIGRATIONS[:2]:
        for statement in migration:
            old.execute(statement)
    old.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    old.execute("PRAGMA user_version = 2")
    for number, email in enumerate(("é@example.org", "É@example.org", "a\u200b@example.org")):
        old.execute(
            "INSERT INTO users (id, email, name, password_hash, created_at, updated_at)"
            " VALUES (?, ?, 'N', ?, '2026', '2026')",
            (str(number), email, hashed),
        )
        old.execute(
            "INSERT INTO organizations VALUES (?, 'O', ?, '2026')", (f"o{number}", f"s{number}")
        )
        old.execute(
            "INSERT INTO memberships VALUES (?, ?, 'org_owner', 1, '2026', 'created')",
            (str(number), f"o{number}"),
        )
    old.commit()
    old.close()
    with Database.open(tmp_path / "s.db") as database:
        nobody.app.state.services = Services(database, FakeClock(), random_id)
        found = [
            nobody.got("POST", "/auth/login", {"email": email, "password": "password"})["user"][
                "id"
            ]
            for email in ("é@example.org", "É@example.org", "e\u0301@example.org", "a@example.org")
        ]
        assert found == ["0", "1", "0", "2"]
        nobody.refused(409, "POST", "/auth/register", registration("E\u0301@example.org"))


@pytest.mark.parametrize("email", ["\ud800@example.org", "\u200b", ""])
def test_an_identity_can_be_made_of_any_text(email: str):
    assert isinstance(email_identity(email), str)
