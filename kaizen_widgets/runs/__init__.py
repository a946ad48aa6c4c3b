"""Work with runs: keep their values, run parts of a pipeline again, cache results, plan and compare."""

from kaizen_widgets.runs.result_cache import ResultCache
from kaizen_widgets.runs.run_history import RunHistory
from kaizen_widgets.runs.run_plan import RunPlan
from kaizen_widgets.runs.runner import Runner

__all__ = ["ResultCache", "RunHistory", "RunPlan", "Runner"]
