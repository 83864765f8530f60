"""The journal is only ever added to, by whoever asks, the role of the application first; and a person is forgotten."""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, IntegrityError, ProgrammingError, connection, transaction
from django.utils import timezone

from bookings.models import Appointment, Visitor
from bookings.services import book_appointment
from franceservices.db import violated_constraint
from partners.audit.forgetting import forget_in_audit
from partners.models import AuditAction, AuditEvent
from tests.factories import VisitorFactory

ROLE, PASSWORD = "espace_application", "un-mot-de-passe-de-role"
TUESDAY = dt.date(2026, 3, 3)
FORBIDDEN = [
    "UPDATE partners_auditevent SET user_id = NULL",
    "DELETE FROM partners_auditevent",
    "TRUNCATE partners_auditevent",
]


@pytest.fixture
def guarded(db) -> None:
    """The trigger that the tests' own cleaning goes without, until the test ends."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE partners_auditevent ENABLE TRIGGER audit_is_never_emptied")


@pytest.mark.parametrize("statement", FORBIDDEN)
def test_even_the_owner_changes_nothing(guarded, statement):
    VisitorFactory()
    with pytest.raises(IntegrityError) as caught, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert violated_constraint(caught.value) == "audit_is_append_only"


def test_a_person_is_forgotten_in_all_lines_about_her_and_it_is_said(desk):
    appointment = booked(desk)
    other = VisitorFactory(ccas=desk.site.ccas, last_name="Reste")
    Visitor.objects.filter(pk=desk.visitor.pk).update(last_name="", first_name="", phone="", email="")
    lines = AuditEvent.objects.filter(person_id=desk.visitor.pk)
    assert any("Renouvellement" in str(line.personal_after) for line in lines)

    assert (
        forget_in_audit(model="bookings.visitor", person_id=desk.visitor.pk) == lines.exclude(action="forget").count()
    )
    for line in lines.exclude(action=AuditAction.FORGET):
        assert line.forgotten_at is not None
        values = [*(line.personal_before or {}).values(), *(line.personal_after or {}).values()]
        assert values
        assert set(values) == {None}
    booking = lines.get(model="bookings.appointment", object_id=appointment.pk)
    assert booking.after["status"] == "booked"
    assert "Reste" in str(AuditEvent.objects.get(object_id=other.pk, model="bookings.visitor").personal_after)
    said = lines.get(action=AuditAction.FORGET)
    assert (said.object_id, said.ccas_id) == (desk.visitor.pk, desk.site.ccas_id)
    assert said.after["events"] > 1
    assert forget_in_audit(model="bookings.visitor", person_id=desk.visitor.pk) == 0


def test_what_is_too_old_is_removed_by_command_and_it_is_said(guarded, settings, capsys):
    VisitorFactory()
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('franceservices.audit_upkeep', 'forget', true)")
        cursor.execute(
            "UPDATE partners_auditevent SET at = at - interval '7 years' WHERE id = (SELECT min(id) FROM"
            " partners_auditevent)"
        )
        cursor.execute("SELECT set_config('franceservices.audit_upkeep', '', true)")
    before = AuditEvent.objects.count()
    call_command("purge_audit", "--dry-run")
    assert "1 évènements" in capsys.readouterr().out
    assert AuditEvent.objects.count() == before
    call_command("purge_audit")
    said = AuditEvent.objects.get(action=AuditAction.PURGE)
    assert said.after["events"] == 1
    assert AuditEvent.objects.count() == before
    settings.AUDIT_RETENTION_YEARS = 0
    with pytest.raises(CommandError, match="un an au moins"):
        call_command("purge_audit")


def test_nothing_younger_than_a_year_can_be_removed(db):
    with pytest.raises(DatabaseError, match="a year at least"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT audit_purge(%s)", [timezone.now()])


# --- The role of the application ----------------------------------------------------------------------------------


@contextmanager
def signed_in_as(role: str) -> Iterator[None]:
    """Django's own connection, opened anew by another role."""
    known = connection.settings_dict.copy()
    connection.close()
    connection.settings_dict.update(USER=role, PASSWORD=PASSWORD)
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict.update(known)


@pytest.fixture
def application_role(transactional_db) -> Iterator[str]:
    with connection.cursor() as cursor:
        cursor.execute(f"DROP ROLE IF EXISTS {ROLE}")
        cursor.execute(f"CREATE ROLE {ROLE} LOGIN PASSWORD '{PASSWORD}'")
    call_command("grant_application_role", ROLE)
    yield ROLE
    with connection.cursor() as cursor:
        cursor.execute(f"DROP OWNED BY {ROLE}")
        cursor.execute(f"DROP ROLE {ROLE}")


def booked(desk) -> Appointment:
    return book_appointment(
        permanence_id=desk.permanence_at(TUESDAY, "10:00").pk,
        starts_at=desk.at(TUESDAY, "10:00"),
        reason=desk.reason,
        visitor=desk.visitor,
        subject="Renouvellement",
        by=desk.receptionist,
    )


def test_the_role_of_the_application_books_and_is_recorded(application_role, desk):
    with signed_in_as(application_role):
        appointment = booked(desk)
        line = AuditEvent.objects.get(model="bookings.appointment", object_id=appointment.pk)
        assert line.database_role == application_role
        assert line.site_id == desk.site.pk
        assert forget_in_audit(model="bookings.visitor", person_id=desk.visitor.pk) > 0


@pytest.mark.parametrize(
    "statement",
    [
        *FORBIDDEN,
        "INSERT INTO partners_auditevent (at, action, model, object_id, page_model, origin, place, request_id,"
        " database_role) VALUES (now(), 'insert', 'x', 1, 'x', 'request', '', '', '')",
        "SELECT audit_purge(now() - interval '2 years')",
        "SELECT set_config('franceservices.audit_upkeep', 'purge', false); DELETE FROM partners_auditevent",
        "ALTER TABLE partners_auditevent DISABLE TRIGGER ALL",
        "ALTER TABLE bookings_visitor DISABLE TRIGGER audit_record",
        "SET session_replication_role = replica",
        "CREATE TEMP TABLE forged (id bigint); CREATE TRIGGER forge AFTER INSERT ON forged FOR EACH ROW EXECUTE"
        " FUNCTION audit_record('bookings.visitor', '', '', '', '', '', 'id', '', '', '')",
        "DELETE FROM django_migrations",
    ],
)
def test_the_role_of_the_application_neither_changes_nor_forges_a_line(application_role, desk, statement):
    before = AuditEvent.objects.count()
    refused = pytest.raises(ProgrammingError, match=r"permission denied|must be owner")
    with signed_in_as(application_role), connection.cursor() as cursor, refused:
        cursor.execute(statement)
    assert AuditEvent.objects.count() == before


def test_only_a_role_that_is_held_back_is_accepted(db):
    with pytest.raises(CommandError, match="n’existe pas"):
        call_command("grant_application_role", "personne")
    with pytest.raises(CommandError, match="superutilisateur"):
        call_command("grant_application_role", connection.get_connection_params()["user"])
