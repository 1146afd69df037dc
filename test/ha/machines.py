"""Two machines, each with a server, the program that looks after it, and a network that can be cut.

Machine k has the addresses

    127.0.1.k   where its server listens
    127.0.2.k   by which the others and the clients reach it, through its proxy
    127.0.3.k   by which it reaches what both depend on (the monitor, etcd), through its proxy
"""
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psycopg2

HERE = Path(__file__).parent
PASSWORD = 'secret'


def until(what, condition, seconds=180):
    end = time.monotonic() + seconds
    while not (result := condition()):
        if time.monotonic() > end:
            sys.exit(f'FAILED: {what}, not within {seconds} s')
        time.sleep(0.05)
    return result


def free_port(*addresses):
    """A port that is free at all of the addresses."""
    while True:
        with socket.socket() as first:
            first.bind((addresses[0], 0))
            port = first.getsockname()[1]
        try:
            for address in addresses[1:]:
                with socket.socket() as other:
                    other.bind((address, port))
            return port
        except OSError:
            continue


def children():
    """Processes by their parent."""
    found = {}
    for stat in Path('/proc').glob('[0-9]*/stat'):
        try:
            parent = int(stat.read_text().rpartition(')')[2].split()[1])
        except (OSError, ValueError):
            continue        # it ended meanwhile
        found.setdefault(parent, []).append(int(stat.parent.name))
    return found


def with_descendants(*pids):
    tree = children()
    found = []
    todo = list(pids)
    while todo:
        pid = todo.pop()
        if pid not in found and Path(f'/proc/{pid}').exists():
            found.append(pid)
            todo += tree.get(pid, [])
    return found


def send(number, pids):
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            pass


def freeze(find):
    """Stops processes, and those that they started meanwhile."""
    stopped = []
    while new := set(find()) - set(stopped):
        send(signal.SIGSTOP, new)
        stopped += new
    return stopped


class Program:
    """A process of ours, with what it says in a file."""

    def __init__(self, log, *command, **environment):
        self.log = log
        self.command = [str(word) for word in command]
        self.environment = {**os.environ, **environment}
        self.process = None

    def start(self, *command):
        with open(self.log, 'a') as output:
            self.process = subprocess.Popen([str(word) for word in command] or self.command, stdout=output, stderr=output,
                                            stdin=subprocess.DEVNULL, env=self.environment, start_new_session=True)

    def run(self, *command):
        """Another one, to its end."""
        with open(self.log, 'a') as output:
            if subprocess.run([str(word) for word in command], stdout=output, stderr=output, stdin=subprocess.DEVNULL,
                              env=self.environment, check=False).returncode != 0:
                sys.exit(f'FAILED: {" ".join(map(str, command))}; see {self.log}')

    def stop(self, seconds=30):
        if self.process is None or self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            send(signal.SIGKILL, freeze(lambda: with_descendants(self.process.pid)))
            self.process.wait()


class Machine:
    def __init__(self, directory, number, port, *further):
        """With more ways through its network than that to its server."""
        self.name = 'ab'[number - 1]
        self.directory = Path(directory, self.name)
        self.data = self.directory / 'data'
        self.sockets = self.directory / 'sockets'
        self.sockets.mkdir(parents=True, mode=0o700)
        self.port = port
        self.listens, self.public, self.out = (f'127.0.{n}.{number}' for n in (1, 2, 3))
        ways = [(self.public, port, self.listens, port), *further]
        self.network = Program(self.directory / 'proxy.log', sys.executable, HERE / 'proxy.py',
                               *(f'{at}:{here}={to}:{there}' for at, here, to, there in ways))
        self.manager = None     # the program that looks after the server

    def connect(self, database='desk'):
        """A session of the superuser's, not over the network."""
        db = psycopg2.connect(host=str(self.sockets), port=self.port, user='postgres', dbname=database, connect_timeout=5)
        db.autocommit = True
        return db

    def query(self, sql, *arguments, database='desk'):
        """The rows; None while the server is down."""
        try:
            db = self.connect(database)
        except psycopg2.OperationalError:
            return None
        try:
            with db.cursor() as cursor:
                cursor.execute(sql, arguments or None)
                return cursor.fetchall() if cursor.description else []
        except (psycopg2.OperationalError, psycopg2.InterfaceError):
            return None
        finally:
            db.close()

    def server(self):
        """Its postmaster and the children of that."""
        try:
            return with_descendants(int((self.data / 'postmaster.pid').read_text().split('\n')[0]))
        except (OSError, ValueError):
            return []

    def processes(self):
        return {*with_descendants(self.manager.process.pid), *self.server()}

    def join_network(self):
        self.network.start()

    # The losses, and how each ends.

    def crash(self):
        send(signal.SIGKILL, freeze(self.server))

    def kill(self):
        processes = freeze(self.processes)
        send(signal.SIGKILL, processes)
        self.manager.process.wait()
        self.cut()
        until('the killed are gone', lambda: not any(Path(f'/proc/{pid}').exists() for pid in processes), 30)

    def boot(self):
        self.join_network()
        self.manager.start()

    def freeze(self):
        freeze(self.processes)

    def thaw(self):
        send(signal.SIGCONT, self.processes())

    def cut(self):
        self.network.process.kill()
        self.network.process.wait()

    def stop(self):
        if self.manager and self.manager.process:
            self.thaw()
            self.manager.stop()
            server = self.server()
            if server:
                send(signal.SIGQUIT, server[:1])
        self.network.stop()
