"""What ``/policies`` takes and gives: names, limits and defaults are the public server's."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from kaizen_widgets.server.fields import JsonObject

PolicyName = Annotated[str, Field(min_length=1, max_length=255)]
Description = Annotated[str, Field(max_length=1000)]
Word = Annotated[str, Field(pattern=r"^[a-z_*]+$", max_length=100)]
Effect = Literal["allow", "deny"]
Priority = Annotated[int, Field(ge=0, le=1000)]
Status = Literal["active", "inactive"]
SomeId = Annotated[str, Field(min_length=1, max_length=1024)]


class CreatePolicyRequest(BaseModel):
    """A new policy."""

    name: PolicyName
    description: Description | None = ""
    resource_type: Word
    action: Word
    effect: Effect
    conditions: JsonObject = {}
    priority: Priority = 0
    status: Status = "active"


class UpdatePolicyRequest(BaseModel):
    """What to change."""

    name: PolicyName | None = None
    description: Description | None = None
    resource_type: Word | None = None
    action: Word | None = None
    effect: Effect | None = None
    conditions: JsonObject | None = None
    priority: Priority | None = None
    status: Status | None = None


class Policy(BaseModel):
    """A policy."""

    id: str
    organization_id: str
    name: str
    description: str
    resource_type: str
    action: str
    effect: str
    conditions: dict[str, Any]
    priority: int
    status: str
    created_by: str
    created_at: str
    updated_at: str


class PolicyListResponse(BaseModel):
    """A page of policies; ``total`` counts all that fit the filters."""

    records: list[Policy]
    total: int


class AssignPolicyRequest(BaseModel):
    """Whom a policy is to concern."""

    principal_type: Literal["user", "team", "role"]
    principal_id: SomeId


class Assignment(BaseModel):
    """Whom a policy concerns."""

    id: str
    policy_id: str
    principal_type: str
    principal_id: str
    created_at: str


class EvaluatePolicyRequest(BaseModel):
    """What somebody wants to do."""

    user_id: SomeId
    resource_type: SomeId
    action: SomeId
    resource: dict[str, Any] | None = None
    context: dict[str, Any] | None = None


class Evaluation(BaseModel):
    """Whether they could."""

    allowed: bool
    user_id: str
    resource_type: str
    action: str


class ValidateConditionsRequest(BaseModel):
    """Conditions to look at."""

    conditions: dict[str, Any] | list[Any]


class ValidatedConditions(BaseModel):
    """What is wrong with them, and what they ask about."""

    is_valid: bool
    errors: list[str]
    warnings: list[str]
    references: list[str]


class References(BaseModel):
    """What a policy's conditions ask about."""

    policy_id: str
    references: list[str]
    validated_at: str
    total: int
