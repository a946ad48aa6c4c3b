"""Run pipelines: start, watch and cancel them."""

from kaizen_widgets.engines.edge_value import EdgeValue
from kaizen_widgets.engines.engine import Engine
from kaizen_widgets.engines.event_log import Event, EventLog
from kaizen_widgets.engines.follow import follow
from kaizen_widgets.engines.local_engine import LocalEngine
from kaizen_widgets.engines.preflight import Plan, check, problems_of, reasons_against
from kaizen_widgets.engines.questions import Question
from kaizen_widgets.engines.run import NodeRun, Run
from kaizen_widgets.engines.run_comparison import RunComparison
from kaizen_widgets.engines.scheduler import start

__all__ = [
    "EdgeValue",
    "Engine",
    "Event",
    "EventLog",
    "LocalEngine",
    "NodeRun",
    "Plan",
    "Question",
    "Run",
    "RunComparison",
    "check",
    "follow",
    "problems_of",
    "reasons_against",
    "start",
]
