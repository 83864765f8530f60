"""A real worker, killed in the middle of a long work: another one makes the file, and nobody waits for ever."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection, connections, transaction

from partners.models import Role
from reports.figures import desk_visits
from reports.kept_scopes import kept_scope
from reports.long_works import ask_for, sweep_works
from reports.models import LongWork, WorkKind, WorkState
from reports.periods import Period
from reports.scopes import Scope
from tests.factories import SiteFactory, UserFactory

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.alone]
SECONDS = 60


@contextmanager
def worker(log: Path) -> Iterator[subprocess.Popen]:
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
            env=os.environ | {"DATABASE_URL": database},
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
        time.sleep(0.1)


def test_a_killed_worker_s_work_is_made_by_the_next_one(tmp_path):
    log, site = tmp_path / "worker.log", SiteFactory()
    owner = UserFactory(role=Role.MANAGER, ccas=site.ccas)
    scope = Scope(period=Period.of_year(2026), sites=(site,))
    parameters = {"figure": desk_visits.WALK_INS.slug, "extension": "csv", "scope": kept_scope(scope)}
    work = ask_for(kind=WorkKind.FIGURE_ROWS, title="Passages", parameters=parameters, by=owner)

    def state() -> str:
        return LongWork.objects.get(pk=work.pk).state

    blocking = connections.create_connection("default")
    try:
        blocking.set_autocommit(False)
        with blocking.cursor() as cursor:  # The worker cannot read the rows: it stands in the middle of its work.
            cursor.execute("LOCK TABLE bookings_deskvisit IN ACCESS EXCLUSIVE MODE")
        with worker(log) as first:
            wait_until(lambda: state() == WorkState.RUNNING, first, log)
            os.kill(first.pid, signal.SIGKILL)
            first.wait()
        assert state() == WorkState.RUNNING
        blocking.rollback()
    finally:
        blocking.close()

    def is_done() -> bool:
        with transaction.atomic():
            sweep_works()  # What the clock does each minute.
        return state() == WorkState.DONE

    with worker(log) as second:
        wait_until(is_done, second, log)
    work.refresh_from_db()
    assert work.attempts == 2
    with work.file.open("rb") as content:
        assert content.read().decode("utf-8-sig").startswith("Passage n°;Date;")
