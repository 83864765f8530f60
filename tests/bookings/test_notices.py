"""Which messages are queued, when they are due, and what is checked again when they leave."""

import datetime as dt
import smtplib
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core import mail
from django.db import connection, connections, transaction
from icalendar import Calendar
from procrastinate.contrib.django.models import ProcrastinateJob

from bookings.models import Appointment, CancelledBy, Notification, NotificationKind, NotificationStatus
from bookings.notices import queue_notices
from bookings.quiet_hours import first_allowed
from bookings.rebooking import rebook
from bookings.sending import INTERRUPTED, MOST_ATTEMPTS, retry_notification, send, sweep
from bookings.services import cancel_appointment, restore_appointment
from franceservices.errors import DomainError

from .booking_page import THURSDAY, TUESDAY
from .written_to import EMAIL, MOBILE, booked, choose, reachable, rows, send_all, waiting_jobs

pytestmark = pytest.mark.django_db
PARIS, CAYENNE = ZoneInfo("Europe/Paris"), ZoneInfo("America/Cayenne")


# --- what is queued ---------------------------------------------------------------------------------------------


def test_a_booking_queues_a_confirmation_now_and_a_reminder_two_days_before(desk):
    booked(desk, sms_consent=False)
    confirmation, reminder = Notification.objects.order_by("pk")
    assert (confirmation.kind, confirmation.due_at) == ("confirmation", desk.site.now())
    assert (reminder.kind, reminder.due_at) == ("reminder", desk.at(TUESDAY, "10:00"))
    assert {confirmation.recipient, reminder.recipient} == {EMAIL}
    assert waiting_jobs() == [confirmation.pk, reminder.pk]
    due = ProcrastinateJob.objects.order_by("pk").values_list("scheduled_at", flat=True)
    assert list(due) == [None, desk.at(TUESDAY, "10:00")]


@pytest.mark.parametrize(
    ("visitor", "channels"),
    [
        ({}, ["email", "sms"]),
        ({"email_consent": False}, ["sms"]),
        ({"sms_consent": False}, ["email"]),
        ({"email_consent": False, "sms_consent": False}, []),
        ({"email": ""}, ["sms"]),
        ({"phone": ""}, ["email"]),
        ({"phone": "+33381412121"}, ["email"]),
        ({"phone": "+594694123456"}, ["email", "sms"]),
    ],
)
def test_only_an_address_with_a_consent_is_written_to(desk, visitor, channels):
    booked(desk, **visitor)
    assert sorted(channel for kind, channel, _ in rows() if kind == "confirmation") == channels


def test_without_consent_nothing_more_is_asked_of_the_database(desk, django_assert_num_queries):
    appointment = booked(desk, visitor=desk.visitor)
    with django_assert_num_queries(0):
        assert queue_notices(appointment=appointment, kind=NotificationKind.CONFIRMATION) == []


def test_a_social_workers_own_appointment_is_written_to_nobody(desk):
    appointment = Appointment(social_worker=desk.social_worker, visitor=None)
    assert queue_notices(appointment=appointment, kind=NotificationKind.CONFIRMATION) == []


def test_the_same_news_is_queued_once(desk):
    appointment = booked(desk)
    assert queue_notices(appointment=appointment, kind=NotificationKind.CONFIRMATION) == []
    assert len(rows()) == len(waiting_jobs()) == 4


def test_no_reminder_when_its_hour_is_past_or_when_none_is_wanted(desk):
    booked(desk, day=TUESDAY, sms_consent=False)
    assert rows() == [("confirmation", "email", "queued")]
    choose(desk, reminder_hours=0)
    booked(desk, sms_consent=False)
    assert rows() == [("confirmation", "email", "queued")] * 2


def test_nothing_for_an_hour_that_is_past(desk, monday_morning):
    appointment = booked(desk, visitor=desk.visitor)
    monday_morning.move_to(desk.at(THURSDAY, "10:00"))
    appointment.visitor = reachable(desk)
    assert queue_notices(appointment=appointment, kind=NotificationKind.CANCELLATION) == []
    assert rows() == []


