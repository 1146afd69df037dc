"""taskq with psycopg 2."""
import json
import os
import select
from datetime import date

import psycopg2
import psycopg2.errors
import psycopg2.extras

# connect: PGHOST and the other variables of libpq
db = psycopg2.connect('')

# create, as somebody: the actor holds for the transaction
with db, db.cursor() as cursor:
    cursor.execute("SELECT set_config('taskq.actor', %s, true)", ['ana'])
    cursor.execute('SELECT taskq_create(%s, priority => %s, due_date => %s, user_id => %s)',
                   ['Chase bank statement', 'HIGH', date(2030, 6, 5), 'cus_1'])
    task_id = cursor.fetchone()[0]

# many at once: all of them, or none
with db, db.cursor() as cursor:
    bodies = [{'title': 'Review lease', 'due_date': '2030-06-06'}, {'title': 'Call back', 'priority': 'LOW'}]
    cursor.execute('SELECT * FROM taskq_create_many_json(%s, actor => %s)', [psycopg2.extras.Json(bodies), 'bob'])
    tasks = [row[0] for row in cursor]
assert [task['title'] for task in tasks] == ['Review lease', 'Call back']
assert task_id == 2 ** 53 + 1 and tasks[1]['id'] == task_id + 2

# a page, and the next one
def page(after=None):
    with db, db.cursor(cursor_factory=psycopg2.extras.DictCursor) as cursor:
        cursor.execute('SELECT * FROM taskq_queue_page(status => %s, priority => %s, page_size => %s, after => %s)',
                       [['OPEN', 'IN_PROGRESS', 'OVERDUE'], ['HIGH', 'MEDIUM', 'LOW'], 2, after])
        return cursor.fetchall()

first = page()
second = page(after=first[-1]['cursor'])
assert [row['title'] for row in first + second] == ['Chase bank statement', 'Review lease', 'Call back']

# dates are dates
assert first[0]['due_date'] == date(2030, 6, 5) and first[0]['created_by'] == 'ana'

# claim
with db, db.cursor(cursor_factory=psycopg2.extras.DictCursor) as cursor:
    cursor.execute('SELECT * FROM taskq_claim(%s, count => %s)', ['sta_1', 1])
    claimed = cursor.fetchall()
assert [(row['title'], row['assignee_id']) for row in claimed] == [('Chase bank statement', 'sta_1')]

# errors, by SQLSTATE
try:
    with db, db.cursor() as cursor:
        cursor.execute('SELECT taskq_complete(%s)', [tasks[0]['id']])
    assert False
except psycopg2.errors.CheckViolation as error:
    assert error.pgcode == '23514' and error.diag.constraint_name == 'taskq_task_lifecycle'
    assert 'taskq_start()' in error.diag.message_hint
try:
    with db, db.cursor() as cursor:
        cursor.execute('SELECT taskq_start(%s)', [1])
    assert False
except psycopg2.Error as error:
    assert error.pgcode == 'P0002'

# columns: a cast is needed only beside an operator, and only for a list
with db, db.cursor() as cursor:
    cursor.execute('SELECT count(*) FROM taskq_tasks WHERE status = %s AND priority = ANY (%s::taskq_priority[])',
                   ['OPEN', ['LOW', 'MEDIUM']])
    assert cursor.fetchone()[0] == 2
    cursor.execute('INSERT INTO taskq_task (title, priority, source) VALUES (%s, %s, %s) RETURNING priority, source',
                   ['Written', None, None])
    assert cursor.fetchone() == ('MEDIUM', 'MANUAL')

# listen, on a connection of the server's own
listener = psycopg2.connect(port=os.environ['LISTEN_PORT'])
listener.autocommit = True
listener.cursor().execute('LISTEN tasks')
with db, db.cursor() as cursor:
    cursor.execute('SELECT taskq_create(%s)', ['Heard of'])
    task_id = cursor.fetchone()[0]
while not listener.notifies:
    assert select.select([listener], [], [], 30) != ([], [], [])
    listener.poll()
assert json.loads(listener.notifies.pop(0).payload)['ids'] == [task_id]
