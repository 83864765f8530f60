"""A real worker, killed in the middle of 1 000 reminders and started again: each is sent exactly once."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import time as clock
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone
from procrastinate.exceptions import AlreadyEnqueued
from psycopg.types.range import TimestamptzRange

from bookings.models import (
    Appointment,
    MessageSettings,
    Notification,
    NotificationChannel,
    NotificationKind,
    NotificationStatus,
    Permanence,
    PermanenceOrigin,
)
from bookings.notices import announced, defer_send
from bookings.tasks import sweep_notifications
from tests.factories import OfficeFactory, PartnerFactory, ReasonFactory, SiteFactory, VisitorFactory, staff_of

from .sms_gateway import Gateway, running_gateway
from .written_to import MOBILE

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.alone]
REMINDERS = 1000
BEFORE_THE_KILL = 400
CONCURRENCY = 4
SECONDS = 60


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    with running_gateway() as running:
        yield running


def queue_reminders(number: int) -> None:
    """Reminders that are due now, each of an appointment of its own the day after tomorrow, with their jobs."""
    site = SiteFactory()
    # No silence: the test runs at any hour.
    MessageSettings.objects.create(site=site, quiet_from=clock(0), quiet_until=clock(0))
    partner, visitor = PartnerFactory(), VisitorFactory(ccas=site.ccas, phone=MOBILE, sms_consent=True)
    reason, by = ReasonFactory(partners=[partner]), staff_of(site)
    starts_at = timezone.now() + timedelta(days=2)
    length = timedelta(minutes=1)
    permanence = Permanence.objects.create(
        site=site,
        partner=partner,
        office=OfficeFactory(site=site),
        origin=PermanenceOrigin.EXCEPTIONAL,
        day=timezone.localdate(starts_at, site.zone),
        during=TimestamptzRange(starts_at, starts_at + number * length),
    )
    with transaction.atomic():
        appointments = Appointment.objects.bulk_create(
            Appointment(
                permanence=permanence,
                site=site,
                partner=partner,
                visitor=visitor,
                reason=reason,
                booked_by=by,
                during=TimestamptzRange(starts_at + index * length, starts_at + (index + 1) * length),
            )
            for index in range(number)
        )
        reminders = Notification.objects.bulk_create(
            Notification(
                site=site,
                appointment=appointment,
                kind=NotificationKind.REMINDER,
                channel=NotificationChannel.SMS,
                recipient=MOBILE,
                dedupe_key=f"{announced(appointment, NotificationKind.REMINDER, NotificationChannel.SMS)}0",
                due_at=timezone.now(),
            )
            for appointment in appointments
        )
        for reminder in reminders:
            defer_send(reminder)


def database_url() -> str:
    """The address of the test database, for another process."""
    address, mark, options = os.environ["DATABASE_URL"].partition("?")
    return f"{address.rpartition('/')[0]}/{connection.settings_dict['NAME']}{mark}{options}"


@contextmanager
def worker(gateway: Gateway, log: Path) -> Iterator[subprocess.Popen]:
    """`manage.py procrastinate worker` as in production, on the test database; ended at the latest with the block."""
    command = [sys.executable, "manage.py", "procrastinate", "worker", "--queues", "messages"]
    with log.open("ab") as output:
        process = subprocess.Popen(
            [*command, "--concurrency", str(CONCURRENCY)],
            cwd=settings.BASE_DIR,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=os.environ
            | {
                "DATABASE_URL": database_url(),
                "SMS_BACKEND": "bookings.sms.HttpSms",
                "SMS_URL": gateway.address,
                "SMS_IDEMPOTENT": "True",
                "SMS_TIMEOUT": "30",
                "NO_PROXY": "127.0.0.1",
            },
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


def states() -> dict[str, int]:
    found = list(Notification.objects.values_list("status", flat=True))
    return {state: found.count(state) for state in set(found)}


def test_a_worker_killed_in_the_middle_sends_each_reminder_exactly_once(gateway, tmp_path):
    log = tmp_path / "worker.log"
    queue_reminders(REMINDERS)

    # The gateway has taken the next few messages and has not answered yet: the worst moment to die.
    gateway.mute(after=BEFORE_THE_KILL)
    with worker(gateway, log) as first:
        wait_until(lambda: len(gateway.accepted) == BEFORE_THE_KILL + CONCURRENCY, first, log)
        os.kill(first.pid, signal.SIGKILL)
        first.wait()
    assert states() == {
        NotificationStatus.SENT: BEFORE_THE_KILL,
        NotificationStatus.SENDING: CONCURRENCY,
        NotificationStatus.QUEUED: REMINDERS - BEFORE_THE_KILL - CONCURRENCY,
    }
    gateway.resume()

    with worker(gateway, log) as second:
        # What the clock does each minute, if it has not just done it.
        with suppress(AlreadyEnqueued):
            sweep_notifications.defer(timestamp=int(time.time()))
        wait_until(lambda: states() == {NotificationStatus.SENT: REMINDERS}, second, log)
        second.send_signal(signal.SIGTERM)
        second.wait(SECONDS)

    keys = set(Notification.objects.values_list("dedupe_key", flat=True))
    assert set(gateway.accepted) == keys
    assert set(gateway.accepted.values()) == {1}
    # The control: these were asked for twice, and without their keys would have been sent twice.
    assert sum(gateway.asked.values()) == REMINDERS + CONCURRENCY
