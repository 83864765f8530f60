"""Conventions as administrators edit them: what the page explains, what it refuses, what a change of grid does."""

import datetime as dt
import re
import threading
from decimal import Decimal

import pytest
import time_machine
from django.db import connection, connections
from django.urls import reverse

from bookings.models import Permanence
from conventions import admin_forms
from conventions.models import Convention, FeeTerms, OfficeAllocation, PermanenceSlot
from franceservices.errors import DomainError
from partners.models import Role
from tests.admin_pages import add_line, errors_of, messages_of, shown_values
from tests.factories import ConventionFactory, FeeTermsFactory, OfficeFactory, PartnerFactory, UserFactory, slot_of

from .scene import Scene

LIST = "/admin/conventions/convention/"
ADD = f"{LIST}add/"


@pytest.fixture(autouse=True)
def _november_2026():
    """Saturday 21 November 2026, in the middle of the term."""
    with time_machine.travel(dt.datetime(2026, 11, 21, 9, 0, tzinfo=dt.UTC), tick=False):
        yield


@pytest.fixture
def scene(db) -> Scene:
    return Scene()


@pytest.fixture
def editor(scene, client):
    """The administrator's browser."""
    client.force_login(scene.administrator)
    return client


def change_url(convention: Convention) -> str:
    return reverse("admin:conventions_convention_change", args=[convention.pk])


def save(browser, convention: Convention, **changes: object):
    """Open the page, change some answers, save and keep editing; None takes an answer away."""
    url = change_url(convention)
    values = shown_values(browser.get(url)) | {"_continue": "1"} | changes
    return browser.post(url, {name: value for name, value in values.items() if value is not None}, follow=True)


def text_of(response) -> str:
    assert response.status_code == 200
    return response.content.decode().replace("\u00a0", " ").replace("\u202f", " ")


# --- what it shows ---------------------------------------------------------------------------------------------------
def test_the_page_explains_the_fee_and_leads_to_the_pdf(scene, editor):
    text = text_of(editor.get(change_url(scene.convention)))
    for fragment in [
        "15,64 m² × 2/5 = 6,256 m²",
        "6 m² × 209,00 €/m² = 1 254,00 €",
        "Montant calculé",
        "1 564,00 €",
        "310,00 € de plus",
        reverse("conventions:convention_pdf", args=[scene.convention.pk]),
        reverse("conventions:convention_detail", args=[scene.convention.pk]),
        "{montant_annuel}",
        "8h30",
    ]:
        assert fragment in text


def test_the_page_has_no_inline_style_or_script(scene, editor):
    """The policy forbids them: a browser would drop them in silence."""
    text = text_of(editor.get(change_url(scene.convention)))
    assert not re.search(r"<[^>]+\sstyle=", text)
    assert not re.search(r"<[^>]+\son\w+=", text)
    assert not re.search(r"<script(?![^>]*\ssrc=)(?![^>]*type=\"application/json\")[^>]*>", text)


def test_the_list_shows_and_finds(scene, editor):
    text = text_of(editor.get(LIST))
    for fragment in ["CPAM", "Planoise", "du 1er avril 2025 au 31 mars 2028", "En vigueur", "1 254,00 €"]:
        assert fragment in text
    assert "besancon-cpam-2025" in text_of(editor.get(LIST, {"q": "PLANOISE cpam"}))
    assert "besancon-cpam-2025" not in text_of(editor.get(LIST, {"q": "caf"}))
    assert "besancon-cpam-2025" not in text_of(editor.get(LIST, {"etape": "expired"}))
    assert "besancon-cpam-2025" in text_of(editor.get(LIST, {"etape": "in_force"}))


def test_the_list_costs_the_same_for_one_and_for_twenty(scene, editor, django_assert_num_queries):
    with django_assert_num_queries(10) as first:
        editor.get(LIST)
    for number in range(19):
        convention = ConventionFactory(site=scene.site, partner=PartnerFactory())
        if number % 2:
            FeeTermsFactory(convention=convention)
    with django_assert_num_queries(len(first.captured_queries)):
        editor.get(LIST)