def test_a_message_that_the_night_makes_too_late_is_kept_as_not_sent(desk, monday_morning):
    choose(desk, quiet_until=dt.time(9), reminder_hours=0)
    appointment = booked(desk, clock="08:30", sms_consent=False)
    monday_morning.move_to(desk.at(THURSDAY - dt.timedelta(days=1), "21:00"))
    cancel_appointment(appointment=appointment, cancelled_for=CancelledBy.CCAS, by=desk.receptionist)
    notice = Notification.objects.get(kind="cancellation")
    assert (notice.status, notice.outcome) == ("skipped", "Trop tard pour écrire avant l’heure du rendez-vous.")
    assert notice.pk not in waiting_jobs()


def test_rows_and_jobs_go_with_the_transaction(desk):
    with transaction.atomic():
        booked(desk)
        transaction.set_rollback(True)
    assert rows() == []
    assert waiting_jobs() == []


@pytest.mark.parametrize(
    ("cancelled_for", "is_told"),
    [(CancelledBy.VISITOR, False), (CancelledBy.PARTNER, True), (CancelledBy.CCAS, True)],
)
def test_a_cancellation_is_told_unless_she_asked_for_it(desk, cancelled_for, is_told):
    appointment = booked(desk, sms_consent=False)
    cancel_appointment(appointment=appointment, cancelled_for=cancelled_for, by=desk.receptionist)
    assert (("cancellation", "email", "queued") in rows()) == is_told


def test_a_restored_appointment_is_confirmed_again_only_if_its_cancellation_left(desk):
    appointment = booked(desk, sms_consent=False)
    send_all(kind="confirmation")
    for is_sent in (False, True):
        cancel_appointment(appointment=appointment, cancelled_for=CancelledBy.CCAS, by=desk.receptionist)
        if is_sent:
            send_all(kind="cancellation")
        restore_appointment(appointment=appointment, by=desk.receptionist)
        send_all(kind="cancellation")
    assert rows() == [
        ("confirmation", "email", "sent"),
        ("reminder", "email", "queued"),
        ("cancellation", "email", "sent"),  # Withheld the first time, queued and sent the second.
        ("confirmation", "email", "queued"),
    ]


def test_a_move_is_told_once_and_reminds_of_the_new_hour(desk):
    appointment = booked(desk, sms_consent=False)
    new = rebook(
        appointment=appointment,
        permanence_id=desk.permanence_at(THURSDAY, "14:00").pk,
        starts_at=desk.at(THURSDAY, "14:00"),
        cancelled_for=CancelledBy.VISITOR,
        by=desk.receptionist,
    )
    assert rows(appointment=new) == [("move", "email", "queued"), ("reminder", "email", "queued")]
    assert Notification.objects.get(appointment=new, kind="reminder").due_at == desk.at(TUESDAY, "14:00")
    send_all(appointment=appointment)
    assert rows(appointment=appointment) == [("confirmation", "email", "skipped"), ("reminder", "email", "queued")]


# --- the silence of the night -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "moment", "quiet", "allowed"),
    [
        (PARIS, "2026-03-02T19:59", ("20:00", "08:00"), "2026-03-02T19:59"),
        (PARIS, "2026-03-02T20:00", ("20:00", "08:00"), "2026-03-03T08:00"),
        (PARIS, "2026-03-03T07:59", ("20:00", "08:00"), "2026-03-03T08:00"),
        (PARIS, "2026-03-03T08:00", ("20:00", "08:00"), "2026-03-03T08:00"),
        (PARIS, "2026-03-03T00:30", ("00:00", "06:00"), "2026-03-03T06:00"),
        (PARIS, "2026-03-03T23:30", ("00:00", "06:00"), "2026-03-03T23:30"),
        (PARIS, "2026-03-03T03:00", ("08:00", "08:00"), "2026-03-03T03:00"),
        # The night in which clocks go forward has an hour less.
        (PARIS, "2026-03-28T21:00", ("20:00", "08:00"), "2026-03-29T08:00"),
        (CAYENNE, "2026-03-02T21:00", ("20:00", "08:00"), "2026-03-03T08:00"),
    ],
)
def test_the_night_is_the_one_of_the_space(zone, moment, quiet, allowed):
    found = first_allowed(
        dt.datetime.fromisoformat(moment).replace(tzinfo=zone),
        zone=zone,
        quiet_from=dt.time.fromisoformat(quiet[0]),
        quiet_until=dt.time.fromisoformat(quiet[1]),
    )
    assert found.astimezone(zone).replace(tzinfo=None) == dt.datetime.fromisoformat(allowed)


