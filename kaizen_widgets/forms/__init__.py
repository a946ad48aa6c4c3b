"""Forms without a user interface: React Hook Form's semantics over any resolver or a pydantic model."""

from kaizen_widgets.forms.agent_input import AgentInput
from kaizen_widgets.forms.change import Change
from kaizen_widgets.forms.field_array import Rows
from kaizen_widgets.forms.field_state import FieldState
from kaizen_widgets.forms.fields import FieldTree, Hint
from kaizen_widgets.forms.form import Form
from kaizen_widgets.forms.resolver import FieldError, Resolved, Resolver, ResolverContext
from kaizen_widgets.forms.submissions import Submission

Context = ResolverContext
"""The earlier name of `ResolverContext`."""

__all__ = [
    "AgentInput",
    "Change",
    "Context",
    "FieldError",
    "FieldState",
    "FieldTree",
    "Form",
    "Hint",
    "Resolved",
    "Resolver",
    "ResolverContext",
    "Rows",
    "Submission",
]
