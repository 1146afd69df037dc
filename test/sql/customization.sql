-- What a user adds to taskq's tables, as statements that make it again.
CREATE SCHEMA "Desk 7";
CREATE EXTENSION taskq SCHEMA "Desk 7";
-- nothing to begin with
SELECT * FROM "Desk 7".taskq_customizations();

SET client_min_messages = error;
CREATE ROLE "regress taskq north";
CREATE ROLE regress_taskq_keeper;
CREATE SCHEMA "My own";
SET search_path = "Desk 7", "My own";
CREATE DOMAIN "My own".desk AS text;
CREATE TABLE "My own".site (id bigint PRIMARY KEY);
CREATE FUNCTION "My own".fill() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';

-- columns, which come before the data
ALTER TABLE taskq_task ADD COLUMN desk "My own".desk COLLATE "C" NOT NULL DEFAULT 'north', ADD COLUMN "Site" bigint,
    ADD COLUMN serial bigserial, ADD COLUMN number integer GENERATED ALWAYS AS IDENTITY (START 40 INCREMENT 10),
    ADD COLUMN width numeric(10, 2) GENERATED ALWAYS AS (char_length(title) * 2) STORED;
COMMENT ON COLUMN taskq_task.desk IS 'whose it is, isn''t it';
ALTER TABLE taskq_task ALTER title SET STATISTICS 500, ALTER title SET (n_distinct = 50), ALTER description SET STORAGE EXTERNAL,
    ALTER description SET COMPRESSION pglz;
INSERT INTO taskq_task (title, description) VALUES ('a task', ''), ('another', '');
-- tables, sequences, views
ALTER TABLE taskq_task SET (fillfactor = 70, toast.autovacuum_enabled = off), RESET (autovacuum_vacuum_scale_factor);
ALTER TABLE taskq_sweep_log SET UNLOGGED;
ALTER SEQUENCE taskq_task_id_seq INCREMENT BY 2;
ALTER VIEW taskq_tasks SET (security_barrier);
ALTER VIEW taskq_queue RESET (security_invoker);
-- constraints, indexes, statistics
CREATE UNIQUE INDEX ON taskq_task ((desk || 'x'), id) WHERE "Site" > 0;
CREATE UNIQUE INDEX site_idx ON taskq_task (id, priority);
ALTER TABLE taskq_task ADD CHECK (desk <> ''), ADD FOREIGN KEY ("Site") REFERENCES site NOT VALID, ADD UNIQUE (number),
    CLUSTER ON site_idx, REPLICA IDENTITY USING INDEX site_idx;
COMMENT ON CONSTRAINT taskq_task_desk_check ON taskq_task IS 'not blank';
-- of taskq's own: a column that may not be null, constraints that are not what they were
ALTER TABLE taskq_task ALTER description SET NOT NULL, ALTER CONSTRAINT taskq_task_user_id_fkey DEFERRABLE INITIALLY DEFERRED,
    DROP CONSTRAINT taskq_task_assignee_id_fkey, DROP CONSTRAINT taskq_task_is_valid;
ALTER TABLE taskq_task ADD CONSTRAINT taskq_task_assignee_id_fkey FOREIGN KEY (assignee_id) REFERENCES taskq_staff_member ON UPDATE CASCADE DEFERRABLE NOT VALID,
    ADD CONSTRAINT taskq_task_is_valid CHECK (taskq_title_is_valid(title)) NOT VALID;
COMMENT ON CONSTRAINT taskq_task_assignee_id_fkey ON taskq_task IS 'staff of before';
ALTER INDEX taskq_task_queue_idx SET (fillfactor = 60);
CREATE STATISTICS "My own".desk_priority ON desk, priority FROM taskq_task;
ALTER STATISTICS desk_priority SET STATISTICS 200;
-- rules, triggers
CREATE RULE nobody AS ON DELETE TO taskq_staff_member WHERE old.is_active DO INSTEAD NOTHING;
CREATE TRIGGER fill BEFORE INSERT ON taskq_task FOR EACH ROW WHEN (new.desk = 'x') EXECUTE FUNCTION fill();
CREATE CONSTRAINT TRIGGER fill_later AFTER UPDATE OF desk ON taskq_task DEFERRABLE FOR EACH ROW EXECUTE FUNCTION fill();
CREATE TRIGGER fill INSTEAD OF INSERT ON taskq_tasks FOR EACH ROW EXECUTE FUNCTION fill();
ALTER TABLE taskq_task ENABLE ALWAYS TRIGGER fill, DISABLE TRIGGER taskq_lifecycle_truncate;
-- row security
ALTER TABLE taskq_task ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY north ON taskq_task FOR SELECT TO "regress taskq north", regress_taskq_keeper USING (desk = 'north'::desk);
CREATE POLICY "not closed" ON taskq_task AS RESTRICTIVE FOR INSERT WITH CHECK (status < 'COMPLETED');
COMMENT ON POLICY north ON taskq_task IS 'sees its own';
-- publications, functions, owners
CREATE PUBLICATION regress_taskq_all FOR TABLE taskq_task (id, number) WHERE (id > 10), taskq_task_event;
ALTER FUNCTION taskq_stats SET work_mem = '10MB';
ALTER TABLE taskq_role_grant OWNER TO regress_taskq_keeper;
RESET client_min_messages;
\pset format unaligned
\t on
RESET search_path;
CREATE TABLE printed AS SELECT row_number() OVER () AS n, * FROM "Desk 7".taskq_customizations();
SELECT section, statement FROM printed ORDER BY n;
-- they are the same wherever they are asked for, and they make the same again
SET search_path = "Desk 7", "My own";
SELECT count(*) FROM taskq_customizations() c FULL JOIN public.printed p USING (section, statement) WHERE p IS NULL OR c IS NULL;
RESET search_path;
SET client_min_messages = error;
DROP PUBLICATION regress_taskq_all;
DROP EXTENSION taskq;
DROP STATISTICS IF EXISTS "My own".desk_priority;
CREATE EXTENSION taskq SCHEMA "Desk 7";
CREATE PUBLICATION regress_taskq_all;
CREATE SEQUENCE "Desk 7".taskq_task_serial_seq;
\set ECHO none
SELECT statement FROM printed WHERE section = 'pre-data' ORDER BY n \gexec
SELECT statement FROM printed WHERE section = 'post-data' ORDER BY n \gexec
\set ECHO all
SELECT c.statement, p.statement FROM "Desk 7".taskq_customizations() c FULL JOIN printed p USING (section, statement) WHERE p IS NULL OR c IS NULL;
DROP PUBLICATION regress_taskq_all;
DROP EXTENSION taskq;
DROP TABLE printed;
DROP SCHEMA "My own", "Desk 7" CASCADE;
DROP ROLE "regress taskq north", regress_taskq_keeper;
