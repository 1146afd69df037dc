
-- ---------------------------------------------------------------------------
-- API: following up closed tasks
-- ---------------------------------------------------------------------------

CREATE FUNCTION taskq_follow_up(
    id bigint,
    title text DEFAULT NULL,
    due_date date DEFAULT NULL,
    sla_hours double precision DEFAULT NULL,
    assignee_id text DEFAULT NULL,
    actor text DEFAULT NULL)
    RETURNS bigint
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'taskq_follow_up';
COMMENT ON FUNCTION taskq_follow_up(bigint, text, date, double precision, text, text) IS
'Creates a task that follows a closed one, and returns its id. It has the closed task''s title, description, priority, customer, kind, labels and attributes, its team and its assignee if they are active, and follows_id; the closed task''s history says so (kind followed_up, changes {"follow_up": id}). While the follow-up is active, returns its id and creates nothing: it holds the dedupe_key "taskq_follow_up <id>". Arguments: id (a COMPLETED or CANCELLED task), title (1-200 characters; NULL = the same), due_date (0001-01-01 to 9999-12-31; NULL = none), sla_hours (at least a millisecond (1/3600000), at most 87600; NULL = what the policy of taskq_sla_policy gives that fits), assignee_id (active staff; NULL = the same), actor. Errors: P0002 no such task or NULL id, 55000 if it is active, or another task holds that key; 22023, 23503, 42501 and 40001 as taskq_create.';
