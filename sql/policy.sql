
-- ---------------------------------------------------------------------------
-- Policies: which SLA a task gets
-- ---------------------------------------------------------------------------

CREATE FUNCTION taskq_warn_percents_are_valid(percents smallint[]) RETURNS boolean
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
BEGIN ATOMIC
    SELECT pg_catalog.cardinality(percents) <= 20 AND coalesce(pg_catalog.bool_and(p BETWEEN 1 AND 99), true)
    FROM pg_catalog.unnest(percents) p;
END;
COMMENT ON FUNCTION taskq_warn_percents_are_valid(smallint[]) IS
'True for at most 20 numbers from 1 to 99. For a CHECK.';

CREATE TABLE taskq_sla_policy (
    name text PRIMARY KEY
        CONSTRAINT taskq_sla_policy_name_check CHECK (pg_catalog.char_length(name) BETWEEN 1 AND 63 AND taskq_line_is_valid(name)),
    user_id text REFERENCES taskq_customer ON UPDATE CASCADE,
    team_id text REFERENCES taskq_team ON UPDATE CASCADE,
    kind text
        CONSTRAINT taskq_sla_policy_kind_check CHECK (pg_catalog.char_length(kind) BETWEEN 1 AND 63 AND taskq_line_is_valid(kind)),
    priority taskq_priority,
    source text
        CONSTRAINT taskq_sla_policy_source_check CHECK (pg_catalog.char_length(source) BETWEEN 1 AND 63),
    calendar text REFERENCES taskq_calendar ON UPDATE CASCADE,
    response_hours double precision
        CONSTRAINT taskq_sla_policy_response_hours_check CHECK (response_hours OPERATOR(pg_catalog.>=) 2.7777777777777776e-07 AND response_hours OPERATOR(pg_catalog.<=) 87600),
    sla_hours double precision
        CONSTRAINT taskq_sla_policy_sla_hours_check CHECK (sla_hours OPERATOR(pg_catalog.>=) 2.7777777777777776e-07 AND sla_hours OPERATOR(pg_catalog.<=) 87600),
    warn_percents smallint[] NOT NULL DEFAULT '{}'
        CONSTRAINT taskq_sla_policy_warn_percents_check CHECK (taskq_warn_percents_are_valid(warn_percents)),
    is_enabled boolean NOT NULL DEFAULT true,
    CONSTRAINT taskq_sla_policy_hours_check CHECK (response_hours IS NOT NULL OR sla_hours IS NOT NULL),
    CONSTRAINT taskq_sla_policy_key UNIQUE NULLS NOT DISTINCT (user_id, team_id, kind, priority, source)
);
CREATE INDEX taskq_sla_policy_calendar_idx ON taskq_sla_policy (calendar);
CREATE INDEX taskq_sla_policy_team_idx ON taskq_sla_policy (team_id);

COMMENT ON TABLE taskq_sla_policy IS 'Which SLA tasks get that are created without sla_hours: that of the most specific enabled row that fits. A NULL fits everything; a user_id counts 16, a team_id 8, a kind 4, a priority 2, a source 1. Applied by taskq_create, taskq_create_json, renewals and rules, again when kind, priority, customer or team of a task with sla_policy changes (if none fits then, it has no SLA), and by taskq_apply_policy. A changed row holds for what is created from then on. A plain INSERT stores what it is given.';
COMMENT ON COLUMN taskq_sla_policy.name IS 'Key, 1 to 63 characters.';
COMMENT ON COLUMN taskq_sla_policy.user_id IS 'Customer; NULL = all, and tasks without one.';
COMMENT ON COLUMN taskq_sla_policy.team_id IS 'Team; NULL = all, and tasks without one. While the team is inactive the row fits the tasks that it still has.';
COMMENT ON COLUMN taskq_sla_policy.kind IS 'taskq_task.kind; NULL = all.';
COMMENT ON COLUMN taskq_sla_policy.priority IS 'Priority; NULL = all.';
COMMENT ON COLUMN taskq_sla_policy.source IS 'taskq_task.source; NULL = all.';
COMMENT ON COLUMN taskq_sla_policy.calendar IS 'Calendar in whose open hours the clocks run; NULL = all day every day.';
COMMENT ON COLUMN taskq_sla_policy.response_hours IS 'Open hours within which work must begin, at least a millisecond (1/3600000), at most 87600; NULL = no such clock.';
COMMENT ON COLUMN taskq_sla_policy.sla_hours IS 'Open hours within which the task must be closed, at least a millisecond (1/3600000), at most 87600; NULL = no such clock.';
COMMENT ON COLUMN taskq_sla_policy.warn_percents IS 'At which percentages of sla_hours sla_warning is recorded: at most 20 numbers from 1 to 99. sla_at_risk comes by itself, at taskq.sla_at_risk_percent. Holds at once, also for tasks that have the policy; one that is renamed or deleted gives no more warnings.';
COMMENT ON COLUMN taskq_sla_policy.is_enabled IS 'False: fits no task.';

SELECT pg_catalog.pg_extension_config_dump('taskq_sla_policy', '');

CREATE FUNCTION taskq_sla_policy_changed() RETURNS trigger
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'taskq_sla_policy_changed';
COMMENT ON FUNCTION taskq_sla_policy_changed() IS
'Trigger function of taskq_sla_policy: makes every session read the policies anew.';
CREATE TRIGGER taskq_policies_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON taskq_sla_policy
    FOR EACH STATEMENT EXECUTE FUNCTION taskq_sla_policy_changed();
ALTER TABLE taskq_sla_policy ENABLE ALWAYS TRIGGER taskq_policies_changed;
