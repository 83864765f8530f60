"""The deadlines in a person's own calendar, for a strict reader; and by e-mail each Monday, once."""

import datetime as dt
import re
import smtplib
from html import unescape

import pytest
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from icalendar import Calendar

from conventions.deadline_feed import create_feed
from conventions.fulfilment import fulfil
from conventions.models import DeadlineFeed, DigestRefusal, WeeklyDigest
from conventions.tasks import weekly_digests
from conventions.weekly_digest import send_weekly_digests
from franceservices.secret_links import digest_of
from partners.models import Role
from tests.bookings.schedules import words_of
from tests.factories import SiteFactory, UserFactory, staff_of

from .owed import Owed, on_day

TODAY = dt.date(2026, 11, 20)
FOLLOW = reverse("conventions:deadline_follow")
# Monday 23 November 2026.
MONDAY_7H_PARIS = dt.datetime(2026, 11, 23, 6, 10, tzinfo=dt.UTC)
MONDAY_7H_CAYENNE = dt.datetime(2026, 11, 23, 10, 10, tzinfo=dt.UTC)


@pytest.fixture
def owed(db):
    with on_day(TODAY):
        yield Owed()


@pytest.fixture
def token(owed) -> str:
    return create_feed(site=owed.site, device="téléphone", by=owed.manager)[1]


def feed(token: str) -> str:
    return reverse("conventions:deadline_feed", args=[token])


def read(client, token: str) -> Calendar:
    """The feed as a reader that forgives nothing finds it: no component with errors, lines of RFC 5545."""
    answer = client.get(feed(token))
    assert answer.status_code == 200
    assert answer["Content-Type"] == "text/calendar; charset=utf-8"
    assert answer["Cache-Control"] == "private, no-store"
    lines = answer.content.split(b"\r\n")
    assert b"\n" not in b"".join(lines)
    assert max(len(line) for line in lines) <= 75
    calendar = Calendar.from_ical(answer.content)
    assert [error for part in calendar.walk() for error in part.errors] == []
    assert calendar.to_ical() == answer.content
    return calendar


# --- The feed -----------------------------------------------------------------------------------------------------


def test_each_line_is_a_whole_day_with_an_identity(client, owed, token):
    calendar = read(client, token)
    assert calendar["X-WR-CALNAME"] == "Échéances – Planoise"
    events = calendar.walk("VEVENT")
    assert len(events) == 45 + 3
    assert len({event["UID"] for event in events}) == len(events)
    notice = next(event for event in events if "préavis" in event["SUMMARY"])
    assert notice["SUMMARY"] == "Dernier jour pour recevoir un préavis – CPAM"
    assert (notice["DTSTART"].dt, notice["DTEND"].dt) == (dt.date(2027, 12, 31), dt.date(2028, 1, 1))
    assert notice["DTSTART"].params["VALUE"] == "DATE"
    first = next(event for event in events if event["DTSTART"].dt == dt.date(2025, 4, 1))
    assert first["SUMMARY"] == "En retard\u00a0: Attestation d’assurance – CPAM"
    assert "À la charge de\u00a0: CPAM. Article 6." in first["DESCRIPTION"]


def test_two_readings_are_the_same_and_what_is_fulfilled_goes(client, owed, token):
    assert client.get(feed(token)).content == client.get(feed(token)).content
    due = owed.dues(owed.certificate)[0]
    before = len(read(client, token).walk("VEVENT"))
    fulfil(occurrence=due, on=TODAY, proof_note="Reçue", by=owed.manager)
    after = [event["UID"] for event in read(client, token).walk("VEVENT")]
    assert len(after) == before - 1
    assert f"echeance-{due.pk}@echeances.france-services.invalid" not in after


def test_what_people_type_cannot_break_a_line(client, owed, token):
    owed.certificate.label = "A;B,C\\D\r\nDTSTART:20200101T000000Z"
    owed.certificate.save()
    events = read(client, token).walk("VEVENT")
    assert sum("A;B,C\\D" in event["SUMMARY"] for event in events) == 3


def test_it_reads_only_and_in_few_queries(client, owed, token):
    with CaptureQueriesContext(connection) as caught:
        client.get(feed(token))
    assert len(caught) <= 5
    assert all(query["sql"].startswith("SELECT") for query in caught.captured_queries)


def test_the_address_is_told_once_and_only_its_digest_is_kept(client, owed):
    client.force_login(owed.manager)
    posted = client.post(FOLLOW, {"device": "téléphone"})
    address = unescape(re.search(r'value="(http[^"]+)"', posted.content.decode())[1])
    token = address.rpartition("/")[2].removesuffix(".ics")
    assert posted["Cache-Control"] == "private, no-store"
    assert DeadlineFeed.objects.get().token_digest == digest_of(token)
    assert token not in client.get(FOLLOW).content.decode()
    client.logout()
    assert client.get(address.removeprefix("http://testserver")).status_code == 200


def test_revoking_asks_first_and_closes_for_good(client, owed, token):
    client.force_login(owed.manager)
    revoke = reverse("conventions:deadline_feed_revoke", args=[DeadlineFeed.objects.get().pk])
    assert "Révoquer cette adresse ?" in words_of(client.get(revoke))
    assert client.get(feed(token)).status_code == 200
    client.post(revoke)
    assert client.get(feed(token)).status_code == 404
    assert "déjà révoquée" in words_of(client.post(revoke, follow=True))
    client.force_login(UserFactory(role=Role.MANAGER, ccas=owed.ccas))
    assert [client.get(revoke).status_code, client.post(revoke).status_code] == [404, 404]


