"""Sign in and out, and the signed-in user.

Passwords are not stored, and tokens only in the session: signing in is not a mutation, because a mutation
stores its variables.
"""

from __future__ import annotations

from collections.abc import Coroutine, Mapping
from typing import Any

from pydantic import SecretStr

from kaizen_widgets.api.key_factories import query_keys
from kaizen_widgets.api.models import ResponseModel, UtcTime, parse, parse_list
from kaizen_widgets.api.resource_display import resource_bundle
from kaizen_widgets.core.background import Pending
from kaizen_widgets.errors import DecodeError, TransportError
from kaizen_widgets.query import LiveQuery, QueryClient, QueryOptions
from kaizen_widgets.stores import AuthStore
from kaizen_widgets.transport import Transport

KEYS = query_keys.user


class User(ResponseModel):
    """The signed-in user."""

    id: str
    email: str
    name: str
    organization_id: str
    role: str
    status: str = "active"
    mfa_enabled: bool = False
    last_login_at: UtcTime | None = None
    created_at: UtcTime | None = None


class Organization(ResponseModel):
    """An organization a user belongs to."""

    id: str
    name: str
    slug: str = ""
    role: str = ""
    is_primary: bool = False
    joined_at: UtcTime | None = None
    joined_via: str = ""


class AuthEndpoints:
    """The requests about signing in; the tokens they return are stored in the session only."""

    def __init__(self, transport: Transport, session: AuthStore) -> None:
        self._transport = transport
        self._session = session

    async def login(self, email: str, password: str) -> User:
        """Sign in."""
        return self._signed_in(await self._post("login", email=email, password=SecretStr(password)))

    async def register(self, email: str, password: str, name: str, organization_name: str) -> User:
        """Create a user with an organization, and sign in."""
        answer = await self._post(
            "register",
            email=email,
            password=SecretStr(password),
            name=name,
            organization_name=organization_name,
        )
        return self._signed_in(answer)

    async def logout(self) -> None:
        """Sign out here, and on the server if it can be reached."""
        tokens = self._transport.tokens
        access, refresh = tokens.access, tokens.refresh
        if not access:
            return
        try:
            body = {"refresh_token": SecretStr(refresh)} if refresh else {}
            await self._transport.request("POST", "/auth/logout", json=body)
        except TransportError:
            # The server's session expires by itself; the tokens here are dropped in any case.
            pass
        finally:
            self._session.logout()

    async def me(self) -> User:
        """Return the signed-in user."""
        return parse(User, await self._transport.request("GET", "/auth/me"), "user")

    async def permissions(self) -> list[str]:
        """Return the user's permissions, such as ``agents:read`` or ``agents:*``."""
        answer = await self._transport.request("GET", "/auth/permissions")
        return [str(permission) for permission in parse_list(answer, "permissions")]

    async def organizations(self) -> list[Organization]:
        """Return the user's organizations."""
        answer = await self._transport.request("GET", "/auth/me/organizations")
        return [
            parse(Organization, row, "organization") for row in parse_list(answer, "organizations")
        ]

    async def switch(self, organization_id: str) -> None:
        """Switch to another organization."""
        answer = await self._transport.request(
            "POST", "/auth/me/switch-org", json={"organization_id": organization_id}
        )
        self._session.set_tokens(*self._tokens(answer))

    async def _post(self, route: str, **body: str | SecretStr) -> Any:
        return await self._transport.request(
            "POST", f"/auth/{route}", json=body, authenticated=False
        )

    def _signed_in(self, answer: Any) -> User:
        user = parse(User, answer.get("user") if isinstance(answer, Mapping) else None, "sign-in")
        self._session.login(_user_fields(user), *self._tokens(answer))
        return user

    def _tokens(self, answer: Any) -> tuple[str, str]:
        """Return the access and the refresh token of an answer.

        Raises:
            DecodeError: It contains no access token.
        """
        # `register` and `switch-org` may wrap the tokens, `login` does not.
        fields = answer if isinstance(answer, Mapping) else {}
        tokens = fields["tokens"] if isinstance(fields.get("tokens"), Mapping) else fields
        access, refresh = tokens.get("access_token"), tokens.get("refresh_token")
        if not isinstance(access, str) or not access:
            raise DecodeError("The server signed in but sent no access_token.")
        self._transport.set_token_lifetime(access, tokens.get("expires_in"))
        return access, refresh if isinstance(refresh, str) else ""


class Auth:
    """Sign in, sign out, and switch to another organization.

    Each method clears the cache, which has another user's data; queries with observers are fetched again.
    Then the `AuthStore` has the user and their permissions.
    """

    def __init__(self, endpoints: AuthEndpoints, client: QueryClient, session: AuthStore) -> None:
        self.endpoints = endpoints
        self.session = session
        self._client = client

    def login(self, email: str, password: str) -> Pending[User]:
        """Sign in; returns the `User`."""
        return self._then_clear_cache(self.endpoints.login(email, password))

    def register(
        self, email: str, password: str, name: str, organization_name: str
    ) -> Pending[User]:
        """Create a user with an organization, and sign in; returns the `User`."""
        return self._then_clear_cache(
            self.endpoints.register(email, password, name, organization_name)
        )

    def logout(self) -> Pending[None]:
        """Sign out."""
        return self._then_clear_cache(self.endpoints.logout())

    def switch(self, organization_id: str) -> Pending[None]:
        """Switch to another organization."""
        return self._then_clear_cache(self.endpoints.switch(organization_id), is_known=False)

    def resume(self) -> Pending[None]:
        """Request the user that the stored tokens belong to; never raises."""
        return self._client.loop.start(self._update_session(is_known=False))

    def _then_clear_cache(
        self, request: Coroutine[Any, Any, Any], *, is_known: bool = True
    ) -> Pending[Any]:
        async def run() -> Any:
            answer = await request
            # After signing in, changes made while signed out may wait to be sent.
            self._client.forget(changes=not self.session.has_tokens)
            await self._update_session(is_known=is_known)
            return answer

        return self._client.loop.start(run())

    async def _update_session(self, *, is_known: bool) -> None:
        """Update the session with the user, if not known yet, and their permissions."""
        try:
            if not is_known:
                user = await self.endpoints.me()
                if not self.session.has_tokens:
                    return  # signed out in the meantime
                self.session.set_user(_user_fields(user))
            if self.session.is_authenticated:
                self.session.set_permissions(await self.endpoints.permissions())
        except TransportError:
            # An expired session has been signed out already; an unreachable server gets the next request.
            pass
        finally:
            self.session.set({"is_loading": False})


class CurrentUser:
    """The signed-in user, through the cache."""

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
        """Return the query of the user's permissions."""
        return self._client.live(
            query_key=KEYS.permissions, query_fn=self.endpoints.permissions
        ).start()

    def organizations(self) -> LiveQuery:
        """Return the query of the user's `Organization`s."""
        return self._client.live(
            query_key=KEYS.organizations, query_fn=self.endpoints.organizations
        ).start()

    def _repr_mimebundle_(self, **_options: Any) -> dict[str, Any]:
        return resource_bundle(self, self.current)

    def __repr__(self) -> str:
        return "CurrentUser()"


def _user_fields(user: User) -> dict[str, Any]:
    return user.model_dump(mode="json")
