
-- ---------------------------------------------------------------------------
-- Counters: numbers of tasks that the stats bar need not count
-- ---------------------------------------------------------------------------

-- Derived, hence neither dumped nor logged: after a crash or a restore they are
-- empty, the next sweep counts anew, and until then readers count themselves.
CREATE UNLOGGED TABLE taskq_counter (
    kind smallint NOT NULL,
    bucket integer NOT NULL,
    n bigint NOT NULL,
    PRIMARY KEY (kind, bucket)
) WITH (fillfactor = 50);
COMMENT ON TABLE taskq_counter IS 'How many tasks there were of a kind when changes were last folded in (taskq_counter_state). Read taskq_stats() instead.';
COMMENT ON COLUMN taskq_counter.kind IS '0: active and not started; 1: active and started; 2: active and unassigned (bucket 0); 3, 4: those of 0 and 1 by due date (days since 2000-01-01); 5: completed, by the quarter of an hour (since 2000-01-01 UTC).';
COMMENT ON COLUMN taskq_counter.bucket IS 'Days, or quarters of an hour; the lowest integer = all before those that are kept apart.';
COMMENT ON COLUMN taskq_counter.n IS 'Number of tasks.';

CREATE UNLOGGED TABLE taskq_counter_delta (
    xid bigint NOT NULL,
    old_due integer NOT NULL,
    new_due integer NOT NULL,
    old_completed integer NOT NULL,
    new_completed integer NOT NULL,
    old_state smallint NOT NULL,
    new_state smallint NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000, autovacuum_analyze_scale_factor = 1);
CREATE INDEX taskq_counter_delta_xid_idx ON taskq_counter_delta (xid);
COMMENT ON TABLE taskq_counter_delta IS 'Changes of tasks that are not in taskq_counter yet: what the task counted as before and after, in the buckets described there. Written with the change itself, folded in and deleted by the sweep.';
COMMENT ON COLUMN taskq_counter_delta.xid IS 'Transaction that made the change.';
COMMENT ON COLUMN taskq_counter_delta.old_due IS 'Day of the due date before; the highest integer = none, as below.';
COMMENT ON COLUMN taskq_counter_delta.new_due IS 'After.';
COMMENT ON COLUMN taskq_counter_delta.old_completed IS 'Quarter of an hour in which it had been completed.';
COMMENT ON COLUMN taskq_counter_delta.new_completed IS 'After.';
COMMENT ON COLUMN taskq_counter_delta.old_state IS 'Before: -1 = not active; bit 0: started; bit 1: unassigned.';
COMMENT ON COLUMN taskq_counter_delta.new_state IS 'After.';

CREATE UNLOGGED TABLE taskq_counter_state (
    snapshot_xmax bigint NOT NULL,
    snapshot_xip bigint[] NOT NULL,
    merged_day integer NOT NULL,
    triggers bigint NOT NULL,
    counted_at timestamptz NOT NULL,
    folded_at timestamptz NOT NULL
);
COMMENT ON TABLE taskq_counter_state IS 'One row while taskq_counter counts: up to which transactions. None, or one that says not counted yet: readers count themselves.';
COMMENT ON COLUMN taskq_counter_state.snapshot_xmax IS 'Changes of transactions below this are in taskq_counter ...';
COMMENT ON COLUMN taskq_counter_state.snapshot_xip IS '... but for these, which were under way.';
COMMENT ON COLUMN taskq_counter_state.merged_day IS 'Due dates below this day are not kept apart any more; quarters of an hour below it (UTC) are not kept at all.';
COMMENT ON COLUMN taskq_counter_state.triggers IS 'Version of the triggers of taskq_task that note changes, a hash of their rows in pg_trigger and of the files of the other two tables: with another one, changes may not have been noted or have been lost, and readers count themselves.';
COMMENT ON COLUMN taskq_counter_state.counted_at IS 'When all tasks were last counted; -infinity = not yet: changes are noted, and tasks are counted once all transactions that had written before have ended.';
COMMENT ON COLUMN taskq_counter_state.folded_at IS 'When changes were last folded in.';

CREATE FUNCTION taskq_task_counted() RETURNS trigger
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'taskq_task_counted';
COMMENT ON FUNCTION taskq_task_counted() IS
'Trigger function of taskq_task, AFTER INSERT: notes the new task for taskq_counter, while that counts. Changes and deletions are noted by taskq_task_updated() and taskq_task_deleted().';

CREATE TRIGGER taskq_counted AFTER INSERT ON taskq_task
    FOR EACH ROW EXECUTE FUNCTION taskq_task_counted();
ALTER TABLE taskq_task ENABLE ALWAYS TRIGGER taskq_counted;
