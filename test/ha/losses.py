"""Takes the primary away again and again while tasks are written and swept; then looks whether all is there, once.

    losses.py DIRECTORY     run as an unprivileged user with PostgreSQL's programs in PATH

HA, LOSSES, KINDS, TIMEOUTS and COMMIT are explained in test/ha/run; SEED repeats the choices.
Times are printed and not judged, but for a limit beyond which something hangs.
"""
import os
import random
import signal
import socket
import statistics
import sys
import threading
import time
from pathlib import Path

import psycopg2

from machines import HERE, PASSWORD, until

DIRECTORY = sys.argv[1]
LOSSES = int(os.environ['LOSSES'])
SEED = int(os.environ.get('SEED') or time.time())
SHORT = os.environ['TIMEOUTS'] == 'short'
COMMIT = os.environ['COMMIT']
if os.environ['HA'] == 'patroni':
    from with_patroni import Cluster
else:
    from auto_failover import Cluster

WRITERS = 4
BULK = 3000             # tasks that a sweep is busy with when the primary goes
SWEEP_INTERVAL = 2      # seconds
PATIENCE = 5            # seconds that a client waits for an answer
SETTINGS = {
    'shared_preload_libraries': 'taskq', 'taskq.sweep_interval': f'{SWEEP_INTERVAL}s', 'taskq.sweep_batch_size': 100,
    'max_connections': 60, 'wal_keep_size': '512MB', 'max_wal_size': '1GB',
    # After a crash commits wait for the standby to come back, which by default asks every 5 s.
    'wal_retrieve_retry_interval': '500ms',
}
# The ways in which a primary is lost, and how that ends, if not by itself.
KINDS = {'crash': None, 'kill': 'boot', 'freeze': 'thaw', 'cut': 'join_network'}
SAID = {'crash': 'crashed', 'kill': 'killed', 'freeze': 'frozen', 'cut': 'cut off'}

dice = random.Random(SEED)


class Writer(threading.Thread):
    """Creates, starts and completes tasks, and remembers what the server acknowledged.

    What was sent when a connection broke may have happened or not: of that task nothing more is expected.
    """
    running = threading.Event()     # clear: they pause
    ended = threading.Event()

    def __init__(self, number, where):
        super().__init__(daemon=True)
        self.number = number
        self.where = where
        self.count = 0
        self.acknowledged = []      # verb, task, title, when, connected since when
        self.broken = 0
        self.failure = None
        self.db = None
        self.since = None           # when the connection was asked for
        self.asked = None           # when the server was asked what it has not answered
        self.parked = threading.Event()

    def run(self):
        luck = random.Random(SEED + self.number)
        while not self.ended.is_set():
            try:
                self.since = time.monotonic()
                self.db = psycopg2.connect(self.where)
                self.db.autocommit = True
                while not self.ended.is_set():
                    if not self.running.is_set():
                        self.parked.set()
                        self.running.wait()
                        self.parked.clear()
                    self.one_task(luck)
                    self.ended.wait(0.01)
            except psycopg2.OperationalError:
                self.broken += 1
                self.ended.wait(0.05)
            except psycopg2.InterfaceError:     # the connection was given up
                self.ended.wait(0.05)
            except psycopg2.Error as error:
                self.failure = error
                return
            finally:
                self.asked = None
                if self.db:
                    self.db.close()
                if not self.running.is_set():
                    self.parked.set()

    def one_task(self, luck):
        self.count += 1
        title = f'{self.number}.{self.count}'
        fate = luck.choice(['done', 'done', 'begun', 'due today', 'past due', 'short of time'])
        if fate == 'past due':      # the next sweep makes it OVERDUE
            self.do('create', title, "INSERT INTO taskq_task (title, due_date, source) VALUES (%s, taskq_today() - 1, 'DESK') RETURNING id", title)
            return
        task = self.do('create', title, "SELECT taskq_create(%s, source => 'DESK', due_date => taskq_today() + %s::integer, sla_hours => %s)", title,
                       None if fate == 'done' else 0 if fate == 'due today' else 3,
                       luck.uniform(1, 20) / 3600 if fate == 'short of time' else None)
        if fate in ('done', 'begun'):
            self.do('start', title, 'SELECT id FROM taskq_start(%s)', task)
        if fate == 'done':
            self.do('complete', title, 'SELECT id FROM taskq_complete(%s)', task)

    def do(self, verb, title, sql, *arguments):
        with self.db.cursor() as cursor:
            self.asked = time.monotonic()
            cursor.execute(sql, arguments)
            task, = cursor.fetchone()
            self.asked = None
            self.acknowledged.append((verb, task, title, time.monotonic(), self.since))
        return task

    def give_up(self):
        """As a client does whose server does not answer: it goes, and cancels nothing."""
        asked, db = self.asked, self.db
        if asked and time.monotonic() - asked > PATIENCE and not db.closed:
            self.asked = None
            with socket.socket(fileno=os.dup(db.fileno())) as connection:
                connection.shutdown(socket.SHUT_RDWR)

    @classmethod
    def watch(cls, writers):
        while not cls.ended.wait(0.2):
            for writer in writers:
                try:
                    writer.give_up()
                except (OSError, psycopg2.Error):
                    pass        # the connection ended meanwhile


