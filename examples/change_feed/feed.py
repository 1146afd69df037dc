#!/usr/bin/env python3
"""Posts each change of taskq's tasks and their history to a URL, in the order of commits.

Reads the replication slot that setup.sql makes.  A change is posted until the
receiver answers 2xx, and only then the next; when all of a transaction have
been, its end is confirmed to the server.  Whoever of the three dies, what has not been
confirmed comes again, with the same key: at least once, and nothing is lost.

Runs until it is ended by a signal, or by what only a person can mend: no such
slot or publication, no right to it, or a slot of which the server has removed what it
kept.  Several can run, of which one reads and the others wait for it to go.
"""
import argparse
import http.client
import json
import os
import select
import sys
import time
from urllib.parse import urlsplit

import psycopg2
from psycopg2 import errors
from psycopg2.extras import LogicalReplicationConnection

from pgoutput import Decoder

# Nothing gets better by waiting; all other errors are tried again.
FATAL = (errors.UndefinedObject, errors.ObjectNotInPrerequisiteState, errors.InsufficientPrivilege,
         errors.SyntaxError, errors.InvalidParameterValue)
FEEDBACK = 10   # seconds: the server ends a connection that is silent for wal_sender_timeout


def log(message):
    print(message, file=sys.stderr, flush=True)


def waits():
    """Seconds to wait before the next attempt, and the next."""
    seconds = 0.1
    while True:
        yield seconds
        seconds = min(seconds * 2, 5)


class Receiver:
    """The URL, over one connection that is kept."""

    def __init__(self, url, authorization):
        self.url = urlsplit(url)
        self.authorization = authorization
        self.connection = None

    def post(self, change):
        """Posts a change once; returns None, or what went wrong."""
        headers = {'Content-Type': 'application/json', 'Idempotency-Key': change['key']}
        if self.authorization:
            headers['Authorization'] = self.authorization
        try:
            if self.connection is None:
                kind = http.client.HTTPSConnection if self.url.scheme == 'https' else http.client.HTTPConnection
                self.connection = kind(self.url.netloc, timeout=FEEDBACK)
            path = (self.url.path or '/') + ('?' + self.url.query if self.url.query else '')
            self.connection.request('POST', path, json.dumps(change).encode(), headers)
            response = self.connection.getresponse()
            response.read()
        except (OSError, http.client.HTTPException) as error:
            self.connection.close()
            self.connection = None
            return repr(error)
        return None if 200 <= response.status < 300 else f'status {response.status}'


def deliver(change, receiver, cursor):
    """Posts a change until the receiver has it."""
    for seconds in waits():
        problem = receiver.post(change)
        if problem is None:
            return
        log(f"change {change['key']} not taken: {problem}; again in {seconds} s")
        time.sleep(seconds)
        # So that the server knows we are there, and we that it is.
        cursor.send_feedback(force=True)


def stream(options, receiver):
    """Reads and delivers until there is an error."""
    connection = psycopg2.connect(options.dsn, connection_factory=LogicalReplicationConnection,
                                  application_name='taskq_feed', client_encoding='UTF8',
                                  options='-c TimeZone=UTC -c DateStyle=ISO')
    try:
        cursor = connection.cursor()
        cursor.start_replication(slot_name=options.slot, status_interval=FEEDBACK,
                                 options={'proto_version': '1', 'publication_names': options.publication})
        log(f'reading slot {options.slot}')
        decoder = Decoder()
        while True:
            message = cursor.read_message()
            if message is None:
                if decoder.begun is None:
                    # All that was sent up to here has been delivered; the rest of the log is others'.
                    cursor.send_feedback(flush_lsn=cursor.wal_end)
                select.select([cursor], [], [], FEEDBACK)
                cursor.send_feedback(force=True)
                continue
            change = decoder.decode(message.payload)
            if change is not None:
                deliver(change, receiver, cursor)
            elif decoder.end is not None:
                # The transaction has been delivered as a whole.
                cursor.send_feedback(flush_lsn=decoder.end)
    finally:
        connection.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n', maxsplit=1)[0])
    parser.add_argument('--dsn', default='', help="connection string; default: libpq's environment variables")
    parser.add_argument('--slot', default='taskq_feed')
    parser.add_argument('--publication', default='taskq_feed')
    parser.add_argument('--url', required=True, help='where to; header Authorization from $FEED_AUTHORIZATION')
    options = parser.parse_args()
    receiver = Receiver(options.url, os.environ.get('FEED_AUTHORIZATION'))
    attempts = waits()
    while True:
        began = time.monotonic()
        try:
            stream(options, receiver)
        except FATAL as error:
            log(f'giving up: {error}')
            return 1
        except psycopg2.Error as error:
            if time.monotonic() - began > FEEDBACK:
                attempts = waits()
            seconds = next(attempts)
            log(f'lost the server: {str(error).strip()}; again in {seconds} s')
            time.sleep(seconds)


if __name__ == '__main__':
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
