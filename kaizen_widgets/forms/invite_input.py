"""The fields for inviting a colleague, changing a role, and making teams."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from kaizen_widgets.forms.fields.hint import Hint
from kaizen_widgets.forms.sign_in_input import EMAIL, NO_EMAIL, PASSWORD_LENGTH

ROLE_HELP = {
    "org_owner": "Owner: everything, also billing and the organization itself",
    "org_admin": "Admin: everything but billing",
    "developer": "Developer: reads all, changes agents and deployments",
    "viewer": "Viewer: reads all",
}
"""What each role may do, on one line."""


class InviteInput(BaseModel):
    """A new user of the organization."""

    model_config = ConfigDict(extra="forbid", title="Invite")

    name: Annotated[
        str, Field(min_length=1, max_length=100), Hint(messages={"missing": "Name is required"})
    ]
    email: Annotated[
        str,
        Field(pattern=EMAIL, title="E-mail"),
        Hint(messages={"missing": "E-mail is required", "string_pattern_mismatch": NO_EMAIL}),
    ]
    role: Annotated[Literal["viewer", "developer", "org_admin"], Hint(options=ROLE_HELP)] = (
        "developer"
    )
    password: Annotated[
        SecretStr,
        Field(
            min_length=PASSWORD_LENGTH,
            title="First password",
            description="At least 8 characters. Tell it to them: no e-mail is sent.",
        ),
        Hint(messages={"missing": "Password is required"}),
    ]


class RoleInput(BaseModel):
    """The role of a user."""

    model_config = ConfigDict(extra="forbid", title="Role")

    role: Annotated[
        Literal["viewer", "developer", "org_admin", "org_owner"],
        Hint(widget="radio", options=ROLE_HELP),
    ]


class TeamInput(BaseModel):
    """A team as it is filled in by a user."""

    model_config = ConfigDict(extra="forbid", title="Team")

    name: Annotated[
        str, Field(min_length=1, max_length=100), Hint(messages={"missing": "Name is required"})
    ]
    description: Annotated[
        str, Field(max_length=500), Hint(widget="long_text", more={"rows": 2})
    ] = ""


class TeamMemberInput(BaseModel):
    """A user to add to a team."""

    model_config = ConfigDict(extra="forbid", title="Member")

    user_id: Annotated[
        str, Field(min_length=1), Hint(label="Who", messages={"missing": "Choose a user"})
    ]
    role: Annotated[
        Literal["member", "team_lead"],
        Hint(widget="radio", options={"member": "Member", "team_lead": "Team lead"}),
    ] = "member"
