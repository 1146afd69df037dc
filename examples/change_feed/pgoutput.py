"""The messages of pgoutput, protocol version 1, as a walsender sends them.

See "Logical Replication Message Formats" in PostgreSQL's documentation.
"""
import json
import struct
from datetime import datetime, timedelta, timezone

from psycopg2.extensions import STRINGARRAY

EPOCH = datetime(2000, 1, 1, tzinfo=timezone.utc)

# By the type's OID; all others stay text: bigint too, which not every reader of JSON holds.
VALUES = {
    16: lambda text: text == 't',                   # boolean
    21: int, 23: int,                               # smallint, integer
    701: lambda text: float(text) if text[-1].isdigit() else text,
    114: json.loads, 3802: json.loads,              # json, jsonb
    1009: lambda text: STRINGARRAY(text, None),     # text[]
}


class Reader:
    def __init__(self, message):
        self.message = message
        self.at = 0

    def take(self, form):
        values = struct.unpack_from('!' + form, self.message, self.at)
        self.at += struct.calcsize('!' + form)
        return values[0] if len(values) == 1 else values

    def letter(self):
        return self.take('c').decode()

    def name(self):
        end = self.message.index(b'\0', self.at)
        name = self.message[self.at:end].decode()
        self.at = end + 1
        return name

    def bytes(self):
        length = self.take('i')
        self.at += length
        return self.message[self.at - length:self.at]

    def row(self, columns, key_only):
        """A row by column; one that is too large and did not change is not sent, and left out."""
        row = {}
        for is_key, name, type_oid in columns[:self.take('h')]:
            kind = self.letter()
            value = None
            if kind == 't':
                value = VALUES.get(type_oid, str)(self.bytes().decode())
            if kind != 'u' and (is_key or not key_only):
                row[name] = value
        return row


class Decoder:
    """Turns the messages of one connection into changes."""

    def __init__(self):
        self.tables = {}
        self.begun = None
        self.end = None
        self.position = 0

    def decode(self, message):
        """A change, or None.  Behind the last of a transaction self.begun is None, and self.end where it ended."""
        reader = Reader(message)
        kind = reader.letter()
        if kind == 'B':
            lsn, at, xid = reader.take('qqi')
            self.end = None
            self.begun = {'lsn': f'{lsn >> 32:X}/{lsn & 0xFFFFFFFF:X}', 'xid': xid & 0xFFFFFFFF, 'at': at}
            self.position = 0
        elif kind == 'C':
            self.begun = None
            self.end = reader.take('BQQ')[2]
        elif kind == 'R':
            oid, _, table, _ = reader.take('I'), reader.name(), reader.name(), reader.letter()
            self.tables[oid] = table, [(reader.take('B') == 1, reader.name(), reader.take('Ii')[0])
                                       for _ in range(reader.take('h'))]
        elif kind in 'IUD':
            return self.change(kind, reader)
        return None

    def change(self, kind, reader):
        table, columns = self.tables[reader.take('I')]
        rows = {'old': None, 'new': None}
        tuples = 2 if kind == 'U' else 1
        while tuples:
            which = reader.letter()
            rows['new' if which == 'N' else 'old'] = reader.row(columns, which == 'K')
            tuples = 0 if which == 'N' else tuples - 1
        self.position += 1
        return {
            # The commit's place in the log, the change's in the commit, and the
            # instant: where a restored server writes the same place again it is another.
            'key': f"{self.begun['lsn']}-{self.position}-{self.begun['at']}",
            'lsn': self.begun['lsn'],
            'position': self.position,
            'xid': self.begun['xid'],
            'committed_at': (EPOCH + timedelta(microseconds=self.begun['at'])).isoformat(),
            'table': table,
            'operation': {'I': 'INSERT', 'U': 'UPDATE', 'D': 'DELETE'}[kind],
            **rows,
        }
