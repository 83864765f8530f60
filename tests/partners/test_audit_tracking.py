"""Every watched model has its trigger, as the registry says; no secret gets into the journal."""

import re

import pytest
from django.apps import apps
from django.db import connection

from partners.audit.tracking import TRACKED, columns_masked, reach, tracked_by_slug, trigger_arguments
from partners.models import AuditEvent

SECRET = re.compile(r"password|secret|token|digest|recovery|private|totp")
# Prints of what is public, not of a secret.
NO_SECRETS = {"conventions.document.sha256"}
ORDER = ("label", "left_out", "masked", "once", "personal", "page_label", "page", "site", "ccas", "person")


def triggers() -> dict[str, dict[str, str]]:
    """The arguments of the audit's trigger by table, as the database has them."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgrelid::regclass::text, encode(tgargs, 'escape') FROM pg_trigger"
            " WHERE tgname = 'audit_record' AND tgenabled = 'O'"
        )
        return {table: dict(zip(ORDER, args.split("\\000"), strict=False)) for table, args in cursor.fetchall()}


@pytest.mark.django_db
def test_each_watched_model_has_the_trigger_that_the_registry_describes():
    found = triggers()
    wanted = {entry.model._meta.db_table: trigger_arguments(entry) for entry in TRACKED.values()}
    wrong = {table: arguments for table, arguments in wanted.items() if found.get(table) != arguments}
    # Add to a migration: track(table, label, …) with these arguments.
    assert wrong == {}
    assert found.keys() == wanted.keys()


def test_a_secret_is_never_recorded_whatever_a_later_field_is_called():
    faults = [
        f"{label}.{field.name}"
        for label, entry in TRACKED.items()
        for field in entry.model._meta.concrete_fields
        if SECRET.search(field.name) and field.column not in columns_masked(entry)
    ]
    assert set(faults) - NO_SECRETS == set()
    assert columns_masked(TRACKED["partners.user"]) == ["password"]
    assert columns_masked(TRACKED["mfa.authenticator"]) == ["data"]
    assert columns_masked(TRACKED["bookings.sharedlink"]) == ["token_digest"]


def test_what_must_be_watched_is():
    assert {
        *("conventions.convention", "conventions.feeterms", "conventions.permanenceslot", "conventions.amendment"),
        *("conventions.officeallocation", "conventions.feestatement", "conventions.deliberation"),
        *("bookings.permanence", "bookings.appointment", "bookings.visitor", "bookings.visitormerge"),
        *("casefiles.casefile", "casefiles.slipline", "casefiles.transmissionslip", "casefiles.rightsalert"),
        *("reports.monthlyreturn", "reports.annualreport"),
        *("partners.user", "partners.user_sites", "partners.site", "partners.office", "partners.partner"),
    } <= TRACKED.keys()


def test_each_kind_has_an_address_and_a_page():
    assert len({entry.slug for entry in TRACKED.values()}) == len(TRACKED)
    for entry in TRACKED.values():
        assert tracked_by_slug(entry.slug) is entry
        page = TRACKED[entry.page_model._meta.label_lower]
        assert not page.page, entry.label
    assert tracked_by_slug("rien") is None


def test_what_a_path_leads_to_is_said_table_by_table():
    slot = apps.get_model("conventions", "PermanenceSlot")
    assert reach(slot, "") == ""
    assert reach(slot, "pk") == "id"
    assert reach(slot, "allocation") == "allocation_id"
    assert reach(slot, "allocation__convention__site") == (
        "allocation_id>conventions_officeallocation.convention_id>conventions_convention.site_id"
    )


def test_personal_columns_belong_to_somebody():
    for entry in TRACKED.values():
        assert entry.person or not entry.personal, entry.label
    assert AuditEvent._meta.label_lower not in TRACKED
