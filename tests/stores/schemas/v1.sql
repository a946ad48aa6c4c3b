-- The file as the first release wrote it. Never changed: files like it are out there.
PRAGMA application_id = 1264211795;
PRAGMA user_version = 1;
CREATE TABLE states (name TEXT PRIMARY KEY, text TEXT NOT NULL, written_at TEXT NOT NULL);
CREATE TABLE kept_aside (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, text TEXT NOT NULL,
    reason TEXT NOT NULL, kept_at TEXT NOT NULL
);
INSERT INTO states VALUES
    ('kaizen-ui', '{"state": {"theme": "dark"}, "version": 0}', '2026-11-23T00:00:00+00:00');
INSERT INTO kept_aside VALUES
    (1, 'kaizen-auth', '{', 'it was no JSON', '2026-11-23T00:00:00+00:00');
