
-- ---------------------------------------------------------------------------
-- Backlog: what lies ahead
-- ---------------------------------------------------------------------------

CREATE FUNCTION taskq_backlog(
    group_by text DEFAULT 'none',
    bounds integer[] DEFAULT '{-7,-1,0,1,7,30}',
    OUT group_key text,
    OUT bucket integer,
    OUT days_from integer,
    OUT days_to integer,
    OUT tasks integer)
    RETURNS SETOF record
    LANGUAGE c STABLE PARALLEL RESTRICTED COST 1000000 ROWS 100
    AS 'MODULE_PATHNAME', 'taskq_backlog';
COMMENT ON FUNCTION taskq_backlog(text, integer[]) IS
'How many active tasks are due in how many days, exact at this instant. group_by: none (group_key NULL), assignee, team, kind, priority or customer (group_key = id, kind or priority, NULL = none); a group has rows if it has active tasks, none always. bounds: ascending numbers of days from today, at most 100, each -3700000 to 3700000, negative = past due; between them are the buckets: days_from to days_to, both included, NULL = no bound. With the default: more than a week late, late, due yesterday, today, in this week, in this month, later. Each group has a row for each bucket, 1 and so on, and at last one for tasks without a due date, whose bucket is NULL. Errors: 22023 unknown group_by; bounds that are NULL, have a NULL element, do not ascend, are too many or too large.';
