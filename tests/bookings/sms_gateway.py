"""A real SMS gateway on this machine: HTTP, JSON, one accepted message for each key."""

import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

KEY_HEADER = "Idempotency-Key"


@dataclass
class Answer:
    """What the gateway says: a code, a body, and before that a wait in seconds."""

    code: int = 200
    body: bytes = b'{"id": "m-1"}'
    headers: dict[str, str] = field(default_factory=dict)
    wait_seconds: float = 0.0


class Gateway:
    """Counts, under a lock, how often each key was asked and the messages it accepted.

    `answers` are said first, in order, without accepting anything; then every new key is accepted. Answers to messages
    whose order of acceptance is past `mute_after` wait until `resume` (none at all for a client that died meanwhile).
    """

    def __init__(self, address: str) -> None:
        self.address = address
        self.answers: list[Answer] = []
        self.requests: list[dict[str, object]] = []
        self.asked: Counter[str] = Counter()
        self.accepted: Counter[str] = Counter()
        self.honours_keys = True
        self.mute_after: int | None = None
        self.guard = threading.Lock()
        self.goes_on = threading.Event()
        self.goes_on.set()

    def mute(self, *, after: int) -> None:
        self.mute_after = after
        self.goes_on.clear()

    def resume(self) -> None:
        self.mute_after = None
        self.goes_on.set()

    def take(self, key: str, request: dict[str, object]) -> Answer:
        with self.guard:
            self.requests.append(request)
            if self.answers:
                return self.answers.pop(0)
            self.asked[key] += 1
            if not self.honours_keys or key not in self.accepted:
                self.accepted[key] += 1
            is_muted = self.mute_after is not None and len(self.accepted) > self.mute_after
        if is_muted:
            self.goes_on.wait(30)
        return Answer()


@contextmanager
def running_gateway() -> Iterator[Gateway]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            request = {"path": self.path, "headers": dict(self.headers), "json": json.loads(body)}
            answer = gateway.take(self.headers.get(KEY_HEADER, ""), request)
            time.sleep(answer.wait_seconds)
            try:
                self.send_response(answer.code)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer.body)))
                self.end_headers()
                self.wfile.write(answer.body)
            except OSError:
                pass  # Who asked is dead or tired of waiting; what was accepted stays accepted.

        def log_message(self, *args) -> None:
            pass

    class Server(ThreadingHTTPServer):
        request_queue_size = 64

    server = Server(("127.0.0.1", 0), Handler)
    gateway = Gateway(f"http://127.0.0.1:{server.server_port}/v1/messages")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield gateway
    finally:
        gateway.resume()
        server.shutdown()
        server.server_close()
        thread.join()
