
-- ---------------------------------------------------------------------------
-- API: moving tasks along
-- ---------------------------------------------------------------------------

-- Each verb comes twice: for one task, and for many (one statement, all or
-- nothing, rows locked in order of id).  taskq_comment() takes no
-- if_unchanged_since: a note overwrites nothing.

CREATE FUNCTION taskq_start(id bigint, if_unchanged_since timestamptz DEFAULT NULL, actor text DEFAULT NULL)
    RETURNS taskq_task
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'taskq_start';
COMMENT ON FUNCTION taskq_start(bigint, timestamptz, text) IS
'Begins work: OPEN becomes IN_PROGRESS; an OVERDUE task stays OVERDUE and gets started_at. Already started: nothing is recorded. Returns the row of taskq_task. With if_unchanged_since only if that is the task''s updated_at, as the caller read it. Errors: P0002 no such task or NULL id, 23514 if terminal, 55000 updated_at is another: DETAIL says who changed what, 22023 if_unchanged_since is infinite.';

CREATE FUNCTION taskq_start_many(ids bigint[], actor text DEFAULT NULL)
    RETURNS SETOF taskq_task
    LANGUAGE c ROWS 10
    AS 'MODULE_PATHNAME', 'taskq_start_many';
COMMENT ON FUNCTION taskq_start_many(bigint[], text) IS
'taskq_start without if_unchanged_since for many tasks: one statement, all or nothing; the rows come back in order of id, duplicates collapsed. Errors: 22023 ids is NULL or has a NULL element; P0002 naming an id that is no task; else as taskq_start.';

CREATE FUNCTION taskq_complete(id bigint, note text DEFAULT NULL, if_unchanged_since timestamptz DEFAULT NULL, actor text DEFAULT NULL)
    RETURNS taskq_task
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'taskq_complete';
COMMENT ON FUNCTION taskq_complete(bigint, text, timestamptz, text) IS
'Completes a task that is IN_PROGRESS or OVERDUE. Argument note (at most 65,536 characters) goes into the history. Returns the row of taskq_task. With if_unchanged_since only if that is the task''s updated_at, as the caller read it. Errors: P0002 no such task or NULL id, 22023 note too long, blank or with bidirectional controls, 23514 if OPEN (start it first) or terminal, 55000 updated_at is another: DETAIL says who changed what, 22023 if_unchanged_since is infinite.';

CREATE FUNCTION taskq_complete_many(ids bigint[], note text DEFAULT NULL, actor text DEFAULT NULL)
    RETURNS SETOF taskq_task
    LANGUAGE c ROWS 10
    AS 'MODULE_PATHNAME', 'taskq_complete_many';
COMMENT ON FUNCTION taskq_complete_many(bigint[], text, text) IS
'taskq_complete without if_unchanged_since for many tasks: one statement, all or nothing; the rows come back in order of id, duplicates collapsed. Errors: 22023 ids is NULL or has a NULL element; P0002 naming an id that is no task; else as taskq_complete.';

CREATE FUNCTION taskq_cancel(id bigint, reason text DEFAULT NULL, if_unchanged_since timestamptz DEFAULT NULL, actor text DEFAULT NULL)
    RETURNS taskq_task
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'taskq_cancel';
COMMENT ON FUNCTION taskq_cancel(bigint, text, timestamptz, text) IS
'Cancels an active task. Argument reason (at most 65,536 characters) goes into the history. Returns the row of taskq_task. With if_unchanged_since only if that is the task''s updated_at, as the caller read it. Errors: P0002 no such task or NULL id, 22023 reason too long, blank or with bidirectional controls, 23514 if terminal, 55000 updated_at is another: DETAIL says who changed what, 22023 if_unchanged_since is infinite.';

CREATE FUNCTION taskq_cancel_many(ids bigint[], reason text DEFAULT NULL, actor text DEFAULT NULL)
    RETURNS SETOF taskq_task
    LANGUAGE c ROWS 10
    AS 'MODULE_PATHNAME', 'taskq_cancel_many';
