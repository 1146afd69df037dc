// Customers, staff and teams, as taskq has them.

import { Problem } from './errors.js'
import * as taskq from './taskq.js'
import { m } from './words.js'

const noSuch = (message, id) => new Problem(404, message, { values: { id } })

export const listCustomers = (tx, { search = '', limit = 100 }) => taskq.findCustomers(tx, search, limit)

export async function findCustomer(tx, id) {
  const row = await tx.row('SELECT to_jsonb(c) AS customer FROM taskq_customer c WHERE c.id = $1', [id])
  if (!row) throw noSuch(m('There is no customer {id}.'), id)
  return row.customer
}

export const mergeCustomer = (tx, id, into) =>
  tx.row('SELECT tasks::float8, renewals::float8, policies::float8 FROM taskq_merge_customer($1, $2)', [id, into])

export const eraseCustomer = (tx, id) =>
  tx.row('SELECT tasks::float8, events::float8, renewals::float8 FROM taskq_erase_customer($1)', [id])

export const listStaff = async (tx) => (await tx.rows(`
  SELECT to_jsonb(s) || jsonb_build_object('teams', ARRAY(SELECT m.team_id FROM taskq_team_member m WHERE m.staff_id = s.id ORDER BY 1)) AS staff
  FROM taskq_staff_member s ORDER BY s.name, s.id LIMIT 1000`)).map(({ staff }) => staff)

export const handOver = (tx, id, { to_staff, to_team }) =>
  tx.row('SELECT tasks, renewals, customers FROM taskq_hand_over($1, $2, $3)', [id, to_staff ?? null, to_team ?? null])

export async function setAway(tx, id, until) {
  const row = await tx.row('UPDATE taskq_staff_member AS s SET away_until = $2 WHERE s.id = $1 RETURNING to_jsonb(s) AS staff', [id, until])
  if (!row) throw noSuch(m('There is no member of staff {id}.'), id)
  return row.staff
}

export const workload = async (tx) => ({
  staff: (await tx.rows('SELECT to_jsonb(w) AS row FROM taskq_workload w ORDER BY w.assignee_name, w.assignee_id LIMIT 1000')).map(({ row }) => row),
  teams: (await tx.rows('SELECT to_jsonb(w) AS row FROM taskq_team_workload w ORDER BY w.team_name, w.team_id LIMIT 1000')).map(({ row }) => row),
})

const members = `ARRAY(SELECT m.staff_id FROM taskq_team_member m WHERE m.team_id = t.id ORDER BY 1)`

export const listTeams = async (tx) => (await tx.rows(`
  SELECT to_jsonb(t) || jsonb_build_object('members', ${members}) AS team FROM taskq_team t ORDER BY t.name, t.id LIMIT 1000`)).map(({ team }) => team)

// A team, and who is in it: all of them, where they are given.
export async function putTeam(tx, id, { name, is_active, members: wanted }) {
  await tx.row(`
    INSERT INTO taskq_team (id, name, is_active) VALUES ($1, $2, $3)
    ON CONFLICT (id) DO UPDATE SET name = EXCLUDED.name, is_active = EXCLUDED.is_active`, [id, name, is_active])
  if (wanted !== undefined) {
    await tx.rows('DELETE FROM taskq_team_member WHERE team_id = $1 AND staff_id <> ALL ($2)', [id, wanted])
    await tx.rows('INSERT INTO taskq_team_member (team_id, staff_id) SELECT DISTINCT $1, s FROM unnest($2::text[]) s ON CONFLICT DO NOTHING', [id, wanted])
  }
  return (await tx.row(`SELECT to_jsonb(t) || jsonb_build_object('members', ${members}) AS team FROM taskq_team t WHERE t.id = $1`, [id])).team
}

// --- the same for the pages of managers: with what everybody has to do

export const staffAtWork = (tx) => tx.rows(`
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
  const row = await tx.row(isNew
    ? 'INSERT INTO taskq_staff_member (id, name, is_active, away_until) VALUES ($1, $2, $3, $4) RETURNING id'
    : 'UPDATE taskq_staff_member SET name = $2, is_active = $3, away_until = $4 WHERE id = $1 RETURNING id', [id, name, isActive, away ?? null])
  if (!row) throw noSuch(m('There is no member of staff {id}.'), id)
  await tx.row('DELETE FROM taskq_team_member WHERE staff_id = $1 AND team_id <> ALL ($2)', [id, teams ?? []])
  await tx.row('INSERT INTO taskq_team_member (team_id, staff_id) SELECT t, $1 FROM unnest($2::text[]) t ON CONFLICT DO NOTHING', [id, teams ?? []])
}

export const teamsAtWork = (tx) => tx.rows(`
  SELECT t.id, t.name, t.is_active, coalesce(w.members, 0) AS members, coalesce(w.available, 0) AS available,
         coalesce(w.open + w.in_progress + w.overdue, 0) AS tasks, coalesce(w.unassigned, 0) AS unassigned, coalesce(w.overdue, 0) AS overdue
  FROM taskq_team t LEFT JOIN taskq_team_workload w ON w.team_id = t.id ORDER BY t.is_active DESC, t.name, t.id LIMIT 500`)
export const findTeam = (tx, id) => tx.row('SELECT id, name, is_active FROM taskq_team WHERE id = $1', [id])
export const membersOf = (tx, id) => tx.rows(`
  SELECT s.id, s.name, s.is_active, s.away_until::text, coalesce(s.away_until >= taskq_today(), false) AS is_away
  FROM taskq_team_member m JOIN taskq_staff_member s ON s.id = m.staff_id WHERE m.team_id = $1 ORDER BY s.name, s.id`, [id])
export async function saveTeam(tx, id, { name, is_active: isActive }, isNew) {
  const row = await tx.row(isNew
    ? 'INSERT INTO taskq_team (id, name, is_active) VALUES ($1, $2, $3) RETURNING id'
    : 'UPDATE taskq_team SET name = $2, is_active = $3 WHERE id = $1 RETURNING id', [id, name, isActive])
  if (!row) throw noSuch(m('There is no team {id}.'), id)
}
export const changeMember = (tx, team, staff, isRemoval) => tx.row(isRemoval
  ? 'DELETE FROM taskq_team_member WHERE team_id = $1 AND staff_id = $2'
  : 'INSERT INTO taskq_team_member (team_id, staff_id) VALUES ($1, $2) ON CONFLICT DO NOTHING', [team, staff])