def test_what_is_booked_in_the_evening_is_confirmed_in_the_morning(desk, monday_morning):
    monday_morning.move_to(desk.at(TUESDAY, "21:15"))
    booked(desk, sms_consent=False)
    assert Notification.objects.get().due_at == desk.at(TUESDAY + dt.timedelta(days=1), "08:00")


def test_a_job_that_runs_at_night_puts_its_message_off(desk, monday_morning):
    booked(desk, sms_consent=False)
    confirmation = Notification.objects.get(kind="confirmation")
    monday_morning.move_to(desk.at(TUESDAY, "23:00"))
    send(confirmation.pk)
    confirmation.refresh_from_db()
    assert (confirmation.status, confirmation.due_at.astimezone(PARIS).hour) == ("queued", 8)
    assert waiting_jobs().count(confirmation.pk) == 2
    assert mail.outbox == []


# --- sending ----------------------------------------------------------------------------------------------------


def test_the_confirmation_says_when_and_where_and_not_why(desk):
    desk.site.phone, desk.site.address = "+33381412121", "1 place d’Essai"
    desk.site.save()
    booked(desk, sms_consent=False)
    send_all(kind="confirmation")
    (message,) = mail.outbox
    assert message.to == [EMAIL]
    assert message.subject == "Rendez-vous confirmé\u00a0: jeudi 5 mars 2026 à 10h00"
    assert message.from_email.startswith("Espace France Services de Planoise <")
    for words in ("jeudi 5 mars 2026 à 10h00", "CPAM du Doubs", "1 place d’Essai", "03 81 41 21 21"):
        assert words in message.body
    assert "Carte Vitale" not in message.message().as_string()
    assert "&" not in message.body
    row = Notification.objects.get(kind="confirmation")
    assert (row.status, row.attempts) == ("sent", 1)
    assert row.sent_at is not None


def test_the_reason_is_named_where_the_space_chose_so(desk):
    choose(desk, names_reason=True, signature="L’accueil de Planoise")
    booked(desk, sms_consent=False)
    send_all(kind="confirmation")
    assert "Carte Vitale" in mail.outbox[0].body
    assert "L’accueil de Planoise" in mail.outbox[0].body


@pytest.mark.parametrize("kind", NotificationKind)
def test_every_kind_has_its_words(desk, settings, kind):
    settings.PUBLIC_URL = "https://rdv.exemple.fr"
    appointment = booked(desk, sms_consent=False)
    Notification.objects.all().delete()
    if kind == NotificationKind.CANCELLATION:
        cancel_appointment(appointment=appointment, cancelled_for=CancelledBy.CCAS, by=desk.receptionist)
    else:
        queue_notices(appointment=appointment, kind=kind)
    send_all(kind=kind)
    (message,) = mail.outbox
    assert "jeudi 5 mars 2026 à 10h00" in message.body
    assert ("https://rdv.exemple.fr/annuler/" in message.body) == (kind != NotificationKind.CANCELLATION)
    assert "  :" not in message.body.replace("\u00a0", " ")


def calendar_events(message):
    part = message.attachments[0]
    calendar = Calendar.from_ical(part.get_payload(decode=True).decode())
    (event,) = calendar.walk("VEVENT")
    assert part.get_param("method") == str(calendar["METHOD"])
    return str(calendar["METHOD"]), event


