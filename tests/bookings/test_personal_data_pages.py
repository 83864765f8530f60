"""The pages of « Données personnelles »: the register and its texts, requests and answers, lists and their steps."""

import datetime as dt

import pytest
from django.urls import reverse

from bookings.models import DataRequest, EliminationList, RegisterText, RetentionRule, Visitor
from bookings.personal_data.eliminating import eliminate, rehearse
from bookings.personal_data.register import headings
from partners.models import Role
from tests.factories import CcasFactory, SiteFactory, UserFactory, VisitorFactory, staff_of
from tests.reports.papers import one_line, text_of


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.ELIMINATIONS_ROOT = str(tmp_path)


@pytest.fixture
def office(desk, client):
    """A manager at the desk, signed in; an administrator beside; a stranger who oversees another CCAS."""
    desk.client = client
    desk.manager = UserFactory(role=Role.MANAGER, ccas=desk.site.ccas, first_name="Paule")
    desk.administrator = UserFactory(role=Role.ADMINISTRATOR, ccas=desk.site.ccas)
    elsewhere = SiteFactory(ccas=CcasFactory())
    desk.stranger = staff_of(elsewhere, role=Role.MANAGER)
    client.force_login(desk.manager)
    return desk


def page(office, name: str, *args, status: int = 200, user=None) -> str:
    if user is not None:
        office.client.force_login(user)
    answer = office.client.get(reverse(f"bookings:{name}", args=args))
    assert answer.status_code == status
    return answer.content.decode(errors="replace")


def post(office, name: str, *args, user=None, **typed) -> str:
    """What the person sees in the end."""
    if user is not None:
        office.client.force_login(user)
    return office.client.post(reverse(f"bookings:{name}", args=args), typed, follow=True).content.decode()


# --- The register --------------------------------------------------------------------------------------------------


def test_the_register_tells_every_processing_of_every_floor(office):
    told = page(office, "personal_data")
    for name in ("Accueil et rendez-vous des usagers", "Dossiers transmis aux caisses", "relevés mensuels", "Comptes"):
        assert name in told
    assert "Il reste à écrire" in told
    paper = one_line(text_of(office.client.get(reverse("bookings:register_document")).content))
    for words in ("Registre des activités de traitement", "Base légale", "Mesures de sécurité", office.site.ccas.name):
        assert words in paper


def test_a_text_of_the_register_keeps_its_history(office):
    for text in ("Mme Une", "Mme Deux", "Mme Deux"):
        post(office, "register_text", "delegue", text=text)
    assert [row.text for row in RegisterText.objects.all()] == ["Mme Deux", "Mme Une"]
    assert "Mme Une" in page(office, "register_text", "delegue")
    assert "Mme Deux" in page(office, "personal_data")
    page(office, "register_text", "inconnue", status=404)
    assert len(headings()) > 10


def test_a_register_is_its_own_ccas_s(office):
    post(office, "register_text", "delegue", text="Mme Une")
    assert "Mme Une" not in page(office, "personal_data", user=office.stranger)


# --- Requests ------------------------------------------------------------------------------------------------------


def note(office, kind: str, *, received_on: str = "2026-03-02", **typed) -> DataRequest:
    post(
        office,
        "data_request_create",
        office.visitor.pk,
        user=office.receptionist,
        kind=kind,
        received_on=received_on,
        **typed,
    )
    office.client.force_login(office.manager)
    return DataRequest.objects.latest("pk")


def test_the_desk_notes_a_request_and_a_manager_answers_it(office):
    asked = note(office, "rectification", details="Le prénom s’écrit Leila")
    assert (asked.recorded_by, asked.due_on, asked.is_open) == (office.receptionist, dt.date(2026, 4, 2), True)
    assert "à traiter" in page(office, "data_request_list")
    assert "Le prénom s’écrit Leila" in page(office, "data_request", asked.pk)
    assert "acceptée" in post(office, "data_request", asked.pk, is_granted="oui", answer="Corrigé")
    asked.refresh_from_db()
    assert (asked.answered_by, asked.is_granted, asked.answer) == (office.manager, True, "Corrigé")
    assert "La réponse est reprise" in post(office, "data_request_reopen", asked.pk)
    assert DataRequest.objects.get().is_open


