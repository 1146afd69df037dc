"""Two machines under Patroni, and the etcd that both ask who leads."""
import json
import urllib.request
from pathlib import Path

from machines import PASSWORD, Machine, Program, free_port, until

# Seconds.  Whoever leads says so every "loop_wait", and leads no longer when it has not for "ttl".
SHORT = {'ttl': 8, 'loop_wait': 1, 'retry_timeout': 3}
DEFAULT = {'ttl': 30, 'loop_wait': 10, 'retry_timeout': 10}


class Cluster:
    def __init__(self, directory, settings, short):
        self.directory = Path(directory)
        self.settings = settings
        self.timeouts = SHORT if short else DEFAULT
        addresses = [f'127.0.{n}.{k}' for n in (1, 2) for k in (1, 2)]
        port, self.api_port = free_port(*addresses), free_port(*addresses)
        self.etcd_port, self.peer_port = free_port('127.0.0.1', '127.0.3.1', '127.0.3.2'), free_port('127.0.0.1')
        self.machines = [Machine(directory, k, port, (f'127.0.2.{k}', self.api_port, f'127.0.1.{k}', self.api_port),
                                 (f'127.0.3.{k}', self.etcd_port, '127.0.0.1', self.etcd_port)) for k in (1, 2)]
        here, peer = f'http://127.0.0.1:{self.etcd_port}', f'http://127.0.0.1:{self.peer_port}'
        self.etcd = Program(self.directory / 'etcd.log', 'etcd', '--name', 'etcd', '--data-dir', self.directory / 'etcd',
                            '--listen-client-urls', here, '--advertise-client-urls', here, '--listen-peer-urls', peer,
                            '--initial-advertise-peer-urls', peer, '--initial-cluster', f'etcd={peer}')

    def start(self):
        self.etcd.start()
        until('etcd knows its version, without which Patroni ends', self.etcd_is_ready)
        for machine in self.machines:
            machine.join_network()
            machine.manager = Program(machine.directory / 'log', 'patroni', self.configuration(machine))
            machine.manager.start()
            until(f'the server of {machine.name}', lambda: machine.query('SELECT 1', database='postgres'))
        until('the second is the standby of the first', self.settled)

    def etcd_is_ready(self):
        try:
            with urllib.request.urlopen(f'http://127.0.0.1:{self.etcd_port}/version') as answer:
                return json.load(answer)['etcdcluster'] != 'not_decided'
        except OSError:
            return False

    def configuration(self, machine):
        """As JSON, which is YAML."""
        path = machine.directory / 'patroni.yml'
        path.write_text(json.dumps({
            'scope': 'desk', 'name': machine.name,
            # Through the network of the machine, and not where etcd says that it is.
            'etcd3': {'host': f'{machine.out}:{self.etcd_port}', 'use_proxies': True},
            'restapi': {'listen': f'{machine.listens}:{self.api_port}', 'connect_address': f'{machine.public}:{self.api_port}'},
            'bootstrap': {
                'dcs': {**self.timeouts, 'synchronous_mode': True, 'maximum_lag_on_failover': 1048576,
                        'postgresql': {'use_pg_rewind': True, 'use_slots': True, 'parameters': {**self.settings, 'wal_log_hints': 'on'}}},
                'initdb': [{'encoding': 'UTF8'}, {'auth-local': 'trust'}, 'no-sync'],
            },
            'postgresql': {
                'listen': f'{machine.listens}:{machine.port}', 'connect_address': f'{machine.public}:{machine.port}',
                'data_dir': str(machine.data), 'pgpass': str(machine.directory / 'pgpass'),
                'parameters': {'unix_socket_directories': str(machine.sockets), 'shared_buffers': '128MB'},
                'use_unix_socket': True,
                'pg_hba': ['local all all trust', 'host all,replication all 127.0.0.0/8 scram-sha-256'],
                'authentication': {'superuser': {'username': 'postgres', 'password': PASSWORD},
                                   'replication': {'username': 'replicator', 'password': PASSWORD},
                                   'rewind': {'username': 'rewind', 'password': PASSWORD}},
            },
        }, indent=1))
        return path

    def settled(self):
        """Both are seen as what they are."""
        for machine in self.machines:
            try:
                with urllib.request.urlopen(f'http://{machine.listens}:{self.api_port}/cluster', timeout=2) as answer:
                    members = json.load(answer)['members']
            except OSError:
                continue
            return sorted((member['role'], member['state']) for member in members) in (
                [('leader', 'running'), ('sync_standby', 'running')], [('leader', 'running'), ('sync_standby', 'streaming')])
        return False

    def stop(self):
        for machine in self.machines:
            machine.stop()
        self.etcd.stop()
