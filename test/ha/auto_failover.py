"""Two machines under pg_auto_failover, and its monitor."""
import shutil
import subprocess
from pathlib import Path

import psycopg2

from machines import PASSWORD, Machine, Program, free_port, until

# Milliseconds, but for those that the data nodes have, seconds.  A standby that is
# out of the monitor's sight for "unhealthy" is given up, and a primary is; before
# another one is promoted, it gets "demote" to notice by itself
# that it is alone, for which it takes "partition".
SHORT = {'pgautofailover.health_check_period': 1000, 'pgautofailover.health_check_timeout': 1000,
         'pgautofailover.health_check_max_retries': 1, 'pgautofailover.health_check_retry_delay': 500,
         'pgautofailover.node_considered_unhealthy_timeout': 5000, 'pgautofailover.primary_demote_timeout': 6000}
PARTITION = 5

HBA = """\
local all all trust
host all pgautofailover_monitor 127.0.0.0/8 trust
host all,replication all 127.0.0.0/8 scram-sha-256
"""


class Cluster:
    def __init__(self, directory, settings, short):
        self.directory = Path(directory)
        self.short = short
        passwords = self.directory / 'passwords'
        passwords.write_text(f'*:*:*:*:{PASSWORD}\n')
        passwords.chmod(0o600)
        self.environment = {'HOME': str(directory), 'XDG_RUNTIME_DIR': str(directory), 'PGPASSFILE': str(passwords)}
        self.pg_ctl = shutil.which('pg_ctl')

        self.monitor_port = free_port('127.0.0.1', '127.0.3.1', '127.0.3.2')
        port = free_port(*(f'127.0.{n}.{k}' for n in (1, 2) for k in (1, 2)))
        self.machines = [Machine(directory, k, port, (f'127.0.3.{k}', self.monitor_port, '127.0.0.1', self.monitor_port)) for k in (1, 2)]
        self.monitor = Program(self.directory / 'monitor.log', 'pg_autoctl', 'run', '--pgdata', self.directory / 'monitor',
                               **self.environment, PGHOST=str(self.directory))
        self.settings = settings

    def make_data(self, data, settings):
        subprocess.run(['initdb', '-D', data, '-U', 'postgres', '--no-sync', '--encoding=UTF8', '--auth=trust'], check=True,
                       stdout=subprocess.DEVNULL)
        (data / 'pg_hba.conf').write_text(HBA)
        with open(data / 'postgresql.conf', 'a') as conf:
            for name, value in settings.items():
                conf.write(f"{name} = '{value}'\n")

    def start(self):
        # pg_autoctl puts settings for the size of the machine at the top of postgresql.conf: those at its end win.
        modest = {'shared_buffers': '32MB', 'maintenance_work_mem': '64MB', 'logging_collector': 'off'}
        data = self.directory / 'monitor'
        self.make_data(data, {**modest, 'unix_socket_directories': self.directory, **(SHORT if self.short else {})})
        self.monitor.run('pg_autoctl', 'create', 'monitor', '--pgdata', data, '--pgport', self.monitor_port, '--pgctl', self.pg_ctl,
                         '--hostname', '127.0.0.1', '--listen', '127.0.0.1', '--skip-pg-hba', '--no-ssl')
        self.monitor.start()
        until('the monitor', lambda: self.ask_monitor(f"ALTER ROLE autoctl_node PASSWORD '{PASSWORD}'") is not None)

        first, second = self.machines
        # The standby is a copy, with the same postgresql.conf: what is its own is in a file beside its data.
        for machine in self.machines:
            (machine.directory / 'own.conf').write_text(f"unix_socket_directories = '{machine.sockets}'\n")
        self.make_data(first.data, {**self.settings, **modest, 'shared_buffers': '128MB', 'include': '../own.conf'})
        for machine in self.machines:
            machine.join_network()
            self.create(machine)
            if machine is first:
                until('the first server', lambda: first.query(
                    f"ALTER ROLE pgautofailover_replicator PASSWORD '{PASSWORD}'", database='postgres') is not None)
        until('the second is its standby', self.settled)

    def create(self, machine):
        program = Program(machine.directory / 'log', 'pg_autoctl', 'run', '--pgdata', machine.data,
                          **self.environment, PGHOST=str(machine.sockets))
        program.run('pg_autoctl', 'create', 'postgres', '--pgdata', machine.data, '--pgport', machine.port, '--pgctl', self.pg_ctl,
                    '--pghost', machine.sockets, '--listen', machine.listens, '--hostname', machine.public, '--name', machine.name,
                    '--username', 'postgres', '--dbname', 'desk', '--skip-pg-hba', '--no-ssl', '--monitor',
                    f'postgres://autoctl_node@{machine.out}:{self.monitor_port}/pg_auto_failover')
        for name, value in {'replication.password': PASSWORD, **({'timeout.network_partition_timeout': PARTITION} if self.short else {})}.items():
            program.run('pg_autoctl', 'config', 'set', name, value, '--pgdata', machine.data)
        machine.manager = program
        program.start()

    def ask_monitor(self, sql):
        try:
            db = psycopg2.connect(host=str(self.directory), port=self.monitor_port, user='postgres', dbname='pg_auto_failover')
        except psycopg2.OperationalError:
            return None
        with db, db.cursor() as cursor:
            cursor.execute(sql)
            rows = cursor.fetchall() if cursor.description else []
        db.close()
        return rows

    def states(self):
        """Of each node what it is, and what the monitor wants it to be."""
        rows = self.ask_monitor('SELECT nodename, reportedstate, goalstate FROM pgautofailover.node')
        return {name: (is_, to_be) for name, is_, to_be in rows or []}

    def settled(self):
        return sorted(self.states().values()) == [('primary', 'primary'), ('secondary', 'secondary')]

    def stop(self):
        for machine in self.machines:
            machine.stop()
        self.monitor.stop()
