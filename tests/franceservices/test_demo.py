"""`make demo` around a stand-in application: what starts, what is said, what ends, what is taken over."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from franceservices import demo

SECONDS = 60
MANAGE = """
import os, sys, time
command = sys.argv[1]
if command == os.environ.get("FAILING"):
    print("raison de l’échec")
    sys.exit(1)
if command == "demo_accounts":
    print("  accueil@example.fr")
if command == "procrastinate":
    time.sleep(3600)
"""
WSGI = """
def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"bonjour"]
"""


class Demo:
    """A checkout of its own, with demo.py and a stand-in application."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.started: list[subprocess.Popen] = []
        (folder / "franceservices").mkdir()
        (folder / "franceservices/__init__.py").touch()
        (folder / "franceservices/wsgi.py").write_text(WSGI)
        (folder / "manage.py").write_text(MANAGE)
        shutil.copy(demo.__file__, folder / "franceservices/demo.py")
        with socket.socket() as probe:
            probe.bind((demo.HOST, 0))
            self.port = probe.getsockname()[1]

    def start(self, **variables: str) -> subprocess.Popen:
        process = subprocess.Popen(
            [sys.executable, "-m", "franceservices.demo"],
            cwd=self.folder,
            env={
                "PATH": os.environ["PATH"],
                "PYTHONUTF8": "1",
                "DATABASE_URL": "postgres:///unused",
                "PORT": str(self.port),
                **variables,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
        )
        self.started.append(process)
        return process

    def processes(self) -> list[int]:
        """Every process that works in the checkout."""
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            try:
                if Path(os.readlink(process / "cwd")) == self.folder:
                    found.append(int(process.name))
            except (FileNotFoundError, PermissionError, ProcessLookupError):
                continue
        return found


@pytest.fixture
def checkout(tmp_path):
    made = Demo(tmp_path.resolve())
    yield made
    for pid in made.processes():
        os.kill(pid, signal.SIGKILL)
    for process in made.started:
        process.communicate()


def output_until(process: subprocess.Popen, words: str) -> str:
    output = ""
    for line in process.stdout:
        output += line
        if words in line:
            return output
    raise AssertionError(f"ended without « {words} »:\n{output}")


def page(port: int) -> bytes:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=SECONDS) as response:
        return response.read()


@pytest.mark.parametrize("signal_number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_serves_until_asked_to_stop(checkout, signal_number):
    process = checkout.start()
    output = output_until(process, "Ctrl-C")
    assert f"http://127.0.0.1:{checkout.port}/" in output
    assert "accueil@example.fr" in output
    assert page(checkout.port) == b"bonjour"
    process.send_signal(signal_number)
    assert "Arrêt de la démonstration" in process.communicate(timeout=SECONDS)[0]
    assert process.returncode == 0
    assert checkout.processes() == []
    assert not (checkout.folder / ".demo/processes.json").exists()


def test_killed_demo_is_taken_over_on_its_port(checkout):
    first = checkout.start()
    output_until(first, "Ctrl-C")
    first.kill()
    first.wait()
    orphans = checkout.processes()
    assert orphans
    second = checkout.start()
    output = output_until(second, "Ctrl-C")
    assert "tournait encore" in output
    assert f"http://127.0.0.1:{checkout.port}/" in output
    assert not set(orphans) & set(checkout.processes())
    assert page(checkout.port) == b"bonjour"
    second.send_signal(signal.SIGINT)
    second.communicate(timeout=SECONDS)
    assert checkout.processes() == []


def test_new_demo_replaces_the_one_that_runs(checkout):
    first = checkout.start()
    output_until(first, "Ctrl-C")
    second = checkout.start()
    output_until(second, "Ctrl-C")
    assert first.wait(SECONDS) == 0
    assert page(checkout.port) == b"bonjour"


def test_process_that_got_a_dead_one_s_number_is_left_alone(checkout):
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as stranger:
        (checkout.folder / ".demo").mkdir()
        rows = f'[{{"pid": {stranger.pid}, "started_at": "an earlier moment"}}]'
        (checkout.folder / ".demo/processes.json").write_text(rows)
        assert "tournait encore" not in output_until(checkout.start(), "Ctrl-C")
        assert stranger.poll() is None
        stranger.communicate(b"\n")


def test_taken_port_is_left_to_its_owner(checkout):
    with socket.socket() as owner:
        owner.bind((demo.HOST, checkout.port))
        owner.listen()
        output = output_until(checkout.start(), "Ctrl-C")
    assert f"Le port {checkout.port} est pris par un autre programme" in output
    assert f"http://127.0.0.1:{checkout.port}/" not in output


@pytest.mark.parametrize("command", ["migrate", "load_demo", "procrastinate"])
def test_failure_is_shown_and_ends_everything(checkout, command):
    begun = time.monotonic()
    process = checkout.start(FAILING=command)
    output, _ = process.communicate(timeout=SECONDS)
    assert process.returncode == 1
    assert "raison de l’échec" in output
    assert checkout.processes() == []
    assert time.monotonic() - begun < SECONDS


def test_without_a_database_it_says_how_to_start(checkout):
    output, _ = checkout.start(DATABASE_URL="").communicate(timeout=SECONDS)
    assert "make demo" in output


def test_environment_does_not_follow_the_shell_where_the_pages_would_break(tmp_path, monkeypatch):
    monkeypatch.setattr(demo, "STATE", tmp_path)
    given = {
        "DATABASE_URL": "postgres:///x",
        "DEBUG": "True",
        "SECURE_COOKIES": "True",
        "ALLOWED_HOSTS": "accueil",
    }
    made = demo.demo_environment(given)
    assert (made["DEBUG"], made["SECURE_COOKIES"], made["DEMO"]) == ("False", "False", "True")
    assert made["ALLOWED_HOSTS"] == "accueil"
    assert made["SECRET_KEY"] == demo.demo_environment(given)["SECRET_KEY"]
    assert (tmp_path / "secret_key").stat().st_mode & 0o777 == 0o600


def test_a_second_request_to_stop_does_not_interrupt_the_first():
    """The terminal sends Ctrl-C to the whole group, and the process above passes its own on."""
    heard = {number: signal.getsignal(number) for number in demo.STOP_SIGNALS}
    try:
        with pytest.raises(demo.Stop):
            demo._ask_to_stop(signal.SIGINT, None)
        assert {signal.getsignal(number) for number in demo.STOP_SIGNALS} == {signal.SIG_IGN}
    finally:
        for number, handler in heard.items():
            signal.signal(number, handler)
