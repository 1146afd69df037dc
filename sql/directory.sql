
-- ---------------------------------------------------------------------------
-- Directory: staff, customers and teams
-- ---------------------------------------------------------------------------

CREATE TABLE taskq_staff_member (
    id text PRIMARY KEY CHECK (char_length(id) BETWEEN 1 AND 255),
    name text NOT NULL,
    is_active boolean NOT NULL DEFAULT true,
    away_until date
);
COMMENT ON TABLE taskq_staff_member IS 'People whom tasks are assigned to. Kept by hand or from the application''s own table by taskq_mirror().';
COMMENT ON COLUMN taskq_staff_member.id IS 'The application''s key, 1 to 255 characters.';
COMMENT ON COLUMN taskq_staff_member.name IS 'Display name.';
COMMENT ON COLUMN taskq_staff_member.is_active IS 'False: keeps the tasks it has, gets no new ones.';
COMMENT ON COLUMN taskq_staff_member.away_until IS 'Last day of an absence, in taskq.timezone; infinity = no end of it is known, NULL or a day that has passed = not away. Until then rules with LEAST_LOADED pass over the member, and what goes to a customer''s agent goes to the agent''s team instead, else to nobody. What names the member stays allowed: taskq_assign() and the like, taskq_claim(), assignee_id of a rule or a renewal.';

CREATE TABLE taskq_customer (
    id text PRIMARY KEY CHECK (char_length(id) BETWEEN 1 AND 255),
    name text NOT NULL,
    assigned_agent_id text REFERENCES taskq_staff_member ON UPDATE CASCADE,
    is_active boolean NOT NULL DEFAULT true,
    merged_into text,
    merged_at timestamptz,
    merged_by text,
    CONSTRAINT taskq_customer_merged_check CHECK
        (CASE WHEN merged_into IS NULL THEN merged_at IS NULL AND merged_by IS NULL
         ELSE merged_at IS NOT NULL AND NOT is_active AND merged_into OPERATOR(pg_catalog.<>) id END)
);
CREATE INDEX taskq_customer_agent_idx ON taskq_customer (assigned_agent_id);
CREATE INDEX taskq_customer_merged_idx ON taskq_customer (merged_into) WHERE merged_into IS NOT NULL;
COMMENT ON TABLE taskq_customer IS 'Customers whom tasks are about. Kept by hand or from the application''s own table by taskq_mirror().';
COMMENT ON COLUMN taskq_customer.id IS 'The application''s key, 1 to 255 characters; a task names it in user_id.';
COMMENT ON COLUMN taskq_customer.name IS 'Display name.';
COMMENT ON COLUMN taskq_customer.assigned_agent_id IS 'Staff member who looks after the customer, if any.';
COMMENT ON COLUMN taskq_customer.is_active IS 'False: the application no longer has this customer.';
COMMENT ON COLUMN taskq_customer.merged_into IS 'Customer that taskq_merge_customer() merged this one into, which stays as a pointer, inactive: taskq_mirror() changes only its name, taskq_create() and others refuse it. NULL = none. A manager takes the pointer back by clearing this, merged_at and merged_by; what went over stays there.';
COMMENT ON COLUMN taskq_customer.merged_at IS 'When it was merged.';
COMMENT ON COLUMN taskq_customer.merged_by IS 'Actor who merged it; NULL = the system, or not merged.';

CREATE TABLE taskq_team (
    id text PRIMARY KEY
        CONSTRAINT taskq_team_id_check CHECK (char_length(id) BETWEEN 1 AND 255),
    name text NOT NULL
        CONSTRAINT taskq_team_name_check CHECK (taskq_line_is_valid(name)),
    is_active boolean NOT NULL DEFAULT true
);
COMMENT ON TABLE taskq_team IS 'Groups of staff that tasks can belong to. Kept by hand or from the application''s own table by taskq_mirror().';
COMMENT ON COLUMN taskq_team.id IS 'The application''s key, 1 to 255 characters; a task names it in team_id.';
COMMENT ON COLUMN taskq_team.name IS 'Display name, one line of 1 to 200 characters.';
COMMENT ON COLUMN taskq_team.is_active IS 'False: keeps the tasks it has, gets no new ones.';

