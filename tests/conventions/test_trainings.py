"""Committees by organisation, and people trained who count once however often and however their name is typed."""

import datetime as dt

import pytest
from django.urls import reverse

from conventions.meetings import people_trained, record_committee, record_training
from conventions.models import CommitteeMeeting, TrainedPerson, TrainingSession
from conventions.people import by_organisation, name_key, typed_names
from franceservices.errors import DomainError
from partners.models import Role
from reports import figures
from reports.figures.trainings import PEOPLE_TRAINED, SESSIONS
from reports.periods import Period
from reports.scopes import Scope
from tests.factories import ConventionFactory, PartnerFactory, UserFactory

from .owed import on_day
from .scene import Scene

TODAY = dt.date(2026, 11, 20)


@pytest.fixture
def scene(db):
    with on_day(TODAY):
        yield Scene()


@pytest.fixture
def manager(scene, client):
    client.force_login(UserFactory(role=Role.MANAGER, ccas=scene.ccas))
    return client


def trained(scene, *names: str, on: str = "2026-03-10", people: int | None = None, **fields) -> TrainingSession:
    return record_training(
        convention=fields.pop("convention", scene.convention),
        held_on=dt.date.fromisoformat(on),
        subject="C2S",
        trainer="",
        people_trained=people,
        duration_hours=None,
        names=names,
        by=scene.administrator,
        **fields,
    )


# --- Names ---------------------------------------------------------------------------------------------------------


def test_one_person_typed_in_several_ways_is_one():
    assert name_key("DUPONT  Émilie") == name_key("Emilie Dupont") == "dupont emilie"
    assert typed_names("Émilie Dupont\n\n  dupont EMILIE \nNoor Ben-Ali\r\n---\n") == ["Émilie Dupont", "Noor Ben-Ali"]


def test_who_came_is_told_by_organisation():
    groups = [("CCAS", "Camille Roy, responsable\n"), ("CPAM", "")]
    others = "Préfecture : Mme Roy\nPréfecture : M. Petit\nUn voisin\nCPAM : Dominique Petit\n:\n"
    assert by_organisation(groups, others) == [
        ("CCAS", ["Camille Roy, responsable"]),
        ("CPAM", ["Dominique Petit"]),
        ("Préfecture", ["Mme Roy", "M. Petit"]),
        ("", ["Un voisin", ":"]),
    ]


# --- The yearly figure -----------------------------------------------------------------------------------------------


def counted(scene, first: str = "2026-01-01", last: str = "2026-12-31") -> tuple[int, int]:
    scope = Scope(sites=(scene.site,), period=Period(dt.date.fromisoformat(first), dt.date.fromisoformat(last)))
    found = figures.values([SESSIONS, PEOPLE_TRAINED], scope)
    return found[SESSIONS.slug], found[PEOPLE_TRAINED.slug]


def test_a_person_counts_once_and_a_headcount_as_it_is(scene):
    trained(scene, "Émilie Dupont", "Noor Benali")
    trained(scene, "DUPONT Emilie", "Sacha Lopez", on="2026-05-10")
    trained(scene, on="2026-06-10", people=5)
    assert people_trained(scene.convention) == 8
    assert counted(scene) == (3, 8)
    assert counted(scene, last="2026-04-30") == (1, 2)
    assert counted(scene, first="2027-01-01", last="2027-12-31") == (0, 0)


def test_she_counts_once_under_two_conventions_too(scene):
    other = ConventionFactory(site=scene.site, partner=PartnerFactory())
    trained(scene, "Émilie Dupont")
    trained(scene, "Émilie Dupont", convention=other)
    assert counted(scene) == (2, 1)


# --- What is recorded ------------------------------------------------------------------------------------------------


def test_names_give_the_headcount(scene):
    session = trained(scene, "Émilie Dupont", "emilie dupont", "Noor Benali")
    assert session.people_trained == 2
    with pytest.raises(DomainError, match="2 noms pour 3 personnes"):
        trained(scene, "A B", "C D", people=3)
    with pytest.raises(DomainError, match="au moins une personne"):
        trained(scene)
    assert TrainingSession.objects.count() == 1


