"""taskq with Django."""
import os
from datetime import date

import django
from django.conf import settings

# connect; behind PgBouncer without cursors on the server
settings.configure(DATABASES={'default': {
    'ENGINE': 'django.db.backends.postgresql',
    'HOST': os.environ['PGHOST'],
    'PORT': os.environ['PGPORT'],
    'NAME': os.environ['PGDATABASE'],
    'USER': os.environ['PGUSER'],
    'PASSWORD': os.environ['PGPASSWORD'],
    'DISABLE_SERVER_SIDE_CURSORS': True,
}}, USE_TZ=True, TIME_ZONE='UTC')
django.setup()

from django.db import DatabaseError, IntegrityError, connection, models, transaction  # noqa: E402


# The table, to write: the columns that an application may write, and the key.
class Task(models.Model):
    id = models.BigAutoField(primary_key=True)
    title = models.TextField()
    description = models.TextField(null=True)
    priority = models.TextField(null=True)
    status = models.TextField(null=True)
    due_date = models.DateField(null=True)
    assignee_id = models.TextField(null=True)
    user_id = models.TextField(null=True)
    source = models.TextField(null=True)

    class Meta:
        app_label = 'desk'
        managed = False
        db_table = 'taskq_task'


# The view, to read: its status is that of this moment.
class TaskNow(models.Model):
    id = models.BigIntegerField(primary_key=True)
    title = models.TextField()
    priority = models.TextField()
    status = models.TextField()
    due_date = models.DateField()
    created_by = models.TextField()

    class Meta:
        app_label = 'desk'
        managed = False
        db_table = 'taskq_tasks'


def rows(sql, *parameters):
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row)) for row in cursor]


# create, as somebody: the actor holds for the transaction
with transaction.atomic():
    rows("SELECT set_config('taskq.actor', %s, true)", 'ana')
    task_id = rows('SELECT taskq_create(%s, priority => %s, due_date => %s, user_id => %s) AS id',
                   'Chase bank statement', 'HIGH', date(2030, 6, 5), 'cus_1')[0]['id']

# many at once: all of them, or none
bodies = '[{"title": "Review lease", "due_date": "2030-06-06"}, {"title": "Call back", "priority": "LOW"}]'
tasks = rows("SELECT (task ->> 'id')::bigint AS id, task ->> 'title' AS title FROM taskq_create_many_json(%s, actor => %s) AS task",
             bodies, 'bob')
assert [task['title'] for task in tasks] == ['Review lease', 'Call back']
assert task_id == 2 ** 53 + 1 and tasks[1]['id'] == task_id + 2

# a page, and the next one
def page(after=None):
    return rows('SELECT * FROM taskq_queue_page(status => %s, priority => %s, page_size => %s, after => %s)',
                ['OPEN', 'IN_PROGRESS', 'OVERDUE'], ['HIGH', 'MEDIUM', 'LOW'], 2, after)

first = page()
second = page(after=first[-1]['cursor'])
assert [row['title'] for row in first + second] == ['Chase bank statement', 'Review lease', 'Call back']

# dates are dates
assert first[0]['due_date'] == date(2030, 6, 5) and first[0]['created_by'] == 'ana'

# claim
claimed = rows('SELECT * FROM taskq_claim(%s, count => %s)', 'sta_1', 1)
assert [(row['title'], row['assignee_id']) for row in claimed] == [('Chase bank statement', 'sta_1')]

# errors, by SQLSTATE: the driver's error is the cause (sqlstate in psycopg 3)
try:
    with transaction.atomic():
        rows('SELECT taskq_complete(%s)', tasks[0]['id'])
    assert False
except IntegrityError as error:
    assert error.__cause__.diag.sqlstate == '23514'
    assert error.__cause__.diag.constraint_name == 'taskq_task_lifecycle'
try:
    with transaction.atomic():
        rows('SELECT taskq_start(%s)', 1)
    assert False
except DatabaseError as error:
    assert error.__cause__.diag.sqlstate == 'P0002'

# the model: what is not set is sent as NULL, and means the default; a save names what it writes
with transaction.atomic():
    rows("SELECT set_config('taskq.actor', %s, true)", 'ana')
    task = Task.objects.create(title='Written', due_date=date(2030, 6, 7))
    task.refresh_from_db()
    assert (task.priority, task.status, task.source) == ('MEDIUM', 'OPEN', 'MANUAL')
    task.priority = 'URGENT'
    task.save(update_fields=['priority'])
found = TaskNow.objects.filter(status='OPEN', priority__in=['URGENT', 'LOW']).order_by('id')
assert list(found.values_list('title', 'created_by')) == [('Call back', 'bob'), ('Written', 'ana')]
