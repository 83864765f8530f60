"""Times the desk beside bare Django views and bare SQL, on a small and on a large database, in one run.

    python -m bench.desk [--appointments 10000] [--large 1000000] [--quick] [--keep]

Pages are asked for over HTTP, from gunicorn with persistent database connections, one after the other: reference,
page, reference, page… on the small and on the large database in turn, so that what the machine does besides weighs on
all alike. The last line is one JSON object.
"""

import argparse
import contextlib
import json
import os
import statistics
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

import psycopg

from . import bare, servers
from .wire import Wire, together

PAGES = ("availability", "times", "board", "board_refresh", "week")
TITLES = {
    "one_row": "vue nue, une ligne",
    "session_user": "vue nue, session et compte",
    "availability": "heures libres d’une semaine, 50 partenaires (vue nue)",
    "times": "page « Créneau » de la prise de rendez-vous",
    "board": "Aujourd’hui (page entière)",
    "board_refresh": "Aujourd’hui (ce que htmx redemande)",
    "week": "Agenda, semaine de tous les bureaux",
}
AIMS = {
    "availability_vs_select": ("≤", 8),
    "board_vs_select": ("≤", 8),
    "week_vs_select": ("≤", 12),
    "booking_vs_session": ("≥", 0.6),
    "growth": ("≤", 1.2),
}
CLIENTS = 8


@dataclass
class Size:
    """One database with its server, and the seconds measured on it by name."""

    facts: dict
    port: int
    stranger: Wire
    wires: list[Wire]
    connection: psycopg.Connection
    database: str
    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    octets: dict[str, int] = field(default_factory=dict)
    # Requests and the seconds they took, by 8 clients at once.
    rates: dict[str, list[tuple[int, float]]] = field(default_factory=lambda: defaultdict(list))

    def ask(self, name: str) -> float:
        wire = self.stranger if name in self.facts["anonymous"] else self.wires[0]
        answer = wire.get(self.facts["pages"][name], htmx=name == "board_refresh")
        if answer.status != 200:
            raise RuntimeError(f"{name}: {answer.status}")
        self.octets[name] = answer.length
        return answer.seconds

    def median(self, name: str) -> float:
        """In milliseconds."""
        return statistics.median(self.seconds[name]) * 1000

    def rate(self, name: str) -> float:
        """Requests a second, the median of the rounds."""
        return statistics.median(number / seconds for number, seconds in self.rates[name])

    @property
    def sql_parameters(self) -> dict[str, object]:
        return {name: self.facts[name] for name in ("site", "reason", "monday", "today")}


@contextlib.contextmanager
def sized(server: str, appointments: int, *, keep: bool) -> Iterator[Size]:
    """A filled database of `appointments` with its server and 8 signed-in clients."""
    name = f"bench_desk_{appointments}" if keep else f"bench_desk_{appointments}_{os.getpid()}"
    with contextlib.ExitStack() as use:
        database = use.enter_context(servers.own_database(server, name, keep=keep))
        facts = servers.prepared(database, appointments=appointments)
        port = use.enter_context(servers.gunicorn(database))
        wires = [use.enter_context(Wire(port, session=session)) for session in facts["sessions"][:CLIENTS]]
        stranger = use.enter_context(Wire(port, session=""))
        connection = use.enter_context(psycopg.connect(database, autocommit=True))
        print(
            f"{facts['rows']['appointments']:>9} rendez-vous, {facts['rows']['permanences']} permanences, "
            f"{facts['rows']['visitors']} usagers, {facts['database']}, prêts en {facts['seconds']} s\n"
            f"          dans la semaine : {facts['rows']['week']}, aujourd’hui : {facts['rows']['today']} "
            f"(fuseau {facts['zone']})",
            flush=True,
        )
        yield Size(facts, port, stranger, wires, connection, database)


def time_pages(sizes: list[Size], *, rounds: int) -> None:
    """Each page after its reference, on each size in turn; bare SQL of the same rows in the same rounds."""
    warming = min(10, rounds)  # Of processes, threads and their connections.
    for turn in range(warming + rounds):
        for name in PAGES:
            for size in sizes:
                measured = {"one_row": size.ask("one_row"), name: size.ask(name)}
                if turn < warming:
                    continue
                for what, seconds in measured.items():
                    size.seconds[what].append(seconds)
        for name in bare.STATEMENTS:
            for size in sizes:
                seconds = bare.read(size.connection, name, size.sql_parameters)
                if turn >= warming:
                    size.seconds[f"sql_{name}"].append(seconds)
        for size in sizes:
            size.seconds["session_user"].append(size.ask("session_user"))


def time_bookings(sizes: list[Size], *, rounds: int, bookings: int) -> None:
    """8 clients at once: session and user, bookings, the same by bare SQL, in turn; `bookings` a client and round."""
    with contextlib.ExitStack() as use:
        by_sql = {
            id(size): [use.enter_context(psycopg.connect(size.database, autocommit=True)) for _ in range(CLIENTS)]
            for size in sizes
        }
        for turn in range(rounds + 1):
            for size in sizes:
                for name, jobs in (
                    ("session_user", [_reader(size, wire, bookings) for wire in size.wires]),
                    ("booking", [_booker(size, wire, bookings) for wire in size.wires]),
                    ("sql_booking", [_sql_booker(size, connection, bookings) for connection in by_sql[id(size)]]),
                ):
                    seconds = together(jobs)
                    if turn:
                        size.rates[name].append((len(jobs) * bookings, seconds))