# --- what it writes --------------------------------------------------------------------------------------------------
def test_saving_untouched_changes_nothing(scene, editor):
    before = list(PermanenceSlot.objects.values())
    response = save(editor, scene.convention)
    assert "a été modifié" in messages_of(response)
    assert list(PermanenceSlot.objects.values()) == before
    assert not Permanence.objects.exists()


def test_a_new_slot_in_a_new_office_makes_its_allocation_and_its_dates(scene, editor):
    office = OfficeFactory(site=scene.site, label="28")
    url = change_url(scene.convention)
    values = add_line(
        shown_values(editor.get(url)),
        "slots",
        office=office.pk,
        weekday="5",
        start_time="8h30",
        end_time="12:30",
        audience="public",
        mode="appointment",
        starts_on="",
        ends_on="",
    )
    response = editor.post(url, values | {"_continue": "1"}, follow=True)
    slot = PermanenceSlot.objects.get(office=office)
    assert slot.allocation.convention == scene.convention
    assert (slot.start_time, slot.end_time) == (dt.time(8, 30), dt.time(12, 30))
    assert (slot.starts_on, slot.ends_on) == (scene.convention.starts_on, scene.convention.ends_on)
    created = Permanence.objects.filter(slot=slot).count()
    assert created > 10
    assert f"{Permanence.objects.count()} permanences créées" in messages_of(response)


def test_two_slots_may_swap_and_shift(scene, editor):
    """The early slot ends later and the next one begins later: row by row they would overlap for a moment."""
    forms = {form.instance: form.prefix for form in slot_forms(editor, scene.convention)}
    early, next_one = forms[scene.early], forms[scene.tuesday_morning]
    save(editor, scene.convention, **{f"{early}-end_time": "11h00", f"{next_one}-start_time": "11h00"})
    scene.early.refresh_from_db()
    scene.tuesday_morning.refresh_from_db()
    assert (scene.early.end_time, scene.tuesday_morning.start_time) == (dt.time(11, 0), dt.time(11, 0))
    assert (scene.early.weekday, scene.tuesday_morning.weekday) == (2, 2)
    swapped = {
        f"{early}-start_time": "11h00",
        f"{early}-end_time": "12h30",
        f"{next_one}-start_time": "8h30",
        f"{next_one}-end_time": "11h00",
    }
    save(editor, scene.convention, **swapped)
    scene.early.refresh_from_db()
    assert (scene.early.start_time, scene.early.end_time) == (dt.time(11, 0), dt.time(12, 30))


def slot_forms(browser, convention: Convention) -> list:
    formsets = browser.get(change_url(convention)).context["inline_admin_formsets"]
    return next(item.formset for item in formsets if item.formset.model is PermanenceSlot).initial_forms


def test_slots_follow_the_term(scene, editor):
    summer = scene.slot(5, "08:30", "10:00", starts_on=dt.date(2026, 6, 1), ends_on=dt.date(2026, 8, 31))
    save(editor, scene.convention, starts_on="2025-03-01", ends_on="2029-03-31")
    scene.early.refresh_from_db()
    summer.refresh_from_db()
    assert (scene.early.starts_on, scene.early.ends_on) == (dt.date(2025, 3, 1), dt.date(2029, 3, 31))
    assert (summer.starts_on, summer.ends_on) == (dt.date(2026, 6, 1), dt.date(2026, 8, 31))


def test_a_removed_slot_takes_its_free_dates_along(scene, editor):
    prefix = slot_forms(editor, scene.convention)[0].prefix
    save(editor, scene.convention, starts_on="2025-03-31")
    before = Permanence.objects.count()
    response = save(editor, scene.convention, **{f"{prefix}-DELETE": "on"})
    assert PermanenceSlot.objects.count() == 4
    assert 0 < Permanence.objects.count() < before
    assert "retirées" in messages_of(response)


def test_articles_swap_their_places(scene, editor):
    first, second = scene.article("Un", position=1), scene.article("Deux", position=2)
    save(editor, scene.convention, **{"articles-0-position": "2", "articles-1-position": "1"})
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.position, second.position) == (2, 1)


