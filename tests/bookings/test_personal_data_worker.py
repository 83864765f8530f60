"""A real worker, killed with -9 in the middle of a list: each person is done whole or not at all, another goes on."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection, connections, transaction

from bookings.models import EliminationLine, EliminationList, Visitor
from bookings.personal_data.eliminating import sweep_eliminations
from bookings.personal_data.elimination_lists import launch_elimination
from partners.models import Role
from tests.factories import SiteFactory, UserFactory, VisitorFactory

from .personal_data import approved_list

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.alone]
SECONDS = 60
PEOPLE = 4


@contextmanager
def worker(log: Path, folder: Path) -> Iterator[subprocess.Popen]:
    """`manage.py procrastinate worker` as in production, on the test database; ended at the latest with the block."""
    address, mark, options = os.environ["DATABASE_URL"].partition("?")
    database = f"{address.rpartition('/')[0]}/{connection.settings_dict['NAME']}{mark}{options}"
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "procrastinate", "worker", "--queues", "travaux"],
            cwd=settings.BASE_DIR,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=os.environ | {"DATABASE_URL": database, "ELIMINATIONS_ROOT": str(folder)},
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def wait_until(holds: Callable[[], bool], process: subprocess.Popen, log: Path) -> None:
    deadline = time.monotonic() + SECONDS
    while not holds():
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.05)


def test_a_killed_worker_leaves_whole_people_and_another_goes_on(tmp_path, settings):
    settings.ELIMINATIONS_ROOT = str(tmp_path / "eliminations")
    log, site = tmp_path / "worker.log", SiteFactory()
    proposer, approver = (UserFactory(role=Role.MANAGER, ccas=site.ccas) for _ in range(2))
    people = [VisitorFactory(ccas=site.ccas, staff_notes="Notes") for _ in range(PEOPLE)]
    Visitor.objects.update(created_at=datetime(2020, 1, 1, tzinfo=UTC))
    elimination = approved_list(people[0], by=proposer, approver=approver)
    launch_elimination(elimination=elimination, number=elimination.full_number, by=proposer)

    def done() -> int:
        return EliminationLine.objects.exclude(done_at=None).count()

    blocking = connections.create_connection("default")
    try:
        blocking.set_autocommit(False)
        with blocking.cursor() as cursor:  # The worker waits for the third person, in the middle of the list.
            third = elimination.lines.get(position=3)
            cursor.execute("SELECT FROM bookings_visitor WHERE id = %s FOR UPDATE", [third.visitor_id])
        with worker(log, tmp_path / "eliminations") as first:
            wait_until(lambda: done() == 2, first, log)
            os.kill(first.pid, signal.SIGKILL)
            first.wait()
        blocking.rollback()
    finally:
        blocking.close()
    stamps = dict(EliminationLine.objects.exclude(done_at=None).values_list("pk", "done_at"))
    assert len(stamps) == 2
    assert Visitor.objects.exclude(anonymised_at=None).count() == 2
    assert Visitor.objects.filter(staff_notes="Notes").count() == PEOPLE - 2

    def is_finished() -> bool:
        with transaction.atomic():
            sweep_eliminations()  # What the clock does each minute.
        return EliminationList.objects.get().finished_at is not None

    with worker(log, tmp_path / "eliminations") as second:
        wait_until(is_finished, second, log)
    assert Visitor.objects.exclude(anonymised_at=None).count() == PEOPLE
    assert dict(EliminationLine.objects.filter(pk__in=stamps).values_list("pk", "done_at")) == stamps
    assert len(list((tmp_path / "eliminations").glob("*.json"))) == 1
