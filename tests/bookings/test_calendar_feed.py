"""The agenda of a partner's agent in her own calendar: what a strict reader finds in it, and who may have it."""

import datetime as dt
import re
from html import unescape
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from icalendar import Calendar

from bookings.models import CancelledBy, PermanenceStatus, SharedLink, SharedLinkKind
from bookings.rebooking import rebook
from bookings.services import cancel_appointment
from bookings.shared_links import create_calendar_link, digest_of
from partners.models import Role
from tests.factories import PartnerFactory, SiteFactory, VisitorFactory, agent_of, staff_of

from .schedules import booked, held, queries_of, words_of

TUESDAY, THURSDAY = dt.date(2026, 3, 3), dt.date(2026, 3, 5)
MY_CALENDAR = reverse("bookings:my_calendar")


def feed(token: str) -> str:
    return reverse("bookings:calendar_feed", args=[token])


@pytest.fixture
def token(desk) -> str:
    return create_calendar_link(site=desk.site, device="téléphone", by=desk.agent)[1]


def read(client, token: str) -> Calendar:
    """The feed as a reader that forgives nothing finds it: no component with errors, lines of RFC 5545."""
    answer = client.get(feed(token))
    assert answer.status_code == 200
    assert answer["Content-Type"] == "text/calendar; charset=utf-8"
    lines = answer.content.split(b"\r\n")
    assert b"\n" not in b"".join(lines)
    assert max(len(line) for line in lines) <= 75
    calendar = Calendar.from_ical(answer.content)
    assert [error for part in calendar.walk() for error in part.errors] == []
    assert calendar.to_ical() == answer.content
    return calendar


def events(client, token: str) -> list:
    return read(client, token).walk("VEVENT")


# --- What is in it -----------------------------------------------------------------------------------------------


def test_an_appointment_has_its_name_place_and_hour_and_nothing_private(client, desk, token):
    visitor = VisitorFactory(
        last_name="Petit", first_name="Anastasia", phone="+33639981234", interpreter_language="arabe"
    )
    desk.site.address, desk.site.postal_code = "13 avenue de l’Île-de-France", "25000"
    desk.site.save()
    appointment = booked(
        desk.permanence_at(THURSDAY, "09:00"), "10:00", visitor=visitor, reason=desk.reason, subject="Divorce"
    )
    (event,) = events(client, token)
    assert event["SUMMARY"] == "PETIT A. – Carte Vitale"
    office = appointment.permanence.office.full_label
    place = f"{office}, Espace France Services de Planoise, 13 avenue de l’Île-de-France, 25000 Besançon"
    assert event["LOCATION"] == place
    assert event.decoded("DTSTART") == desk.at(THURSDAY, "10:00")
    assert event.decoded("DTEND") == desk.at(THURSDAY, "10:30")
    text = read(client, token).to_ical().decode()
    for kept in ("Anastasia", "39981234", "Divorce", "arabe"):
        assert kept not in text


@pytest.mark.parametrize(
    ("fields", "day", "offset"),
    [
        ({}, dt.date(2026, 3, 26), 1),  # before the clocks change on 29 March
        ({}, dt.date(2026, 4, 2), 2),
        ({"cayenne": True}, dt.date(2026, 3, 26), -3),
        ({"cayenne": True}, dt.date(2026, 4, 2), -3),
    ],
)
def test_the_hour_is_the_spaces_own_in_winter_and_in_summer(client, desk, fields, day, offset):
    site = SiteFactory(**fields)
    booked(held(site, desk.partner, day, "09:00", "11:00"), "09:30", reason=desk.reason)
    calendar = read(client, create_calendar_link(site=site, device="", by=desk.agent)[1])
    (event,) = calendar.walk("VEVENT")
    assert event["DTSTART"].params["TZID"] == site.time_zone
    assert event["DTSTART"].dt.replace(tzinfo=None) == dt.datetime.combine(day, dt.time(9, 30))
    assert event["DTSTART"].dt.utcoffset() == dt.timedelta(hours=offset)
    # A reader that knows no zones but those of the file comes to the same moment.
    (rules,) = calendar.walk("VTIMEZONE")
    assert rules["TZID"] == site.time_zone
    by_the_file = dt.datetime.combine(day, dt.time(9, 30), rules.to_tz(lookup_tzid=False))
    assert by_the_file.utcoffset() == dt.timedelta(hours=offset)
    assert event["DTSTART"].dt == dt.datetime.combine(day, dt.time(9, 30), ZoneInfo(site.time_zone))


def test_an_empty_agenda_is_a_calendar_too(client, desk, token):
    calendar = read(client, token)
    assert calendar.walk("VEVENT") == []
    assert len(calendar.walk("VTIMEZONE")) == 1
    assert calendar["X-WR-CALNAME"] == "CPAM – Planoise"