CREATE TABLE taskq_team_member (
    team_id text CONSTRAINT taskq_team_member_team_id_fkey REFERENCES taskq_team ON UPDATE CASCADE ON DELETE CASCADE,
    staff_id text CONSTRAINT taskq_team_member_staff_id_fkey REFERENCES taskq_staff_member ON UPDATE CASCADE ON DELETE CASCADE,
    CONSTRAINT taskq_team_member_pkey PRIMARY KEY (team_id, staff_id)
);
CREATE INDEX taskq_team_member_staff_idx ON taskq_team_member (staff_id);
COMMENT ON TABLE taskq_team_member IS 'Who is in which team; a member of staff can be in several.';
COMMENT ON COLUMN taskq_team_member.team_id IS 'The team.';
COMMENT ON COLUMN taskq_team_member.staff_id IS 'The member of staff.';

SELECT pg_catalog.pg_extension_config_dump('taskq_team', '');
SELECT pg_catalog.pg_extension_config_dump('taskq_team_member', '');
SELECT pg_catalog.pg_extension_config_dump('taskq_staff_member', '');
SELECT pg_catalog.pg_extension_config_dump('taskq_customer', '');

CREATE FUNCTION taskq_mirror() RETURNS trigger
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'taskq_mirror';
COMMENT ON FUNCTION taskq_mirror() IS
'Trigger function, AFTER INSERT OR UPDATE OR DELETE FOR EACH ROW on the application''s own table. Arguments: ''staff'', ''customer'' or ''team'', then the names of the columns that hold id, name, active (optional, '''' = always active) and, for customers, agent (optional); or ''team_member'', then those of the columns that hold the ids of the team and of the member of staff. Insert and update upsert; delete marks inactive and keeps the row, but takes a member out of a team; of a customer that was merged into another only the name changes; a changed id is refused (0A000), but that of a membership moves it. The owner of the table must be allowed to execute this function (42501).';

CREATE FUNCTION taskq_key_change() RETURNS trigger
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'taskq_key_change';
COMMENT ON FUNCTION taskq_key_change() IS
'Trigger function of taskq_staff_member, taskq_customer, taskq_team and taskq_calendar, BEFORE UPDATE that changes an id or a name, and of all but taskq_customer BEFORE DELETE: refuses (55000) while something on one of taskq''s tables (a trigger, CHECK, default, index, rule) uses a function that has no search_path of its own with pg_temp as last schema. The cascade would run it with the rights of the table''s owner under the search_path of the session. Who has those rights may.';

CREATE TRIGGER taskq_key_change BEFORE UPDATE ON taskq_staff_member
    FOR EACH ROW WHEN (old.id OPERATOR(pg_catalog.<>) new.id) EXECUTE FUNCTION taskq_key_change();
CREATE TRIGGER taskq_key_delete BEFORE DELETE ON taskq_staff_member
    FOR EACH ROW EXECUTE FUNCTION taskq_key_change();
CREATE TRIGGER taskq_key_change BEFORE UPDATE ON taskq_customer
    FOR EACH ROW WHEN (old.id OPERATOR(pg_catalog.<>) new.id) EXECUTE FUNCTION taskq_key_change();
CREATE TRIGGER taskq_key_change BEFORE UPDATE ON taskq_team
    FOR EACH ROW WHEN (old.id OPERATOR(pg_catalog.<>) new.id) EXECUTE FUNCTION taskq_key_change();
CREATE TRIGGER taskq_key_delete BEFORE DELETE ON taskq_team
    FOR EACH ROW EXECUTE FUNCTION taskq_key_change();
