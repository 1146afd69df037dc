"""taskq with psycopg 3."""
import json
import os
from datetime import date

import psycopg
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

# connect: PGHOST and the other variables of libpq; behind PgBouncer before 1.21 without prepared statements
db = psycopg.connect('', row_factory=dict_row, prepare_threshold=None)

# create, as somebody: the actor holds for the transaction
with db.transaction():
    db.execute("SELECT set_config('taskq.actor', %s, true)", ['ana'])
    task_id = db.execute('SELECT taskq_create(%s, priority => %s, due_date => %s, user_id => %s) AS id',
                         ['Chase bank statement', 'HIGH', date(2030, 6, 5), 'cus_1']).fetchone()['id']

# many at once: all of them, or none
with db.transaction():
    bodies = [{'title': 'Review lease', 'due_date': '2030-06-06'}, {'title': 'Call back', 'priority': 'LOW'}]
    tasks = [row['task'] for row in
             db.execute('SELECT * FROM taskq_create_many_json(%s, actor => %s) AS task', [Jsonb(bodies), 'bob'])]
assert [task['title'] for task in tasks] == ['Review lease', 'Call back']
assert task_id == 2 ** 53 + 1 and tasks[1]['id'] == task_id + 2

# a page, and the next one
def page(after=None):
    return db.execute('SELECT * FROM taskq_queue_page(status => %s, priority => %s, page_size => %s, after => %s)',
                      [['OPEN', 'IN_PROGRESS', 'OVERDUE'], ['HIGH', 'MEDIUM', 'LOW'], 2, after]).fetchall()

with db.transaction():
    first = page()
    second = page(after=first[-1]['cursor'])
assert [row['title'] for row in first + second] == ['Chase bank statement', 'Review lease', 'Call back']

# dates are dates
assert first[0]['due_date'] == date(2030, 6, 5) and first[0]['created_by'] == 'ana'

# claim
with db.transaction():
    claimed = db.execute('SELECT * FROM taskq_claim(%s, count => %s)', ['sta_1', 1]).fetchall()
assert [(row['title'], row['assignee_id']) for row in claimed] == [('Chase bank statement', 'sta_1')]

# errors, by SQLSTATE
try:
    with db.transaction():
        db.execute('SELECT taskq_complete(%s)', [tasks[0]['id']])
    assert False
except psycopg.errors.CheckViolation as error:
    assert error.sqlstate == '23514' and error.diag.constraint_name == 'taskq_task_lifecycle'
    assert 'taskq_start()' in error.diag.message_hint
try:
    with db.transaction():
        db.execute('SELECT taskq_start(%s)', [1])
    assert False
except psycopg.Error as error:
    assert error.sqlstate == 'P0002'

# columns: a cast is needed only beside an operator, and only for a list
with db.transaction():
    row = db.execute('SELECT count(*) AS n FROM taskq_tasks WHERE status = %s AND priority = ANY (%s::taskq_priority[])',
                     ['OPEN', ['LOW', 'MEDIUM']]).fetchone()
    assert row['n'] == 2
    row = db.execute('INSERT INTO taskq_task (title, priority, source) VALUES (%s, %s, %s) RETURNING priority, source',
                     ['Written', None, None]).fetchone()
    assert row == {'priority': 'MEDIUM', 'source': 'MANUAL'}

# listen, on a connection of the server's own
listener = psycopg.connect(port=os.environ['LISTEN_PORT'], autocommit=True)
listener.execute('LISTEN tasks')
with db.transaction():
    task_id = db.execute('SELECT taskq_create(%s) AS id', ['Heard of']).fetchone()['id']
notification = next(listener.notifies())
assert json.loads(notification.payload)['ids'] == [task_id]
listener.close()
db.close()