def test_a_convention_is_made_from_nothing(scene, editor):
    values = shown_values(editor.get(ADD)) | {
        "title": "Convention avec la CAF 🙂",
        "reference": "besancon-caf-2026",
        "partner": PartnerFactory(name="CAF du Doubs", short_name="CAF").pk,
        "site": scene.site.pk,
        "starts_on": "2026-01-01",
        "ends_on": "2028-12-31",
        "fee_terms-TOTAL_FORMS": "1",
        "fee_terms-0-annual_amount": "1 045,50 €",
        "fee_terms-0-rate_per_m2": "209",
        "fee_terms-0-basis": "days",
        "fee_terms-0-area_rounding": "down",
        "fee_terms-0-amount_rounding": "cent",
    }
    line = {"audience": "public", "mode": "appointment", "starts_on": "", "ends_on": ""}
    times = {"weekday": "1", "start_time": "8h30", "end_time": "12h00"}
    values = add_line(values, "slots", office=scene.office.pk, **times, **line)
    values = add_line(values, "articles", position="1", number="I", title="Objet", body="{montant_annuel}")
    response = editor.post(ADD, values, follow=True)
    assert response.status_code == 200
    made = Convention.objects.get(reference="besancon-caf-2026")
    assert made.fee_terms.annual_amount == Decimal("1045.50")
    assert made.allocations.get().slots.count() == 1
    assert made.articles.get().number == "I"
    assert made.permanences.exists()


# --- what it refuses -------------------------------------------------------------------------------------------------
def with_slot(browser, scene: Scene, **fields: object):
    url = change_url(scene.convention)
    line = {
        "office": scene.office.pk,
        "weekday": "2",
        "start_time": "11h00",
        "end_time": "11h30",
        "audience": "public",
        "mode": "appointment",
        "starts_on": "",
        "ends_on": "",
    }
    return browser.post(url, add_line(shown_values(browser.get(url)), "slots", **line | fields))


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({}, "Ce créneau en chevauche un autre : mardi 10h00–12h30."),
        ({"weekday": "1", "start_time": "12h00", "end_time": "9h00"}, "L’heure de fin doit suivre l’heure de début."),
        ({"weekday": "1", "start_time": "12h00", "end_time": "12h00"}, "L’heure de fin doit suivre l’heure de début."),
        ({"weekday": "1", "start_time": "25h00"}, "Écrivez une heure de la journée, par exemple 8h30"),
        ({"weekday": "1", "start_time": "🙂"}, "Écrivez une heure de la journée"),
        ({"weekday": "9"}, "Sélectionnez un choix valide"),
        ({"office": ""}, "Ce champ est obligatoire"),
        ({"office": "99999999999999999999"}, "Sélectionnez un choix valide"),
        ({"weekday": "1", "starts_on": "2025-03-31"}, "La convention court du 1er avril 2025 au 31 mars 2028."),
        ({"weekday": "1", "ends_on": "2028-04-01"}, "La convention court du 1er avril 2025 au 31 mars 2028."),
        (
            {"weekday": "1", "starts_on": "2027-01-01", "ends_on": "2026-01-01"},
            "La date de fin doit suivre la date de début.",
        ),
        ({"weekday": "1", "starts_on": "0001-01-01"}, "L’année doit être comprise entre 1900 et 2199."),
        ({"weekday": "1", "starts_on": "31/02/2026"}, "Saisissez une date valide"),
    ],
)
def test_a_wrong_slot_is_refused_beside_its_field(scene, editor, fields, sentence):
    assert sentence in errors_of(with_slot(editor, scene, **fields))
    assert PermanenceSlot.objects.count() == 5


def test_another_convention_in_the_office_is_named(scene, editor):
    caf = ConventionFactory(site=scene.site, partner=PartnerFactory(short_name="CAF"))
    slot_of(caf, 5, "08:30", "12:30", office=scene.office)
    sentence = "Bureau 27 est déjà pris par CAF, vendredi 8h30–12h30, du 1er janvier 2026 au 31 décembre 2028."
    assert sentence in errors_of(with_slot(editor, scene, weekday="5"))


def test_an_office_of_another_space_is_refused(scene, editor):
    """Of one's own CCAS it is not among the choices; of another one neither."""
    office = OfficeFactory(site=scene.elsewhere().site)
    assert "Sélectionnez un choix valide" in errors_of(with_slot(editor, scene, office=office.pk))