def test_the_calendar_entry_keeps_its_identity_from_booking_to_cancellation(desk):
    appointment = booked(desk, sms_consent=False)
    send_all(kind="confirmation")
    with time_machine.travel(desk.at(dt.date(2026, 3, 2), "10:00"), tick=False):
        new = rebook(
            appointment=appointment,
            permanence_id=desk.permanence_at(THURSDAY, "14:00").pk,
            starts_at=desk.at(THURSDAY, "14:00"),
            cancelled_for=CancelledBy.CCAS,
            by=desk.receptionist,
        )
        send_all(kind="move")
    with time_machine.travel(desk.at(dt.date(2026, 3, 2), "11:00"), tick=False):
        cancel_appointment(appointment=new, cancelled_for=CancelledBy.CCAS, by=desk.receptionist)
        send_all(kind="cancellation")
    found = [calendar_events(message) for message in mail.outbox]
    assert [method for method, _ in found] == ["PUBLISH", "PUBLISH", "CANCEL"]
    assert [int(event["SEQUENCE"]) for _, event in found] == [0, 1, 2]
    assert len({str(event["UID"]) for _, event in found}) == 1
    starts = [event["DTSTART"].dt for _, event in found]
    assert starts == [desk.at(THURSDAY, "10:00"), *[desk.at(THURSDAY, "14:00")] * 2]
    assert [str(event["STATUS"]) for _, event in found] == ["CONFIRMED", "CONFIRMED", "CANCELLED"]
    assert "Amrani" not in mail.outbox[0].attachments[0].as_string()
    assert "déplacé" not in mail.outbox[1].body
    assert "du jeudi 5 mars 2026 à 10h00 change" in mail.outbox[1].body


def test_the_message_id_is_the_same_at_each_attempt(desk):
    booked(desk, sms_consent=False)
    row = Notification.objects.get(kind="confirmation")
    send(row.pk)
    Notification.objects.filter(pk=row.pk).update(status="failed", sent_at=None)
    retry_notification(notification=row, by=desk.receptionist)
    send(row.pk)
    first, second = (message.message()["Message-ID"] for message in mail.outbox)
    assert first == second


def skipped(row: Notification) -> str:
    send(row.pk)
    row.refresh_from_db()
    assert (row.status, mail.outbox) == ("skipped", [])
    return row.outcome


def test_what_is_no_longer_true_is_not_sent(desk, monday_morning):
    appointment = booked(desk, sms_consent=False)
    row = Notification.objects.get(kind="confirmation")
    for change, words in (
        ({"to_replace_since": desk.site.now()}, "Le rendez-vous est à replacer"),
        ({"status": "arrived", "arrived_at": desk.site.now(), "arrived_by": desk.receptionist}, "« En attente »"),
    ):
        Appointment.objects.filter(pk=appointment.pk).update(**change)
        assert words in skipped(row).replace("\u00a0", " ")
        Notification.objects.filter(pk=row.pk).update(status="queued")
        Appointment.objects.filter(pk=appointment.pk).update(
            to_replace_since=None, status="booked", arrived_at=None, arrived_by=None
        )
    moved = booked(desk, clock="11:00", visitor=desk.visitor).during
    Appointment.objects.exclude(pk=appointment.pk).delete()
    Appointment.objects.filter(pk=appointment.pk).update(during=moved)
    assert skipped(row) == "L’heure du rendez-vous a changé depuis."
    Notification.objects.filter(pk=row.pk).update(status="queued")
    monday_morning.move_to(desk.at(THURSDAY, "12:00"))
    assert skipped(row) == "L’heure du rendez-vous est passée."


def test_a_consent_taken_back_stops_what_is_queued(desk):
    visitor = reachable(desk, sms_consent=False)
    booked(desk, visitor=visitor)
    visitor.email_consent = False
    visitor.save()
    assert "ne l’accepte plus" in skipped(Notification.objects.get(kind="confirmation"))


