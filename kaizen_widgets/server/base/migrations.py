"""The tables, as a list of migrations; ``PRAGMA user_version`` counts those that were applied.

A released migration never changes: a correction is a new migration at the end. Times are ISO 8601 text in
UTC, tokens' times are seconds since 1970, JSON is text, booleans are 0 and 1.
"""

from __future__ import annotations

from kaizen_widgets.core.sqlite import SqliteSchema

APPLICATION_ID = 0x4B5A5744
"""Marks our files ("KZWD"), so that another program's database is never mistaken for one."""

_FIRST = (
    "CREATE TABLE settings (key TEXT PRIMARY KEY, value TEXT NOT NULL)",
    """CREATE TABLE organizations (
        id TEXT PRIMARY KEY, name TEXT NOT NULL, slug TEXT NOT NULL UNIQUE, created_at TEXT NOT NULL
    )""",
    """CREATE TABLE workspaces (
        id TEXT PRIMARY KEY,
        organization_id TEXT NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
        name TEXT NOT NULL, created_at TEXT NOT NULL
    )""",
    """CREATE TABLE users (
        id TEXT PRIMARY KEY, email TEXT NOT NULL UNIQUE COLLATE NOCASE, name TEXT NOT NULL,
        password_hash TEXT, status TEXT NOT NULL DEFAULT 'active',
        mfa_enabled INTEGER NOT NULL DEFAULT 0, last_login_at TEXT,
        created_at TEXT NOT NULL, updated_at TEXT NOT NULL
    )""",
    """CREATE TABLE memberships (
        user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
        organization_id TEXT NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
        role TEXT NOT NULL, is_primary INTEGER NOT NULL, joined_at TEXT NOT NULL,
        joined_via TEXT NOT NULL,
        PRIMARY KEY (user_id, organization_id)
    )""",
    # Only digests: the file holds no token that works.
    """CREATE TABLE tokens (
        digest TEXT PRIMARY KEY, kind TEXT NOT NULL CHECK (kind IN ('access', 'refresh')),
        session_id TEXT NOT NULL,
        user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
        organization_id TEXT NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
        expires_at REAL NOT NULL, used_at REAL
    )""",
    "CREATE INDEX tokens_by_expiry ON tokens (expires_at)",
    "CREATE INDEX tokens_by_session ON tokens (session_id)",
    # `seq` is the order of creation: lists page by it, which uuids and equal times cannot give.
    """CREATE TABLE agents (
        seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE,
        organization_id TEXT NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
        workspace_id TEXT NOT NULL, name TEXT NOT NULL, description TEXT, agent_type TEXT NOT NULL,
        status TEXT NOT NULL, system_prompt TEXT, model_id TEXT NOT NULL, temperature REAL NOT NULL,
        max_tokens INTEGER NOT NULL, created_by TEXT NOT NULL, created_at TEXT NOT NULL,
        updated_at TEXT NOT NULL
    )""",
    "CREATE INDEX agents_by_organization ON agents (organization_id, seq)",
    """CREATE TABLE agent_versions (
        seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE,
        agent_id TEXT NOT NULL REFERENCES agents (id) ON DELETE CASCADE,
        version_number INTEGER NOT NULL, config_snapshot TEXT NOT NULL, changelog TEXT,
        created_by TEXT NOT NULL, created_at TEXT NOT NULL,
        UNIQUE (agent_id, version_number)
    )""",
    """CREATE TABLE agent_contexts (
        seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE,
        agent_id TEXT NOT NULL REFERENCES agents (id) ON DELETE CASCADE,
        name TEXT NOT NULL, content_type TEXT NOT NULL, content TEXT NOT NULL,
        is_active INTEGER NOT NULL, created_at TEXT NOT NULL, updated_at TEXT NOT NULL
    )""",
    "CREATE INDEX agent_contexts_by_agent ON agent_contexts (agent_id, seq)",
    """CREATE TABLE agent_tools (
        seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE,
        agent_id TEXT NOT NULL REFERENCES agents (id) ON DELETE CASCADE,
        tool_type TEXT NOT NULL, name TEXT NOT NULL, description TEXT NOT NULL,
        config TEXT NOT NULL, is_enabled INTEGER NOT NULL, created_at TEXT NOT NULL
    )""",
    "CREATE INDEX agent_tools_by_agent ON agent_tools (agent_id, seq)",
    """CREATE TABLE pipelines (
        seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE,
        organization_id TEXT NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
        workspace_id TEXT NOT NULL, name TEXT NOT NULL, description TEXT NOT NULL,
        pattern TEXT NOT NULL, status TEXT NOT NULL, created_by TEXT NOT NULL,
        created_at TEXT NOT NULL, updated_at TEXT NOT NULL
    )""",
    "CREATE INDEX pipelines_by_organization ON pipelines (organization_id, seq)",
    # Ids of nodes and connections are per pipeline; `place` is the order they were sent in.
    """CREATE TABLE pipeline_nodes (
        pipeline_id TEXT NOT NULL REFERENCES pipelines (id) ON DELETE CASCADE,
        id TEXT NOT NULL, place INTEGER NOT NULL, node_type TEXT NOT NULL, agent_id TEXT,
        label TEXT NOT NULL, position_x REAL NOT NULL, position_y REAL NOT NULL, config TEXT,
        extra TEXT, created_at TEXT NOT NULL, updated_at TEXT NOT NULL,
        PRIMARY KEY (pipeline_id, id)
    ) WITHOUT ROWID""",
    """CREATE TABLE pipeline_connections (
        pipeline_id TEXT NOT NULL REFERENCES pipelines (id) ON DELETE CASCADE,
        id TEXT NOT NULL, place INTEGER NOT NULL, source_node_id TEXT NOT NULL,
        target_node_id TEXT NOT NULL, source_handle TEXT NOT NULL, target_handle TEXT NOT NULL,
        condition TEXT, extra TEXT, created_at TEXT NOT NULL,
        PRIMARY KEY (pipeline_id, id),
        FOREIGN KEY (pipeline_id, source_node_id) REFERENCES pipeline_nodes (pipeline_id, id)
            ON DELETE CASCADE,
        FOREIGN KEY (pipeline_id, target_node_id) REFERENCES pipeline_nodes (pipeline_id, id)
            ON DELETE CASCADE
    ) WITHOUT ROWID""",
    "CREATE INDEX connections_by_source ON pipeline_connections (pipeline_id, source_node_id)",
    "CREATE INDEX connections_by_target ON pipeline_connections (pipeline_id, target_node_id)",
)

