"""Teams, and who belongs to them."""

from __future__ import annotations

import logging
from typing import Annotated, Any, Literal

from pydantic import Field

from kaizen_widgets.api.capped_lists import CAP
from kaizen_widgets.api.endpoints import Endpoints
from kaizen_widgets.api.key_factories import query_keys
from kaizen_widgets.api.models import Input, Record, UtcTime, check, path, read
from kaizen_widgets.api.pagination import SearchFilters, every, narrowed
from kaizen_widgets.api.resource import EditableResource
from kaizen_widgets.query import LiveQuery, Mutation, MutationOptions, QueryClient

log = logging.getLogger(__name__)

KEYS = query_keys.teams

Name = Annotated[str, Field(min_length=1, max_length=100)]
Description = Annotated[str, Field(max_length=500)]
Role = Literal["team_lead", "member"]


class Team(Record):
    """A team."""

    id: str
    name: str
    organization_id: str = ""
    description: str = ""
    created_at: UtcTime | None = None
    updated_at: UtcTime | None = None


class TeamMember(Record):
    """Who belongs to a team, and as what."""

    id: str
    user_id: str
    team_id: str = ""
    role: str = "member"
    created_at: UtcTime | None = None


class TeamDetail(Team):
    """A team with its members; ``member_count`` where the server says how many there are."""

    members: list[TeamMember] = Field(default_factory=list)
    member_count: int | None = None


class TeamCreate(Input):
    """A new team."""

    name: Name
    description: Description = ""


class TeamUpdate(Input):
    """What to change; what is not given stays."""

    name: Name | None = None
    description: Description | None = None


class TeamFilters(SearchFilters):
    """Which teams to list."""


class MemberCreate(Input):
    """Who is to belong to a team."""

    user_id: Annotated[str, Field(min_length=1)]
    role: Role = "member"


class TeamEndpoints(Endpoints):
    """The requests."""

    async def list(self, filters: TeamFilters) -> list[Team]:
        """Return all teams that fit, however many pages."""
        found = await every(self._transport, "/teams", filters.model_dump(), "teams")
        teams = [read(Team, row, "team") for row in found]
        return narrowed(teams, filters.search, filters.sort)

    async def get(self, id: str) -> TeamDetail:
        """Return one team with its members."""
        team = await self._one(TeamDetail, "team", "GET", "teams", id)
        if len(team.members) == CAP and team.member_count is None:
            log.warning(
                "The server shows only the first %d members of team %r: there may be more.",
                CAP,
                team.name,
            )
        return team

    async def members(self, id: str) -> list[TeamMember]:
        """Return who belongs to a team."""
        return (await self.get(id)).members

    async def create(self, team: TeamCreate) -> Team:
        """Make a team."""
        return await self._one(Team, "team", "POST", "teams", json=team.model_dump())

    async def update(self, id: str, change: TeamUpdate) -> Team:
        """Change a team."""
        body = change.model_dump(exclude_none=True)
        return await self._one(Team, "team", "PUT", "teams", id, json=body)

    async def delete(self, id: str) -> None:
        """Delete a team."""
        await self._gone("teams", id)

    async def add_member(self, id: str, member: MemberCreate) -> TeamMember:
        """Let a user belong to a team."""
        return await self._one(
            TeamMember, "member", "POST", "teams", id, "members", json=member.model_dump()
        )

    async def change_member(self, id: str, member: MemberCreate) -> TeamMember:
        """Change what a member is."""
        body = {"role": member.role}
        return await self._one(
            TeamMember, "member", "PATCH", "teams", id, "members", member.user_id, json=body
        )

    async def remove_member(self, id: str, user_id: str) -> None:
        """Let a user leave a team."""
        await self._gone("teams", id, "members", user_id)


class Teams(EditableResource):
    """Teams through the cache; see `TeamFilters`, `TeamCreate` and `TeamUpdate`."""

    keys = KEYS
    filters = TeamFilters
    input = TeamCreate
    change = TeamUpdate
    endpoints: TeamEndpoints

    def __init__(self, endpoints: TeamEndpoints, client: QueryClient) -> None:
        super().__init__(endpoints, client)
        self._define(
            "change_member",
            MutationOptions(
                lambda given: endpoints.change_member(
                    given["id"],
                    check(MemberCreate, {"user_id": given["user_id"], "role": given["role"]}),
                ),
                invalidates=lambda _, given: [KEYS.detail(given["id"])],
            ),
        )

    def members(self, id: str) -> LiveQuery:
        """Return the query of a team's `TeamMember`s."""
        path("teams", id)
        return self._query(KEYS.members(id), lambda: self.endpoints.members(id))

    def add_member(self, id: str, user_id: str, role: Role = "member") -> Mutation:
        """Let a user belong to a team. Never sent twice."""
        member = self._member(id, user_id, role)
        return self._mutate(
            "add_member", lambda one: self.endpoints.add_member(id, one), member, KEYS.detail(id)
        )

    def change_member(self, id: str, user_id: str, role: Role) -> Mutation:
        """Change what a member is."""
        member = self._member(id, user_id, role)
        return self._change("change_member", id, **member.model_dump())

    def remove_member(self, id: str, user_id: str) -> Mutation:
        """Let a user leave a team; they stay a user."""
        self._member(id, user_id, "member")
        return self._mutate(
            "remove_member",
            lambda one: self.endpoints.remove_member(id, one),
            user_id,
            KEYS.detail(id),
        )

    @staticmethod
    def _member(id: str, user_id: str, role: Any) -> MemberCreate:
        path("teams", id, "members", user_id)
        return check(MemberCreate, {"user_id": user_id, "role": role})
