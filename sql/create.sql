
-- ---------------------------------------------------------------------------
-- API: creating tasks
-- ---------------------------------------------------------------------------

CREATE FUNCTION taskq_create(
    title text,
    description text DEFAULT NULL,
    priority taskq_priority DEFAULT 'MEDIUM',
    due_date date DEFAULT NULL,
    sla_hours double precision DEFAULT NULL,
    assignee_id text DEFAULT NULL,
    user_id text DEFAULT NULL,
    dedupe_key text DEFAULT NULL,
    source text DEFAULT 'MANUAL',
    kind text DEFAULT NULL,
    team_id text DEFAULT NULL,
    labels text[] DEFAULT NULL,
    attributes jsonb DEFAULT NULL,
    actor text DEFAULT NULL)
    RETURNS bigint
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'taskq_create';
COMMENT ON FUNCTION taskq_create(text, text, taskq_priority, date, double precision, text, text, text, text, text, text, text[], jsonb, text) IS
'Creates a task and returns its id; a due date that has passed makes it OVERDUE from the start. With a dedupe_key that an active task holds, returns that task''s id and creates nothing. NULL for an argument with a default means the default. Arguments: title (1-200 characters, not blank), description (at most 65,536 characters), priority, due_date (0001-01-01 to 9999-12-31), sla_hours (at least a millisecond (1/3600000), at most 87600; NULL = what the policy of taskq_sla_policy gives that fits), assignee_id (active staff), user_id (customer), dedupe_key (1-255 characters), source (1-63 characters; RENEWAL, SCHEDULE and WORKFLOW are the engines''), kind (1-63 characters), team_id (active team), labels (at most 32, each 1-63 characters; kept sorted and distinct), attributes (a JSON object of at most 16,384 bytes as text), actor (1-255 characters). Errors: 22023 argument out of bounds, 23503 unknown or inactive staff or team, unknown customer or one that was merged into another (HINT names that), 42501 or 40001 if the holder of the dedupe_key cannot be seen.';

CREATE FUNCTION taskq_create_json(body jsonb, actor text DEFAULT NULL)
    RETURNS jsonb
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'taskq_create_json';
COMMENT ON FUNCTION taskq_create_json(jsonb, text) IS
'Creates a task from a JSON object whose keys are the arguments of taskq_create but actor, and sla_policy (a name, instead of sla_hours), response_hours (at least a millisecond (1/3600000), at most 87600) and sla_from (when the clocks of its SLA began, not after now); title is required, JSON null = absent, due_date is "YYYY-MM-DD", sla_from "YYYY-MM-DDThh:mm:ssZ" or with an offset, hours are numbers, labels an array of strings, attributes an object, all others strings. Returns the task as in taskq_tasks plus "created": false if the dedupe_key was taken and this is its holder. Errors: as taskq_create; 22023 naming the field for an unknown key or a wrong type; 22P02 for a priority that is none, 22007 and 22008 for a date.';

CREATE FUNCTION taskq_create_many_json(bodies jsonb, actor text DEFAULT NULL)
    RETURNS SETOF jsonb
    LANGUAGE c ROWS 10
    AS 'MODULE_PATHNAME', 'taskq_create_many_json';
COMMENT ON FUNCTION taskq_create_many_json(jsonb, text) IS
'taskq_create_json for each element of a JSON array: one statement, all or nothing; the tasks come back in the order of the array. Of two elements with one dedupe_key the second returns the task of the first, with "created": false. Errors: 22023 bodies is no JSON array or an element no object; else as taskq_create_json, the message beginning with which element it is, "body 3: ", counted from 1; 40P01 if another call creates tasks with the same dedupe_keys in another order.';