COMMENT ON FUNCTION taskq_cancel_many(bigint[], text, text) IS
'taskq_cancel without if_unchanged_since for many tasks: one statement, all or nothing; the rows come back in order of id, duplicates collapsed. Errors: 22023 ids is NULL or has a NULL element; P0002 naming an id that is no task; else as taskq_cancel.';

CREATE FUNCTION taskq_assign(id bigint, assignee_id text, if_unchanged_since timestamptz DEFAULT NULL, actor text DEFAULT NULL)
    RETURNS taskq_task
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'taskq_assign';
COMMENT ON FUNCTION taskq_assign(bigint, text, timestamptz, text) IS
'Gives an active task to a staff member; NULL unassigns it. Same assignee: nothing is recorded. Returns the row of taskq_task. With if_unchanged_since only if that is the task''s updated_at, as the caller read it. Errors: P0002 no such task or NULL id, 23503 unknown or inactive staff, 23514 if terminal, 55000 updated_at is another: DETAIL says who changed what, 22023 if_unchanged_since is infinite.';

CREATE FUNCTION taskq_assign_many(ids bigint[], assignee_id text, actor text DEFAULT NULL)
    RETURNS SETOF taskq_task
    LANGUAGE c ROWS 10
    AS 'MODULE_PATHNAME', 'taskq_assign_many';
COMMENT ON FUNCTION taskq_assign_many(bigint[], text, text) IS
'taskq_assign without if_unchanged_since for many tasks: one statement, all or nothing; the rows come back in order of id, duplicates collapsed. Errors: 22023 ids is NULL or has a NULL element; P0002 naming an id that is no task; else as taskq_assign.';

CREATE FUNCTION taskq_assign_team(id bigint, team_id text, if_unchanged_since timestamptz DEFAULT NULL, actor text DEFAULT NULL)
    RETURNS taskq_task
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'taskq_assign_team';
COMMENT ON FUNCTION taskq_assign_team(bigint, text, timestamptz, text) IS
'Gives an active task to a team; NULL takes it out of its team. Who owns it stays. Same team: nothing is recorded. Returns the row of taskq_task. With if_unchanged_since only if that is the task''s updated_at, as the caller read it. Errors: P0002 no such task or NULL id, 23503 unknown or inactive team, 23514 if terminal, 55000 updated_at is another: DETAIL says who changed what, 22023 if_unchanged_since is infinite.';

CREATE FUNCTION taskq_assign_team_many(ids bigint[], team_id text, actor text DEFAULT NULL)
    RETURNS SETOF taskq_task
    LANGUAGE c ROWS 10
    AS 'MODULE_PATHNAME', 'taskq_assign_team_many';
COMMENT ON FUNCTION taskq_assign_team_many(bigint[], text, text) IS
'taskq_assign_team without if_unchanged_since for many tasks: one statement, all or nothing; the rows come back in order of id, duplicates collapsed. Errors: 22023 ids is NULL or has a NULL element; P0002 naming an id that is no task; else as taskq_assign_team.';

CREATE FUNCTION taskq_reschedule(id bigint, due_date date, if_unchanged_since timestamptz DEFAULT NULL, actor text DEFAULT NULL)
    RETURNS taskq_task
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'taskq_reschedule';
COMMENT ON FUNCTION taskq_reschedule(bigint, date, timestamptz, text) IS
'Moves the due date of an active task; NULL removes it. The status follows: OVERDUE if the date has passed, else IN_PROGRESS or OPEN. The SLA deadline stays. Same date: nothing is recorded. Returns the row of taskq_task. With if_unchanged_since only if that is the task''s updated_at, as the caller read it. Errors: P0002 no such task or NULL id, 22023 date outside 0001-01-01 to 9999-12-31, 23514 if terminal, 55000 updated_at is another: DETAIL says who changed what, 22023 if_unchanged_since is infinite.';

CREATE FUNCTION taskq_reschedule_many(ids bigint[], due_date date, actor text DEFAULT NULL)
    RETURNS SETOF taskq_task
    LANGUAGE c ROWS 10
    AS 'MODULE_PATHNAME', 'taskq_reschedule_many';
