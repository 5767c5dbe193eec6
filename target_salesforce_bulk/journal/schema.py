"""The tables of the journal, and how a journal of an earlier version is brought up to date."""

from __future__ import annotations

#: What a journal of this program has.
VERSION = 6

_TABLES = """
CREATE TABLE runs (
    id TEXT PRIMARY KEY,
    started_at TEXT NOT NULL,
    ended_at TEXT
) STRICT;
CREATE TABLE batches (
    id INTEGER PRIMARY KEY AUTOINCREMENT,  -- never given twice, as it names a folder
    run_id TEXT NOT NULL REFERENCES runs (id),
    plan TEXT NOT NULL,
    state TEXT NOT NULL,
    rows INTEGER NOT NULL DEFAULT 0,
    size INTEGER NOT NULL DEFAULT 0,
    merged INTEGER NOT NULL DEFAULT 0,
    job_id TEXT,
    attempt INTEGER NOT NULL DEFAULT 0,
    parent_id INTEGER REFERENCES batches (id),
    origin_id INTEGER REFERENCES batches (id),
    depth INTEGER NOT NULL DEFAULT 0,
    resends INTEGER NOT NULL DEFAULT 0,  -- whether it was made of stored failed rows
    loaded INTEGER,
    failed INTEGER,
    unprocessed INTEGER,
    uncertain INTEGER,
    refused INTEGER,
    retried INTEGER,
    covered_rows INTEGER NOT NULL DEFAULT 0,  -- rows before the last STATE that was written
    covered_refused INTEGER NOT NULL DEFAULT 0,
    changed_at TEXT NOT NULL
) STRICT;
CREATE TABLE failed_rows (
    id INTEGER PRIMARY KEY,
    run_id TEXT NOT NULL REFERENCES runs (id),
    batch_id INTEGER NOT NULL REFERENCES batches (id),
    stream TEXT NOT NULL,
    object TEXT NOT NULL,
    operation TEXT NOT NULL,
    key TEXT,
    same_key TEXT,  -- in the form in which keys compare
    row TEXT NOT NULL,
    code TEXT NOT NULL,
    message TEXT NOT NULL,
    fields TEXT NOT NULL,
    job_id TEXT,
    attempt INTEGER NOT NULL,
    origin TEXT NOT NULL,
    class TEXT NOT NULL,
    failed_at TEXT NOT NULL,
    retry_batch_id INTEGER REFERENCES batches (id)  -- the batch that sends it again
) STRICT;
"""

_INDEXES = """
CREATE INDEX IF NOT EXISTS batches_by_state ON batches (state);
CREATE INDEX IF NOT EXISTS failed_rows_by_run ON failed_rows (run_id, stream);
CREATE INDEX failed_rows_by_key ON failed_rows (object, same_key);
CREATE INDEX failed_rows_by_job ON failed_rows (job_id);
CREATE INDEX failed_rows_by_retry ON failed_rows (retry_batch_id);
CREATE TABLE seen_rows (  -- dealt with by an interrupted run, and not covered by STATE
    stream TEXT NOT NULL,
    map_fingerprint TEXT NOT NULL,
    fingerprint BLOB NOT NULL,
    times INTEGER NOT NULL,
    PRIMARY KEY (stream, map_fingerprint, fingerprint)
) STRICT, WITHOUT ROWID;
CREATE TABLE foreign_jobs (  -- jobs with failed rows that another machine's journal knows
    job_id TEXT PRIMARY KEY,
    entry TEXT NOT NULL
) STRICT;
"""

