"""taskq with SQLAlchemy (1.4 or 2), on psycopg 2."""
from datetime import date

from sqlalchemy import BigInteger, Column, Date, DateTime, FetchedValue, Text, cast, create_engine, func, select, text
from sqlalchemy.dialects.postgresql import ARRAY, ENUM, JSONB
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session, declarative_base

Base = declarative_base()
Priority = ENUM('LOW', 'MEDIUM', 'HIGH', 'URGENT', name='taskq_priority', create_type=False)
Status = ENUM('OPEN', 'IN_PROGRESS', 'OVERDUE', 'COMPLETED', 'CANCELLED', name='taskq_status', create_type=False)


# The table, to write; what the server fills in is FetchedValue.
class Task(Base):
    __tablename__ = 'taskq_task'
    id = Column(BigInteger, primary_key=True)
    title = Column(Text)
    description = Column(Text)
    priority = Column(Priority)
    status = Column(Status)
    due_date = Column(Date)
    assignee_id = Column(Text)
    user_id = Column(Text)
    source = Column(Text)
    created_by = Column(Text, FetchedValue())
    created_at = Column(DateTime(timezone=True), FetchedValue())


# The view, to read: its status is that of this moment.
class TaskNow(Base):
    __tablename__ = 'taskq_tasks'
    id = Column(BigInteger, primary_key=True)
    title = Column(Text)
    priority = Column(Priority)
    status = Column(Status)
    due_date = Column(Date)


# connect: PGHOST and the other variables of libpq
engine = create_engine('postgresql+psycopg2://', future=True)

# create, as somebody: the actor holds for the transaction
with Session(engine, future=True) as session, session.begin():
    session.execute(select(func.set_config('taskq.actor', 'ana', True)))
    task_id = session.scalar(text('SELECT taskq_create(:title, priority => :priority, due_date => :due, user_id => :user)'),
                             {'title': 'Chase bank statement', 'priority': 'HIGH', 'due': date(2030, 6, 5), 'user': 'cus_1'})

# many at once: all of them, or none
with Session(engine, future=True) as session, session.begin():
    bodies = [{'title': 'Review lease', 'due_date': '2030-06-06'}, {'title': 'Call back', 'priority': 'LOW'}]
    tasks = session.scalars(select(func.taskq_create_many_json(cast(bodies, JSONB), 'bob'))).all()
assert [task['title'] for task in tasks] == ['Review lease', 'Call back']
assert task_id == 2 ** 53 + 1 and tasks[1]['id'] == task_id + 2

# a page, and the next one
def page(session, after=None):
    return session.execute(
        text('SELECT * FROM taskq_queue_page(status => :status, priority => :priority, page_size => 2, after => :after)'),
        {'status': ['OPEN', 'IN_PROGRESS', 'OVERDUE'], 'priority': ['HIGH', 'MEDIUM', 'LOW'], 'after': after}).all()

with Session(engine, future=True) as session:
    first = page(session)
    second = page(session, after=first[-1].cursor)
assert [row.title for row in first + second] == ['Chase bank statement', 'Review lease', 'Call back']

# dates are dates
assert first[0].due_date == date(2030, 6, 5) and first[0].created_by == 'ana'

# claim
with Session(engine, future=True) as session, session.begin():
    claimed = session.execute(text('SELECT * FROM taskq_claim(:staff, count => :count)'), {'staff': 'sta_1', 'count': 1}).all()
assert [(row.title, row.assignee_id) for row in claimed] == [('Chase bank statement', 'sta_1')]

# errors, by SQLSTATE
try:
    with Session(engine, future=True) as session, session.begin():
        session.execute(text('SELECT taskq_complete(:id)'), {'id': tasks[0]['id']})
    assert False
except IntegrityError as error:
    assert error.orig.pgcode == '23514' and error.orig.diag.constraint_name == 'taskq_task_lifecycle'
try:
    with Session(engine, future=True) as session, session.begin():
        session.execute(text('SELECT taskq_start(:id)'), {'id': 1})
    assert False
except DBAPIError as error:
    assert error.orig.pgcode == 'P0002'

# the model: what is not set is sent as NULL, and means the default
with Session(engine, future=True) as session, session.begin():
    session.execute(select(func.set_config('taskq.actor', 'ana', True)))
    task = Task(title='Written', due_date=date(2030, 6, 7))
    session.add(task)
    session.flush()
    session.refresh(task)
    assert (task.priority, task.status, task.source, task.created_by) == ('MEDIUM', 'OPEN', 'MANUAL', 'ana')
    task.priority = 'URGENT'
with Session(engine, future=True) as session:
    query = select(TaskNow.title).where(TaskNow.status == 'OPEN', TaskNow.priority.in_(['URGENT', 'LOW'])).order_by(TaskNow.id)
    assert session.scalars(query).all() == ['Call back', 'Written']
    query = select(TaskNow.title).where(TaskNow.priority == func.any(cast(['URGENT'], ARRAY(Priority))))
    assert session.scalars(query).all() == ['Written']
