"""`python -m bench.faults.restart`: are requests lost while the application restarts behind nginx?

Runs the real nginx with `docs/deploy/nginx.conf` (its names and paths replaced), and gunicorn with
`docs/deploy/gunicorn.conf.py` on a socket that is kept open by this process, as systemd keeps it. Clients ask for pages
over TLS all along, while gunicorn is stopped and started again three times and told to reload (HUP) once. Prints what
was answered, last of all one JSON line. Needs nginx and openssl.
"""

import contextlib
import http.client
import json
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from bench.servers import CHECKOUT, environment, own_database, server_url

CLIENTS = 8
SECONDS_BETWEEN = 3.0
RESTARTS = 3
PAGES = ("/connexion/", "/accessibilite/")


def main() -> None:
    for program in ("nginx", "openssl"):
        if shutil.which(program) is None:
            sys.exit(f"{program} n’est pas installé.")
    with (
        server_url() as server,
        own_database(server, "faults_restart", keep=False) as database,
        tempfile.TemporaryDirectory() as name,
    ):
        folder = Path(name)
        # nginx's workers run under another account.
        folder.chmod(0o755)
        told = environment(database) | {
            "ALLOWED_HOSTS": "localhost",
            "SECURE_COOKIES": "True",
            "TRUST_PROXY_TLS_HEADER": "True",
            "DOCUMENTS_ROOT": str(folder / "documents"),
        }
        subprocess.run(
            [sys.executable, "manage.py", "migrate", "--no-input", "--verbosity", "0"],
            cwd=CHECKOUT,
            env=told,
            check=True,
        )
        with listening(folder / "franceservices.sock") as door, nginx(folder) as port:
            report = play(door, port, told)
    print(f"{report['answered']} demandes servies, {report['lost']} perdues ; la plus lente : {report['slowest']} s")
    print(json.dumps(report))


def play(door: socket.socket, port: int, told: dict[str, str]) -> dict:
    """Restart and reload under load; how many requests were answered, lost, and the slowest (seconds)."""
    stop = threading.Event()
    outcomes: Counter[str] = Counter()
    slowest = [0.0] * CLIENTS
    application = start(door, told)
    try:
        wait_until_it_answers(port)
        clients = [
            threading.Thread(target=ask, args=(port, stop, outcomes, slowest, index)) for index in range(CLIENTS)
        ]
        for client in clients:
            client.start()
        for _ in range(RESTARTS):
            time.sleep(SECONDS_BETWEEN)
            application.send_signal(signal.SIGTERM)
            application.wait(timeout=60)
            application = start(door, told)
        time.sleep(SECONDS_BETWEEN)
        application.send_signal(signal.SIGHUP)
        time.sleep(SECONDS_BETWEEN)
        stop.set()
        for client in clients:
            client.join(timeout=60)
    finally:
        stop.set()
        application.terminate()
        application.wait(timeout=60)
    answered = outcomes.pop("200", 0)
    return {
        "answered": answered,
        "lost": sum(outcomes.values()),
        "why": dict(outcomes),
        "slowest": round(max(slowest), 2),
        "restarts": RESTARTS,
    }


@contextlib.contextmanager
def listening(path: Path) -> Iterator[socket.socket]:
    """The socket that systemd would hold."""
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(str(path))
        path.chmod(0o666)
        door.listen(2048)
        yield door


def start(door: socket.socket, told: dict[str, str]) -> subprocess.Popen:
    """gunicorn on descriptor 3, as a service that a socket unit starts."""
    command = f"{sys.executable} -m gunicorn franceservices.wsgi --config docs/deploy/gunicorn.conf.py"
    return subprocess.Popen(
        ["sh", "-c", f"exec 3<&{door.fileno()}; LISTEN_FDS=1 LISTEN_PID=$$ exec {command}"],
        cwd=CHECKOUT,
        env=told,
        pass_fds=[door.fileno()],
        stderr=subprocess.DEVNULL,
    )


@contextlib.contextmanager
def nginx(folder: Path) -> Iterator[int]:
    """The real nginx with the site that is documented; the port where it speaks TLS."""
    key, certificate = folder / "key.pem", folder / "fullchain.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"),
            *("-keyout", str(key), "-out", str(certificate)),
        ],
        check=True,
        capture_output=True,
    )
    plain, secure = free_port(), free_port()
    site = (CHECKOUT / "docs/deploy/nginx.conf").read_text()
    site = re.sub(r"listen \[::\].*\n", "", site)
    for documented, here in {
        "listen 80;": f"listen 127.0.0.1:{plain};",
        "listen 443 ssl http2;": f"listen 127.0.0.1:{secure} ssl http2;",
        "guichet.exemple.fr": "localhost",
        "/etc/ssl/franceservices": str(folder),
        "/run/franceservices.sock": str(folder / "franceservices.sock"),
        "/var/log/nginx": str(folder),
    }.items():
        if documented not in site:
            raise RuntimeError(f"docs/deploy/nginx.conf no longer says {documented!r}")
        site = site.replace(documented, here)
    (folder / "site.conf").write_text(site)
    configuration = folder / "nginx.conf"
    configuration.write_text(
        f"daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log;\n"
        f"events {{ worker_connections 512; }}\nhttp {{ include {folder}/site.conf; }}\n"
    )
    subprocess.run(["nginx", "-t", "-q", "-c", str(configuration)], check=True)
    with subprocess.Popen(["nginx", "-c", str(configuration)], stderr=subprocess.DEVNULL) as process:
        try:
            yield secure
        finally:
            process.send_signal(signal.SIGTERM)


def ask(port: int, stop: threading.Event, outcomes: Counter[str], slowest: list[float], index: int) -> None:
    """One client, a new connection each time, until told to stop."""
    turn = 0
    while not stop.is_set():
        started = time.monotonic()
        outcomes[status_of(port, PAGES[turn % len(PAGES)])] += 1
        slowest[index] = max(slowest[index], time.monotonic() - started)
        turn += 1


def status_of(port: int, path: str) -> str:
    """The status of one page over TLS, or the name of what kept it from coming."""
    context = ssl._create_unverified_context()
    connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=60, context=context)
    try:
        connection.request("GET", path, headers={"Host": "localhost"})
        response = connection.getresponse()
        response.read()
        return str(response.status)
    except (OSError, http.client.HTTPException) as error:
        return type(error).__name__
    finally:
        connection.close()


def wait_until_it_answers(port: int) -> None:
    deadline = time.monotonic() + 60
    while status_of(port, PAGES[0]) != "200":
        if time.monotonic() > deadline:
            raise RuntimeError("nginx and gunicorn do not answer")
        time.sleep(0.2)


def free_port() -> int:
    with socket.socket() as chosen:
        chosen.bind(("127.0.0.1", 0))
        return chosen.getsockname()[1]


if __name__ == "__main__":
    main()