_SECOND = (
    # A gateway's key is not stored: this server calls no gateway.
    """CREATE TABLE gateways (
        seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE,
        organization_id TEXT NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
        name TEXT NOT NULL, description TEXT NOT NULL, api_url TEXT NOT NULL,
        environment TEXT NOT NULL, status TEXT NOT NULL, health_check_url TEXT NOT NULL,
        last_health_check TEXT, last_health_status TEXT,
        created_at TEXT NOT NULL, updated_at TEXT NOT NULL
    )""",
    """CREATE TABLE deployments (
        seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE,
        organization_id TEXT NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
        agent_id TEXT NOT NULL, agent_version_id TEXT NOT NULL, gateway_id TEXT NOT NULL,
        registration_id TEXT NOT NULL, status TEXT NOT NULL, endpoint_url TEXT NOT NULL,
        error_message TEXT NOT NULL, deployed_by TEXT NOT NULL, deployed_at TEXT, stopped_at TEXT,
        created_at TEXT NOT NULL, updated_at TEXT NOT NULL
    )""",
    "CREATE INDEX deployments_by_organization ON deployments (organization_id, seq)",
    """CREATE TABLE deployment_logs (
        seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE,
        deployment_id TEXT NOT NULL REFERENCES deployments (id) ON DELETE CASCADE,
        event_type TEXT NOT NULL, message TEXT NOT NULL, metadata TEXT NOT NULL,
        created_at TEXT NOT NULL
    )""",
    "CREATE INDEX deployment_logs_by_deployment ON deployment_logs (deployment_id, seq)",
    """CREATE TABLE metrics (
        seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE,
        organization_id TEXT NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
        deployment_id TEXT NOT NULL, agent_id TEXT NOT NULL, execution_id TEXT NOT NULL,
        status TEXT NOT NULL, latency_ms INTEGER NOT NULL, input_tokens INTEGER NOT NULL,
        output_tokens INTEGER NOT NULL, total_tokens INTEGER NOT NULL, cost_usd REAL NOT NULL,
        error_type TEXT NOT NULL, error_message TEXT NOT NULL, created_at TEXT NOT NULL
    )""",
    "CREATE INDEX metrics_by_time ON metrics (organization_id, created_at)",
    """CREATE TABLE teams (
        seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE,
        organization_id TEXT NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
        name TEXT NOT NULL, description TEXT NOT NULL,
        created_at TEXT NOT NULL, updated_at TEXT NOT NULL
    )""",
    """CREATE TABLE team_members (
        seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE,
        team_id TEXT NOT NULL REFERENCES teams (id) ON DELETE CASCADE,
        user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
        role TEXT NOT NULL, created_at TEXT NOT NULL, UNIQUE (team_id, user_id)
    )""",
    """CREATE TABLE policies (
        seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE,
        organization_id TEXT NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
        name TEXT NOT NULL, description TEXT NOT NULL, resource_type TEXT NOT NULL,
        action TEXT NOT NULL, effect TEXT NOT NULL, conditions TEXT NOT NULL,
        priority INTEGER NOT NULL, status TEXT NOT NULL, created_by TEXT NOT NULL,
        created_at TEXT NOT NULL, updated_at TEXT NOT NULL
    )""",
    """CREATE TABLE policy_assignments (
        seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE,
        policy_id TEXT NOT NULL REFERENCES policies (id) ON DELETE CASCADE,
        principal_type TEXT NOT NULL, principal_id TEXT NOT NULL, created_at TEXT NOT NULL,
        UNIQUE (policy_id, principal_type, principal_id)
    )""",
    # What was executed: an agent (`agent_id`), a pipeline, or one node of it. `facts` is JSON text.
    """CREATE TABLE executions (
        seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE,
        organization_id TEXT NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
        agent_id TEXT NOT NULL, pipeline_id TEXT NOT NULL, input_data TEXT NOT NULL,
        output_data TEXT NOT NULL, facts TEXT NOT NULL, status TEXT NOT NULL,
        execution_time_ms INTEGER NOT NULL, token_usage TEXT NOT NULL, error_message TEXT NOT NULL,
        created_by TEXT NOT NULL, created_at TEXT NOT NULL, ended_at TEXT
    )""",
    "CREATE INDEX executions_by_pipeline ON executions (pipeline_id, seq)",
    "CREATE INDEX executions_by_agent ON executions (agent_id, seq)",
)

