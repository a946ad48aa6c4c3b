"""The policy form: creates or edits a policy, with its conditions as rows and groups.

PolicyForm(studio)                               # a new policy
PolicyForm(policy, policies=studio.policies)     # an existing one
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, create_model

from kaizen_widgets.api import Policy
from kaizen_widgets.errors import FormError, InvalidInputError, KaizenError
from kaizen_widgets.forms.fields.hint import Hint
from kaizen_widgets.forms.policy_input import PolicyInput, conditions_of, group_of
from kaizen_widgets.sync.form.field_rules import OptionsRule
from kaizen_widgets.widgets.form_panel import FormPanel

RESOURCE_TYPES = ("deployment", "gateway", "agent", "pipeline", "policy", "team", "user", "*")
ACTIONS = ("create", "read", "update", "delete", "promote", "execute", "*")
ROLES = {
    "role:org_owner": "Owners",
    "role:org_admin": "Admins",
    "role:developer": "Developers",
    "role:viewer": "Viewers",
}
"""The roles that a policy can be assigned to, with what they are called."""


class PolicyForm(FormPanel):
    """A form that creates or edits a policy.

    After a successful save it edits the saved policy. A policy applies only to those it is assigned to; for
    an existing policy, ``Also apply to`` adds to them.

    Args:
        policy: The policy to edit; a new one by default. A studio given here means
            ``policies=studio.policies``.
        policies: The policies API, or a studio.
        targets: By ``role:NAME``, ``team:ID`` and ``user:ID``, the names of those it can be assigned to; the
            roles by default.
        on_success: Called with the saved `Policy`.
        **options: Options of a `FormPanel`.

    Attributes:
        assignments: The assignments that this form made, as `PolicyAssignment`s.

    Raises:
        FormError: The policy's conditions are of a shape that rows and groups cannot show.
        TypeError: The policies API is missing.
    """

    def __init__(
        self,
        policy: Any = None,
        *,
        policies: Any = None,
        targets: Mapping[str, str] = ROLES,
        on_success: Callable[[Any], Any] | None = None,
        **options: Any,
    ) -> None:
        if policies is None and hasattr(policy, "policies"):
            policy, policies = None, policy
        policies = getattr(policies, "policies", policies)
        if policies is None:
            raise TypeError(
                "PolicyForm needs a studio: PolicyForm(studio), or policies=studio.policies."
            )
        self.policy: Policy | None = policy
        self.policies = policies
        self.assignments: list[Any] = []
        is_new = policy is None
        at_first = {"applies_to": set(targets) & {"role:developer"}}
        rules: dict[str, OptionsRule] = {
            "resource_type": RESOURCE_TYPES,
            "action": ACTIONS,
        }
        options = {
            "title": "New policy" if is_new else "Edit policy",
            "submit_label": "Create policy" if is_new else "Save policy",
            "busy_label": "Saving…",
            "done_label": "Saved",
            "default_values": at_first if is_new else _values_of(policy),
            **options,
        }
        options["options"] = {**rules, **options.get("options", {})}
        super().__init__(_model(targets, is_new), self._save, on_success=on_success, **options)
        self.add_class("kaizen-policy-form")

    async def _save(self, value: Any) -> Any:
        fields = {
            "name": value.name,
            "resource_type": value.resource_type,
            "action": value.action,
            "effect": value.effect,
            "conditions": conditions_of(value.when),
            "description": value.description,
            "priority": value.priority,
        }
        try:
            if self.policy is None:
                saved = await self.policies.create(**fields)
            else:
                saved = await self.policies.update(self.policy.id, **fields)
        except InvalidInputError as error:
            raise _with_form_names(error) from error
        # From here on the policy exists: another press of the button must not create it again.
        self.policy = saved
        await self._assign(saved, value.applies_to)
        return saved

    async def _assign(self, policy: Any, wanted: Iterable[str]) -> None:
        """Assign the policy to those it is not assigned to yet.

        Raises:
            KaizenError: One of them failed; the policy is saved.
        """
        made = {f"{each.principal_type}:{each.principal_id}" for each in self.assignments}
        for target in sorted(wanted):
            kind, _, principal = target.partition(":")
            if target in made:
                continue
            try:
                self.assignments.append(await self.policies.assign(policy.id, kind, principal))
            except KaizenError as error:
                if getattr(error, "status", None) == 409:
                    continue  # It is assigned to them already, which is what was wanted.
                raise KaizenError(f"The policy is saved, but not assigned: {error}") from error

    def _succeeded(self, result: Any) -> None:
        values = {**_values_of(result), "applies_to": self.form.get_value("applies_to")}
        self.form.reset(values)
        self.submit_label = "Save policy"
        self.set_title("Edit policy")
        super()._succeeded(result)

    def __repr__(self) -> str:
        return f"PolicyForm({self.policy.name if self.policy else None!r})"


def _model(targets: Mapping[str, str], is_new: bool) -> type[BaseModel]:
    """Return the form's model, with those the policy can be assigned to as a choice of several."""
    hint = Hint(order=6, label="Applies to" if is_new else "Also apply to", options=targets)
    choice = Annotated[
        set[Literal[tuple(targets)]],  # pyright: ignore[reportInvalidTypeForm]
        Field(default_factory=set, description="A policy applies only to those it is assigned to."),
        hint,
    ]
    return create_model("PolicyOfForm", __base__=PolicyInput, applies_to=(choice, ...))  # pyright: ignore


def check_editable(policy: Any) -> None:
    """Refuse a policy that the form cannot show.

    Raises:
        FormError: The message says how to change it.
    """
    try:
        _values_of(policy)
    except FormError as error:
        raise FormError(
            f"{error} Change them in Python: studio.policies.update({policy.id!r}, conditions=...)."
        ) from error


def _values_of(policy: Any) -> dict[str, Any]:
    """Return the form's values of a policy.

    Raises:
        FormError: Its conditions cannot be shown as rows and groups.
    """
    if policy.effect not in ("allow", "deny"):
        raise FormError(f"The policy's effect is {policy.effect[:40]!r}, not allow or deny.")
    return {
        "name": policy.name,
        "effect": policy.effect,
        "resource_type": policy.resource_type,
        "action": policy.action,
        "when": group_of(policy.conditions).model_dump(),
        "description": policy.description or "",
        "priority": policy.priority,
        "applies_to": set(),
    }


def _with_form_names(error: InvalidInputError) -> InvalidInputError:
    """Return a server's error with the form's field names."""
    details: dict[str, list[str]] = {}
    for name, texts in error.details.items():
        own = "when" if name.split(".")[0] == "conditions" else name
        details.setdefault(own, []).extend(texts)
    return InvalidInputError(
        str(error),
        status=error.status,
        code=error.code,
        details=details,
        method=error.method,
        url=error.url,
    )