def test_a_term_that_leaves_a_slot_outside_is_refused(scene, editor):
    scene.slot(5, "08:30", "10:00", starts_on=dt.date(2025, 6, 1), ends_on=dt.date(2025, 8, 31))
    assert "La convention court du 1er janvier 2026 au 31 mars 2028." in errors_of(
        save(editor, scene.convention, starts_on="2026-01-01")
    )


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"ends_on": "2025-01-01"}, "Le terme doit suivre le début de la convention."),
        ({"starts_on": ""}, "Ce champ est obligatoire"),
        ({"ends_on": "9999-12-31"}, "L’année doit être comprise entre 1900 et 2199."),
        ({"starts_on": "n’importe quoi"}, "Saisissez une date valide"),
        ({"title": "x" * 5000}, "au plus 300 caractères"),
        ({"notice_months": "32000"}, "Un préavis compte 120 mois au plus."),
        ({"notice_months": "-1"}, "supérieure ou égale à 0"),
        ({"deliberation": "999999999999"}, "Sélectionnez un choix valide"),
        ({"fee_terms-0-annual_amount": "-5"}, "supérieure ou égale à 0"),
        ({"fee_terms-0-annual_amount": "beaucoup"}, "n’est pas un nombre"),
        ({"fee_terms-0-annual_amount": "1" * 40}, "n’est pas un nombre"),
        ({"fee_terms-0-basis": "fixed"}, "Une part fixe est une fraction entre 0 et 1"),
        ({"articles-0-body": "Voir {montant}"}, "Repère inconnu : {montant}"),
        ({"articles-1-position": "1"}, "L’article 1 porte déjà le rang 1."),
    ],
)
def test_absurd_answers_get_a_sentence(scene, editor, changes, sentence):
    scene.article("Un", position=1)
    scene.article("Deux", position=2)
    assert sentence in errors_of(save(editor, scene.convention, **changes))
    scene.convention.refresh_from_db()
    assert (scene.convention.starts_on, scene.convention.ends_on) == (dt.date(2025, 4, 1), dt.date(2028, 3, 31))


def test_markup_is_shown_as_text(scene, editor):
    response = save(editor, scene.convention, title="<script>alert(1)</script> 🙂")
    assert "<script>alert(1)" not in text_of(response)
    scene.convention.refresh_from_db()
    assert scene.convention.title == "<script>alert(1)</script> 🙂"


def test_a_convention_does_not_succeed_itself(scene, editor):
    response = save(editor, scene.convention, predecessor=str(scene.convention.pk))
    assert "Une convention ne succède pas à elle-même." in errors_of(response)


def test_an_office_in_use_stays(scene, editor):
    allocation = OfficeAllocation.objects.get()
    response = save(editor, scene.convention, **{"allocations-0-DELETE": "on", "allocations-0-id": str(allocation.pk)})
    assert "Bureau 27 a encore des créneaux" in errors_of(response)
    assert OfficeAllocation.objects.exists()


def test_a_refusal_of_the_services_is_said_and_nothing_is_kept(scene, editor, monkeypatch):
    def refuse(**kwargs):
        raise DomainError("Pas aujourd’hui.")

    monkeypatch.setattr("conventions.admin.settle_grid", refuse)
    response = save(editor, scene.convention, starts_on="2025-03-01")
    assert "Pas aujourd’hui." in messages_of(response)
    scene.convention.refresh_from_db()
    assert scene.convention.starts_on == dt.date(2025, 4, 1)


@pytest.mark.django_db(transaction=True)
def test_the_loser_of_a_race_reads_who_took_the_office(scene, editor, monkeypatch):
    """Somebody else's slot is committed between the check and the save: the second look finds and names it."""
    caf = ConventionFactory(site=scene.site, partner=PartnerFactory(short_name="CAF"))
    original, rivals = admin_forms.SlotFormSet.save, []

    def save_after_a_rival(formset, commit=True):  # noqa: FBT002  (Django's own signature)
        if not rivals:
            rival = threading.Thread(target=take_the_office)
            rivals.append(rival)
            rival.start()
            rival.join()
        return original(formset, commit)

    def take_the_office() -> None:
        slot_of(caf, 5, "08:30", "12:30", office=scene.office)
        connections.close_all()

    monkeypatch.setattr(admin_forms.SlotFormSet, "save", save_after_a_rival)
    response = with_slot(editor, scene, weekday="5")
    assert rivals
    assert "Bureau 27 est déjà pris par CAF, vendredi 8h30–12h30" in errors_of(response)
    assert PermanenceSlot.objects.filter(weekday=5).count() == 1
    assert not connection.in_atomic_block


