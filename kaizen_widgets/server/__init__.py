"""The embedded API: the public Kaizen Studio server's contract, on SQLite and without its faults.

``create_app(Database.open(path), clock)`` returns it as an ASGI app, called in process or served over
HTTP by ``python -m kaizen_widgets serve``. `seed` fills a new database; `local_session` signs the local
user in without a password, for code of this process only.
"""

from kaizen_widgets.server.app import create_app
from kaizen_widgets.server.base.agent_model import AgentModel
from kaizen_widgets.server.base.database import Database, default_path
from kaizen_widgets.server.base.sign_in_limits import SignInLimits
from kaizen_widgets.server.local import (
    LOCAL_EMAIL,
    has_local_password,
    local_session,
    new_local_password,
    seed,
)

__all__ = [
    "LOCAL_EMAIL",
    "AgentModel",
    "Database",
    "SignInLimits",
    "create_app",
    "default_path",
    "has_local_password",
    "local_session",
    "new_local_password",
    "seed",
]