def _reader(size: Size, wire: Wire, number: int):
    def read() -> None:
        for _ in range(number):
            if wire.get(size.facts["pages"]["session_user"]).status != 200:
                raise RuntimeError("session_user refused")

    return read


def _booker(size: Size, wire: Wire, number: int):
    wanted = [_next_booking(size) for _ in range(number)]

    def book() -> None:
        for key, visitor in wanted:
            answer = wire.post(size.facts["booking"], {"creneau": key, "who": str(visitor), "subject": ""})
            if answer.status != 302 or not answer.location.startswith("/rendez-vous/"):
                raise RuntimeError(f"booking of {key}: {answer.status} {answer.location}")
            size.seconds["booking"].append(answer.seconds)

    return book


def _sql_booker(size: Size, connection: psycopg.Connection, number: int):
    wanted = [_next_booking(size) for _ in range(number)]

    def book() -> None:
        for key, visitor in wanted:
            permanence, _, moment = key.partition("-")
            starts_at = datetime.strptime(moment, "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
            chosen = {"permanence": int(permanence), "starts_at": starts_at, "visitor": visitor}
            bare.book(connection, size.sql_parameters | chosen)

    return book


def _next_booking(size: Size) -> tuple[str, int]:
    """A free time and the person for it; neighbours in this list are of different permanences."""
    if not size.facts["keys"]:
        raise RuntimeError("no free time is left to book: fewer rounds, or a fresh database")
    key = size.facts["keys"].pop()
    return key, size.facts["visitors"][len(size.facts["keys"]) % len(size.facts["visitors"])]


def result_of(small: Size, large: Size) -> dict[str, object]:
    """The ratios on the large database, growth from the small one, and the number of queries of each page."""
    ratio = {name: large.median(name) / large.median("one_row") for name in PAGES}
    growths = {name: large.median(name) / small.median(name) for name in PAGES}
    growths["booking"] = small.rate("booking") / large.rate("booking")
    return {
        "availability_vs_select": round(ratio["availability"], 2),
        "board_vs_select": round(ratio["board"], 2),
        "week_vs_select": round(ratio["week"], 2),
        "booking_vs_session": round(large.rate("booking") / large.rate("session_user"), 3),
        "growth": round(max(growths.values()), 3),
        "growth_by_page": {name: round(value, 3) for name, value in growths.items()},
        "queries": large.facts["queries"],
    }


def report(small: Size, large: Size, result: dict[str, object]) -> None:
    print(f"\n{'':58}{'petite':>10}{'grande':>10}{'requêtes':>10}{'× SELECT':>10}{'grande/petite':>15}{'octets':>9}")
    for name, title in TITLES.items():
        print(
            f"{title:58}{small.median(name):>7.2f} ms{large.median(name):>7.2f} ms"
            f"{large.facts['queries'][name]:>10}{large.median(name) / large.median('one_row'):>10.1f}"
            f"{large.median(name) / small.median(name):>15.2f}{large.octets[name]:>9}"
        )
    for name in bare.STATEMENTS:
        key = f"sql_{name}"
        print(
            f"{'  SQL nu des mêmes lignes : ' + name:58}{small.median(key):>7.2f} ms{large.median(key):>7.2f} ms"
            f"{len(bare.STATEMENTS[name]):>10}{'':>10}{large.median(key) / small.median(key):>15.2f}"
        )
    print(f"\n{f'{CLIENTS} clients à la fois, par seconde':58}{'petite':>10}{'grande':>10}{'requêtes':>10}")
    for name, title in (
        ("session_user", TITLES["session_user"]),
        ("booking", "rendez-vous pris"),
        ("sql_booking", "  SQL nu : ligne verrouillée, rendez-vous inséré"),
    ):
        queries = large.facts["queries"].get(name, 2)
        print(f"{title:58}{small.rate(name):>10.0f}{large.rate(name):>10.0f}{queries:>10}")
    print()
    for name, (sign, aim) in AIMS.items():
        value = result[name]
        is_met = value <= aim if sign == "≤" else value >= aim
        print(f"{name:58}{value:>10}   but {sign} {aim} : {'atteint' if is_met else 'manqué'}")


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="bench.desk", description="Mesure le guichet (voir docs/mesures.md).")
    parser.add_argument("--appointments", type=int, default=10_000, help="rendez-vous de la petite base")
    parser.add_argument("--large", type=int, default=1_000_000, help="rendez-vous de la grande base")
    parser.add_argument("--rounds", type=int, default=120, help="demandes de chaque page")
    parser.add_argument("--quick", action="store_true", help="100 000 rendez-vous et 30 demandes")
    parser.add_argument("--keep", action="store_true", help="garde les bases pour le passage suivant du même jour")
    options = parser.parse_args(arguments)
    large, rounds = (100_000, 30) if options.quick else (options.large, options.rounds)
    with servers.server_url() as server, contextlib.ExitStack() as use:
        sizes = [
            use.enter_context(sized(server, number, keep=options.keep)) for number in (options.appointments, large)
        ]
        time_pages(sizes, rounds=rounds)
        time_bookings(sizes, rounds=max(2, rounds // 12), bookings=max(2, rounds // 8))
        result = result_of(*sizes)
        report(*sizes, result)
    print(json.dumps(result))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
