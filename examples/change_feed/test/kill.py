"""Kills consumer, receiver and server in turn, while tasks are written; then compares what was received with the tables.

    kill.py PG_CTL DATADIR LOG DIRECTORY        run with PGHOST, PGPORT, PGUSER, PGDATABASE

KILLS times each, 50 unless set; SEED repeats the choices.
"""
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import psycopg2

PG_CTL, DATADIR, LOG, DIRECTORY = sys.argv[1:5]
KILLS = int(os.environ.get('KILLS') or 50)
SEED = int(os.environ.get('SEED') or time.time())
PORT = os.environ['RECEIVER_PORT']
HERE = Path(__file__).parent
RECEIVED = Path(DIRECTORY, 'received')
dice = random.Random(SEED)
stopped = threading.Event()
written = [0]


def until(what, condition, seconds=120):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            sys.exit(f'FAILED: {what}, not within {seconds} s')
        time.sleep(0.2)


class Program:
    def __init__(self, name, *command):
        self.name = name
        self.command = command
        self.start()

    def start(self):
        with open(Path(DIRECTORY, self.name + '.log'), 'a') as output:
            self.process = subprocess.Popen([sys.executable, *map(str, self.command)], stdout=output, stderr=output)

    def kill(self):
        if self.process.poll() is not None:
            sys.exit(f'FAILED: the {self.name} has ended by itself; see {self.name}.log')
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        time.sleep(dice.random() / 2)
        self.start()


def kill_server():
    """As a crash: shared memory and what was not flushed are gone."""
    subprocess.run([PG_CTL, '-D', DATADIR, '-m', 'immediate', '-w', '-s', 'stop'], check=True)
    time.sleep(dice.random() / 2)
    subprocess.run([PG_CTL, '-D', DATADIR, '-l', LOG, '-w', '-s', 'start'], check=True, stdin=subprocess.DEVNULL)


def write(number):
    """Writes tasks until stopped: some at once, some long after they were begun, some rolled back."""
    luck = random.Random(SEED + number)
    while not stopped.is_set():
        try:
            db = psycopg2.connect('')
            while not stopped.is_set():
                with db, db.cursor() as cursor:
                    cursor.execute('SELECT taskq_create(%s, description => %s, priority => %s)',
                                   [f'from {number}', luck.randbytes(luck.choice([0, 10, 20000])).hex(), luck.choice(['LOW', 'HIGH'])])
                    task, = cursor.fetchone()
                    for verb in luck.sample(['taskq_start(%s)', "taskq_comment(%s, 'a note')", "taskq_prioritize(%s, 'URGENT')"], luck.randint(0, 3)):
                        cursor.execute('SELECT ' + verb, [task])
                    time.sleep(luck.choice([0, 0, 0.01, 0.3]))
                    if luck.random() < 0.1:
                        db.rollback()
                with db, db.cursor() as cursor:
                    cursor.execute('SELECT taskq_edit(id, title || %s) FROM taskq_task WHERE id = %s AND status = %s', ['!', task, 'OPEN'])
                written[0] += 1
        except psycopg2.Error:
            time.sleep(0.1)


def received():
    """What came, each key once, in the order in which it first came; and how often one came again."""
    changes = {}
    lines = 0
    for line in RECEIVED.read_bytes().split(b'\n')[:-1]:
        try:
            change = json.loads(line)
        except json.JSONDecodeError:
            continue        # the receiver was killed while it wrote
        lines += 1
        first = changes.setdefault(change['key'], change)
        if first != change:
            sys.exit(f"FAILED: {change['key']} came again with other contents")
    return list(changes.values()), lines - len(changes)


def place(change):
    high, low = change['lsn'].split('/')
    return int(high, 16), int(low, 16), change['position']


def query(sql):
    with psycopg2.connect('') as db, db.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()


def check(what, condition):
    if not condition:
        sys.exit(f'FAILED: {what}')
    print(f'ok      {what}', flush=True)


print(f'seed {SEED}, {KILLS} times each', flush=True)
RECEIVED.touch()
receiver = Program('receiver', HERE / 'receiver.py', PORT, RECEIVED)
feed = Program('feed', HERE.parent / 'feed.py', '--url', f'http://127.0.0.1:{PORT}/changes')
writers = [threading.Thread(target=write, args=(number,)) for number in range(4)]
for writer in writers:
    writer.start()

try:
    for count in range(KILLS):
        for kill in dice.sample([feed.kill, receiver.kill, kill_server], 3):
            time.sleep(dice.random() / 2)
            kill()
        # Killing alone would pass without a change between.
        seen = RECEIVED.stat().st_size
        until('the receiver gets something', lambda: RECEIVED.stat().st_size > seen)
finally:
    stopped.set()
    for writer in writers:
        writer.join()

query("SELECT taskq_create('the last')")
until('the last task comes', lambda: any(c['table'] == 'taskq_task' and c['new']['title'] == 'the last' for c in received()[0]))
end = query('SELECT pg_current_wal_lsn()')[0][0]
until('all of the log is confirmed', lambda: query(
    f"SELECT confirmed_flush_lsn >= '{end}' FROM pg_replication_slots WHERE slot_name = 'taskq_feed'") == [(True,)])
feed.process.send_signal(signal.SIGTERM)
receiver.process.send_signal(signal.SIGTERM)
feed.process.wait()
receiver.process.wait()

changes, again = received()
print(f'{written[0]} transactions written, {len(changes)} changes received, {again} of them again', flush=True)
check('in the order of commits', changes == sorted(changes, key=place))
tasks = {}
for change in changes:
    if change['table'] == 'taskq_task':
        # A text that is too large and did not change is left out.
        tasks[change['new']['id']] = {**tasks.get(change['new']['id'], {}), **change['new']}
there = {str(row[0]): row[1:] for row in query('SELECT id, title, description, priority::text, status::text FROM taskq_task')}
check('every task, and none that was rolled back', tasks.keys() == there.keys())
check('as it is now', all(there[key] == tuple(row[name] for name in ('title', 'description', 'priority', 'status'))
                          for key, row in tasks.items()))
inserted = [change['new']['id'] for change in changes if change['table'] == 'taskq_task' and change['operation'] == 'INSERT']
check('each created once', len(inserted) == len(set(inserted)) == len(there))
events = [change['new']['id'] for change in changes if change['table'] == 'taskq_task_event']
check('every event once', sorted(map(int, events)) == [row[0] for row in query('SELECT id FROM taskq_task_event ORDER BY id')])
check('texts that did not change are left out if they are large', any(
    change['operation'] == 'UPDATE' and 'description' not in change['new'] for change in changes))
lost = subprocess.run([sys.executable, HERE.parent / 'feed.py', '--slot', 'none', '--url', 'http://127.0.0.1/'],
                      stderr=subprocess.PIPE, check=False)
check('without its slot it gives up', lost.returncode == 1 and b'replication slot "none" does not exist' in lost.stderr)
