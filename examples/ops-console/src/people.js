// What the pages for managers ask of taskq: staff and teams, rules and what they did,
// schedules, the worker.

export const listStaff = (tx) => tx.rows(`
  SELECT s.id, s.name, s.is_active, s.away_until::text, coalesce(s.away_until >= taskq_today(), false) AS is_away,
         coalesce(w.open + w.in_progress + w.overdue, 0) AS tasks, coalesce(w.overdue, 0) AS overdue
  FROM taskq_staff_member s LEFT JOIN taskq_workload w ON w.assignee_id = s.id
  ORDER BY s.is_active DESC, s.name, s.id LIMIT 2000`)

export const memberships = async (tx) => {
  const rows = await tx.rows(`
    SELECT m.staff_id, json_agg(json_build_object('id', t.id, 'name', t.name) ORDER BY t.name) AS teams
    FROM taskq_team_member m JOIN taskq_team t ON t.id = m.team_id GROUP BY m.staff_id`)
  return new Map(rows.map(({ staff_id: id, teams }) => [id, teams]))
}

export const findPerson = (tx, id) => tx.row(`
  SELECT s.id, s.name, s.is_active, CASE WHEN isfinite(s.away_until) THEN s.away_until::text WHEN s.away_until IS NOT NULL THEN '9999-12-31' END AS away_until,
         coalesce(s.away_until >= taskq_today(), false) AS is_away,
         ARRAY(SELECT team_id FROM taskq_team_member WHERE staff_id = s.id ORDER BY 1) AS teams,
         (SELECT count(*)::integer FROM taskq_task t WHERE t.assignee_id = s.id AND t.completed_at IS NULL AND t.cancelled_at IS NULL) AS tasks,
         (SELECT count(*)::integer FROM taskq_renewal r WHERE r.assignee_id = s.id AND r.next_check_on IS NOT NULL) AS renewals,
         (SELECT count(*)::integer FROM taskq_customer c WHERE c.assigned_agent_id = s.id) AS customers
  FROM taskq_staff_member s WHERE s.id = $1`, [id])

export async function savePerson(tx, id, { name, is_active: isActive, away_until: away, teams }, isNew) {
  await tx.row(isNew
    ? 'INSERT INTO taskq_staff_member (id, name, is_active, away_until) VALUES ($1, $2, $3, $4)'
    : 'UPDATE taskq_staff_member SET name = $2, is_active = $3, away_until = $4 WHERE id = $1', [id, name, isActive, away ?? null])
  await tx.row('DELETE FROM taskq_team_member WHERE staff_id = $1 AND team_id <> ALL ($2)', [id, teams ?? []])
  await tx.row('INSERT INTO taskq_team_member (team_id, staff_id) SELECT t, $1 FROM unnest($2::text[]) t ON CONFLICT DO NOTHING', [id, teams ?? []])
}

export const handOver = (tx, from, staff, team) => tx.row('SELECT * FROM taskq_hand_over($1, to_staff => $2, to_team => $3)', [from, staff ?? null, team ?? null])

export const listTeams = (tx) => tx.rows(`
  SELECT t.id, t.name, t.is_active, coalesce(w.members, 0) AS members, coalesce(w.available, 0) AS available,
         coalesce(w.open + w.in_progress + w.overdue, 0) AS tasks, coalesce(w.unassigned, 0) AS unassigned, coalesce(w.overdue, 0) AS overdue
  FROM taskq_team t LEFT JOIN taskq_team_workload w ON w.team_id = t.id ORDER BY t.is_active DESC, t.name, t.id LIMIT 500`)
export const findTeam = (tx, id) => tx.row('SELECT id, name, is_active FROM taskq_team WHERE id = $1', [id])
export const membersOf = (tx, id) => tx.rows(`
  SELECT s.id, s.name, s.is_active, s.away_until::text, coalesce(s.away_until >= taskq_today(), false) AS is_away
  FROM taskq_team_member m JOIN taskq_staff_member s ON s.id = m.staff_id WHERE m.team_id = $1 ORDER BY s.name, s.id`, [id])
export const saveTeam = (tx, id, { name, is_active: isActive }, isNew) => tx.row(isNew
  ? 'INSERT INTO taskq_team (id, name, is_active) VALUES ($1, $2, $3)'
  : 'UPDATE taskq_team SET name = $2, is_active = $3 WHERE id = $1', [id, name, isActive])
export const changeMember = (tx, team, staff, isRemoval) => tx.row(isRemoval
  ? 'DELETE FROM taskq_team_member WHERE team_id = $1 AND staff_id = $2'
  : 'INSERT INTO taskq_team_member (team_id, staff_id) VALUES ($1, $2) ON CONFLICT DO NOTHING', [team, staff])

// --- rules and schedules

const runs = `
  SELECT r.at::text, r.rule_id, r.rule_name, r.event, r.depth, r.outcome, r.task_id, r.message FROM taskq_workflow_run r`
export const rulesRun = (tx) => tx.rows(`
  SELECT r.rule_id, count(*)::integer AS runs, (count(*) FILTER (WHERE r.outcome = 'failed'))::integer AS failed, max(r.at)::text AS last
  FROM taskq_workflow_run r GROUP BY r.rule_id`)
export const runsOf = (tx, ruleId) => tx.rows(`${runs} WHERE r.rule_id::text = $1 ORDER BY r.id DESC LIMIT 50`, [ruleId])
export const eventsInUse = async (tx) => (await tx.rows('SELECT DISTINCT event FROM taskq_workflow_rule ORDER BY 1 LIMIT 200')).map(({ event }) => event)
export const dryRun = (tx, event, payload) => tx.rows(`
  SELECT d.rule_name, d.rule_event, d.depth, d.outcome, d.message, d.title, d.priority, d.due_date::text, s.name AS assignee_name, c.name AS customer_name
  FROM taskq_emit_dry_run($1, $2) d LEFT JOIN taskq_staff_member s ON s.id = d.assignee_id LEFT JOIN taskq_customer c ON c.id = d.task_user_id`,
[event, JSON.stringify(payload)])

export const datesOf = (tx, name) => tx.rows(`SELECT date::text, due_date::text, created_on::text FROM taskq_schedule_dates($1, 8)`, [name])

// --- the worker

export const workerStatus = async (tx) =>
  (await tx.row('SELECT to_jsonb(w) AS worker FROM taskq_worker_status w WHERE database = current_database()'))?.worker
export const lastSweeps = async (tx, limit) =>
  (await tx.rows('SELECT to_jsonb(l) AS sweep FROM taskq_sweep_log l ORDER BY id DESC LIMIT $1', [limit])).map(({ sweep }) => sweep)
export const check = (tx) => tx.rows('SELECT * FROM taskq_check() ORDER BY severity, subject')
