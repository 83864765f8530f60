"""`python -m franceservices.embedded_postgres run|status|stop|remove --name NAME`."""

import argparse
import os
import signal
import subprocess
import sys

from . import EmbeddedPostgresError, remove, running, stop
from .cluster import Cluster, state_folder


def _run(command: list[str], *, name: str) -> int:
    """Run `command` with DATABASE_URL, on the instance unless the variable is set already. Returns its exit code."""
    if os.environ.get("DATABASE_URL"):
        os.execvp(command[0], command)
    # A request to stop that comes before the command runs leaves by the same door as Ctrl-C.
    for signal_number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(signal_number, signal.default_int_handler)
    with running(name, durable=True) as instance:
        environment = os.environ | {"DATABASE_URL": instance.url("franceservices")}
        child: subprocess.Popen | None = None
        early: list[int] = []

        def forward(signal_number: int, frame: object) -> None:
            if child is None:
                early.append(signal_number)
            # The terminal sends Ctrl-C to its whole foreground group: the command has received it already.
            elif not (signal_number == signal.SIGINT and _in_foreground()):
                child.send_signal(signal_number)

        for signal_number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(signal_number, forward)
        child = subprocess.Popen(command, env=environment)
        for signal_number in early:
            child.send_signal(signal_number)
        status = child.wait()
    return status if status >= 0 else 128 - status


def _in_foreground() -> bool:
    try:
        with open("/dev/tty", "rb") as terminal:
            return os.tcgetpgrp(terminal.fileno()) == os.getpgrp()
    except OSError:
        return False


def _status(name: str) -> str:
    if not state_folder(name).exists():
        return f"Instance « {name} » : jamais démarrée."
    cluster = Cluster(name, durable=True)
    instance = cluster.answering()
    if instance is None:
        return f"Instance « {name} » : arrêtée. Dossier : {cluster.folder}"
    pid, _, _ = cluster.postmaster()
    return (
        f"Instance « {name} » : en marche (processus {pid}). Dossier : {cluster.folder}\n"
        f"DATABASE_URL={instance.bare_url('franceservices')}"
    )


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m franceservices.embedded_postgres",
        description="PostgreSQL privé de la démonstration et des tests.",
    )
    actions = parser.add_subparsers(dest="action", required=True)
    for action, description in (
        ("run", "lance une commande avec DATABASE_URL, puis arrête l’instance"),
        ("status", "dit si l’instance est en marche, et son adresse"),
        ("stop", "arrête l’instance"),
        ("remove", "arrête l’instance et supprime ses données"),
    ):
        action_parser = actions.add_parser(action, help=description, description=description)
        action_parser.add_argument("--name", required=True, help="nom de l'instance")
        if action == "run":
            action_parser.add_argument("command", nargs="+", help="commande et ses arguments, après --")
    options = parser.parse_args(arguments)
    try:
        if options.action == "run":
            return _run(options.command, name=options.name)
        if options.action == "status":
            print(_status(options.name))
            return 0
        if not {"stop": stop, "remove": remove}[options.action](options.name):
            print(
                f"L’instance « {options.name} » sert encore : rien n’a été arrêté.",
                file=sys.stderr,
            )
            return 1
    except EmbeddedPostgresError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