COMMENT ON FUNCTION taskq_reschedule_many(bigint[], date, text) IS
'taskq_reschedule without if_unchanged_since for many tasks: one statement, all or nothing; the rows come back in order of id, duplicates collapsed. Errors: 22023 ids is NULL or has a NULL element; P0002 naming an id that is no task; else as taskq_reschedule.';

CREATE FUNCTION taskq_prioritize(id bigint, priority taskq_priority, if_unchanged_since timestamptz DEFAULT NULL, actor text DEFAULT NULL)
    RETURNS taskq_task
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'taskq_prioritize';
COMMENT ON FUNCTION taskq_prioritize(bigint, taskq_priority, timestamptz, text) IS
'Sets the priority of an active task. Same priority: nothing is recorded. Returns the row of taskq_task. With if_unchanged_since only if that is the task''s updated_at, as the caller read it. Errors: P0002 no such task or NULL id, 22023 priority is NULL, 23514 if terminal, 55000 updated_at is another: DETAIL says who changed what, 22023 if_unchanged_since is infinite.';

CREATE FUNCTION taskq_prioritize_many(ids bigint[], priority taskq_priority, actor text DEFAULT NULL)
    RETURNS SETOF taskq_task
    LANGUAGE c ROWS 10
    AS 'MODULE_PATHNAME', 'taskq_prioritize_many';
COMMENT ON FUNCTION taskq_prioritize_many(bigint[], taskq_priority, text) IS
'taskq_prioritize without if_unchanged_since for many tasks: one statement, all or nothing; the rows come back in order of id, duplicates collapsed. Errors: 22023 ids is NULL or has a NULL element; P0002 naming an id that is no task; else as taskq_prioritize.';

CREATE FUNCTION taskq_set_sla(id bigint, sla_hours double precision, note text DEFAULT NULL, if_unchanged_since timestamptz DEFAULT NULL, actor text DEFAULT NULL)
    RETURNS taskq_task
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'taskq_set_sla';
COMMENT ON FUNCTION taskq_set_sla(bigint, double precision, text, timestamptz, text) IS
'Sets the SLA of an active task in hours from its creation (at least a millisecond (1/3600000), at most 87600); NULL removes it. Argument note (at most 65,536 characters) goes into the history. A breach of the new deadline is recorded anew; that there was one before stays in sla_first_breached_at. A policy holds no longer. Same hours and no policy: nothing is recorded, the note neither. Returns the row of taskq_task. With if_unchanged_since only if that is the task''s updated_at, as the caller read it. Errors: P0002 no such task or NULL id, 22023 hours out of bounds or note too long, blank or with bidirectional controls, 23514 if terminal, 55000 updated_at is another: DETAIL says who changed what, 22023 if_unchanged_since is infinite.';

CREATE FUNCTION taskq_set_sla_many(ids bigint[], sla_hours double precision, note text DEFAULT NULL, actor text DEFAULT NULL)
    RETURNS SETOF taskq_task
    LANGUAGE c ROWS 10
    AS 'MODULE_PATHNAME', 'taskq_set_sla_many';
COMMENT ON FUNCTION taskq_set_sla_many(bigint[], double precision, text, text) IS
'taskq_set_sla without if_unchanged_since for many tasks: one statement, all or nothing; the rows come back in order of id, duplicates collapsed. Errors: 22023 ids is NULL or has a NULL element; P0002 naming an id that is no task; else as taskq_set_sla.';

