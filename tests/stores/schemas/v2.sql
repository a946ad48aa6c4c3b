-- The file as the second release wrote it, with a journal. Never changed: files like it are out there.
PRAGMA application_id = 1264211795;
PRAGMA user_version = 2;
CREATE TABLE states (name TEXT PRIMARY KEY, text TEXT NOT NULL, written_at TEXT NOT NULL);
CREATE TABLE kept_aside (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, text TEXT NOT NULL,
    reason TEXT NOT NULL, kept_at TEXT NOT NULL
);
CREATE TABLE journals (
    id TEXT PRIMARY KEY, scope TEXT NOT NULL, lease INTEGER NOT NULL, pipeline_id TEXT,
    pipeline_name TEXT NOT NULL, base TEXT NOT NULL, server TEXT, written_at TEXT NOT NULL
);
CREATE TABLE journal_batches (
    journal_id TEXT NOT NULL REFERENCES journals ON DELETE CASCADE,
    rev INTEGER NOT NULL, batch TEXT NOT NULL, PRIMARY KEY (journal_id, rev)
);
INSERT INTO states VALUES
    ('kaizen-ui', '{"state": {"theme": "dark"}, "version": 0}', '2026-11-23T00:00:00+00:00');
INSERT INTO kept_aside VALUES
    (1, 'kaizen-auth', '{', 'it was no JSON', '2026-11-23T00:00:00+00:00');
INSERT INTO journals VALUES
    ('e1', 'scope', 7, 'p1', 'Support triage',
     '{"nodes": [{"id": "a", "position": {"x": 0, "y": 0}, "data": {"label": "Ann"}}], "edges": []}',
     NULL, '2026-11-25T00:00:00+00:00');
INSERT INTO journal_batches VALUES
    ('e1', 1, '[{"op": "set", "kind": "node", "id": "a", "path": ["data", "label"], "value": "Anna"}]');