@pytest.mark.parametrize(
    "change",
    [
        lambda owed: setattr(owed.manager, "is_active", False),
        lambda owed: setattr(owed.manager, "role", Role.RECEPTION),
        lambda owed: setattr(owed.manager, "ccas", SiteFactory().ccas),
        lambda owed: setattr(owed.site, "is_active", False),
    ],
    ids=["left", "other role", "other CCAS", "space closed"],
)
def test_it_closes_with_the_right_to_read(client, owed, token, change):
    change(owed)
    owed.manager.save()
    owed.site.save()
    assert client.get(feed(token)).status_code == 404


@pytest.mark.parametrize("garbage", ["inconnu", "\x00", "🎈", "x" * 3000])
def test_garbage_opens_nothing(client, db, garbage):
    assert client.get(feed(garbage)).status_code == 404


# --- The weekly e-mail --------------------------------------------------------------------------------------------


def test_each_overseer_gets_it_once_a_week(owed, mailoutbox):
    staff_of(owed.site, role=Role.RECEPTION)
    UserFactory(role=Role.MANAGER, ccas=owed.ccas, is_active=False)
    with on_day(dt.date(2026, 11, 23)):
        assert send_weekly_digests(now=MONDAY_7H_PARIS) == 2
        assert send_weekly_digests(now=MONDAY_7H_PARIS + dt.timedelta(hours=1)) == 0
    assert {message.to[0] for message in mailoutbox} == {owed.manager.email, owed.administrator.email}
    assert WeeklyDigest.objects.filter(sent_at__isnull=False, monday=dt.date(2026, 11, 23)).count() == 2
    message = mailoutbox[0]
    assert message.subject == "Échéances de Planoise, semaine du 23 novembre 2026\u00a0: 23 en retard"
    assert message.extra_headers["Auto-Submitted"] == "auto-generated"
    body = message.body
    assert "EN RETARD (23)" in body
    assert "LES TROIS MOIS SUIVANTS (3)" in body
    assert "- mer. 1er avril 2026 : Attestation d’assurance (du 1er avril 2026 au 31 mars 2027)" in body
    assert "CPAM, à la charge de : CPAM, article 6" in body
    assert "- et 3 de plus" in body
    assert "&" not in body
    with on_day(dt.date(2026, 11, 30)):
        assert send_weekly_digests(now=MONDAY_7H_PARIS + dt.timedelta(days=7)) == 2


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (MONDAY_7H_PARIS - dt.timedelta(minutes=11), 0),
        (MONDAY_7H_PARIS + dt.timedelta(days=1), 0),
        (MONDAY_7H_PARIS + dt.timedelta(hours=12), 2),
        (MONDAY_7H_PARIS - dt.timedelta(days=1), 0),
    ],
)
def test_on_monday_morning_or_later_that_day(owed, mailoutbox, now, expected):
    assert send_weekly_digests(now=now) == expected


def test_by_the_clock_of_the_space(owed, mailoutbox):
    due = owed.of_another_ccas()
    site = due.obligation.convention.site
    UserFactory(role=Role.MANAGER, ccas=site.ccas, email="cayenne@exemple.fr")
    send_weekly_digests(now=MONDAY_7H_PARIS)
    assert "cayenne@exemple.fr" not in {message.to[0] for message in mailoutbox}
    assert send_weekly_digests(now=MONDAY_7H_CAYENNE) == 1
    assert mailoutbox[-1].to == ["cayenne@exemple.fr"]


def test_nothing_to_say_sends_nothing(owed, mailoutbox):
    owed.convention.obligations.all().delete()
    assert send_weekly_digests(now=MONDAY_7H_PARIS) == 0
    assert not WeeklyDigest.objects.exists()


def test_a_mail_server_that_refuses_is_asked_again(owed, mailoutbox, monkeypatch):
    def refuse(*args, **kwargs):
        raise smtplib.SMTPServerDisconnected("gone")

    with monkeypatch.context() as broken:
        broken.setattr(mail.EmailMessage, "send", refuse)
        assert send_weekly_digests(now=MONDAY_7H_PARIS) == 0
    assert send_weekly_digests(now=MONDAY_7H_PARIS + dt.timedelta(hours=1)) == 2


def test_who_does_not_want_it_says_so_and_may_come_back(client, owed, mailoutbox):
    client.force_login(owed.manager)
    answer = client.post(reverse("conventions:digest_refuse"), follow=True)
    assert reverse("conventions:digest_accept") in answer.content.decode()
    assert send_weekly_digests(now=MONDAY_7H_PARIS) == 1
    client.post(reverse("conventions:digest_accept"))
    assert not DigestRefusal.objects.exists()
    assert send_weekly_digests(now=MONDAY_7H_PARIS) == 1
    assert client.get(reverse("conventions:digest_refuse")).status_code == 405


def test_the_links_are_in_it_where_the_server_has_a_name(owed, mailoutbox, settings):
    settings.PUBLIC_URL = "https://rdv.exemple.fr"
    send_weekly_digests(now=MONDAY_7H_PARIS)
    assert "https://rdv.exemple.fr/echeances/" in mailoutbox[0].body
    assert "https://rdv.exemple.fr/echeances/suivre/" in mailoutbox[0].body


def test_the_job_is_run_by_the_worker(owed, mailoutbox):
    with on_day(dt.date(2026, 11, 23)):
        weekly_digests(timestamp=0)
    assert len(mailoutbox) == 2
