"""``/policies``: rules that allow or deny actions under conditions, in addition to roles."""

from __future__ import annotations

import sqlite3
from typing import Annotated, Any, Literal

from fastapi import Response
from pydantic import BaseModel, Field

from kaizen_widgets.server.base.api_errors import ApiError, InvalidField, invalid, not_found
from kaizen_widgets.server.base.crud import Page, PartTable, page_query
from kaizen_widgets.server.base.etags import tagged
from kaizen_widgets.server.base.field_types import JsonObject, SomeId, changes_of
from kaizen_widgets.server.base.permissions import Caller, Subject
from kaizen_widgets.server.base.services import WithServices
from kaizen_widgets.server.base.timestamps import timestamp
from kaizen_widgets.server.organization.access import GuardedRouter, WithCaller, WithEditor
from kaizen_widgets.server.organization.policy_conditions import (
    condition_problems,
    referenced_fields,
)
from kaizen_widgets.server.organization.policy_rules import (
    POLICIES,
    is_allowed,
    is_assigned_to,
)

router = GuardedRouter(prefix="/policies", tags=["policies"])

ASSIGNMENTS = PartTable("policy_assignments", "assignment", "policy_id")
PolicyName = Annotated[str, Field(min_length=1, max_length=255)]
Description = Annotated[str, Field(max_length=1000)]
Word = Annotated[str, Field(pattern=r"^[a-z_*]+$", max_length=100)]
Effect = Literal["allow", "deny"]
Priority = Annotated[int, Field(ge=0, le=1000)]
Status = Literal["active", "inactive"]


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
    """The fields to change."""

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
    """The user, team or role to assign a policy to."""

    principal_type: Literal["user", "team", "role"]
    principal_id: SomeId


class Assignment(BaseModel):
    """A user, team or role that a policy is assigned to."""

    id: str
    policy_id: str
    principal_type: str
    principal_id: str
    created_at: str


class AssignmentListResponse(BaseModel):
    """To whom a policy is assigned."""

    records: list[Assignment]
    total: int


class EvaluatePolicyRequest(BaseModel):
    """An action of a user, to evaluate."""

    user_id: SomeId
    resource_type: SomeId
    action: SomeId
    resource: dict[str, Any] | None = None
    context: dict[str, Any] | None = None


class PolicyAnswer(BaseModel):
    """Whether the user is allowed the action."""

    allowed: bool
    user_id: str
    resource_type: str
    action: str


class ValidateConditionsRequest(BaseModel):
    """Conditions to check."""

    conditions: dict[str, Any] | list[Any]


class ValidatedConditions(BaseModel):
    """The problems of conditions, and the fields they read."""

    is_valid: bool
    errors: list[str]
    warnings: list[str]
    references: list[str]


class References(BaseModel):
    """The fields a policy's conditions read."""

    policy_id: str
    references: list[str]
    validated_at: str
    total: int


@router.post("", status_code=201, response_model=Policy)
def create_policy(body: CreatePolicyRequest, caller: WithCaller, services: WithServices) -> Any:
    """Create a policy; an active one applies from now on."""
    _check_conditions(body.conditions)
    own = {"description": body.description or "", "created_by": caller.user_id}
    with services.database.write() as db:
        policy_id = POLICIES.create(db, services, caller.organization_id, body.model_dump() | own)
        return POLICIES.get(db, caller, policy_id)


@router.get("", response_model=PolicyListResponse)
def list_policies(
    caller: WithCaller,
    services: WithServices,
    page: Annotated[Page, page_query(100)],
    status: Status | None = None,
    resource_type: str | None = None,
) -> Any:
    """List policies, newest first unless sorted."""
    filters = {"status": status, "resource_type": resource_type}
    with services.database.read() as db:
        rows, total = POLICIES.page(db, caller.organization_id, filters, page)
    return {"records": rows, "total": total}


@router.post("/evaluate", response_model=PolicyAnswer)
def evaluate(body: EvaluatePolicyRequest, caller: WithCaller, services: WithServices) -> Any:
    """Return whether a user of the organization is allowed an action."""
    with services.database.read() as db:
        subject = _subject(db, caller, body.user_id)
        allowed = is_allowed(
            db, subject, body.resource_type, body.action, body.resource, body.context
        )
    return {
        "allowed": allowed,
        "user_id": body.user_id,
        "resource_type": body.resource_type,
        "action": body.action,
    }


