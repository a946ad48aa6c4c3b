"""The kernel's end of the canvas protocol (see SPEC.md); pure, without Jupyter."""

from kaizen_widgets.sync.kernel import KernelEnd, Request, problem_of
from kaizen_widgets.sync.outbox import Outbox

__all__ = ["KernelEnd", "Outbox", "Request", "problem_of"]