_VERSION_3 = """
ALTER TABLE batches RENAME COLUMN attempt TO jobs_made;
-- Whether its rows wait until the parents that they name must be there.
ALTER TABLE batches ADD COLUMN for_parents INTEGER NOT NULL DEFAULT 0;
-- Version 2 closed a job before it said so.
UPDATE batches SET state = 'closing' WHERE state = 'created';
DROP TABLE seen_rows;
CREATE TABLE states (  -- STATE lines by their running number
    number INTEGER PRIMARY KEY,
    written INTEGER NOT NULL
) STRICT;
CREATE TABLE last_state (  -- as it was written last; one row
    id INTEGER PRIMARY KEY CHECK (id = 1),
    value TEXT NOT NULL
) STRICT;
CREATE TABLE dealt_batches (  -- whose rows may come again; their fingerprints lie in files
    batch_id INTEGER PRIMARY KEY REFERENCES batches (id),
    stream TEXT NOT NULL,
    operation TEXT NOT NULL,
    layout TEXT NOT NULL,
    rows INTEGER NOT NULL,
    refused INTEGER NOT NULL
) STRICT;
CREATE INDEX dealt_batches_by_stream ON dealt_batches (stream);
CREATE TABLE dealt_coverage (  -- how much of them a STATE covers; nulls: all
    batch_id INTEGER NOT NULL REFERENCES dealt_batches (batch_id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    rows INTEGER,
    refused INTEGER
) STRICT;
CREATE INDEX batches_by_job ON batches (substr(job_id, 1, 15));
CREATE INDEX dealt_coverage_by_batch ON dealt_coverage (batch_id);
CREATE TABLE taken_rows (  -- that came again and that a STATE covers now
    id INTEGER PRIMARY KEY,
    stream TEXT NOT NULL,
    fingerprint BLOB NOT NULL,
    number INTEGER NOT NULL
) STRICT;
CREATE INDEX taken_rows_by_stream ON taken_rows (stream);
CREATE TABLE top_sets (  -- rows with one value of the replication key
    id INTEGER PRIMARY KEY,
    stream TEXT NOT NULL,
    value TEXT NOT NULL,
    layouts TEXT NOT NULL
) STRICT;
CREATE TABLE top_rows (
    set_id INTEGER NOT NULL REFERENCES top_sets (id) ON DELETE CASCADE,
    place INTEGER NOT NULL,
    fingerprint BLOB NOT NULL,
    layout INTEGER NOT NULL,
    same_key TEXT,
    PRIMARY KEY (set_id, place)
) STRICT, WITHOUT ROWID;
CREATE TABLE top_states (  -- the rows at the bookmark of a stream, as of a STATE
    stream TEXT NOT NULL,
    number INTEGER NOT NULL,
    set_id INTEGER NOT NULL REFERENCES top_sets (id) ON DELETE CASCADE,
    rows INTEGER NOT NULL
) STRICT;
CREATE INDEX top_states_by_stream ON top_states (stream, number);
"""

#: The order of rows of one record, and what is prepared of a settlement before it counts.
_ORDER = """
ALTER TABLE batches ADD COLUMN superseded INTEGER NOT NULL DEFAULT 0;
ALTER TABLE failed_rows ADD COLUMN key_field TEXT;
ALTER TABLE failed_rows ADD COLUMN order_batch INTEGER NOT NULL DEFAULT 0;
ALTER TABLE failed_rows ADD COLUMN order_position INTEGER NOT NULL DEFAULT 0;
UPDATE failed_rows SET
    key_field = (
        SELECT coalesce(json_extract(plan, '$.label'), json_extract(plan, '$.key'))
        FROM batches WHERE batches.id = failed_rows.batch_id
    ),
    order_batch = (
        SELECT coalesce(origin_id, id) FROM batches WHERE batches.id = failed_rows.batch_id
    ),
    order_position = origin = 'local' AND code NOT IN ('NOT_FOUND', 'DUPLICATE_EXTERNAL_ID');
DROP INDEX failed_rows_by_key;
CREATE INDEX failed_rows_by_identity ON failed_rows (object, key_field, same_key);
CREATE INDEX failed_rows_by_order ON failed_rows (order_batch, order_position, id);
CREATE INDEX failed_rows_without_key ON failed_rows (stream, row)
    WHERE same_key IS NULL AND operation != 'insert';
CREATE TABLE settling (  -- batches of which something is prepared that does not count yet
    batch_id INTEGER PRIMARY KEY
) STRICT;
CREATE TABLE changes (  -- what a settlement makes of failed rows that were stored before it
    batch_id INTEGER NOT NULL,
    row_id INTEGER NOT NULL,
    row TEXT,  -- NULL: it is gone
    PRIMARY KEY (batch_id, row_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE waiting_rows (  -- rows of child batches that are not settled
    object TEXT NOT NULL,
    key_field TEXT NOT NULL,
    same_key TEXT NOT NULL,
    batch_id INTEGER NOT NULL,
    order_batch INTEGER NOT NULL,
    PRIMARY KEY (object, key_field, same_key, batch_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX waiting_rows_by_batch ON waiting_rows (batch_id);
CREATE TABLE overwritten (  -- what newer rows have written of rows that wait
    batch_id INTEGER NOT NULL,  -- the one with the row that waits
    same_key TEXT NOT NULL,
    by_batch INTEGER NOT NULL,
    fields TEXT NOT NULL,
    deleted INTEGER NOT NULL,
    PRIMARY KEY (batch_id, same_key, by_batch)
) STRICT, WITHOUT ROWID;
CREATE TABLE failed_counts (  -- kept by triggers, so that STATE costs no look at every row
    job_id TEXT NOT NULL,  -- empty: refused before sending
    stream TEXT NOT NULL,
    object TEXT NOT NULL,
    operation TEXT NOT NULL,
    code TEXT NOT NULL,
    number INTEGER NOT NULL,
    time TEXT NOT NULL,
    PRIMARY KEY (job_id, stream, object, operation, code)
) STRICT, WITHOUT ROWID;
INSERT INTO failed_counts
    SELECT coalesce(job_id, ''), stream, object, operation, code, count(*), max(failed_at)
    FROM failed_rows GROUP BY 1, 2, 3, 4, 5;
CREATE TRIGGER failed_row_added AFTER INSERT ON failed_rows BEGIN
    INSERT INTO failed_counts VALUES (
        coalesce(new.job_id, ''), new.stream, new.object, new.operation, new.code, 1, new.failed_at
    ) ON CONFLICT DO UPDATE SET number = number + 1, time = max(time, excluded.time);
END;
CREATE TRIGGER failed_row_removed AFTER DELETE ON failed_rows BEGIN
    UPDATE failed_counts SET number = number - 1 WHERE job_id = coalesce(old.job_id, '')
        AND stream = old.stream AND object = old.object AND operation = old.operation
        AND code = old.code;
    DELETE FROM failed_counts WHERE number <= 0 AND job_id = coalesce(old.job_id, '')
        AND stream = old.stream AND object = old.object AND operation = old.operation
        AND code = old.code;
END;
CREATE VIEW stored_failed_rows AS
    SELECT * FROM failed_rows WHERE batch_id NOT IN (SELECT batch_id FROM settling);
"""

