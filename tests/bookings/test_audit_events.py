"""What the journal says of a change: who, from where, before and after; and what was done behind the application."""

import datetime as dt

import psycopg
import pytest
from django.db import connection
from django.urls import reverse

from bookings.models import Appointment, Permanence, Visitor
from bookings.services import book_appointment, cancel_appointment
from conventions.models import FeeTerms
from partners.audit.jobs import mark_job
from partners.models import AuditEvent, AuditOrigin, Closure
from tests.factories import FeeTermsFactory, VisitorFactory, staff_of

TUESDAY = dt.date(2026, 3, 3)


def events(label: str, number: int | None = None, action: str = "") -> list[AuditEvent]:
    """The lines of one kind, the first one first."""
    found = AuditEvent.objects.filter(model=label).order_by("pk")
    if number is not None:
        found = found.filter(object_id=number)
    return list(found.filter(action=action) if action else found)


def stranger() -> psycopg.Connection:
    """A connection that is none of ours, as `psql` makes it."""
    known = connection.get_connection_params()
    address = {name: known[name] for name in ("host", "port", "dbname", "user", "password") if known.get(name)}
    return psycopg.connect(**address, application_name="psql")


def booked(desk) -> Appointment:
    return book_appointment(
        permanence_id=desk.permanence_at(TUESDAY, "10:00").pk,
        starts_at=desk.at(TUESDAY, "10:00"),
        reason=desk.reason,
        visitor=desk.visitor,
        subject="Renouvellement",
        by=desk.receptionist,
    )


def test_a_booking_is_a_line_with_its_space_its_person_and_what_it_holds(desk):
    appointment = booked(desk)
    (line,) = events("bookings.appointment", appointment.pk)
    assert (line.action, line.page_model, line.page_id) == ("insert", "bookings.appointment", appointment.pk)
    assert (line.ccas_id, line.site_id, line.person_id) == (desk.site.ccas_id, desk.site.pk, desk.visitor.pk)
    assert line.before is None
    assert line.personal_before is None
    assert line.after["status"] == "booked"
    assert line.after["during"] == '["2026-03-03 09:00:00+00","2026-03-03 09:30:00+00")'
    assert "cancelled_at" not in line.after
    assert "subject" not in line.after
    assert line.personal_after["subject"] == "Renouvellement"


def test_a_change_tells_both_sides_of_what_changed_and_nothing_else(desk):
    appointment = booked(desk)
    cancel_appointment(appointment=appointment, cancelled_for="visitor", reason="Empêchée", by=desk.receptionist)
    line = events("bookings.appointment", appointment.pk)[-1]
    assert line.action == "update"
    assert line.before["status"] == "booked"
    assert line.after["status"] == "cancelled"
    assert line.before["cancelled_by_id"] is None
    assert line.after["cancelled_by_id"] == desk.receptionist.pk
    assert "during" not in line.after
    assert line.personal_after == {"cancellation_reason": "Empêchée"}


def test_what_changes_nothing_is_no_line(desk):
    before = AuditEvent.objects.count()
    Visitor.objects.filter(pk=desk.visitor.pk).update(phone=desk.visitor.phone)
    desk.receptionist.last_login = dt.datetime(2026, 3, 2, tzinfo=dt.UTC)
    desk.receptionist.save()
    assert AuditEvent.objects.count() == before


def test_bulk_writes_and_deletions_are_lines_too(desk):
    closures = Closure.objects.bulk_create(
        Closure(site=desk.site, starts_on=day, ends_on=day, reason="Travaux") for day in (TUESDAY, TUESDAY)
    )
    Closure.objects.filter(site=desk.site).update(reason="Inventaire")
    Closure.objects.filter(site=desk.site).delete()
    lines = events("partners.closure")
    assert [line.action for line in lines] == ["insert"] * 2 + ["update"] * 2 + ["delete"] * 2
    assert {line.object_id for line in lines} == {closure.pk for closure in closures}
    assert lines[-1].before["reason"] == "Inventaire"
    assert lines[-1].after is None
    assert {(line.page_model, line.page_id) for line in lines} == {("partners.site", desk.site.pk)}