_THIRD = (
    # The normalized form of an address (`email_identity`). Earlier versions let two
    # spellings be two accounts: both keep working, and only the older one owns the identity.
    "ALTER TABLE users ADD COLUMN email_identity TEXT",
    "UPDATE users SET email_identity = email_identity(email)",
    """UPDATE users SET email_identity = NULL
        WHERE rowid NOT IN (SELECT min(rowid) FROM users GROUP BY email_identity)""",
    "CREATE UNIQUE INDEX users_by_email_identity ON users (email_identity)",
)

_FOURTH = (
    # Named states of pipelines; `nodes` and `connections` are JSON text, as they are answered.
    """CREATE TABLE pipeline_versions (
        seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE,
        pipeline_id TEXT NOT NULL REFERENCES pipelines (id) ON DELETE CASCADE,
        version_number INTEGER NOT NULL, name TEXT NOT NULL, nodes TEXT NOT NULL,
        connections TEXT NOT NULL, node_count INTEGER NOT NULL, created_by TEXT NOT NULL,
        created_at TEXT NOT NULL, UNIQUE (pipeline_id, version_number)
    )""",
)

_FIFTH = (
    # What each agent did lately, in the list of agents.
    "CREATE INDEX metrics_by_agent ON metrics (organization_id, agent_id, created_at)",
    # Versions that were stored by themselves; the oldest of them make room for new ones.
    "ALTER TABLE pipeline_versions ADD COLUMN is_automatic INTEGER NOT NULL DEFAULT 0",
)

MIGRATIONS: tuple[tuple[str, ...], ...] = (_FIRST, _SECOND, _THIRD, _FOURTH, _FIFTH)

SCHEMA = SqliteSchema(APPLICATION_ID, MIGRATIONS)
