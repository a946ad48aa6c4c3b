"""The kernel's end of the canvas protocol (see SPEC.md), without Jupyter."""

from kaizen_widgets.sync.canvas.kernel_end import KernelEnd, Request, problem_of
from kaizen_widgets.sync.canvas.outbox import Outbox

__all__ = ["KernelEnd", "Outbox", "Request", "problem_of"]