# --- the perimeter ---------------------------------------------------------------------------------------------------
def test_another_ccas_does_not_exist(scene, editor):
    other = scene.elsewhere()
    assert "CGSS" not in text_of(editor.get(LIST))
    for action in ("change", "delete", "history"):
        url = reverse(f"admin:conventions_convention_{action}", args=[other.pk])
        assert editor.get(url).status_code == 404
    assert editor.post(change_url(other), {}).status_code == 404
    assert editor.get(f"{LIST}99999999999999999999/change/").status_code == 404


def test_its_rows_are_not_among_the_choices(scene, editor):
    other = scene.elsewhere()
    OfficeFactory(site=other.site, label="999")
    text = text_of(editor.get(ADD))
    assert "Montsinéry" not in text
    assert "bureau 999" not in text
    assert "bureau 27" in text
    values = shown_values(editor.get(ADD)) | {"site": other.site.pk}
    assert "Sélectionnez un choix valide" in errors_of(editor.post(ADD, values))
    assert "Sélectionnez un choix valide" in errors_of(save(editor, scene.convention, predecessor=str(other.pk)))


def test_choices_cost_the_same_whatever_their_number(scene, editor, django_assert_num_queries):
    url = change_url(scene.convention)
    editor.get(url)
    with django_assert_num_queries(23) as first:
        editor.get(url)
    for _ in range(10):
        ConventionFactory(site=scene.site, partner=PartnerFactory())
        OfficeFactory(site=scene.site)
    with django_assert_num_queries(len(first.captured_queries)):
        editor.get(url)


def test_a_post_without_the_page_s_fields_is_refused_not_broken(scene, editor):
    assert errors_of(editor.post(change_url(scene.convention), {}))
    assert PermanenceSlot.objects.count() == 5


def test_a_superuser_sees_all(scene, client):
    client.force_login(UserFactory(role=Role.ADMINISTRATOR, is_superuser=True))
    other = scene.elsewhere()
    assert "CGSS" in text_of(client.get(LIST))
    assert client.get(change_url(other)).status_code == 200


@pytest.mark.parametrize("role", [Role.RECEPTION, Role.SOCIAL_WORKER, Role.MANAGER])
def test_the_others_have_no_admin(scene, client, role):
    client.force_login(UserFactory(role=role, ccas=scene.ccas, sites=[scene.site]))
    assert client.get(LIST, follow=True).status_code == 404


# --- deleting --------------------------------------------------------------------------------------------------------
def test_deleting_asks_first_and_says_what_stands_in_the_way(scene, editor):
    save(editor, scene.convention, starts_on="2025-03-31")
    url = reverse("admin:conventions_convention_delete", args=[scene.convention.pk])
    text = text_of(editor.get(url))
    assert "protégés" in text
    assert text.count("Permanence : CPAM") == 5
    assert "permanences, encore : " in text
    assert "Des permanences de cette convention sont déjà datées" in text
    editor.post(url, {"post": "yes"})
    assert Convention.objects.filter(pk=scene.convention.pk).exists()


def test_a_draft_can_be_deleted(scene, editor):
    draft = ConventionFactory(site=scene.site, partner=scene.partner)
    FeeTermsFactory(convention=draft)
    url = reverse("admin:conventions_convention_delete", args=[draft.pk])
    assert "Voulez-vous vraiment supprimer" in text_of(editor.get(url))
    assert Convention.objects.filter(pk=draft.pk).exists()
    editor.post(url, {"post": "yes"})
    assert not Convention.objects.filter(pk=draft.pk).exists()
    assert FeeTerms.objects.count() == 1
