
-- ---------------------------------------------------------------------------
-- What is to be done
-- ---------------------------------------------------------------------------

CREATE FUNCTION taskq_active() RETURNS taskq_status[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN '{OPEN,IN_PROGRESS,OVERDUE}'::taskq_status[];
COMMENT ON FUNCTION taskq_active() IS
'The statuses of what is to be done, for argument status of taskq_queue_page() and taskq_queue_count(): {OPEN,IN_PROGRESS,OVERDUE}.';

-- A range of taskq_task_queue_idx for each priority and each stage of active tasks,
-- merged.
CREATE VIEW taskq_todo WITH (security_invoker = true) AS
SELECT t.id, t.title, t.description, t.priority, taskq_effective_status(t.status, t.due_date, t.started_at) AS status,
       t.due_date, t.sla_hours, t.assignee_id, t.user_id, t.source, t.dedupe_key,
       t.created_at, t.created_by, t.started_at, t.completed_at, t.cancelled_at, t.updated_at,
       t.sla_due_at, t.sla_at_risk_at, t.sla_breached_at,
       t.status AS stored_status, true AS is_active, coalesce(t.due_date < taskq_today(), false) AS is_overdue,
       CASE WHEN t.due_date IS NOT NULL THEN greatest(taskq_today() - t.due_date, 0) END AS days_overdue,
       a.name AS assignee_name, a.is_active AS assignee_is_active, c.name AS customer_name,
       taskq_sla_status_at(t.sla_due_at, t.sla_at_risk_at, t.completed_at, t.cancelled_at) AS sla_status,
       t.sla_first_breached_at,
       t.kind, t.sla_policy, t.sla_calendar, t.sla_revision, t.sla_from, t.response_hours, t.response_due_at, t.response_breached_at,
       t.response_hours_used, t.sla_hours_used, t.sla_warn_at, t.sla_warned_at, t.paused_at, t.pause_reason, t.resume_at,
       t.team_id, t.follows_id, t.labels, t.attributes,
       t.paused_at IS NOT NULL AS is_paused
FROM (
    (SELECT id, title, description, priority, due_date, sla_hours, assignee_id, user_id, source, dedupe_key, created_at, created_by, updated_at,
            started_at, completed_at, cancelled_at, sla_due_at, sla_at_risk_at, sla_breached_at, status, sla_first_breached_at,
            kind, sla_policy, sla_calendar, sla_revision, sla_from, response_hours, response_due_at, response_breached_at,
            response_hours_used, sla_hours_used, sla_warn_at, sla_warned_at, paused_at, pause_reason, resume_at, team_id, follows_id, labels, attributes,
            taskq_place(priority, due_date, NULL, NULL) AS place
     FROM taskq_task
     WHERE taskq_stage(status, started_at, completed_at, cancelled_at) = 0 AND taskq_priority_rank(priority) = 1
     ORDER BY place, id)
    UNION ALL
    (SELECT id, title, description, priority, due_date, sla_hours, assignee_id, user_id, source, dedupe_key, created_at, created_by, updated_at,
            started_at, completed_at, cancelled_at, sla_due_at, sla_at_risk_at, sla_breached_at, status, sla_first_breached_at,
            kind, sla_policy, sla_calendar, sla_revision, sla_from, response_hours, response_due_at, response_breached_at,
            response_hours_used, sla_hours_used, sla_warn_at, sla_warned_at, paused_at, pause_reason, resume_at, team_id, follows_id, labels, attributes,
            taskq_place(priority, due_date, NULL, NULL) AS place
     FROM taskq_task
     WHERE taskq_stage(status, started_at, completed_at, cancelled_at) = 0 AND taskq_priority_rank(priority) = 2
     ORDER BY place, id)
    UNION ALL
    (SELECT id, title, description, priority, due_date, sla_hours, assignee_id, user_id, source, dedupe_key, created_at, created_by, updated_at,
            started_at, completed_at, cancelled_at, sla_due_at, sla_at_risk_at, sla_breached_at, status, sla_first_breached_at,
            kind, sla_policy, sla_calendar, sla_revision, sla_from, response_hours, response_due_at, response_breached_at,
            response_hours_used, sla_hours_used, sla_warn_at, sla_warned_at, paused_at, pause_reason, resume_at, team_id, follows_id, labels, attributes,
            taskq_place(priority, due_date, NULL, NULL) AS place
     FROM taskq_task
     WHERE taskq_stage(status, started_at, completed_at, cancelled_at) = 0 AND taskq_priority_rank(priority) = 3
     ORDER BY place, id)
    UNION ALL
    (SELECT id, title, description, priority, due_date, sla_hours, assignee_id, user_id, source, dedupe_key, created_at, created_by, updated_at,
            started_at, completed_at, cancelled_at, sla_due_at, sla_at_risk_at, sla_breached_at, status, sla_first_breached_at,
            kind, sla_policy, sla_calendar, sla_revision, sla_from, response_hours, response_due_at, response_breached_at,
            response_hours_used, sla_hours_used, sla_warn_at, sla_warned_at, paused_at, pause_reason, resume_at, team_id, follows_id, labels, attributes,
            taskq_place(priority, due_date, NULL, NULL) AS place
     FROM taskq_task
     WHERE taskq_stage(status, started_at, completed_at, cancelled_at) = 0 AND taskq_priority_rank(priority) = 4
     ORDER BY place, id)
    UNION ALL
    (SELECT id, title, description, priority, due_date, sla_hours, assignee_id, user_id, source, dedupe_key, created_at, created_by, updated_at,
            started_at, completed_at, cancelled_at, sla_due_at, sla_at_risk_at, sla_breached_at, status, sla_first_breached_at,
            kind, sla_policy, sla_calendar, sla_revision, sla_from, response_hours, response_due_at, response_breached_at,
            response_hours_used, sla_hours_used, sla_warn_at, sla_warned_at, paused_at, pause_reason, resume_at, team_id, follows_id, labels, attributes,
            taskq_place(priority, due_date, NULL, NULL) AS place
     FROM taskq_task
     WHERE taskq_stage(status, started_at, completed_at, cancelled_at) = 1 AND taskq_priority_rank(priority) = 1
     ORDER BY place, id)
    UNION ALL
    (SELECT id, title, description, priority, due_date, sla_hours, assignee_id, user_id, source, dedupe_key, created_at, created_by, updated_at,
            started_at, completed_at, cancelled_at, sla_due_at, sla_at_risk_at, sla_breached_at, status, sla_first_breached_at,
            kind, sla_policy, sla_calendar, sla_revision, sla_from, response_hours, response_due_at, response_breached_at,
            response_hours_used, sla_hours_used, sla_warn_at, sla_warned_at, paused_at, pause_reason, resume_at, team_id, follows_id, labels, attributes,
            taskq_place(priority, due_date, NULL, NULL) AS place
     FROM taskq_task
     WHERE taskq_stage(status, started_at, completed_at, cancelled_at) = 1 AND taskq_priority_rank(priority) = 2
     ORDER BY place, id)
    UNION ALL
    (SELECT id, title, description, priority, due_date, sla_hours, assignee_id, user_id, source, dedupe_key, created_at, created_by, updated_at,
            started_at, completed_at, cancelled_at, sla_due_at, sla_at_risk_at, sla_breached_at, status, sla_first_breached_at,
            kind, sla_policy, sla_calendar, sla_revision, sla_from, response_hours, response_due_at, response_breached_at,
            response_hours_used, sla_hours_used, sla_warn_at, sla_warned_at, paused_at, pause_reason, resume_at, team_id, follows_id, labels, attributes,
            taskq_place(priority, due_date, NULL, NULL) AS place
     FROM taskq_task
     WHERE taskq_stage(status, started_at, completed_at, cancelled_at) = 1 AND taskq_priority_rank(priority) = 3
     ORDER BY place, id)
    UNION ALL
    (SELECT id, title, description, priority, due_date, sla_hours, assignee_id, user_id, source, dedupe_key, created_at, created_by, updated_at,
            started_at, completed_at, cancelled_at, sla_due_at, sla_at_risk_at, sla_breached_at, status, sla_first_breached_at,
            kind, sla_policy, sla_calendar, sla_revision, sla_from, response_hours, response_due_at, response_breached_at,
            response_hours_used, sla_hours_used, sla_warn_at, sla_warned_at, paused_at, pause_reason, resume_at, team_id, follows_id, labels, attributes,
            taskq_place(priority, due_date, NULL, NULL) AS place
     FROM taskq_task
     WHERE taskq_stage(status, started_at, completed_at, cancelled_at) = 1 AND taskq_priority_rank(priority) = 4
     ORDER BY place, id)
    UNION ALL
    (SELECT id, title, description, priority, due_date, sla_hours, assignee_id, user_id, source, dedupe_key, created_at, created_by, updated_at,
            started_at, completed_at, cancelled_at, sla_due_at, sla_at_risk_at, sla_breached_at, status, sla_first_breached_at,
            kind, sla_policy, sla_calendar, sla_revision, sla_from, response_hours, response_due_at, response_breached_at,
            response_hours_used, sla_hours_used, sla_warn_at, sla_warned_at, paused_at, pause_reason, resume_at, team_id, follows_id, labels, attributes,
            taskq_place(priority, due_date, NULL, NULL) AS place
     FROM taskq_task
     WHERE taskq_stage(status, started_at, completed_at, cancelled_at) = 4 AND taskq_priority_rank(priority) = 1
     ORDER BY place, id)
    UNION ALL
    (SELECT id, title, description, priority, due_date, sla_hours, assignee_id, user_id, source, dedupe_key, created_at, created_by, updated_at,
            started_at, completed_at, cancelled_at, sla_due_at, sla_at_risk_at, sla_breached_at, status, sla_first_breached_at,
            kind, sla_policy, sla_calendar, sla_revision, sla_from, response_hours, response_due_at, response_breached_at,
            response_hours_used, sla_hours_used, sla_warn_at, sla_warned_at, paused_at, pause_reason, resume_at, team_id, follows_id, labels, attributes,
            taskq_place(priority, due_date, NULL, NULL) AS place
     FROM taskq_task
     WHERE taskq_stage(status, started_at, completed_at, cancelled_at) = 4 AND taskq_priority_rank(priority) = 2
     ORDER BY place, id)
    UNION ALL
    (SELECT id, title, description, priority, due_date, sla_hours, assignee_id, user_id, source, dedupe_key, created_at, created_by, updated_at,
            started_at, completed_at, cancelled_at, sla_due_at, sla_at_risk_at, sla_breached_at, status, sla_first_breached_at,
            kind, sla_policy, sla_calendar, sla_revision, sla_from, response_hours, response_due_at, response_breached_at,
            response_hours_used, sla_hours_used, sla_warn_at, sla_warned_at, paused_at, pause_reason, resume_at, team_id, follows_id, labels, attributes,
            taskq_place(priority, due_date, NULL, NULL) AS place
     FROM taskq_task
     WHERE taskq_stage(status, started_at, completed_at, cancelled_at) = 4 AND taskq_priority_rank(priority) = 3
     ORDER BY place, id)
    UNION ALL
    (SELECT id, title, description, priority, due_date, sla_hours, assignee_id, user_id, source, dedupe_key, created_at, created_by, updated_at,
            started_at, completed_at, cancelled_at, sla_due_at, sla_at_risk_at, sla_breached_at, status, sla_first_breached_at,
            kind, sla_policy, sla_calendar, sla_revision, sla_from, response_hours, response_due_at, response_breached_at,
            response_hours_used, sla_hours_used, sla_warn_at, sla_warned_at, paused_at, pause_reason, resume_at, team_id, follows_id, labels, attributes,
            taskq_place(priority, due_date, NULL, NULL) AS place
     FROM taskq_task
     WHERE taskq_stage(status, started_at, completed_at, cancelled_at) = 4 AND taskq_priority_rank(priority) = 4
     ORDER BY place, id)
    UNION ALL
    (SELECT id, title, description, priority, due_date, sla_hours, assignee_id, user_id, source, dedupe_key, created_at, created_by, updated_at,
            started_at, completed_at, cancelled_at, sla_due_at, sla_at_risk_at, sla_breached_at, status, sla_first_breached_at,
            kind, sla_policy, sla_calendar, sla_revision, sla_from, response_hours, response_due_at, response_breached_at,
            response_hours_used, sla_hours_used, sla_warn_at, sla_warned_at, paused_at, pause_reason, resume_at, team_id, follows_id, labels, attributes,
            taskq_place(priority, due_date, NULL, NULL) AS place
     FROM taskq_task
     WHERE taskq_stage(status, started_at, completed_at, cancelled_at) = 5 AND taskq_priority_rank(priority) = 1
     ORDER BY place, id)
    UNION ALL
    (SELECT id, title, description, priority, due_date, sla_hours, assignee_id, user_id, source, dedupe_key, created_at, created_by, updated_at,
            started_at, completed_at, cancelled_at, sla_due_at, sla_at_risk_at, sla_breached_at, status, sla_first_breached_at,
            kind, sla_policy, sla_calendar, sla_revision, sla_from, response_hours, response_due_at, response_breached_at,
            response_hours_used, sla_hours_used, sla_warn_at, sla_warned_at, paused_at, pause_reason, resume_at, team_id, follows_id, labels, attributes,
            taskq_place(priority, due_date, NULL, NULL) AS place
     FROM taskq_task
     WHERE taskq_stage(status, started_at, completed_at, cancelled_at) = 5 AND taskq_priority_rank(priority) = 2
     ORDER BY place, id)
    UNION ALL
    (SELECT id, title, description, priority, due_date, sla_hours, assignee_id, user_id, source, dedupe_key, created_at, created_by, updated_at,
            started_at, completed_at, cancelled_at, sla_due_at, sla_at_risk_at, sla_breached_at, status, sla_first_breached_at,
            kind, sla_policy, sla_calendar, sla_revision, sla_from, response_hours, response_due_at, response_breached_at,
            response_hours_used, sla_hours_used, sla_warn_at, sla_warned_at, paused_at, pause_reason, resume_at, team_id, follows_id, labels, attributes,
            taskq_place(priority, due_date, NULL, NULL) AS place
     FROM taskq_task
     WHERE taskq_stage(status, started_at, completed_at, cancelled_at) = 5 AND taskq_priority_rank(priority) = 3
     ORDER BY place, id)
    UNION ALL
    (SELECT id, title, description, priority, due_date, sla_hours, assignee_id, user_id, source, dedupe_key, created_at, created_by, updated_at,
            started_at, completed_at, cancelled_at, sla_due_at, sla_at_risk_at, sla_breached_at, status, sla_first_breached_at,
            kind, sla_policy, sla_calendar, sla_revision, sla_from, response_hours, response_due_at, response_breached_at,
            response_hours_used, sla_hours_used, sla_warn_at, sla_warned_at, paused_at, pause_reason, resume_at, team_id, follows_id, labels, attributes,
            taskq_place(priority, due_date, NULL, NULL) AS place
     FROM taskq_task
     WHERE taskq_stage(status, started_at, completed_at, cancelled_at) = 5 AND taskq_priority_rank(priority) = 4
     ORDER BY place, id)
) t
LEFT JOIN taskq_staff_member a ON a.id = t.assignee_id
LEFT JOIN taskq_customer c ON c.id = t.user_id
ORDER BY t.place, t.id;
COMMENT ON VIEW taskq_todo IS 'What is to be done: all active tasks, started and overdue ones too, by due date (none last), URGENT first, id; columns as taskq_tasks. Nothing leaves it but by being completed or cancelled. For pages and filters use taskq_queue_page(taskq_active()).';
