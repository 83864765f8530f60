"""Everything about one person, in a file and on paper: complete, readable by a machine, clear to herself."""

import datetime as dt
import json

import pytest
from django.apps import apps
from django.db.models import ForeignKey
from django.urls import reverse

from bookings.models import Visitor
from bookings.personal_data.export import export_of
from bookings.personal_data.holders import holders, untold
from bookings.personal_data.records import fields_of
from partners.audit.tracking import TRACKED
from tests.bookings.personal_data import SECRETS, WORDS
from tests.reports.papers import one_line, text_of

from .lives import Life


@pytest.fixture
def life(cases) -> Life:
    return Life(cases)


def leading_to_a_visitor() -> set[str]:
    """The labels of all models from which foreign keys, one after the other, lead to a visitor."""
    found = {Visitor}
    while True:
        more = {
            model
            for model in apps.get_models(include_auto_created=True)
            if model not in found
            and any(
                isinstance(field, ForeignKey) and field.related_model in found
                for field in model._meta.get_fields(include_hidden=True)
            )
        }
        if not more:
            return {model._meta.label for model in found}
        found |= more


def test_every_model_that_leads_to_a_person_is_told_or_left_out_with_a_reason():
    told = {told.model._meta.label for holder in holders() for told in holder.told}
    leading = leading_to_a_visitor()
    assert len(leading) > 10
    assert leading - told - untold().keys() == set(), "à dire dans un Told de PERSONAL_DATA_HOLDERS"
    assert all(untold().values())


def test_every_field_is_told_or_left_out_with_a_reason():
    for told in (told for holder in holders() for told in holder.told):
        names = {field.name for field in told.model._meta.concrete_fields if not field.generated}
        assert {field.name for field in fields_of(told)} | set(told.without) == names
        assert all(told.without.values())


def test_what_the_audit_blanks_is_what_is_emptied():
    """A column that tells who a person is in the journal is one that anonymising empties, and the other way round."""
    personal = {label: entry.personal for label, entry in TRACKED.items() if entry.person}
    assert {"bookings.visitor", "bookings.appointment", "casefiles.casefile", "casefiles.slipline"} <= personal.keys()
    assert set(personal["bookings.visitor"]) >= {"last_name", "first_name", "birth_date", "phone", "staff_notes"}


def test_the_file_holds_every_word_about_her(life):
    export = export_of(life.visitor, zone=life.site.zone).as_json()
    text = json.dumps(export, ensure_ascii=False).lower()
    for word in (word for word in WORDS if "/" not in word and "juillet" not in word):
        assert word in text
    sections = {section["key"]: section["records"] for section in export["sections"]}
    assert {key: len(records) for key, records in sections.items() if records} == {
        "cards": 2,
        "appointments": 4,
        "messages": 1,
        "consents": 2,
        "requests": 1,
        "merges": 1,
        "case_files": 3,
        "case_documents": 11,
        "slip_lines": 3,
        "rights_alerts": 1,
    }
    assert sections["appointments"][0]["during"] == {
        "from": "2026-02-03T09:00:00-03:00",
        "until": "2026-02-03T09:30:00-03:00",
    }
    assert dt.datetime.fromisoformat(sections["appointments"][0]["booked_at"]) == life.appointments[0].booked_at
    assert sections["appointments"][0]["booked_by"] == {"role": "Accueil"}
    assert [record["after"] for record in sections["consents"]] == [
        {"courriels": True, "SMS": True},
        {"courriels": False, "SMS": False},
    ]
    assert life.cases.clerk.last_name.lower() not in text.replace(life.site.name.lower(), "")


def test_the_paper_says_it_in_french(life, client):
    client.force_login(life.approver)
    answer = client.get(reverse("bookings:person_export_document", args=[life.visitor.pk]))
    assert (answer.status_code, answer["Cache-Control"]) == (200, "no-store")
    paper = text_of(answer.content)
    for words in (
        "Vos données personnelles",
        "Philomènexx ZZYVONNE-QUIDAM",
        "19 juillet 1931",
        "3 février 2026 à 9h00 – 9h30",
        "Reçu",
        "Notesecrete de l’accueil",
        "Motsecret du refus",
        "Consultations de la fiche et des dossiers",
    ):
        assert words in one_line(paper)


def test_only_who_oversees_the_ccas_exports(life, client):
    for name in ("person_export", "person_export_document"):
        address = reverse(f"bookings:{name}", args=[life.visitor.pk])
        for user, status in (
            (life.proposer, 200),
            (life.approver, 200),
            (life.cases.clerk, 404),
            (life.cases.agent, 404),
        ):
            client.force_login(user)
            assert client.get(address).status_code == status
    client.force_login(life.proposer)
    answer = client.get(reverse("bookings:person_export", args=[life.double.pk]))
    assert json.loads(answer.content)["card"] == life.visitor.pk
    assert SECRETS["last_name"] not in answer["Content-Disposition"]
