// What the console asks of taskq about calendars, as taskq.js does about tasks.

import { Problem } from './errors.js'
import { hoursText } from './format.js'
import { m } from './words.js'

const shownMoves = 100

// The first span from now on tells whether the calendar is open, and until when.
const calendars = `
  SELECT to_jsonb(c) AS calendar
  FROM (
    SELECT c.name, c.timezone, c.holiday_lists,
           (SELECT coalesce(jsonb_agg(jsonb_build_object('weekday', w.weekday, 'opens', w.opens, 'closes', w.closes)
                ORDER BY w.weekday, w.opens), '[]') FROM taskq_calendar_window w WHERE w.calendar = c.name) AS windows,
           coalesce(s.opens <= statement_timestamp(), false) AS is_open,
           nullif(CASE WHEN s.opens <= statement_timestamp() THEN s.closes ELSE s.opens END, statement_timestamp() + interval '31 days') AS until
    FROM taskq_calendar c
    LEFT JOIN LATERAL (
        SELECT * FROM taskq_calendar_spans(c.name, statement_timestamp(), statement_timestamp() + interval '31 days') LIMIT 1) s ON true
    WHERE $1::text IS NULL OR c.name = $1
    ORDER BY c.name LIMIT 500) c`

async function read(tx, name) {
  const rows = await tx.rows(calendars, [name])
  return rows.map(({ calendar }) => ({ ...calendar, hours: hoursText(calendar.windows) }))
}

export const listCalendars = (tx) => read(tx, null)

export async function findCalendar(tx, name) {
  const [calendar] = await read(tx, name)
  if (!calendar) throw new Problem(404, m('There is no calendar {name}.'), { values: { name } })
  return calendar
}

export async function holidaysOf(tx, lists) {
  const rows = await tx.rows('SELECT to_jsonb(h) AS holiday FROM taskq_holiday h WHERE h.list = ANY ($1) ORDER BY h.day, h.opens LIMIT 2000', [lists])
  return rows.map(({ holiday }) => holiday)
}

export const holidayLists = async (tx) =>
  (await tx.rows('SELECT DISTINCT list FROM taskq_holiday ORDER BY list LIMIT 200')).map(({ list }) => list)

// What the transaction's edits move, of one calendar or of those that have a list.
// The checks that wait for the end of the transaction are made before: a look and
// a change are refused for the same reasons.
async function movesOf(tx, { name = null, list = null }) {
  await tx.rows('SET CONSTRAINTS ALL IMMEDIATE')
  const { moves, moved } = await tx.row(`
    WITH move AS MATERIALIZED (
        SELECT m.* FROM taskq_calendar c CROSS JOIN LATERAL taskq_sla_moves(c.name) m
        WHERE c.name = $1 OR $2 = ANY (c.holiday_lists))
    SELECT (SELECT count(*)::integer FROM move) AS moved, coalesce(jsonb_agg(f ORDER BY f.new_due_at, f.task_id), '[]') AS moves
    FROM (SELECT m.task_id, t.title, m.clock, m.due_at, m.new_due_at
          FROM move m JOIN taskq_task t ON t.id = m.task_id
          ORDER BY m.new_due_at, m.task_id LIMIT $3) f`, [name, list, shownMoves])
  return { moves, moved }
}

export async function setCalendar(tx, name, { timezone, hours, holiday_lists }) {
  const [known] = await read(tx, name)
  await tx.row('SELECT taskq_calendar_set($1, $2, $3, $4)', [name, timezone, hours, holiday_lists])
  // No task has a new one.  The slots of a router have not heard of it yet, either.
  const moves = known ? await movesOf(tx, { name }) : { moves: [], moved: 0 }
  return { ...moves, calendar: await findCalendar(tx, name) }
}

export async function addHoliday(tx, { list, day, yearly, opens, closes, label, calendar }) {
  if (opens !== undefined && closes <= opens) throw new Problem(422, m('A day must close after it opens.'))
  const row = await tx.row(`
    INSERT INTO taskq_holiday AS h (list, day, yearly, opens, closes, label) VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT DO NOTHING RETURNING to_jsonb(h) AS holiday`, [list, day, yearly, opens ?? null, closes ?? null, label ?? null])
  if (!row) throw new Problem(409, m('List {list} has this day already.'), { values: { list } })
  if (calendar !== undefined) {
    await findCalendar(tx, calendar)
    await tx.rows(`
      UPDATE taskq_calendar SET holiday_lists = holiday_lists || $2::text
      WHERE name = $1 AND $2 <> ALL (holiday_lists)`, [calendar, list])
  }
  return { ...await movesOf(tx, { list }), holiday: row.holiday }
}

export async function removeHoliday(tx, id) {
  const row = await tx.row('DELETE FROM taskq_holiday AS h WHERE h.id = $1 RETURNING to_jsonb(h) AS holiday', [id])
  if (!row) throw new Problem(404, m('There is no holiday {id}.'), { values: { id } })
  return { ...await movesOf(tx, { list: row.holiday.list }), holiday: row.holiday }
}