def test_an_entry_keeps_its_identity_whatever_changes_around_it(client, desk, token):
    booked(desk.permanence_at(THURSDAY, "09:00"), "10:00", reason=desk.reason)
    before = client.get(feed(token)).content
    (event,) = events(client, token)
    assert client.get(feed(token)).content == before
    desk.site.slug, desk.site.short_name = "autre", "Autre"
    desk.site.save()
    desk.partner.slug = "autre"
    desk.partner.save()
    other = create_calendar_link(site=desk.site, device="", by=desk.agent)[1]
    assert [found["UID"] for found in events(client, other)] == [event["UID"]]
    assert [found["UID"] for found in read(client, other).walk("VEVENT")] == [
        found["UID"]
        for found in Calendar.from_ical(client.get(feed(other), HTTP_HOST="localhost").content).walk("VEVENT")
    ]


def test_what_is_cancelled_is_gone_and_what_is_moved_is_there_once(client, desk, token):
    permanence = desk.permanence_at(THURSDAY, "09:00")
    given_up = booked(permanence, "09:00", reason=desk.reason)
    moved = booked(permanence, "10:00", reason=desk.reason)
    kept = booked(permanence, "11:00", reason=desk.reason)
    cancel_appointment(appointment=given_up, cancelled_for=CancelledBy.VISITOR, by=desk.receptionist)
    target = desk.permanence_at(THURSDAY, "14:00")
    rebook(appointment=moved, permanence_id=target.pk, starts_at=desk.at(THURSDAY, "14:00"), by=desk.receptionist)
    found = events(client, token)
    assert [event["DTSTART"].dt for event in found] == [desk.at(THURSDAY, "11:00"), desk.at(THURSDAY, "14:00")]
    assert len({event["UID"] for event in found}) == 2
    assert found[0]["UID"].startswith(f"rendez-vous-{kept.pk}@")


def test_nobody_of_a_permanence_that_is_not_held(client, desk, token):
    cancelled = held(desk.site, desk.partner, TUESDAY, "17:00", "18:00", status=PermanenceStatus.CANCELLED)
    booked(cancelled, "17:00", reason=desk.reason)
    orphan = held(desk.site, desk.partner, TUESDAY, "17:00", "18:00", orphaned_at=timezone.now())
    booked(orphan, "17:00", reason=desk.reason)
    waiting = desk.permanence_at(THURSDAY, "09:00")
    booked(waiting, "09:00", reason=desk.reason, to_replace_since=timezone.now())
    assert events(client, token) == []


def test_from_thirty_days_ago_to_the_horizon(client, desk, token, settings):
    settings.PERMANENCE_HORIZON_DAYS = 10
    for day in ("2026-01-30", "2026-01-31", "2026-03-12", "2026-03-13"):
        booked(held(desk.site, desk.partner, dt.date.fromisoformat(day), "07:00", "08:00"), "07:00", reason=desk.reason)
    days = [event["DTSTART"].dt.date().isoformat() for event in events(client, token)]
    assert days == ["2026-01-31", "2026-03-12"]


def test_nothing_of_other_partners_or_other_spaces(client, desk, token):
    booked(held(desk.site, PartnerFactory(), THURSDAY), "09:00", reason=desk.reason)
    booked(held(SiteFactory(), desk.partner, THURSDAY), "09:00", reason=desk.reason)
    assert events(client, token) == []


def test_what_people_type_cannot_break_a_line(client, desk, token):
    visitor = VisitorFactory(last_name="A;B,C\\D\r\nDTSTART:20200101T000000Z\r\nX", first_name="Zoé")
    booked(desk.permanence_at(THURSDAY, "09:00"), "10:00", visitor=visitor, reason=desk.reason)
    (event,) = events(client, token)
    assert event["SUMMARY"].startswith("A;B,C\\D\nDTSTART:2020")
    assert event["DTSTART"].dt == desk.at(THURSDAY, "10:00")


def test_two_queries_whatever_the_agenda_and_no_write(client, desk, token):
    booked(desk.permanence_at(THURSDAY, "09:00"), "08:30", reason=desk.reason)
    few = queries_of(client, feed(token), CaptureQueriesContext(connection))
    for number in range(12):
        permanence = held(desk.site, desk.partner, dt.date(2026, 3, 9) + dt.timedelta(days=number))
        booked(permanence, "09:00", reason=desk.reason)
        booked(permanence, "10:00", reason=desk.reason, social_worker=desk.social_worker)
    with CaptureQueriesContext(connection) as caught:
        assert len(events(client, token)) == 25
    assert len(caught) == few == 2
    assert all(query["sql"].startswith("SELECT") for query in caught.captured_queries)


# --- Who may have it ---------------------------------------------------------------------------------------------