def test_a_late_request_is_shown_late_first(office):
    note(office, "access")
    late = note(office, "rectification", received_on="2026-01-31")
    assert late.due_on == dt.date(2026, 2, 28)
    listed = page(office, "data_request_list")
    assert "en retard" in listed
    assert listed.index("Rectification") < listed.index("Accès à ses données")


def test_an_objection_to_messages_stops_them_and_is_undone(office):
    Visitor.objects.filter(pk=office.visitor.pk).update(email="l@a.example", email_consent=True)
    asked = note(office, "no_messages")
    post(office, "data_request", asked.pk, is_granted="oui", answer="")
    office.visitor.refresh_from_db()
    assert (office.visitor.email_consent, office.visitor.email) == (False, "l@a.example")
    post(office, "data_request_reopen", asked.pk)
    office.visitor.refresh_from_db()
    assert office.visitor.email_consent


def test_an_objection_to_linked_exports_is_applied(office):
    asked = note(office, "no_linked_export")
    post(office, "data_request", asked.pk, is_granted="oui", answer="")
    office.visitor.refresh_from_db()
    assert office.visitor.is_unlinked_in_exports


def test_what_is_typed_wrong_is_said(office):
    office.client.force_login(office.receptionist)
    told = post(office, "data_request_create", office.visitor.pk, kind="access", received_on="2026-03-03")
    assert "après aujourd’hui" in told
    assert "Choisissez ce que" in post(office, "data_request_create", office.visitor.pk, received_on="2026-03-02")
    told = post(
        office,
        "data_request_create",
        office.visitor.pk,
        kind="access",
        received_on="2026-03-02",
        details="1 85 04 25 056 123 42",
    )
    assert "sécurité sociale" in told
    assert not DataRequest.objects.exists()
    asked = note(office, "access")
    told = post(office, "data_request", asked.pk, user=office.manager, is_granted="non", answer="")
    assert "Un refus dit pourquoi" in told
    assert DataRequest.objects.get().is_open


def test_a_request_is_withdrawn_and_put_back(office):
    asked = note(office, "access")
    post(office, "data_request_withdraw", asked.pk, user=office.receptionist)
    assert not DataRequest.objects.get().is_open
    assert "retirée" in page(office, "data_request", asked.pk, user=office.manager)
    post(office, "data_request_put_back", asked.pk)
    assert DataRequest.objects.get().is_open


# --- Retention and lists -------------------------------------------------------------------------------------------


def test_a_list_from_the_proposal_to_the_end(office):
    Visitor.objects.filter(pk=office.visitor.pk).update(created_at=dt.datetime(2020, 1, 1, tzinfo=dt.UTC))
    assert "Leïla AMRANI" in page(office, "retention")
    assert "Liste n°\u00a02026-0001 proposée" in post(office, "retention")
    elimination = EliminationList.objects.get()
    assert "Essai à blanc en cours" in page(office, "elimination", elimination.pk)
    page(office, "elimination_document", elimination.pk, status=404)
    rehearse(elimination.pk)
    told = page(office, "elimination", elimination.pk)
    assert "une autre personne doit l’approuver" in told
    assert "1\u00a0fiche" in told
    assert "une autre personne" in post(office, "elimination_approve", elimination.pk)
    assert "approuvée, à exécuter" in post(office, "elimination_approve", elimination.pk, user=office.administrator)
    assert "recopiez le numéro" in post(office, "elimination", elimination.pk, number="1")
    assert "Anonymisation en cours" in post(office, "elimination", elimination.pk, number="2026-0001")
    eliminate(elimination.pk)
    told = page(office, "elimination", elimination.pk)
    assert "exécutée" in told
    assert "AMRANI" not in told
    paper = one_line(
        text_of(office.client.get(reverse("bookings:elimination_document", args=[elimination.pk])).content)
    )
    assert f"n° {office.visitor.pk}" in paper
    assert "AMRANI" not in paper.upper()
    journal = office.client.get(reverse("bookings:elimination_journal", args=[elimination.pk])).json()
    assert [person["card"] for person in journal["people"]] == [office.visitor.pk]
    left = page(office, "visitor_detail", office.visitor.pk, user=office.receptionist)
    assert "anonymisée le" in left
    assert "2026-0001" in left
    answer = office.client.get(reverse("bookings:visitor_update", args=[office.visitor.pk]))
    assert answer.status_code == 302
    assert f"Personne n°\u00a0{office.visitor.pk}" not in page(office, "visitor_list")