CREATE FUNCTION taskq_edit(id bigint, title text DEFAULT NULL, description text DEFAULT NULL, labels text[] DEFAULT NULL, attributes jsonb DEFAULT NULL, if_unchanged_since timestamptz DEFAULT NULL, actor text DEFAULT NULL)
    RETURNS taskq_task
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'taskq_edit';
COMMENT ON FUNCTION taskq_edit(bigint, text, text, text[], jsonb, timestamptz, text) IS
'Changes the title (1-200 characters), description (at most 65,536 characters), labels (at most 32, each 1-63 characters; kept sorted and distinct) and attributes (a JSON object, at most 16,384 bytes as text) of an active task: NULL, for attributes the JSON null too, keeps, '''' clears the description, ''{}'' labels or attributes; others replace all that there were. Returns the row of taskq_task. With if_unchanged_since only if that is the task''s updated_at, as the caller read it. Errors: P0002 no such task or NULL id, 22023 naming the argument that is out of bounds, 23514 if terminal, 55000 if it has been changed since.';

CREATE FUNCTION taskq_edit_many(ids bigint[], title text DEFAULT NULL, description text DEFAULT NULL, labels text[] DEFAULT NULL, attributes jsonb DEFAULT NULL, actor text DEFAULT NULL)
    RETURNS SETOF taskq_task
    LANGUAGE c ROWS 10
    AS 'MODULE_PATHNAME', 'taskq_edit_many';
COMMENT ON FUNCTION taskq_edit_many(bigint[], text, text, text[], jsonb, text) IS
'taskq_edit without if_unchanged_since for many tasks: one statement, all or nothing; the rows come back in order of id, duplicates collapsed. Errors: 22023 ids is NULL or has a NULL element; P0002 naming an id that is no task; else as taskq_edit.';

CREATE FUNCTION taskq_pause(id bigint, reason text DEFAULT NULL, until timestamptz DEFAULT NULL, if_unchanged_since timestamptz DEFAULT NULL, actor text DEFAULT NULL)
    RETURNS taskq_task
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'taskq_pause';
COMMENT ON FUNCTION taskq_pause(bigint, text, timestamptz, timestamptz, text) IS
'Pauses an active task: it waits for somebody else. The clocks of its SLA stand still, its deadlines that lie ahead are infinity; status and due date stay what they are. Claims and LEAST_LOADED leave it out. Arguments: reason (at most 65,536 characters), until: when the worker resumes it (still to come; NULL = taskq_resume() does). Paused already: reason and until are replaced, since when stays; the same: nothing is recorded. Returns the row of taskq_task. With if_unchanged_since only if that is the task''s updated_at, as the caller read it. Errors: P0002 no such task or NULL id, 22023 reason too long, blank or with bidirectional controls or until not ahead, 23514 if terminal, 55000 updated_at is another: DETAIL says who changed what, 22023 if_unchanged_since is infinite.';

CREATE FUNCTION taskq_pause_many(ids bigint[], reason text DEFAULT NULL, until timestamptz DEFAULT NULL, actor text DEFAULT NULL)
    RETURNS SETOF taskq_task
    LANGUAGE c ROWS 10
    AS 'MODULE_PATHNAME', 'taskq_pause_many';
COMMENT ON FUNCTION taskq_pause_many(bigint[], text, timestamptz, text) IS
'taskq_pause without if_unchanged_since for many tasks: one statement, all or nothing; the rows come back in order of id, duplicates collapsed. Errors: 22023 ids is NULL or has a NULL element; P0002 naming an id that is no task; else as taskq_pause.';

CREATE FUNCTION taskq_resume(id bigint, note text DEFAULT NULL, if_unchanged_since timestamptz DEFAULT NULL, actor text DEFAULT NULL)
    RETURNS taskq_task
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'taskq_resume';
COMMENT ON FUNCTION taskq_resume(bigint, text, timestamptz, text) IS
'Ends the pause of an active task: the deadlines follow from what is left of the SLA''s time. Argument note (at most 65,536 characters) goes into the history, the pause into taskq_task_pause. Not paused, as a closed task never is: nothing is recorded. Returns the row of taskq_task. With if_unchanged_since only if that is the task''s updated_at, as the caller read it. Errors: P0002 no such task or NULL id, 22023 note too long, blank or with bidirectional controls, 55000 updated_at is another: DETAIL says who changed what, 22023 if_unchanged_since is infinite.';

CREATE FUNCTION taskq_resume_many(ids bigint[], note text DEFAULT NULL, actor text DEFAULT NULL)
    RETURNS SETOF taskq_task
    LANGUAGE c ROWS 10
    AS 'MODULE_PATHNAME', 'taskq_resume_many';
COMMENT ON FUNCTION taskq_resume_many(bigint[], text, text) IS
'taskq_resume without if_unchanged_since for many tasks: one statement, all or nothing; the rows come back in order of id, duplicates collapsed. Errors: 22023 ids is NULL or has a NULL element; P0002 naming an id that is no task; else as taskq_resume.';

CREATE FUNCTION taskq_apply_policy(id bigint, policy text DEFAULT NULL, since timestamptz DEFAULT NULL, if_unchanged_since timestamptz DEFAULT NULL, actor text DEFAULT NULL)
    RETURNS taskq_task
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'taskq_apply_policy';
COMMENT ON FUNCTION taskq_apply_policy(bigint, text, timestamptz, timestamptz, text) IS
'Gives an active task the SLA of a policy as it is now: hours, calendar and warnings. Arguments: policy (NULL = the enabled one that fits the task best, see taskq_sla_policy), since: when its clocks began (not after now; NULL keeps, which is created_at unless one was given). Same values: nothing is recorded. Returns the row of taskq_task. With if_unchanged_since only if that is the task''s updated_at, as the caller read it. Errors: P0002 no such task or NULL id, 22023 unknown policy, none that fits, since after now, 22008 a deadline out of range, 23514 if terminal, 55000 updated_at is another: DETAIL says who changed what, 22023 if_unchanged_since is infinite.';

CREATE FUNCTION taskq_apply_policy_many(ids bigint[], policy text DEFAULT NULL, since timestamptz DEFAULT NULL, actor text DEFAULT NULL)
    RETURNS SETOF taskq_task
    LANGUAGE c ROWS 10
    AS 'MODULE_PATHNAME', 'taskq_apply_policy_many';
COMMENT ON FUNCTION taskq_apply_policy_many(bigint[], text, timestamptz, text) IS
'taskq_apply_policy without if_unchanged_since for many tasks: one statement, all or nothing; the rows come back in order of id, duplicates collapsed. Errors: 22023 ids is NULL or has a NULL element; P0002 naming an id that is no task; else as taskq_apply_policy.';

CREATE FUNCTION taskq_comment(id bigint, note text, actor text DEFAULT NULL)
    RETURNS taskq_task
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'taskq_comment';
COMMENT ON FUNCTION taskq_comment(bigint, text, text) IS
'Adds a note (1 to 65,536 characters) to the history of a task, terminal ones too. The row itself does not change. Returns the row of taskq_task. Errors: P0002 no such task or NULL id, 22023 note empty, too long, blank or with bidirectional controls, 42501 if the caller may not update the task.';

CREATE FUNCTION taskq_comment_many(ids bigint[], note text, actor text DEFAULT NULL)
    RETURNS SETOF taskq_task
    LANGUAGE c ROWS 10
    AS 'MODULE_PATHNAME', 'taskq_comment_many';
COMMENT ON FUNCTION taskq_comment_many(bigint[], text, text) IS
'taskq_comment for many tasks: one statement, all or nothing; the rows come back in order of id, duplicates collapsed. Errors: 22023 ids is NULL or has a NULL element; P0002 naming an id that is no task; else as taskq_comment.';

CREATE FUNCTION taskq_claim(assignee_id text, count integer DEFAULT 1, team_id text DEFAULT NULL, actor text DEFAULT NULL)
    RETURNS SETOF taskq_tasks
    LANGUAGE c ROWS 1
    AS 'MODULE_PATHNAME', 'taskq_claim';
COMMENT ON FUNCTION taskq_claim(text, integer, text, text) IS
'Assigns (does not start) up to count (1 to 1000) of the most urgent unassigned active tasks that are not paused, OVERDUE included, in order of priority, due date, id, and returns them. team_id NULL: tasks of the teams that the assignee is in, and those of no team; else tasks of that team only, active or not, whether or not the assignee is in it. Never gives one task to two callers, never waits for a lock: tasks locked by others are passed over. Errors: 22023 count out of bounds, 23503 unknown or inactive staff, unknown team.';
