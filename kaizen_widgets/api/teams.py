"""Teams and their members."""

from __future__ import annotations

import logging
from typing import Annotated, Any, Literal

from pydantic import Field

from kaizen_widgets.api.endpoints import CrudEndpoints
from kaizen_widgets.api.key_factories import query_keys
from kaizen_widgets.api.models import RequestModel, ResponseModel, UtcTime, url_path, validate
from kaizen_widgets.api.pagination import CAP, SearchFilters
from kaizen_widgets.api.resource import EditableResource
from kaizen_widgets.query import LiveQuery, Mutation, MutationOptions, QueryClient

KEYS = query_keys.teams

Name = Annotated[str, Field(min_length=1, max_length=100)]
Description = Annotated[str, Field(max_length=500)]
Role = Literal["team_lead", "member"]


class Team(ResponseModel):
    """A team."""

    id: str
    name: str
    organization_id: str = ""
    description: str = ""
    created_at: UtcTime | None = None
    updated_at: UtcTime | None = None


class TeamMember(ResponseModel):
    """A member of a team, with their role."""

    id: str
    user_id: str
    team_id: str = ""
    role: str = "member"
    created_at: UtcTime | None = None


class TeamDetail(Team):
    """A team with its members; ``member_count`` is None if the server does not send it."""

    members: list[TeamMember] = Field(default_factory=list)
    member_count: int | None = None


class TeamCreate(RequestModel):
    """A new team."""

    name: Name
    description: Description = ""


class TeamUpdate(RequestModel):
    """Changes to a team; fields that are not given are not changed."""

    name: Name | None = None
    description: Description | None = None


class TeamFilters(SearchFilters):
    """Filters of a list of teams."""


class MemberCreate(RequestModel):
    """A user to add to a team."""

    user_id: Annotated[str, Field(min_length=1)]
    role: Role = "member"


class TeamEndpoints(CrudEndpoints[Team, TeamDetail]):
    """The requests about teams."""

    resource, noun = "teams", "team"
    row, detail_model = Team, TeamDetail

    async def get(self, id: str) -> TeamDetail:
        """Return one team with its members."""
        team = await super().get(id)
        if len(team.members) == CAP and team.member_count is None:
            _log.warning(
                "The server shows only the first %d members of team %r: there may be more.",
                CAP,
                team.name,
            )
        return team

    async def members(self, id: str) -> list[TeamMember]:
        """Return the members of a team."""
        return (await self.get(id)).members

    async def add_member(self, id: str, member: MemberCreate) -> TeamMember:
        """Add a user to a team."""
        return await self._one(
            TeamMember, "member", "POST", "teams", id, "members", json=member.model_dump()
        )

    async def change_member(self, id: str, member: MemberCreate) -> TeamMember:
        """Change the role of a member."""
        body = {"role": member.role}
        return await self._one(
            TeamMember, "member", "PATCH", "teams", id, "members", member.user_id, json=body
        )

    async def remove_member(self, id: str, user_id: str) -> None:
        """Remove a user from a team."""
        await self._delete("teams", id, "members", user_id)


class Teams(EditableResource[TeamEndpoints]):
    """Teams through the cache; see `TeamFilters`, `TeamCreate` and `TeamUpdate`."""

    keys = KEYS
    filter_model = TeamFilters
    create_model = TeamCreate
    update_model = TeamUpdate

    def __init__(self, endpoints: TeamEndpoints, client: QueryClient) -> None:
        super().__init__(endpoints, client)
        self._define(
            "change_member",
            MutationOptions(
                lambda given: endpoints.change_member(
                    given["id"],
                    validate(MemberCreate, {"user_id": given["user_id"], "role": given["role"]}),
                ),
                invalidates=lambda _, given: [KEYS.detail(given["id"])],
            ),
        )

    def members(self, id: str) -> LiveQuery:
        """Return the query of a team's `TeamMember`s."""
        return self._query_of(id, KEYS.members(id), self.endpoints.members)

    def add_member(self, id: str, user_id: str, role: Role = "member") -> Mutation:
        """Add a user to a team. Never sent twice."""
        member = self._member(id, user_id, role)
        return self._mutate(
            "add_member", lambda new: self.endpoints.add_member(id, new), member, KEYS.detail(id)
        )

    def change_member(self, id: str, user_id: str, role: Role) -> Mutation:
        """Change the role of a member."""
        member = self._member(id, user_id, role)
        return self._change("change_member", id, **member.model_dump())

    def remove_member(self, id: str, user_id: str) -> Mutation:
        """Remove a user from a team; the user is not deleted."""
        self._member(id, user_id, "member")
        return self._mutate(
            "remove_member",
            lambda removed: self.endpoints.remove_member(id, removed),
            user_id,
            KEYS.detail(id),
        )

    @staticmethod
    def _member(id: str, user_id: str, role: Any) -> MemberCreate:
        url_path("teams", id, "members", user_id)
        return validate(MemberCreate, {"user_id": user_id, "role": role})


_log = logging.getLogger(__name__)