def test_a_fee_is_read_on_the_page_of_its_convention(desk):
    terms = FeeTermsFactory(convention=desk.convention)
    FeeTerms.objects.filter(pk=terms.pk).update(annual_amount="2000.50")
    line = events("conventions.feeterms", terms.pk)[-1]
    assert (line.page_model, line.page_id) == ("conventions.convention", desk.convention.pk)
    assert (line.site_id, line.ccas_id) == (desk.site.pk, desk.site.ccas_id)
    assert line.after == {"annual_amount": 2000.50}


def test_the_slots_of_a_grid_find_their_convention_through_their_office(desk):
    lines = events("conventions.permanenceslot")
    assert {(line.page_model, line.page_id, line.site_id) for line in lines} == {
        ("conventions.convention", desk.convention.pk, desk.site.pk)
    }


def test_rights_are_lines_a_password_is_said_to_have_changed_and_never_shown(desk):
    clerk = staff_of(desk.site)
    (space,) = [line for line in events("partners.user_sites") if line.page_id == clerk.pk]
    assert space.page_model == "partners.user"
    assert space.after["site_id"] == desk.site.pk
    clerk.sites.clear()
    assert events("partners.user_sites")[-1].action == "delete"
    clerk.set_password("Une-autre-phrase-2026")
    clerk.save()
    line = events("partners.user", clerk.pk)[-1]
    assert (line.before, line.after) == ({"password": "*"}, {"password": "**"})
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM partners_auditevent e WHERE e::text LIKE '%%pbkdf2%%'")
        assert cursor.fetchone()[0] == 0


def test_a_page_says_who_where_and_in_which_request(client, desk):
    client.force_login(desk.receptionist)
    typed = {"last_name": "Bakari", "first_name": "Nadia", "phone": "0600000000"}
    response = client.post(reverse("bookings:visitor_update", args=[desk.visitor.pk]), typed)
    assert response.status_code == 302
    line = events("bookings.visitor", desk.visitor.pk)[-1]
    assert (line.user, line.origin, line.place) == (desk.receptionist, AuditOrigin.REQUEST, "bookings:visitor_update")
    assert line.request_id == response.headers["X-Request-ID"]
    assert line.personal_after["last_name"] == "Bakari"


@pytest.mark.django_db(transaction=True)
def test_nobody_s_context_outlives_the_request(client, desk):
    client.force_login(desk.receptionist)
    client.post(reverse("bookings:visitor_update", args=[desk.visitor.pk]), {"last_name": "Bakari"})
    VisitorFactory(ccas=desk.site.ccas)
    line = events("bookings.visitor")[-1]
    assert line.user is None
    assert line.request_id == ""
    assert line.origin == AuditOrigin.COMMAND


def test_a_job_is_marked_with_its_name(desk):
    class Job:
        task_name = "bookings.tasks.extend_permanences"

    class Context:
        job = Job

    mark_job(lambda: Permanence.objects.filter(site=desk.site).update(purpose="Prêt"), Context, None)
    line = events("bookings.permanence", action="update")[-1]
    assert (line.origin, line.place) == (AuditOrigin.TASK, "bookings.tasks.extend_permanences")


@pytest.mark.django_db(transaction=True)
def test_an_update_by_raw_sql_is_shown_as_done_outside_the_application():
    visitor = VisitorFactory(last_name="Amrani")
    with stranger() as intruder:
        intruder.execute("UPDATE bookings_visitor SET last_name = 'Autre', phone = '' WHERE id = %s", [visitor.pk])
    line = events("bookings.visitor", visitor.pk)[-1]
    assert (line.origin, line.place, line.user_id) == (AuditOrigin.OUTSIDE, "psql", None)
    assert line.database_role == connection.get_connection_params()["user"]
    assert line.personal_before["last_name"] == "Amrani"
    assert line.personal_after["last_name"] == "Autre"