def zone_with_midnight_in(seconds):
    """A time zone in POSIX's notation in which a day ends then; see test/t/TaskqTest.pm."""
    now = int(time.time())
    ahead = (2 * 86400 - seconds - now % 86400) % 86400
    day = time.strftime('%m%d', time.gmtime(now))
    summer = '0104' < day < '1228'
    if not summer:
        ahead -= ahead % 60
    ahead, sign = (86400 - ahead, '+') if ahead > 43200 else (ahead, '-')
    clock = f'{sign}{ahead // 3600:02}:{ahead // 60 % 60:02}:{ahead % 60:02}'
    return f'<SOON>0<SOON>{clock},J3,J363' if summer else f'<SOON>{clock}'


def fail(what):
    sys.exit(f'FAILED: {what}')


def do(machine, sql, *arguments, **where):
    if machine.query(sql, *arguments, **where) is None:
        fail(f'{machine.name} is gone before its time')


def expect(what, machine, sql, *arguments):
    """Of a query that finds what must not be."""
    rows = machine.query(sql, *arguments)
    if rows is None:
        fail(f'{what}: {machine.name} did not answer')
    if rows:
        fail(f'{what}: {len(rows)} rows, {rows[:5]}')


def check_acknowledged(machine, acknowledged):
    """(verb, task, title) of each: it is there, and was done once."""
    for verb, condition in (
            ('create', 't.title = a.title'),
            ('start', "t.title = a.title AND t.started_at IS NOT NULL AND"
                      " 1 = (SELECT count(*) FROM taskq_task_event e WHERE e.task_id = t.id AND e.kind = 'started')"),
            ('complete', "t.title = a.title AND t.status = 'COMPLETED' AND"
                         " 1 = (SELECT count(*) FROM taskq_task_event e WHERE e.task_id = t.id AND e.kind = 'completed')")):
        of_verb = [entry for entry in acknowledged if entry[0] == verb]
        expect(f'acknowledged and lost: {verb}', machine, f"""
            SELECT a.id, a.title FROM unnest(%s::bigint[], %s::text[]) a (id, title)
            WHERE NOT EXISTS (SELECT FROM taskq_task t WHERE t.id = a.id AND {condition})""",
               [entry[1] for entry in of_verb], [entry[2] for entry in of_verb])


def check_once(machine):
    for kind in ('overdue', 'sla_breached'):
        expect(f'{kind} more than once', machine, """
            SELECT task_id, count(*) FROM taskq_task_event WHERE kind = %s GROUP BY 1 HAVING count(*) > 1""", kind)
    expect('due date without event', machine, """
        SELECT id FROM taskq_task t WHERE status IN ('OPEN', 'IN_PROGRESS', 'OVERDUE') AND due_date < taskq_today()
            AND 1 <> (SELECT count(*) FROM taskq_task_event e WHERE e.task_id = t.id AND e.kind = 'overdue')""")
    expect('deadline without event', machine, """
        SELECT id FROM taskq_task t WHERE (sla_breached_at IS NOT NULL OR completed_at IS NULL AND sla_due_at < now() - interval '1 minute')
            AND 1 <> (SELECT count(*) FROM taskq_task_event e WHERE e.task_id = t.id AND e.kind = 'sla_breached')""")
    for rule in ('completed', 'overdue', 'breached'):
        expect(f'rule {rule} did not fire once', machine, """
            SELECT title, a.n, b.n
            FROM (SELECT title, count(*) AS n FROM taskq_task t JOIN taskq_task_event e ON e.task_id = t.id
                  WHERE t.source = 'DESK' AND e.kind = CASE %(rule)s WHEN 'breached' THEN 'sla_breached' ELSE %(rule)s END GROUP BY 1) a
            FULL JOIN (SELECT substr(title, length(%(rule)s) + 3) AS title, count(*) AS n FROM taskq_task
                  WHERE source = 'WORKFLOW' AND starts_with(title, %(rule)s || ': ') GROUP BY 1) b USING (title)
            WHERE (a.n = 1 AND b.n = 1) IS NOT TRUE""".replace('%(rule)s', f"'{rule}'"))
    expect('a rule failed', machine, "SELECT * FROM taskq_workflow_run WHERE outcome <> 'created'")
    expect('the stats bar', machine, """
        SELECT s.* FROM taskq_stats() s, (SELECT count(*) FILTER (WHERE status = 'OPEN') AS open_tasks,
            count(*) FILTER (WHERE status = 'OVERDUE') AS overdue_tasks FROM taskq_tasks) t
        WHERE (s.open, s.overdue) <> (t.open_tasks, t.overdue_tasks)""")


