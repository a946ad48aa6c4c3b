"""AuthStore: the session, its permissions, and where the tokens are."""

from __future__ import annotations

import json
import pickle

import pytest

from kaizen_widgets.core.tokens import Tokens
from kaizen_widgets.errors import StoreError
from kaizen_widgets.stores import ActionLog, AuthStore, SystemKeyring, devtools

ANN = {"id": "u1", "name": "Ann", "role": "developer"}
CANARY = "canary-4711"


class Cells(dict[str, str]):
    def set(self, name: str, text: str) -> None:
        self[name] = text

    def remove(self, name: str) -> None:
        self.pop(name, None)


class Backend:
    """A keyring in memory; one that is broken raises what it was given."""

    def __init__(self, *, is_broken: bool = False) -> None:
        self.kept: dict[tuple[str, str], str] = {}
        self.is_broken = is_broken

    def get_password(self, service: str, account: str) -> str | None:
        self._check(account)
        return self.kept.get((service, account))

    def set_password(self, service: str, account: str, secret: str) -> None:
        self._check(secret)
        self.kept[service, account] = secret

    def delete_password(self, service: str, account: str) -> None:
        del self.kept[service, account]

    def _check(self, fact: str) -> None:
        if self.is_broken:
            raise RuntimeError(fact)


def test_login_is_one_change_and_logout_drops_everything():
    tokens, heard = Tokens(), []
    store = AuthStore(tokens)
    assert store.is_loading
    store.subscribe(lambda state, _previous: heard.append(state["is_authenticated"]))
    store.login(ANN, CANARY, "r", ["agents:read"])
    assert (store.user, store.is_loading, tokens.access) == (ANN, False, CANARY)
    store.logout()
    assert (store.user, store.permissions, tokens.signed_in) == (None, (), False)
    assert not store.is_loading
    assert heard == [True, False]


@pytest.mark.parametrize(
    ("granted", "asked", "may"),
    [
        ("agents:create", "agents:create", True),
        ("agents:create", "agents:delete", False),
        ("agents:*", "agents:create", True),
        ("agents:*", "agents:create:own", True),
        ("agents:*", "agents", False),
        ("agents:*", "agentsx:create", False),
        ("*", "agents:create", True),
        ("*:read", "agents:read", True),
        ("*:read", "agents:create", False),
        ("agents:read", "agents:*", False),
        ("agents:*", "agents:*", True),
    ],
)
def test_has_permission_understands_wildcards(granted: str, asked: str, may: bool):
    store = AuthStore()
    store.login(ANN, "a")
    store.set_permissions([granted])
    assert store.has_permission(asked) is may


@pytest.mark.parametrize("role", ["admin", "org_owner"])
def test_admin_roles_have_every_permission_while_signed_in(role: str):
    store = AuthStore()
    store.set_user({**ANN, "role": role})
    assert not store.has_permission("agents:create")
    store.set_tokens("a")
    assert store.has_permission("agents:create")


def test_tokens_show_nowhere():
    log, cells = ActionLog(), Cells()
    store = AuthStore(token_storage=SystemKeyring(backend=Backend()))
    store.persist(cells)
    devtools(store, log)
    store.login({**ANN, "access_token": CANARY, "password": CANARY}, CANARY, CANARY)
    store.set_tokens(CANARY + "2")
    assert store.is_authenticated
    shown = [repr(store), str(vars(store)), str(store.get()), log.export(), *cells.values()]
    assert CANARY not in "".join(shown)
    with pytest.raises(TypeError):
        pickle.dumps(store)


def test_keep_restores_the_session_of_last_time():
    cells, backend, tokens = Cells(), Backend(), Tokens()
    first = AuthStore(token_storage=SystemKeyring(backend=backend))
    first.persist(cells)
    first.login(ANN, CANARY, "r")
    second = AuthStore(tokens, token_storage=SystemKeyring(backend=backend))
    second.persist(cells)
    assert (second.user, second.is_authenticated, tokens.access) == (ANN, True, CANARY)
    second.logout()
    assert backend.kept == {}
    assert json.loads(cells["kaizen-auth"])["state"] == {"user": None}


@pytest.mark.parametrize(
    ("token_storage", "why"),
    [
        (None, "no keyring is used"),
        (SystemKeyring(backend=Backend(is_broken=True)), "does not work"),
        (SystemKeyring(backend=Backend()), "not in the keyring any more"),
    ],
)
def test_keep_without_tokens_asks_to_sign_in_again_with_the_reason(
    token_storage: SystemKeyring | None, why: str
):
    cells = Cells({"kaizen-auth": json.dumps({"state": {"user": ANN}, "version": 0})})
    store = AuthStore(token_storage=token_storage)
    store.persist(cells)
    assert (store.user, store.is_authenticated, store.is_loading) == (None, False, False)
    assert store.message.startswith("Please sign in again: ")
    assert why in store.message


def test_missing_keyring_is_reported(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(__import__("sys").modules, "keyring", None)
    keyring = SystemKeyring()
    keyring.save(CANARY, CANARY)
    assert keyring.load() is None
    assert "kaizen-widgets[secrets]" in keyring.problem


def test_broken_keyring_keeps_the_token_out_of_its_message():
    keyring = SystemKeyring(backend=Backend(is_broken=True))
    keyring.save(CANARY, CANARY)
    assert "RuntimeError" in keyring.problem
    assert CANARY not in keyring.problem + repr(keyring)


def test_set_user_refuses_what_is_no_mapping():
    with pytest.raises(StoreError, match="A user is a mapping"):
        AuthStore().set_user("Ann")  # type: ignore[arg-type]


def test_damaged_state_ends_the_loading():
    store = AuthStore()
    store.persist(Cells({"kaizen-auth": "{"}))
    assert not store.is_loading


def test_refreshed_tokens_are_saved_in_the_keyring():
    tokens, backend = Tokens(), Backend()
    store = AuthStore(tokens, token_storage=SystemKeyring("here", backend=backend))
    store.login(ANN, "a", "r")
    tokens.set("a2", "r2")  # as the transport does after a refresh
    assert SystemKeyring("here", backend=backend).load() == ("a2", "r2")
    assert SystemKeyring("there", backend=backend).load() is None
    assert store.is_authenticated


def test_cleared_tokens_end_the_session_with_the_reason():
    tokens, backend = Tokens(), Backend()
    store = AuthStore(tokens, token_storage=SystemKeyring(backend=backend))
    store.login(ANN, "a", "r", ["agents:*"])
    tokens.clear("The session has ended; sign in again.")
    assert (store.user, store.permissions, store.is_authenticated) == (None, (), False)
    assert store.message == "The session has ended; sign in again."
    assert backend.kept == {}


def test_closed_store_does_not_watch_the_tokens():
    tokens = Tokens()
    store = AuthStore(tokens)
    store.login(ANN, "a")
    store.close()
    tokens.clear("gone")
    assert store.is_authenticated


def test_sessions_at_two_servers_are_separate():
    cells = Cells()
    for account in ("https://one", "https://two"):
        AuthStore(account=account).persist(cells)
    first = AuthStore(account="https://one")
    first.persist(cells)
    first.login(ANN, "a")
    other = AuthStore(account="https://two")
    other.persist(cells)
    assert (other.user, other.message) == (None, "")