def test_a_person_is_kept_with_a_reason_and_a_list_is_given_up(office):
    Visitor.objects.filter(pk=office.visitor.pk).update(created_at=dt.datetime(2020, 1, 1, tzinfo=dt.UTC))
    post(office, "retention")
    elimination = EliminationList.objects.get()
    line = elimination.lines.get()
    assert "Dites pourquoi" in post(office, "elimination_keep", elimination.pk, line.pk, because="")
    assert "Succession" in post(office, "elimination_keep", elimination.pk, line.pk, because="Succession")
    post(office, "elimination_put_back", elimination.pk, line.pk)
    line.refresh_from_db()
    assert line.kept_because == ""
    assert "abandonnée" in post(office, "elimination_withdraw", elimination.pk)


def test_the_months_of_a_space_are_chosen(office):
    post(office, "retention_rule", office.site.pk, months="36")
    assert RetentionRule.objects.get().months == 36
    assert "36 mois" in page(office, "retention")
    assert "60 mois au plus" in post(office, "retention_rule", office.site.pk, months="61")
    page(office, "retention_rule", office.site.pk, status=404, user=office.stranger)


def test_who_may_open_what(office):
    """The desk notes requests and corrects cards; everything else is for who oversees the CCAS."""
    Visitor.objects.filter(pk=office.visitor.pk).update(created_at=dt.datetime(2020, 1, 1, tzinfo=dt.UTC))
    asked = note(office, "access")
    post(office, "data_request_withdraw", asked.pk)
    post(office, "retention", user=office.manager)
    elimination = EliminationList.objects.get()
    rehearse(elimination.pk)
    pages = [
        ("personal_data", ()),
        ("register_document", ()),
        ("register_text", ("delegue",)),
        ("data_request_list", ()),
        ("data_request", (asked.pk,)),
        ("retention", ()),
        ("retention_rule", (office.site.pk,)),
        ("elimination_list", ()),
        ("elimination", (elimination.pk,)),
        ("elimination_document", (elimination.pk,)),
        ("elimination_withdraw", (elimination.pk,)),
        ("elimination_keep", (elimination.pk, elimination.lines.get().pk)),
    ]
    others = {"data_request", "retention_rule"}
    for name, args in pages:
        for user, status in (
            (office.manager, 200),
            (office.administrator, 200),
            (office.receptionist, 404),
            (office.social_worker, 404),
            (office.agent, 404),
            (office.stranger, 404 if (name.startswith("elimination") and args) or name in others else 200),
        ):
            page(office, name, *args, status=status, user=user)
    page(office, "data_request_create", office.visitor.pk, user=office.receptionist)
    page(office, "data_request_create", office.visitor.pk, status=404, user=office.agent)
    page(office, "data_request_create", office.visitor.pk, status=404, user=office.stranger)
    for user in (office.receptionist, office.agent, office.stranger):
        post(office, "elimination_approve", elimination.pk, user=user)
    elimination.refresh_from_db()
    assert elimination.approved_at is None


def test_lists_cost_the_same_however_long(office, django_assert_max_num_queries):
    for name in range(30):
        card = VisitorFactory(ccas=office.site.ccas, last_name=f"Ancien{name}")
        Visitor.objects.filter(pk=card.pk).update(created_at=dt.datetime(2020, 1, 1, tzinfo=dt.UTC))
    with django_assert_max_num_queries(45):
        page(office, "retention")
    post(office, "retention")
    elimination = EliminationList.objects.get()
    with django_assert_max_num_queries(20):
        page(office, "elimination", elimination.pk)