CONTENTS = """
    SELECT (SELECT sum(hashtextextended(t::text, 0)) FROM taskq_task t), (SELECT sum(hashtextextended(e::text, 0)) FROM taskq_task_event e),
           (SELECT sum(hashtextextended(r::text, 0)) FROM taskq_workflow_run r), (SELECT count(*) FROM taskq_task)"""


def pause(writers):
    Writer.running.clear()
    for writer in writers:
        if writer.failure or not writer.parked.wait(60):
            fail(f'a writer does not pause; {writer.failure!r}')


def primaries(machines):
    return [m for m in machines if m.query('SELECT pg_is_in_recovery()') == [(False,)]]


def replicating(cluster):
    """The primary and its synchronous standby, once each is."""
    up = primaries(cluster.machines)
    if len(up) != 1 or not cluster.settled():
        return None
    primary, = up
    standby, = (m for m in cluster.machines if m is not primary)
    if primary.query('SELECT state, sync_state IN (%s, %s) FROM pg_stat_replication', 'sync', 'quorum') != [('streaming', True)] \
            or standby.query('SELECT pg_is_in_recovery()') != [(True,)]:
        return None
    return primary, standby


def swept_since(machine, when):
    return machine.query("SELECT EXISTS (SELECT FROM taskq_worker_status WHERE database = 'desk' AND last_sweep_at > %s::timestamptz)"
                         ' AND NOT pg_is_in_recovery()', when, database='desk') == [(True,)]


def alone(machine):
    """What it records after it was cut off."""
    clock = machine.query('SELECT clock_timestamp()')[0][0]
    return until('it sweeps alone', lambda: machine.query("SELECT task_id, at FROM taskq_task_event WHERE at > %s AND kind = 'overdue'", clock), 5)


def lose(cluster, writers, kind, number):
    primary, standby = until('a primary with its standby', lambda: replicating(cluster))
    source = f'BULK {number}'
    do(primary, "INSERT INTO taskq_task (title, due_date, source) SELECT 'past', taskq_today() - 2, %s FROM generate_series(1, %s)", source, BULK)
    progress = "SELECT count(*) FROM taskq_task WHERE source = %s AND status = 'OVERDUE'"
    until('a sweep is under way', lambda: 0 < (primary.query(progress, source) or [(0,)])[0][0])
    swept = primary.query(progress, source)[0][0]

    clock, lost = time.time(), time.monotonic()
    when = time.strftime('%Y-%m-%d %H:%M:%S', time.gmtime(clock)) + f'.{int(clock % 1 * 1e6):06} UTC'
    getattr(primary, kind)()
    # Cut off, it sweeps on, for its worker waits for no standby; that must come to nothing.
    own = alone(primary) if kind == 'cut' else []
    # A crashed server may come back where it was.
    candidates = cluster.machines if kind == 'crash' else [standby]

    def first_write():
        for writer in writers:
            if writer.failure:
                fail(f'a writer got {writer.failure!r}')
        return min((at for writer in writers for *_, at, since in writer.acknowledged[-500:] if since > lost), default=None)
    written = until('a write is acknowledged', first_write)
    until('a sweep ends', lambda: any(swept_since(m, when) for m in candidates), SWEEP_INTERVAL + 30)
    sweep = time.monotonic()

    if KINDS[kind]:
        getattr(primary, KINDS[kind])()
    now_primary, now_standby = until('the other is its standby', lambda: replicating(cluster), 300)
    whole = time.monotonic()
    if kind != 'crash' and now_primary is not standby:
        fail(f'{now_primary.name} is the primary again')

    # Now nothing moves.
    pause(writers)
    until('all is swept', lambda: now_primary.query(
        'SELECT count(*) FROM taskq_tasks WHERE status <> stored_status OR sla_status = %s AND sla_breached_at IS NULL', 'BREACHED') == [(0,)])
    expect('lost of the bulk', now_primary, 'SELECT * FROM (SELECT count(*) FROM taskq_task WHERE source = %s) a (n) WHERE n <> %s', source, BULK)
    check_acknowledged(now_primary, [entry[:3] for writer in writers for entry in writer.acknowledged])
    check_once(now_primary)
    # What the old one did on its own is gone, and its worker rests.
    until('the standby has all that the primary has, and nothing else', lambda: now_primary.query(CONTENTS) == now_standby.query(CONTENTS), 60)
    expect('of the old primary alone', now_primary, 'SELECT id FROM taskq_task_event WHERE (task_id, at) IN (SELECT * FROM unnest(%s::bigint[], %s::timestamptz[]))',
           [task for task, _ in own], [at for _, at in own])
    expect('a worker on the standby', now_standby, "SELECT backend_type FROM pg_stat_activity WHERE backend_type LIKE 'taskq%'")
    Writer.running.set()

    print(f'ok      {number:2}  {primary.name} {SAID[kind]}, {swept} of {BULK} swept: first write after {written - lost:5.1f} s, first sweep after'
          f' {sweep - lost:5.1f} s, on {now_primary.name}; two again after {whole - lost:5.1f} s'
          + (f'; {len(own)} events of its own gone' if own else ''), flush=True)
    return written - lost, sweep - lost, whole - lost


