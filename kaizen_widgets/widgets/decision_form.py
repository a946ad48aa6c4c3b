"""The decision form: asks what the policies say about an action of a user."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import ipywidgets as ipw

from kaizen_widgets.api import Policy, PolicyDecision
from kaizen_widgets.displays.markup import BAD, GOOD, MUTED
from kaizen_widgets.errors import KaizenError
from kaizen_widgets.forms.policy_input import DecisionInput, text_of, value_of
from kaizen_widgets.widgets.form_panel import FormPanel
from kaizen_widgets.widgets.policy_form import ACTIONS, RESOURCE_TYPES

MAX_NAMED = 5
"""Policies that a decision names."""


class DecisionForm(FormPanel):
    """A form that asks the policies for a decision; nothing is done, and nothing is stored.

    Args:
        policies: The policies API, or a studio.
        users: Names of the users to ask about, by id, or a function that returns them.
        policy: The policy to try: its action and the fields its conditions read are filled in.
        user_id: The user to ask about at first.
        **options: Options of a `FormPanel`.

    Attributes:
        decision: The last `PolicyDecision`, or None.
        answer: HTML widget with the last decision.
    """

    def __init__(
        self,
        policies: Any,
        *,
        users: Mapping[str, str] | Callable[[], Mapping[str, str]],
        policy: Policy | None = None,
        user_id: str = "",
        **options: Any,
    ) -> None:
        self.policies = getattr(policies, "policies", policies)
        self.decision: PolicyDecision | None = None
        self._users = users
        options = {
            "title": "",
            "submit_label": "Try",
            "busy_label": "Asking…",
            "done_label": "Decided",
            "default_values": {"user_id": user_id, **_facts_of(policy)},
            **options,
        }
        options["options"] = {
            "user_id": lambda _values: self.user_names(),
            "resource_type": _with(RESOURCE_TYPES, policy and policy.resource_type),
            "action": _with(ACTIONS, policy and policy.action),
            **options.get("options", {}),
        }
        self.answer = ipw.HTML(layout=ipw.Layout(width="100%"))
        super().__init__(DecisionInput, self._decide, **options)
        self.children = (*self.children, self.answer)

    def user_names(self) -> Mapping[str, str]:
        """Return the names of the users to ask about, by id."""
        return self._users() if callable(self._users) else self._users

    async def _decide(self, given: DecisionInput) -> PolicyDecision:
        self.answer.value = ""
        query = self.policies.evaluate(
            given.user_id,
            given.resource_type,
            given.action,
            resource={name: value_of(text) for name, text in given.resource.items()},
            context={name: value_of(text) for name, text in given.context.items()},
        )
        decision = await query.refetch()  # Policies may have changed since it was asked before.
        try:
            policies = await self.policies.of_user(given.user_id).refetch()
        except KaizenError:
            policies = None  # The decision stands without its reasons.
        self.decision = decision
        name = self.user_names().get(given.user_id) or given.user_id
        self.answer.value = _answer(decision, name, policies)
        return decision

    def __repr__(self) -> str:
        return f"DecisionForm({self.decision!r})"


def _answer(decision: PolicyDecision, name: str, policies: Iterable[Policy] | None) -> str:
    """Return a decision as a sentence, with the policies that cover the action."""
    word, color, icon = ("Allowed", GOOD, "✓") if decision.allowed else ("Denied", BAD, "⊘")
    what = f"{decision.action} on {decision.resource_type}"
    covering = [
        f"{each.name[:60]} ({each.effect})"
        for each in policies or ()
        if each.resource_type in ("*", decision.resource_type)
        and each.action in ("*", decision.action)
    ]
    if policies is None:
        why = ""
    elif covering:
        further = len(covering) - MAX_NAMED
        more = f" and {further} more" if further > 0 else ""
        why = f"Policies on this that apply to them: {', '.join(covering[:MAX_NAMED])}{more}."
    else:
        why = "No policy on this applies to them: their role decides."
    return (
        f'<div role="status" class="kaizen-decision" style="padding: 8px 12px; border-radius: 6px; '
        f'background: color-mix(in oklab, {color} 8%, transparent)">'
        f'<span style="color: {color}; font-weight: 600">{icon} {word}</span> '
        f'<span dir="auto">for {html.escape(name[:80])}: {html.escape(what[:120])}</span>'
        f'<div style="color: {MUTED}; font-size: 12px; line-height: 16px">{html.escape(why)}</div></div>'
    )


def _facts_of(policy: Policy | None) -> dict[str, Any]:
    """Return the action of a policy, and values that its conditions compare with."""
    if policy is None:
        return {}
    facts: dict[str, dict[str, str]] = {"resource": {}, "context": {}}

    def visit(part: Any, depth: int = 0) -> None:
        if not isinstance(part, Mapping) or depth > 20:
            return
        for name in ("all", "any"):
            inner = part.get(name)
            for each in inner if isinstance(inner, list) else ():
                visit(each, depth + 1)
        root, _, name = str(part.get("field", "")).partition(".")
        if root in facts and name and "." not in name:
            value = part.get("value")
            first = value[0] if isinstance(value, list) and value else value
            facts[root].setdefault(name, "" if first is None else text_of(first))

    visit(policy.conditions)
    concrete = {
        name: value
        for name, value in (("resource_type", policy.resource_type), ("action", policy.action))
        if value and value != "*"
    }
    return {**concrete, **facts}


def _with(values: Iterable[str], own: str | None) -> list[str]:
    found = [value for value in values if value != "*"]
    return found if own in (None, "", "*", *found) else [*found, str(own)]