def test_the_agent_makes_her_address_and_it_is_shown_once(client, desk):
    client.force_login(desk.agent)
    posted = client.post(MY_CALENDAR, {"site": desk.site.slug, "device": "téléphone"})
    page = posted.content.decode()
    address = unescape(re.search(r'value="(http[^"]+)"', page)[1])
    assert f'href="webcal://{address.partition("://")[2]}"' in page
    assert posted["Cache-Control"] == "private, no-store"
    link = SharedLink.objects.get()
    token = address.rpartition("/")[2].removesuffix(".ics")
    assert (link.kind, link.token_digest, link.recipient) == (SharedLinkKind.CALENDAR, digest_of(token), "téléphone")
    assert token not in client.get(MY_CALENDAR).content.decode()
    assert "téléphone" in words_of(client.get(MY_CALENDAR))
    client.logout()
    assert client.get(address.removeprefix("http://testserver")).status_code == 200


def test_revoking_asks_first_and_closes_at_once(client, desk, token):
    link = SharedLink.objects.get()
    client.force_login(desk.agent)
    revoke = reverse("bookings:my_calendar_revoke", args=[link.pk])
    assert "Révoquer cette adresse ?" in words_of(client.get(revoke))
    assert client.get(feed(token)).status_code == 200
    assert "Adresse révoquée" in words_of(client.post(revoke, follow=True))
    assert client.get(feed(token)).status_code == 404
    assert "déjà révoqué" in words_of(client.post(revoke, follow=True))


def test_her_address_closes_with_her_account_and_with_her_caisse(client, desk, token):
    desk.agent.is_active = False
    desk.agent.save()
    assert client.get(feed(token)).status_code == 404
    desk.agent.is_active, desk.agent.partner = True, PartnerFactory()
    desk.agent.save()
    assert client.get(feed(token)).status_code == 404


def test_the_desk_sees_the_address_among_its_links_and_may_revoke_it(client, desk, token):
    client.force_login(desk.receptionist)
    assert "Agenda (iCalendar)" in words_of(client.get(reverse("bookings:shared_link_list")))
    client.post(reverse("bookings:shared_link_revoke", args=[SharedLink.objects.get().pk]))
    assert client.get(feed(token)).status_code == 404


def test_a_colleagues_address_is_not_hers(client, desk, token):
    client.force_login(agent_of(desk.partner))
    assert "téléphone" not in words_of(client.get(MY_CALENDAR)).partition("Mes adresses")[2]
    revoke = reverse("bookings:my_calendar_revoke", args=[SharedLink.objects.get().pk])
    assert [client.get(revoke).status_code, client.post(revoke).status_code] == [404, 404]
    assert client.get(feed(token)).status_code == 200


def test_only_spaces_where_her_caisse_sits_are_offered(client, desk):
    elsewhere = SiteFactory(name="Un autre espace")
    client.force_login(desk.agent)
    assert "Un autre espace" not in words_of(client.get(MY_CALENDAR))
    for site in (elsewhere.slug, "\x00", "inconnu", ""):
        assert "de la liste" in words_of(client.post(MY_CALENDAR, {"site": site})) or site == ""
    assert not SharedLink.objects.exists()
    client.force_login(agent_of(PartnerFactory()))
    assert "n’a pas encore de permanence" in words_of(client.get(MY_CALENDAR))
    assert client.post(MY_CALENDAR, {"site": desk.site.slug}).status_code == 200
    assert not SharedLink.objects.exists()


@pytest.mark.parametrize("role", [Role.RECEPTION, Role.SOCIAL_WORKER, Role.MANAGER, Role.ADMINISTRATOR])
def test_staff_finds_nothing_here(client, desk, token, role):
    client.force_login(staff_of(desk.site, role=role))
    revoke = reverse("bookings:my_calendar_revoke", args=[SharedLink.objects.get().pk])
    assert [client.get(MY_CALENDAR).status_code, client.post(MY_CALENDAR).status_code] == [404, 404]
    assert [client.get(revoke).status_code, client.post(revoke).status_code] == [404, 404]


@pytest.mark.parametrize("garbage", ["inconnu", "\x00", "🎈", "x" * 3000, "..%2F..%2Fetc"])
def test_garbage_opens_nothing(client, db, garbage):
    assert client.get(feed(garbage)).status_code == 404


def test_the_page_costs_the_same_for_one_address_and_for_many(client, desk, token):
    client.force_login(desk.agent)
    few = queries_of(client, MY_CALENDAR, CaptureQueriesContext(connection))
    for _ in range(8):
        site = SiteFactory()
        held(site, desk.partner, THURSDAY)
        create_calendar_link(site=site, device="poste", by=desk.agent)
    assert queries_of(client, MY_CALENDAR, CaptureQueriesContext(connection)) == few <= 6