def test_a_changed_training_has_the_new_names_only(scene):
    session = trained(scene, "Émilie Dupont", "Noor Benali")
    trained(scene, "Noor Benali", session=session)
    assert [person.name for person in TrainedPerson.objects.all()] == ["Noor Benali"]
    trained(scene, session=session, people=4)
    assert not TrainedPerson.objects.exists()


def test_the_form_takes_names_and_shows_them_again(scene, manager):
    add = reverse("conventions:training_add", args=[scene.convention.pk])
    typed = {"held_on": "2026-11-10", "subject": "C2S", "names": "", "people_trained": ""}
    refused = manager.post(add, typed).content.decode()
    assert "Donnez les noms des personnes formées, ou leur nombre." in refused
    wrong = manager.post(add, typed | {"names": "Noor Benali", "people_trained": "3"}).content.decode()
    assert "Vous donnez 1 nom pour 3 personnes" in wrong
    assert "Noor Benali" in wrong
    assert "une personne par ligne" in manager.post(add, typed | {"names": "x" * 200}).content.decode()
    manager.post(add, typed | {"names": "Émilie Dupont\nNoor Benali\nEMILIE DUPONT"})
    session = TrainingSession.objects.get()
    assert session.people_trained == 2
    edit = manager.get(reverse("conventions:training_edit", args=[session.pk])).content.decode()
    assert "Émilie Dupont\nNoor Benali" in edit
    listed = manager.get(reverse("conventions:meeting_list", args=[scene.convention.pk]), {"onglet": "formations"})
    assert "2 personnes formées sous cette convention" in listed.content.decode()
    assert "Noor Benali" in listed.content.decode()


def test_a_committee_has_its_agenda_its_people_and_its_minutes(scene, manager):
    add = reverse("conventions:committee_add", args=[scene.convention.pk])
    typed = {
        "held_on": "2026-11-10",
        "ccas_attendees": "Camille Roy, responsable",
        "partner_attendees": "Dominique Petit",
        "attendees": "Préfecture : Mme Roy",
        "agenda": "Bilan de l’année",
        "decisions": "Les créneaux sont maintenus.",
        "minutes_text": "La séance est ouverte à 14h00.",
    }
    assert "Présents pour CPAM" in manager.get(add).content.decode()
    nobody = typed | {"ccas_attendees": "", "partner_attendees": " ", "attendees": ""}
    refused = manager.post(add, nobody).content.decode()
    assert "Écrivez au moins une personne présente." in refused
    assert "Bilan de l’année" in refused
    manager.post(add, typed)
    assert CommitteeMeeting.objects.get().attendance == [
        ("CCAS", ["Camille Roy, responsable"]),
        ("CPAM", ["Dominique Petit"]),
        ("Préfecture", ["Mme Roy"]),
    ]
    meetings = reverse("conventions:meeting_list", args=[scene.convention.pk])
    shown = manager.get(meetings).content.decode()
    for said in ("Préfecture", "Bilan de l’année", "Les créneaux sont maintenus.", "ouverte à 14h00"):
        assert said in shown, said
    assert "Bilan de l’année" in manager.get(meetings, {"q": "prefecture bilan"}).content.decode()
    with pytest.raises(DomainError, match="au moins une personne présente"):
        record_committee(convention=scene.convention, held_on=TODAY, decisions="", minutes=None, by=scene.administrator)


def test_the_list_costs_the_same_for_many(scene, manager, django_assert_num_queries):
    address = reverse("conventions:meeting_list", args=[scene.convention.pk])
    trained(scene, "A B")
    with django_assert_num_queries(13) as first:
        manager.get(address, {"onglet": "formations"})
    for day in range(1, 9):
        trained(scene, "A B", f"Personne {day}", on=f"2026-02-0{day}")
    with django_assert_num_queries(len(first.captured_queries)):
        manager.get(address, {"onglet": "formations"})
