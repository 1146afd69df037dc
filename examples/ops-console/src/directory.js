// Customers, staff and teams, as taskq has them.

import { Problem } from './errors.js'
import * as taskq from './taskq.js'

export async function listCustomers(tx, { search = '', limit = 100 }) {
  return taskq.searchCustomers(tx, search, limit)
}

export async function findCustomer(tx, id) {
  const row = await tx.row('SELECT to_jsonb(c) AS customer FROM taskq_customer c WHERE c.id = $1', [id])
  if (!row) throw new Problem(404, `There is no customer ${id}.`)
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
  if (!row) throw new Problem(404, `There is no member of staff ${id}.`)
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
