"""``/policies``: who may do what under which conditions, beyond their role."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Response

from kaizen_widgets.server import policy_rows
from kaizen_widgets.server.access import Caller, allow
from kaizen_widgets.server.base.services import WithServices
from kaizen_widgets.server.base.timestamps import stamp
from kaizen_widgets.server.conditions import mistakes, references
from kaizen_widgets.server.errors import ApiError, FieldError, invalid, not_found
from kaizen_widgets.server.etags import tagged
from kaizen_widgets.server.fields import changes_of, to_text
from kaizen_widgets.server.policy_models import (
    Assignment,
    AssignPolicyRequest,
    CreatePolicyRequest,
    EvaluatePolicyRequest,
    Evaluation,
    Policy,
    PolicyListResponse,
    References,
    UpdatePolicyRequest,
    ValidateConditionsRequest,
    ValidatedConditions,
)
from kaizen_widgets.server.rows import (
    Limit,
    Offset,
    Search,
    Sort,
    change,
    insert,
    owned,
    page,
    to_change,
)

router = APIRouter(prefix="/policies", tags=["policies"])

Reader = Annotated[Caller, allow("policies:read")]
Editor = Annotated[Caller, allow("policies:update")]
Assigner = Annotated[Caller, allow("policies:assign")]


@dataclass(frozen=True)
class _Somebody:
    """Whom an evaluation is about."""

    user_id: str
    organization_id: str
    role: str


@router.post("", status_code=201, response_model=Policy)
def create_policy(
    body: CreatePolicyRequest,
    caller: Annotated[Caller, allow("policies:create")],
    studio: WithServices,
) -> Any:
    """Create a policy; it is in force at once if it is active."""
    _check_conditions(body.conditions)
    policy_id, now = studio.new_id(), stamp(studio.clock)
    own = {
        "id": policy_id,
        "organization_id": caller.organization_id,
        "description": body.description or "",
        "conditions": to_text(body.conditions),
        "created_by": caller.user_id,
        "created_at": now,
        "updated_at": now,
    }
    with studio.database.write() as db:
        insert(db, "policies", body.model_dump() | own)
        return policy_rows.shown(owned(db, caller, "policies", "policy", policy_id))


@router.get("", response_model=PolicyListResponse)
def list_policies(
    caller: Reader,
    studio: WithServices,
    status: Literal["active", "inactive"] | None = None,
    resource_type: str | None = None,
    search: Search = None,
    sort: Sort = None,
    limit: Limit = 100,
    offset: Offset = 0,
) -> Any:
    """List policies, newest first unless sorted."""
    wanted = {"status": status, "resource_type": resource_type}
    with studio.database.read() as db:
        rows, total = page(
            db,
            "policies",
            caller.organization_id,
            wanted,
            limit,
            offset,
            search=search,
            sort=sort,
        )
    return {"records": [policy_rows.shown(row) for row in rows], "total": total}


@router.post("/evaluate", response_model=Evaluation)
def evaluate(
    body: EvaluatePolicyRequest,
    caller: Annotated[Caller, allow("policies:evaluate")],
    studio: WithServices,
) -> Any:
    """Say whether a user of the organization could do something."""
    with studio.database.read() as db:
        who = _somebody(db, caller, body.user_id)
        allowed = policy_rows.is_allowed(
            db, who, body.resource_type, body.action, body.resource, body.context
        )
    return {
        "allowed": allowed,
        "user_id": body.user_id,
        "resource_type": body.resource_type,
        "action": body.action,
    }


@router.post("/validate-conditions", response_model=ValidatedConditions)
def validate_conditions(body: ValidateConditionsRequest, caller: Reader) -> Any:
    """Say what is wrong with conditions, without keeping them."""
    found = list(mistakes(body.conditions))
    return {
        "is_valid": not found,
        "errors": found,
        "warnings": [] if body.conditions else ["Without conditions the policy always fits."],
        "references": references(body.conditions),
    }


@router.get("/user/{user_id}", response_model=PolicyListResponse)
def policies_of_user(user_id: str, caller: Reader, studio: WithServices) -> Any:
    """List the active policies that concern a user."""
    with studio.database.read() as db:
        who = _somebody(db, caller, user_id)
        rows, _ = page(db, "policies", caller.organization_id, {"status": "active"}, -1, 0)
        found = [policy_rows.shown(row) for row in rows if policy_rows.is_for(db, row["id"], who)]
    return {"records": found, "total": len(found)}


@router.delete("/assignments/{assignment_id}", status_code=204)
def unassign(assignment_id: str, caller: Assigner, studio: WithServices) -> None:
    """Take an assignment back."""
    with studio.database.write() as db:
        row = db.execute(
            "SELECT policy_id FROM policy_assignments WHERE id = ?", (assignment_id,)
        ).fetchone()
        if row is None:
            raise not_found("assignment", assignment_id)
        to_change(db, caller, "policies", "policy", row["policy_id"])
        db.execute("DELETE FROM policy_assignments WHERE id = ?", (assignment_id,))


@router.get("/{policy_id}", response_model=Policy)
def get_policy(policy_id: str, caller: Reader, studio: WithServices, response: Response) -> Any:
    """Get a policy."""
    with studio.database.read() as db:
        policy = tagged(response, owned(db, caller, "policies", "policy", policy_id))
    return policy_rows.shown(policy)


@router.put("/{policy_id}", response_model=Policy)
def update_policy(
    policy_id: str,
    body: UpdatePolicyRequest,
    caller: Editor,
    studio: WithServices,
    response: Response,
) -> Any:
    """Change a policy."""
    changes = changes_of(body)
    if "conditions" in changes:
        _check_conditions(changes["conditions"])
        changes["conditions"] = to_text(changes["conditions"])
    with studio.database.write() as db:
        policy = to_change(db, caller, "policies", "policy", policy_id)
        change(db, studio, "policies", policy, changes)
        policy = tagged(response, owned(db, caller, "policies", "policy", policy_id))
    return policy_rows.shown(policy)


@router.delete("/{policy_id}", status_code=204)
def delete_policy(
    policy_id: str, caller: Annotated[Caller, allow("policies:delete")], studio: WithServices
) -> None:
    """Delete a policy and its assignments."""
    with studio.database.write() as db:
        to_change(db, caller, "policies", "policy", policy_id)
        db.execute("DELETE FROM policies WHERE id = ?", (policy_id,))


@router.post("/{policy_id}/assign", status_code=201, response_model=Assignment)
def assign(
    policy_id: str, body: AssignPolicyRequest, caller: Assigner, studio: WithServices
) -> Any:
    """Let a policy concern a user, team or role, and nobody who was not named."""
    made = {
        "id": studio.new_id(),
        "policy_id": policy_id,
        "principal_type": body.principal_type,
        "principal_id": body.principal_id,
        "created_at": stamp(studio.clock),
    }
    with studio.database.write() as db:
        to_change(db, caller, "policies", "policy", policy_id)
        try:
            insert(db, "policy_assignments", made)
        except sqlite3.IntegrityError:
            raise ApiError(
                409, f"The policy is assigned to this {body.principal_type} already"
            ) from None
    return made


@router.get("/{policy_id}/references", response_model=References)
def list_references(policy_id: str, caller: Reader, studio: WithServices) -> Any:
    """List the fields a policy's conditions ask about."""
    with studio.database.read() as db:
        policy = policy_rows.shown(owned(db, caller, "policies", "policy", policy_id))
    found = references(policy["conditions"])
    return {
        "policy_id": policy_id,
        "references": found,
        "validated_at": stamp(studio.clock),
        "total": len(found),
    }


def _check_conditions(conditions: dict[str, Any]) -> None:
    found = list(mistakes(conditions))
    if found:
        raise invalid(
            [FieldError(field="body.conditions", message=one, type="condition") for one in found]
        )


def _somebody(db: sqlite3.Connection, caller: Caller, user_id: str) -> _Somebody:
    row = db.execute(
        "SELECT role FROM memberships WHERE user_id = ? AND organization_id = ?",
        (user_id, caller.organization_id),
    ).fetchone()
    if row is None:
        raise not_found("user", user_id)
    return _Somebody(user_id, caller.organization_id, row["role"])