def test_a_corrected_address_is_used(desk):
    visitor = reachable(desk, sms_consent=False)
    booked(desk, visitor=visitor)
    visitor.email = "leila.amrani@exemple.fr"
    visitor.save()
    send_all(kind="confirmation")
    assert mail.outbox[0].to == ["leila.amrani@exemple.fr"]
    assert Notification.objects.get(kind="confirmation").recipient == "leila.amrani@exemple.fr"


def test_a_sent_message_is_never_sent_again(desk):
    booked(desk, sms_consent=False)
    for _ in range(3):
        send_all(kind="confirmation")
    assert len(mail.outbox) == 1


def test_a_reminder_waits_for_its_hour(desk, monday_morning):
    booked(desk, sms_consent=False)
    send_all(kind="reminder")
    assert mail.outbox == []
    monday_morning.move_to(desk.at(TUESDAY, "10:00"))
    send_all(kind="reminder")
    assert "Rappel" in mail.outbox[0].subject


# --- what goes wrong --------------------------------------------------------------------------------------------


class Server:
    """A mail server that answers with the exceptions in `answers`, then accepts."""

    def __init__(self, monkeypatch, *answers: Exception, opens_with: Exception | None = None) -> None:
        self.answers, self.opens_with = list(answers), opens_with
        monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend.open", self.open, raising=False)
        self.deliver = mail.backends.locmem.EmailBackend.send_messages
        monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", self.take)

    def open(self, *args) -> None:
        if self.opens_with:
            raise self.opens_with

    def take(self, messages) -> int:
        if self.answers:
            raise self.answers.pop(0)
        mail.outbox.extend(messages)
        return len(messages)


@pytest.mark.parametrize(
    "refusal",
    [
        smtplib.SMTPRecipientsRefused({EMAIL: (450, b"plus tard")}),
        smtplib.SMTPDataError(451, b"plus tard"),
        smtplib.SMTPSenderRefused(421, b"plus tard", "accueil@exemple.fr"),
    ],
)
def test_a_refusal_for_now_is_tried_again_later(desk, monkeypatch, monday_morning, refusal):
    Server(monkeypatch, refusal)
    booked(desk, sms_consent=False)
    row = Notification.objects.get(kind="confirmation")
    send(row.pk)
    row.refresh_from_db()
    assert (row.status, row.attempts) == ("queued", 1)
    assert "plus tard" in row.outcome
    assert row.due_at - desk.site.now() == dt.timedelta(minutes=1)
    send(row.pk)  # Too early.
    assert mail.outbox == []
    monday_morning.move_to(row.due_at)
    send(row.pk)
    row.refresh_from_db()
    assert (row.status, row.attempts, len(mail.outbox)) == ("sent", 2, 1)


