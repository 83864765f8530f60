"""`make demo`: prepares the database, then runs the web server and the worker until Ctrl-C.

Standard library only; Django is reached by `manage.py`. Expects DATABASE_URL, which `franceservices.embedded_postgres
run` sets. What a killed demonstration left running is found again by `.demo/processes.json` and stopped first: process
numbers are given again by the system, so each comes with its moment of start.
"""

import contextlib
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
STATE = CHECKOUT / ".demo"
PROCESSES = STATE / "processes.json"
HOST = "127.0.0.1"
DEFAULT_PORT = 8000
PORTS_TRIED = 50
READY_SECONDS = 60
STOP_SECONDS = 10
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class DemoError(RuntimeError):
    """The demonstration cannot go on; the message is in French, for the person at the terminal."""


class Stop(BaseException):
    """Somebody asked for the end: Ctrl-C, the end of the terminal, or a new demonstration. Not an error."""


def main() -> int:
    sys.stdout.reconfigure(errors="replace")
    STATE.mkdir(exist_ok=True)
    # Children get a session of their own: Ctrl-C in the terminal reaches this process only, which stops them in order.
    children: dict[str, subprocess.Popen] = {}
    try:
        for signal_number in STOP_SIGNALS:
            signal.signal(signal_number, _ask_to_stop)
        stop_previous()
        run(children, environment=demo_environment(os.environ))
    except Stop:
        print("\nArrêt de la démonstration…", flush=True)
        return 0
    except DemoError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    finally:
        _hear_no_more_requests()
        for child in reversed(children.values()):
            end(child)
        if recorded()[:1] == [os.getpid()]:
            PROCESSES.unlink()


def _ask_to_stop(signal_number: int, frame: object) -> None:
    # Ctrl-C comes twice, from the terminal and from the process above: the second must not interrupt the stop.
    _hear_no_more_requests()
    raise Stop


def _hear_no_more_requests() -> None:
    for signal_number in STOP_SIGNALS:
        signal.signal(signal_number, signal.SIG_IGN)


def run(children: dict[str, subprocess.Popen], *, environment: dict[str, str]) -> None:
    """Prepare the data, start the children (added to `children`), and stay until one of them ends. Raises DemoError."""
    manage = [sys.executable, str(CHECKOUT / "manage.py")]
    record([os.getpid()])
    for title, command in (
        ("Schéma de la base", ["migrate", "--no-input", "--verbosity", "0"]),
        ("Fichiers statiques", ["collectstatic", "--no-input", "--verbosity", "0"]),
        ("Données de démonstration", ["load_demo"]),
    ):
        with step(title):
            output_of([*manage, *command], environment=environment)
    accounts = output_of([*manage, "demo_accounts"], environment=environment)

    wanted = int(environment.get("PORT") or DEFAULT_PORT)
    port = free_port(wanted)
    if port != wanted:
        print(f"  Le port {wanted} est pris par un autre programme : la démonstration utilise le {port}.")
    environment = {"PUBLIC_URL": f"http://{HOST}:{port}", **environment}
    web = [
        *(sys.executable, "-m", "gunicorn", "franceservices.wsgi", "--bind", f"{HOST}:{port}"),
        *(
            "--workers",
            "2",
            "--threads",
            "4",
            "--access-logfile",
            "-",
            "--graceful-timeout",
            "3",
            "--no-control-socket",
        ),
    ]
    with step("Serveur et tâches de fond"):
        for name, command in {"web": web, "worker": [*manage, "procrastinate", "worker"]}.items():
            children[name] = start(name, command, environment=environment)
            record([os.getpid(), *(child.pid for child in children.values())])
        wait_until_ready(f"http://{HOST}:{port}/", children)
    print(banner(f"http://{HOST}:{port}/", accounts), flush=True)
    while True:
        time.sleep(0.5)
        complain_if_ended(children)


def demo_environment(environment: dict[str, str]) -> dict[str, str]:
    """The variables of a demonstration: plain http on this machine, no mail sent, a secret of its own."""
    if not environment.get("DATABASE_URL"):
        raise DemoError("DATABASE_URL n’est pas définie : lancez la démonstration par « make demo ».")
    return {
        "SECRET_KEY": secret_key(),
        "ALLOWED_HOSTS": "localhost,127.0.0.1,[::1]",
        # Messages are files to look at: nothing leaves this machine.
        "EMAIL_URL": f"filemail:///{urllib.parse.quote(str(STATE / 'courriels'))}",
        "SMS_BACKEND": "bookings.sms.FileSms",
        "SMS_FILE": str(STATE / "sms.jsonl"),
        "DOCUMENTS_ROOT": str(STATE / "documents"),
        # Named by their content as in production, but not compressed: nobody downloads them from afar.
        "STATICFILES_STORAGE": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage",
        **environment,
        # Whatever the shell says: with these the pages would not answer on plain http, or show their insides.
        "DEBUG": "False",
        "DEMO": "True",
        "SECURE_COOKIES": "False",
        # Passwords are public here: a second factor would keep visitors out, not strangers.
        "SECOND_FACTOR_ROLES": "",
    }


