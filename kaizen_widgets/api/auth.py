"""Signing in and out, and who is signed in.

Passwords and tokens pass through and are kept nowhere: signing in is no mutation, because a mutation
remembers its variables.
"""

from __future__ import annotations

from collections.abc import Coroutine, Mapping
from typing import Any

from pydantic import SecretStr

from kaizen_widgets.api.key_factories import query_keys
from kaizen_widgets.api.models import Record, UtcTime, read, rows
from kaizen_widgets.core.background import Pending
from kaizen_widgets.errors import DecodeError, TransportError
from kaizen_widgets.query import LiveQuery, QueryClient, QueryOptions
from kaizen_widgets.stores import AuthStore
from kaizen_widgets.transport import Transport

KEYS = query_keys.user


class User(Record):
    """Who is signed in."""

    id: str
    email: str
    name: str
    organization_id: str
    role: str
    status: str = "active"
    mfa_enabled: bool = False
    last_login_at: UtcTime | None = None
    created_at: UtcTime | None = None


class Organization(Record):
    """An organization a user belongs to."""

    id: str
    name: str
    slug: str = ""
    role: str = ""
    is_primary: bool = False
    joined_at: UtcTime | None = None
    joined_via: str = ""


class AuthEndpoints:
    """The requests. Those that give tokens put them into the session's holder and nowhere else."""

    def __init__(self, transport: Transport, session: AuthStore) -> None:
        self._transport = transport
        self._session = session

    async def login(self, email: str, password: str) -> User:
        """Sign in."""
        return self._signed_in(await self._post("login", email=email, password=SecretStr(password)))

    async def register(self, email: str, password: str, name: str, organization_name: str) -> User:
        """Make a user and their organization, and sign in."""
        answer = await self._post(
            "register",
            email=email,
            password=SecretStr(password),
            name=name,
            organization_name=organization_name,
        )
        return self._signed_in(answer)

    async def logout(self) -> None:
        """Sign out; here at once, on the server if it can be reached."""
        tokens = self._transport.tokens
        access, refresh = tokens.access, tokens.refresh
        if not access:
            return
        try:
            body = {"refresh_token": SecretStr(refresh)} if refresh else {}
            await self._transport.request("POST", "/auth/logout", json=body)
        except TransportError:
            # The session dies by itself; what matters is that nothing stays here.
            pass
        finally:
            self._session.logout()

    async def me(self) -> User:
        """Return who is signed in."""
        return read(User, await self._transport.request("GET", "/auth/me"), "user")

    async def permissions(self) -> list[str]:
        """Return what the user may do, such as ``agents:read`` or ``agents:*``."""
        answer = await self._transport.request("GET", "/auth/permissions")
        return [str(permission) for permission in rows(answer, "permissions")]

    async def organizations(self) -> list[Organization]:
        """Return the user's organizations."""
        answer = await self._transport.request("GET", "/auth/me/organizations")
        return [read(Organization, row, "organization") for row in rows(answer, "organizations")]

    async def switch(self, organization_id: str) -> None:
        """Go on in another organization."""
        answer = await self._transport.request(
            "POST", "/auth/me/switch-org", json={"organization_id": organization_id}
        )
        self._session.set_tokens(*self._tokens(answer))

    async def _post(self, route: str, **body: str | SecretStr) -> Any:
        return await self._transport.request(
            "POST", f"/auth/{route}", json=body, authenticated=False
        )

    def _signed_in(self, answer: Any) -> User:
        user = read(User, answer.get("user") if isinstance(answer, Mapping) else None, "sign-in")
        self._session.login(_facts(user), *self._tokens(answer))
        return user

    def _tokens(self, answer: Any) -> tuple[str, str]:
        """Return the access and the refresh token of an answer.

        Raises:
            DecodeError: There is no access token in it.
        """
        # `register` and `switch-org` may wrap the tokens, `login` does not.
        around = answer if isinstance(answer, Mapping) else {}
        tokens = around["tokens"] if isinstance(around.get("tokens"), Mapping) else around
        access, refresh = tokens.get("access_token"), tokens.get("refresh_token")
        if not isinstance(access, str) or not access:
            raise DecodeError("The server signed in but sent no access_token.")
        self._transport.set_token_lifetime(access, tokens.get("expires_in"))
        return access, refresh if isinstance(refresh, str) else ""


class Auth:
    """Sign in, out, and over to another organization.

    Each empties the cache, which was another's; what somebody watches is asked for anew. The `AuthStore`
    knows afterwards who is signed in and what they may do.
    """

    def __init__(self, endpoints: AuthEndpoints, client: QueryClient, session: AuthStore) -> None:
        self.endpoints = endpoints
        self.session = session
        self._client = client

    def login(self, email: str, password: str) -> Pending[User]:
        """Sign in; gives the `User`."""
        return self._then_forget(self.endpoints.login(email, password))

    def register(
        self, email: str, password: str, name: str, organization_name: str
    ) -> Pending[User]:
        """Make a user and their organization, and sign in; gives the `User`."""
        return self._then_forget(self.endpoints.register(email, password, name, organization_name))

    def logout(self) -> Pending[None]:
        """Sign out."""
        return self._then_forget(self.endpoints.logout())

    def switch(self, organization_id: str) -> Pending[None]:
        """Go on in another organization."""
        return self._then_forget(self.endpoints.switch(organization_id), is_known=False)

    def resume(self) -> Pending[None]:
        """Ask the server who is signed in, with the tokens there are; never raises."""
        return self._client.loop.start(self._ask(is_known=False))

    def _then_forget(
        self, request: Coroutine[Any, Any, Any], *, is_known: bool = True
    ) -> Pending[Any]:
        async def run() -> Any:
            answer = await request
            # Who signs in again may have changes waiting; who signs out has not.
            self._client.forget(changes=not self.session.has_tokens)
            await self._ask(is_known=is_known)
            return answer

        return self._client.loop.start(run())

    async def _ask(self, *, is_known: bool) -> None:
        """Tell the session what the server says of the user, if that is not known, and allows."""
        try:
            if not is_known:
                user = await self.endpoints.me()
                if not self.session.has_tokens:
                    return  # signed out meanwhile
                self.session.set_user(_facts(user))
            if self.session.is_authenticated:
                self.session.set_permissions(await self.endpoints.permissions())
        except TransportError:
            # A session that ended is over already; a server that is away is asked by the next request.
            pass
        finally:
            self.session.set({"is_loading": False})


class CurrentUser:
    """Who is signed in, through the cache."""

    def __init__(self, endpoints: AuthEndpoints, client: QueryClient) -> None:
        self.endpoints = endpoints
        self._client = client

    async def get(self) -> User:
        """Return the `User`, from the cache if possible."""
        return await self._client.ensure_query_data(self._current)

    def current(self) -> LiveQuery:
        """Return the query of the `User`."""
        return self._client.live(self._current).start()

    @property
    def _current(self) -> QueryOptions:
        return QueryOptions(KEYS.current, self.endpoints.me)

    def permissions(self) -> LiveQuery:
        """Return the query of what the user may do."""
        return self._client.live(
            query_key=KEYS.permissions, query_fn=self.endpoints.permissions
        ).start()

    def organizations(self) -> LiveQuery:
        """Return the query of the user's `Organization`s."""
        return self._client.live(
            query_key=KEYS.organizations, query_fn=self.endpoints.organizations
        ).start()


def _facts(user: User) -> dict[str, Any]:
    return user.model_dump(mode="json")