def main():
    print(f'{os.environ["HA"]}, {os.environ["TIMEOUTS"]} timeouts, {LOSSES} losses, seed {SEED}', flush=True)
    cluster = Cluster(DIRECTORY, SETTINGS, SHORT)
    try:
        cluster.start()
        first, _ = until('a primary with its standby', lambda: replicating_server(cluster))
        do(first, f"CREATE ROLE app LOGIN PASSWORD '{PASSWORD}'", database='postgres')
        # pg_auto_failover has made it.
        if not first.query("SELECT 1 FROM pg_database WHERE datname = 'desk'", database='postgres'):
            do(first, 'CREATE DATABASE desk', database='postgres')
        do(first, (HERE / 'desk.sql').read_text())
        do(first, f"ALTER ROLE app SET synchronous_commit = '{COMMIT}'")
        do(first, f"ALTER DATABASE desk SET taskq.timezone = '{zone_with_midnight_in(20)}'")
        times = run(cluster)
    finally:
        Writer.ended.set()
        Writer.running.set()
        cluster.stop()
    for kind, readings in times.items():
        print(f'{SAID[kind]}, {len(readings)} times: ' + '; '.join(
            f'{what} {statistics.median(column):.1f} s ({min(column):.1f}-{max(column):.1f})'
            for what, column in zip(('first write', 'first sweep', 'two again'), zip(*readings))))
    print('Nothing was lost.')


def replicating_server(cluster):
    """Before there is a database desk."""
    roles = {m: m.query('SELECT pg_is_in_recovery()', database='postgres') for m in cluster.machines}
    primary = [m for m in roles if roles[m] == [(False,)]]
    standby = [m for m in roles if roles[m] == [(True,)]]
    return (primary[0], standby[0]) if len(primary) == len(standby) == 1 and cluster.settled() else None


def run(cluster):
    hosts = ','.join(m.public for m in cluster.machines)
    where = (f'host={hosts} port={cluster.machines[0].port} dbname=desk user=app password={PASSWORD}'
             ' target_session_attrs=read-write connect_timeout=2')
    writers = [Writer(number, where) for number in range(1, WRITERS + 1)]
    Writer.running.set()
    for writer in writers:
        writer.start()
    threading.Thread(target=Writer.watch, args=(writers,), daemon=True).start()
    until('each writer writes', lambda: all(writer.acknowledged or writer.failure for writer in writers), 60)
    times = {}
    kinds = os.environ.get('KINDS', '').split() or list(KINDS)
    for number in range(1, LOSSES + 1):
        kind = kinds[(number - 1) % len(kinds)]
        times.setdefault(kind, []).append(lose(cluster, writers, kind, number))
    pause(writers)
    acknowledged = [entry for writer in writers for entry in writer.acknowledged]
    counts = {verb: sum(entry[0] == verb for entry in acknowledged) for verb in ('create', 'start', 'complete')}
    print(f'acknowledged and there: {counts["create"]} creates, {counts["start"]} starts, {counts["complete"]} completes;'
          f' connections broke {sum(writer.broken for writer in writers)} times')
    primary, = primaries(cluster.machines)
    (overdue, breached, rules), = primary.query("""
        SELECT count(*) FILTER (WHERE kind = 'overdue'), count(*) FILTER (WHERE kind = 'sla_breached'),
               (SELECT count(*) FROM taskq_workflow_run) FROM taskq_task_event""")
    print(f'recorded once: {overdue} due dates, {breached} deadlines; {rules} rules fired once', flush=True)
    return times


for ending in (signal.SIGTERM, signal.SIGHUP):
    signal.signal(ending, lambda *_: sys.exit(1))
main()