#: What brings a journal of a version to a later one: the SQL and that version. 0 is a new file.
_STEPS = {
    0: (f"{_TABLES} {_INDEXES}", 2),
    1: (
        f"""
ALTER TABLE batches ADD COLUMN parent_id INTEGER REFERENCES batches (id);
ALTER TABLE batches ADD COLUMN origin_id INTEGER REFERENCES batches (id);
ALTER TABLE batches ADD COLUMN depth INTEGER NOT NULL DEFAULT 0;
ALTER TABLE batches ADD COLUMN resends INTEGER NOT NULL DEFAULT 0;
ALTER TABLE batches ADD COLUMN retried INTEGER;
ALTER TABLE batches ADD COLUMN covered_rows INTEGER NOT NULL DEFAULT 0;
ALTER TABLE batches ADD COLUMN covered_refused INTEGER NOT NULL DEFAULT 0;
ALTER TABLE failed_rows ADD COLUMN same_key TEXT;
ALTER TABLE failed_rows ADD COLUMN retry_batch_id INTEGER REFERENCES batches (id);
{_INDEXES}
""",
        2,
    ),
    2: (f"{_VERSION_3} {_ORDER}", 3),
    3: (
        """
ALTER TABLE runs ADD COLUMN left_at TEXT;  -- null where the process was killed
CREATE TABLE streams_with_state (  -- streams whose tap has sent STATE
    stream TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;
""",
        4,
    ),
    4: (
        """
-- How much of the org's API requests was used, and when that was known last.
ALTER TABLE runs ADD COLUMN api_used INTEGER;
ALTER TABLE runs ADD COLUMN api_allowed INTEGER;
ALTER TABLE runs ADD COLUMN api_usage_at TEXT;
""",
        5,
    ),
    5: (
        """
-- To find old batches, and what needs them: foreign keys have no index of their own.
DROP INDEX batches_by_state;
CREATE INDEX batches_by_state ON batches (state, changed_at);
CREATE INDEX batches_by_run ON batches (run_id);
CREATE INDEX batches_by_parent ON batches (parent_id) WHERE parent_id IS NOT NULL;
CREATE INDEX batches_by_origin ON batches (origin_id) WHERE origin_id IS NOT NULL;
CREATE INDEX failed_rows_by_batch ON failed_rows (batch_id);
""",
        6,
    ),
}


def upgrade(version: int) -> str:
    """The SQL that brings a journal of a version up to date, in one transaction."""
    script = ""
    while version < VERSION:
        sql, version = _STEPS[version]
        script += sql
    return f"BEGIN; {script} PRAGMA user_version={VERSION}; COMMIT;"
