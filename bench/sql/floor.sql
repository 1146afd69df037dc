-- The floor: bare tables with the columns, defaults, constraints, indexes,
-- statistics and storage options that taskq's own have in this database, and nothing else.
-- So its CHECKs are taskq's calls of functions in C, one a table, which cost less than plain SQL.
DO $$
DECLARE
    t record;
    c record;
BEGIN
    FOR t IN VALUES ('taskq_task', 'task'), ('taskq_task_event', 'event') LOOP
        EXECUTE format('CREATE TABLE bench.%I (LIKE public.%I INCLUDING ALL)', t.column2, t.column1);
        FOR c IN SELECT conname, pg_get_constraintdef(oid) AS def FROM pg_constraint
                 WHERE conrelid = t.column1::regclass AND contype = 'f' LOOP
            EXECUTE format('ALTER TABLE bench.%I ADD CONSTRAINT %I %s', t.column2, c.conname, c.def);
        END LOOP;
        FOR c IN SELECT unnest(reloptions) AS option FROM pg_class WHERE oid = t.column1::regclass LOOP
            EXECUTE format('ALTER TABLE bench.%I SET (%s)', t.column2, c.option);
        END LOOP;
    END LOOP;
END $$;

-- Who created a task: as cheap as can be.
ALTER TABLE bench.task ALTER COLUMN created_by SET DEFAULT session_user;