def secret_key() -> str:
    """Made once and kept: sessions survive a restart of the demonstration."""
    path = STATE / "secret_key"
    with contextlib.suppress(FileNotFoundError):
        if key := path.read_text():
            return key
    key = secrets.token_urlsafe(50)
    path.touch(mode=0o600)
    path.write_text(key)
    return key


# --- processes --------------------------------------------------------------------------------------------------


def started_at(pid: int) -> str | None:
    """When the process began, in a form that changes with the boot; None when it does not exist (or is a zombie)."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except (FileNotFoundError, ProcessLookupError):
        return None
    # proc(5): state is field 3, starttime field 22; the list begins after the name, field 2.
    return None if fields[0] == "Z" else f"{boot}/{fields[19]}"


def record(pids: list[int]) -> None:
    """Write down the processes of this demonstration, itself first."""
    partial = PROCESSES.with_suffix(".partial")
    partial.write_text(json.dumps([{"pid": pid, "started_at": started_at(pid)} for pid in pids]))
    partial.replace(PROCESSES)


def recorded() -> list[int]:
    """The processes of the last demonstration, itself first; 0 stands for one that has ended."""
    try:
        rows = json.loads(PROCESSES.read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return []
    return [row["pid"] if started_at(row["pid"]) == row["started_at"] else 0 for row in rows]


def stop_previous() -> None:
    """Stop the demonstration that runs from this checkout, or what a killed one left."""
    if not any(recorded()):
        return
    print("Une démonstration de ce dossier tournait encore : elle est arrêtée.", flush=True)
    for signal_number, seconds in ((signal.SIGTERM, 2 * STOP_SECONDS), (signal.SIGKILL, STOP_SECONDS)):
        orchestrator, *orphans = recorded() or [0]
        # A living orchestrator stops its children itself, in order.
        asked = [orchestrator] if orchestrator and signal_number == signal.SIGTERM else [orchestrator, *orphans]
        for pid in filter(None, asked):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal_number)
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if not any(recorded()):
                return
            time.sleep(0.05)
    raise DemoError("L’ancienne démonstration ne s’arrête pas ; appartient-elle à un autre compte ?")


def start(name: str, command: list[str], *, environment: dict[str, str]) -> subprocess.Popen:
    """Start a child whose output goes to `.demo/<name>.log`."""
    with (STATE / f"{name}.log").open("wb") as log:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=CHECKOUT,
            env=environment,
            start_new_session=True,
        )


def end(child: subprocess.Popen) -> None:
    child.terminate()
    try:
        child.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def complain_if_ended(children: dict[str, subprocess.Popen]) -> None:
    for name, child in children.items():
        if child.poll() is not None:
            log = STATE / f"{name}.log"
            raise DemoError(
                f"Le processus « {name} » s’est arrêté. Fin de son journal ({log}) :\n{tail(log.read_text())}"
            )


def output_of(command: list[str], *, environment: dict[str, str]) -> str:
    """What the command prints, its log left out. Raises DemoError with the end of both when it fails."""
    outcome = subprocess.run(
        command, cwd=CHECKOUT, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if outcome.returncode:
        raise DemoError(
            f"«\u00a0manage.py {command[2]}\u00a0» a échoué\u00a0:\n{tail(outcome.stdout + outcome.stderr)}"
        )
    return outcome.stdout.rstrip()


def tail(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.splitlines()[-25:])


# --- the address ------------------------------------------------------------------------------------------------


def free_port(wanted: int) -> int:
    """`wanted`, or the next port that nobody listens on."""
    for port in range(wanted, wanted + PORTS_TRIED):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # As gunicorn does.
            with contextlib.suppress(OSError):
                probe.bind((HOST, port))
                return port
    raise DemoError(f"Aucun port libre entre {wanted} et {wanted + PORTS_TRIED - 1}.")


def wait_until_ready(address: str, children: dict[str, subprocess.Popen]) -> None:
    """Return once the page answers 200. Raises DemoError when a child ends or nothing comes."""
    # No proxy: an http_proxy of the shell must not carry a request to this very machine.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + READY_SECONDS
    answer = "aucune réponse"
    while time.monotonic() < deadline:
        complain_if_ended(children)
        try:
            with opener.open(address, timeout=5) as response:
                if response.status == 200:
                    return
        except urllib.error.HTTPError as error:
            answer = f"réponse {error.code}"
        except OSError:
            pass  # Not listening yet.
        time.sleep(0.1)
    raise DemoError(f"{address} ne répond pas ({answer}). Journal : {STATE / 'web.log'}")


def banner(address: str, accounts: str) -> str:
    line = "─" * 78
    return f"\n{line}\n  La démonstration est prête : {address}\n\n{accounts}\n\n  Ctrl-C pour l’arrêter.\n{line}"


@contextlib.contextmanager
def step(title: str) -> Iterator[None]:
    """Say what is being done, then how long it took."""
    print(f"→ {title}…", end="", flush=True)
    begun = time.monotonic()
    yield
    print(f" {time.monotonic() - begun:.1f}\u00a0s".replace(".", ","), flush=True)


if __name__ == "__main__":
    sys.exit(main())
