"""Appends what is posted to a file, a line each, and answers 204; now and then it answers 503, with or without having written."""
import random
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

file = open(sys.argv[2], 'ab', buffering=0)


class Handler(BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def do_POST(self):
        body = self.rfile.read(int(self.headers['Content-Length']))
        luck = random.random()
        if luck > 0.01:
            file.write(body + b'\n')
        self.send_response(204 if luck > 0.02 else 503)
        self.send_header('Content-Length', '0')
        self.end_headers()

    def log_message(self, *arguments):
        pass


class Server(ThreadingHTTPServer):
    allow_reuse_address = True
    daemon_threads = True


Server(('127.0.0.1', int(sys.argv[1])), Handler).serve_forever()