@router.post("/validate-conditions", response_model=ValidatedConditions)
def validate_conditions(body: ValidateConditionsRequest, caller: WithCaller) -> Any:
    """Check conditions without storing them."""
    problems = list(condition_problems(body.conditions))
    return {
        "is_valid": not problems,
        "errors": problems,
        "warnings": [] if body.conditions else ["Without conditions the policy always applies."],
        "references": referenced_fields(body.conditions),
    }


@router.get("/user/{user_id}", response_model=PolicyListResponse)
def list_policies_of_user(user_id: str, caller: WithCaller, services: WithServices) -> Any:
    """List the active policies that apply to a user."""
    with services.database.read() as db:
        subject = _subject(db, caller, user_id)
        rows, _ = POLICIES.page(db, caller.organization_id, {"status": "active"})
        found = [row for row in rows if is_assigned_to(db, row["id"], subject)]
    return {"records": found, "total": len(found)}


@router.delete("/assignments/{assignment_id}", status_code=204)
def unassign(assignment_id: str, caller: WithEditor, services: WithServices) -> None:
    """Remove an assignment."""
    with services.database.write() as db:
        row = db.execute(
            "SELECT policy_id FROM policy_assignments WHERE id = ?", (assignment_id,)
        ).fetchone()
        if row is None:
            raise not_found("assignment", assignment_id)
        POLICIES.get_for_change(db, caller, row["policy_id"])
        ASSIGNMENTS.delete(db, assignment_id)


@router.get("/{policy_id}", response_model=Policy)
def get_policy(
    policy_id: str, caller: WithCaller, services: WithServices, response: Response
) -> Any:
    """Get a policy."""
    with services.database.read() as db:
        return tagged(response, POLICIES.get(db, caller, policy_id))


@router.put("/{policy_id}", response_model=Policy)
def update_policy(
    policy_id: str,
    body: UpdatePolicyRequest,
    caller: WithEditor,
    services: WithServices,
    response: Response,
) -> Any:
    """Change a policy."""
    changes = changes_of(body)
    _check_conditions(changes.get("conditions", {}))
    with services.database.write() as db:
        policy = POLICIES.get_for_change(db, caller, policy_id)
        POLICIES.update(db, services, policy, changes)
        return tagged(response, POLICIES.get(db, caller, policy_id))


@router.delete("/{policy_id}", status_code=204)
def delete_policy(policy_id: str, caller: WithEditor, services: WithServices) -> None:
    """Delete a policy and its assignments."""
    with services.database.write() as db:
        POLICIES.get_for_change(db, caller, policy_id)
        POLICIES.delete(db, policy_id)


@router.post("/{policy_id}/assign", status_code=201, response_model=Assignment)
def assign(
    policy_id: str, body: AssignPolicyRequest, caller: WithEditor, services: WithServices
) -> Any:
    """Assign a policy to a user, team or role; it applies to no one else."""
    with services.database.write() as db:
        POLICIES.get_for_change(db, caller, policy_id)
        try:
            return ASSIGNMENTS.create(db, services, policy_id, body.model_dump())
        except sqlite3.IntegrityError:
            sentence = f"The policy is assigned to this {body.principal_type} already"
            raise ApiError(409, sentence) from None


@router.get("/{policy_id}/assignments", response_model=AssignmentListResponse)
def list_assignments(policy_id: str, caller: WithCaller, services: WithServices) -> Any:
    """List to whom a policy is assigned. The public server has no such route."""
    with services.database.read() as db:
        POLICIES.get(db, caller, policy_id)
        found = ASSIGNMENTS.of(db, policy_id)
    return {"records": found, "total": len(found)}


@router.get("/{policy_id}/references", response_model=References)
def list_references(policy_id: str, caller: WithCaller, services: WithServices) -> Any:
    """List the fields a policy's conditions read."""
    with services.database.read() as db:
        policy = POLICIES.get(db, caller, policy_id)
    found = referenced_fields(policy["conditions"])
    return {
        "policy_id": policy_id,
        "references": found,
        "validated_at": timestamp(services.clock),
        "total": len(found),
    }


def _check_conditions(conditions: dict[str, Any]) -> None:
    problems = list(condition_problems(conditions))
    if problems:
        raise invalid(
            [
                InvalidField(field="body.conditions", message=problem, type="condition")
                for problem in problems
            ]
        )


def _subject(db: sqlite3.Connection, caller: Caller, user_id: str) -> Subject:
    row = db.execute(
        "SELECT role FROM memberships WHERE user_id = ? AND organization_id = ?",
        (user_id, caller.organization_id),
    ).fetchone()
    if row is None:
        raise not_found("user", user_id)
    return Subject(user_id=user_id, organization_id=caller.organization_id, role=row["role"])
