"""The smallest HTTP client that keeps its connection: its own cost must not hide in what it measures."""

import socket
import threading
from dataclasses import dataclass
from time import perf_counter
from types import TracebackType
from urllib.parse import urlencode

CSRF = "0123456789abcdef" * 2


@dataclass(frozen=True, slots=True)
class Answer:
    """The status, the `Location` of a redirection, the body's length in octets, and the seconds that it took."""

    status: int
    location: str
    length: int
    seconds: float


class Wire:
    """A connection to 127.0.0.1:`port`, kept open, opened again if the server closed it.

    Without a `session` it is a stranger's.
    """

    def __init__(self, port: int, *, session: str) -> None:
        self.port = port
        self.cookies = f"Cookie: sessionid={session}; csrftoken={CSRF}\r\n" if session else ""
        self.socket: socket.socket | None = None

    def __enter__(self) -> "Wire":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.socket is not None:
            self.socket.close()

    def get(self, path: str, *, htmx: bool = False) -> Answer:
        return self._ask("GET", path, b"", "HX-Request: true\r\n" if htmx else "")

    def post(self, path: str, fields: dict[str, str]) -> Answer:
        body = urlencode(fields).encode()
        headers = (
            f"X-CSRFToken: {CSRF}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n"
        )
        return self._ask("POST", path, body, headers)

    def _ask(self, method: str, path: str, body: bytes, headers: str) -> Answer:
        request = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{self.cookies}{headers}\r\n".encode()
        if self.socket is None:
            self.socket = socket.create_connection(("127.0.0.1", self.port), timeout=60)
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        started = perf_counter()
        self.socket.sendall(request + body)
        head, rest = self._head()
        status = int(head[9:12])
        fields = dict(line.split(": ", 1) for line in head.decode("latin-1").split("\r\n")[1:])
        length = int(fields["Content-Length"])
        received = len(rest)
        while received < length:
            received += len(self._receive())
        seconds = perf_counter() - started
        if fields.get("Connection", "").lower() == "close":
            self.socket.close()
            self.socket = None
        return Answer(status, fields.get("Location", ""), length, seconds)

    def _head(self) -> tuple[bytes, bytes]:
        """The status line with the headers, and what of the body came with them."""
        data = b""
        while b"\r\n\r\n" not in data:
            data += self._receive()
        head, _, rest = data.partition(b"\r\n\r\n")
        return head, rest

    def _receive(self) -> bytes:
        data = self.socket.recv(1 << 18)
        if not data:
            raise ConnectionError("the server closed the connection in the middle of an answer")
        return data


def together(jobs: list) -> float:
    """Run each of `jobs` (callables) in a thread of its own, all at once; the seconds until the last one ends.

    Raises the first error of a job.
    """
    barrier = threading.Barrier(len(jobs) + 1)
    errors: list[BaseException] = []

    def run(job) -> None:
        barrier.wait()
        try:
            job()
        except (OSError, ValueError, RuntimeError) as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    barrier.wait()
    started = perf_counter()
    for thread in threads:
        thread.join()
    seconds = perf_counter() - started
    if errors:
        raise errors[0]
    return seconds