def test_a_server_that_cannot_be_reached_is_given_up_after_some_hours(desk, monkeypatch, monday_morning):
    Server(monkeypatch, opens_with=ConnectionRefusedError())
    booked(desk, sms_consent=False)
    row = Notification.objects.get(kind="confirmation")
    waits = []
    for _ in range(MOST_ATTEMPTS):
        began = desk.site.now()
        send(row.pk)
        row.refresh_from_db()
        waits.append((row.due_at - began) // dt.timedelta(minutes=1))
        monday_morning.move_to(max(row.due_at, began))
    assert waits[:-1] == [1, 5, 15, 60, 180]
    assert (row.status, row.attempts) == ("failed", MOST_ATTEMPTS)
    assert row.outcome == "Abandonné après 6 essais. Le serveur de courriel est injoignable."


def test_an_address_refused_for_good_fails_at_once(desk, monkeypatch):
    Server(monkeypatch, smtplib.SMTPRecipientsRefused({EMAIL: (550, b"inconnu")}))
    booked(desk, sms_consent=False)
    row = Notification.objects.get(kind="confirmation")
    send(row.pk)
    row.refresh_from_db()
    assert (row.status, row.attempts) == ("failed", 1)
    assert "550 inconnu" in row.outcome


@pytest.mark.parametrize("loss", [smtplib.SMTPServerDisconnected("parti"), TimeoutError()])
def test_an_email_of_unknown_fate_is_not_sent_again(desk, monkeypatch, loss):
    Server(monkeypatch, loss)
    booked(desk, sms_consent=False)
    row = Notification.objects.get(kind="confirmation")
    send(row.pk)
    row.refresh_from_db()
    assert row.status == "failed"
    assert "Envoi incertain" in row.outcome
    send(row.pk)
    assert sweep() == 0
    assert mail.outbox == []


def test_an_email_whose_sender_died_is_marked_and_not_sent_again(desk):
    booked(desk, sms_consent=False)
    row = Notification.objects.get(kind="confirmation")
    Notification.objects.filter(pk=row.pk).update(status=NotificationStatus.SENDING, attempts=1)
    send(row.pk)
    row.refresh_from_db()
    assert (row.status, row.outcome, mail.outbox) == ("failed", INTERRUPTED, [])


def test_the_sweep_takes_up_what_lost_its_job(desk, monday_morning):
    booked(desk, sms_consent=False)
    confirmation, reminder = Notification.objects.order_by("pk")
    assert sweep() == 0
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs")
    assert sweep() == 0  # It is not late yet.
    monday_morning.shift(dt.timedelta(minutes=3))
    assert sweep() == 1
    assert sweep() == 0
    assert waiting_jobs() == [confirmation.pk]
    Notification.objects.filter(pk=reminder.pk).update(status=NotificationStatus.SENDING)
    assert sweep() == 1
    assert waiting_jobs() == [confirmation.pk, reminder.pk]


@pytest.mark.django_db(transaction=True)
def test_two_workers_on_one_message_send_it_once(desk):
    """The second finds the lock of the first, whose connection is another one, and leaves."""
    booked(desk, sms_consent=False)
    row = Notification.objects.get(kind="confirmation")
    other = connections.create_connection("default")
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", [f"bookings.notification:{row.pk}"])
        send(row.pk)
        assert mail.outbox == []
    finally:
        other.close()  # As the death of its process would: the lock is free, once PostgreSQL has noticed.
    with connection.cursor() as cursor:
        # Waits for the lock as long as it takes, and hands it back.
        key = f"bookings.notification:{row.pk}"
        cursor.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", [key])
        cursor.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [key])
    send(row.pk)
    assert len(mail.outbox) == 1


def test_a_person_may_have_a_failed_message_tried_again(desk, monday_morning):
    booked(desk, sms_consent=False)
    row = Notification.objects.get(kind="confirmation")
    with pytest.raises(DomainError, match="Seul un message en échec"):
        retry_notification(notification=row, by=desk.receptionist)
    Notification.objects.filter(pk=row.pk).update(status="failed", attempts=MOST_ATTEMPTS)
    again = retry_notification(notification=row, by=desk.receptionist)
    assert (again.status, again.dedupe_key) == ("queued", row.dedupe_key)
    assert again.outcome == f"Nouvel essai demandé par {desk.receptionist.get_full_name()}."
    Notification.objects.filter(pk=row.pk).update(status="failed")
    monday_morning.move_to(desk.at(THURSDAY, "10:00"))
    with pytest.raises(DomainError, match="trop tard"):
        retry_notification(notification=row, by=desk.receptionist)


def test_the_text_message_goes_to_the_mobile(desk, settings, tmp_path):
    settings.SMS_BACKEND, settings.SMS_FILE = "bookings.sms.FileSms", str(tmp_path / "sms.jsonl")
    booked(desk, email_consent=False)
    send_all(kind="confirmation")
    assert MOBILE in (tmp_path / "sms.jsonl").read_text()
    assert rows(kind="confirmation") == [("confirmation", "sms", "sent")]
