"""Who opened a personal file is in the journal: once, with page and request; nothing else is written by a GET."""

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import get_resolver, reverse

from partners.audit.tracking import TRACKED
from partners.models import AuditAction, AuditEvent
from tests.factories import SiteFactory, staff_of


def readings() -> list[AuditEvent]:
    return list(AuditEvent.objects.filter(action=AuditAction.READ).order_by("pk"))


@pytest.fixture
def card(desk) -> str:
    return reverse("bookings:visitor_detail", args=[desk.visitor.pk])


@pytest.fixture
def at_desk(client, desk):
    client.force_login(desk.receptionist)
    return client


def test_a_card_that_is_opened_is_a_line(at_desk, desk, card):
    response = at_desk.get(card)
    (line,) = readings()
    assert (line.model, line.object_id, line.person_id) == ("bookings.visitor", desk.visitor.pk, desk.visitor.pk)
    assert (line.user, line.ccas_id, line.place) == (desk.receptionist, desk.site.ccas_id, "bookings:visitor_detail")
    assert line.request_id == response.headers["X-Request-ID"]


def test_the_same_page_again_is_the_same_reading_another_person_or_page_is_not(at_desk, client, desk, card):
    at_desk.get(card)
    at_desk.get(card)
    assert len(readings()) == 1
    at_desk.get(reverse("bookings:visitor_update", args=[desk.visitor.pk]))
    assert [line.place for line in readings()] == ["bookings:visitor_detail", "bookings:visitor_update"]
    client.force_login(staff_of(desk.site))
    client.get(card)
    assert len(readings()) == 3


def test_after_ten_minutes_it_is_another_reading(at_desk, card):
    at_desk.get(card)
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('franceservices.audit_upkeep', 'forget', true)")
        cursor.execute("UPDATE partners_auditevent SET at = at - interval '11 minutes' WHERE action = 'read'")
    at_desk.get(card)
    assert len(readings()) == 2


def test_what_is_not_shown_is_not_read(at_desk, desk, card):
    """Outside the perimeter, in a form that is sent, in a part that the page asks for again."""
    stranger = staff_of(SiteFactory())
    at_desk.get(card, headers={"hx-request": "true"})
    at_desk.post(reverse("bookings:visitor_update", args=[desk.visitor.pk]), {"last_name": ""})
    at_desk.force_login(stranger)
    assert at_desk.get(card).status_code == 404
    assert readings() == []


def test_one_round_trip_and_no_other_write(at_desk, card):
    at_desk.get(card)
    with CaptureQueriesContext(connection) as queries:
        at_desk.get(card)
    notes = [query["sql"] for query in queries if "audit_note_reading" in query["sql"]]
    assert len(notes) == 1
    writes = [query["sql"] for query in queries if query["sql"].startswith(("INSERT", "UPDATE", "DELETE", "WITH"))]
    assert writes == []


def test_the_board_is_no_personal_file(at_desk):
    assert at_desk.get(reverse("bookings:today")).status_code == 200
    assert readings() == []


def test_the_pages_of_the_list_exist_and_name_watched_models():
    names = {
        f"{namespace}:{name}"
        for namespace, (_prefix, resolver) in get_resolver().namespace_dict.items()
        for name in resolver.reverse_dict
        if isinstance(name, str)
    }
    assert settings.PERSONAL_PAGES.keys() <= names
    assert {label for label, _part in settings.PERSONAL_PAGES.values()} <= TRACKED.keys()
