
-- ---------------------------------------------------------------------------
-- Hand-over: what a member of staff has goes to somebody else
-- ---------------------------------------------------------------------------

CREATE FUNCTION taskq_hand_over(
    from_staff text,
    to_staff text DEFAULT NULL,
    to_team text DEFAULT NULL,
    actor text DEFAULT NULL,
    OUT tasks integer,
    OUT renewals integer,
    OUT customers integer,
    OUT schedules integer)
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'taskq_hand_over';
COMMENT ON FUNCTION taskq_hand_over(text, text, text, text) IS
'Gives what a member of staff has to to_staff (active), to to_team (an active team), or to both: active tasks, renewals that are neither completed nor cancelled, customers whose agent it is, active or not, and schedules whose tasks it gets, enabled or not; returns how many of each. Without to_staff they are nobody''s, and the tasks and schedules the team''s; the tasks of such a renewal go to the customer''s agent, and of such a customer to nobody, unless the threshold or rule has a team. Without to_team a task and a schedule stay in their team. Tasks have it in their history as assigned. What others give to from_staff at the same time is waited for and handed over, too. Closed tasks, rules that name from_staff, and memberships of teams stay; is_active too: set it to false first, and nothing new comes. Row security: of what the caller can see and update. Errors: 22023 from_staff NULL, to_staff and to_team both NULL, to_staff the same as from_staff; 23503 unknown from_staff, unknown or inactive to_staff or to_team; 0A000 isolation level above READ COMMITTED; 42501 the caller may not update taskq_staff_member, taskq_customer, taskq_renewal, taskq_schedule and taskq_task.';
