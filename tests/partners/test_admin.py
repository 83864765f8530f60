"""Accounts, spaces, offices and partners as administrators keep them, each within her own CCAS."""

import datetime as dt

import pytest
import time_machine
from django.contrib import admin
from django.urls import reverse
from django.utils import timezone

from bookings.models import Permanence, Reason
from conventions.models import Deliberation
from partners.models import Ccas, Closure, OpeningHours, Partner, Role, Site, User
from tests.admin_pages import add_line, errors_of, messages_of, shown_values
from tests.factories import (
    PASSWORD,
    CcasFactory,
    ConventionFactory,
    OfficeFactory,
    OpeningHoursFactory,
    PartnerFactory,
    ReasonFactory,
    SiteFactory,
    UserFactory,
    agent_of,
    slot_of,
)

NEW_PASSWORD = "quatre-mots-sans-rapport"
USERS = "/admin/partners/user/"


class Place:
    """Two CCAS; the administrator is of the first, which alone has a convention with `partner`."""

    def __init__(self) -> None:
        self.site = SiteFactory(name="Espace de Planoise")
        self.ccas = self.site.ccas
        self.partner = PartnerFactory(name="CPAM du Doubs")
        self.convention = ConventionFactory(site=self.site, partner=self.partner)
        self.administrator = UserFactory(role=Role.ADMINISTRATOR, ccas=self.ccas)
        self.other_site = SiteFactory(name="Espace de Montsinéry")
        self.other_partner = PartnerFactory(name="CGSS de la Guyane")
        self.other_convention = ConventionFactory(site=self.other_site, partner=self.other_partner)

    def share_the_partner(self) -> None:
        ConventionFactory(site=self.other_site, partner=self.partner)


@pytest.fixture(autouse=True)
def _november_2026():
    with time_machine.travel(dt.datetime(2026, 11, 21, 9, 0, tzinfo=dt.UTC), tick=False):
        yield


@pytest.fixture
def place(db) -> Place:
    return Place()


@pytest.fixture
def editor(place, client):
    client.force_login(place.administrator)
    return client


def url_of(row, action: str = "change") -> str:
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_{action}", args=[row.pk])


def save(browser, url: str, **changes: object):
    values = shown_values(browser.get(url)) | {"_continue": "1"} | changes
    return browser.post(url, {name: value for name, value in values.items() if value is not None}, follow=True)


def new_account(browser, **answers: object):
    blank = {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    return save(browser, f"{USERS}add/", **{"email": "nouvelle@exemple.fr", **blank, **answers})


# --- the way in ------------------------------------------------------------------------------------------------------
def test_strangers_are_sent_to_the_sign_in_page_and_back(place, client):
    response = client.get("/admin/partners/site/", follow=True)
    assert response.resolver_match.url_name == "login"
    last_url, _ = response.redirect_chain[-1]
    credentials = {"login": place.administrator.email, "password": PASSWORD}
    assert client.post(last_url, credentials).url == "/admin/partners/site/"


def test_the_admin_has_no_sign_in_of_its_own(place, client):
    assert client.post("/admin/login/", {"login": "x", "password": "y"}).status_code == 405
    client.force_login(place.administrator)
    assert client.get("/admin/login/").url == "/admin/"
    client.force_login(agent_of(place.partner))
    assert client.get("/admin/", follow=True).status_code == 404


# --- the perimeter ---------------------------------------------------------------------------------------------------
def test_every_registered_model_opens_its_list_and_its_blank_page(place, editor):
    OfficeFactory(site=place.site)
    agent_of(place.partner)
    for model, model_admin in admin.site._registry.items():
        if not place.administrator.has_module_perms(model._meta.app_label):
            continue
        listing = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
        response = editor.get(listing, {"q": "é'\"🙂"})
        assert response.status_code == 200
        assert editor.get(listing).status_code == 200
        expected = 200 if model_admin.has_add_permission(response.wsgi_request) else 403
        assert editor.get(f"{listing}add/").status_code == expected


def test_rows_of_another_ccas_do_not_exist(place, editor):
    stranger = UserFactory(role=Role.MANAGER, ccas=place.other_site.ccas)
    deliberation = Deliberation.objects.create(
        ccas=place.other_site.ccas, session_on=dt.date(2026, 1, 1), number="1", subject="x"
    )
    rows = [place.other_site, place.other_site.ccas, OfficeFactory(site=place.other_site), stranger, deliberation]
    for row in [*rows, agent_of(place.other_partner)]:
        assert editor.get(url_of(row)).status_code == 404
        assert editor.get(url_of(row, "delete")).status_code == 404
    assert editor.get(reverse("admin:auth_user_password_change", args=[stranger.pk])).status_code == 404


def test_nor_are_they_among_the_choices(place, editor):
    values = {"label": "1", "site": place.other_site.pk}
    assert "Sélectionnez un choix valide" in errors_of(save(editor, "/admin/partners/office/add/", **values))
    refused = save(editor, "/admin/partners/site/add/", ccas=place.other_site.ccas.pk, name="x", short_name="x")
    assert "Sélectionnez un choix valide" in errors_of(refused)


def test_an_administrator_keeps_her_ccas_but_neither_makes_nor_removes_one(place, editor):
    save(editor, url_of(place.ccas), city="Besançon-Planoise")
    assert Ccas.objects.get(pk=place.ccas.pk).city == "Besançon-Planoise"
    assert editor.get("/admin/partners/ccas/add/").status_code == 403
    assert editor.get(url_of(place.ccas, "delete")).status_code == 403


# --- accounts --------------------------------------------------------------------------------------------------------
def test_a_receptionist_gets_an_account_and_signs_in(place, editor, client):
    new_account(editor, email="Nouvelle@Exemple.FR", role=Role.RECEPTION, sites=[place.site.pk], first_name="Nadia")
    made = User.objects.get(email="nouvelle@exemple.fr")
    assert (made.ccas, list(made.sites.all()), made.is_superuser) == (place.ccas, [place.site], False)
    client.logout()
    response = client.post(reverse("login"), {"login": "nouvelle@exemple.fr", "password": NEW_PASSWORD})
    assert response.status_code == 302


def test_an_agent_gets_an_account_of_a_partner_with_a_convention(place, editor):
    new_account(editor, role=Role.PARTNER_AGENT, partner=place.partner.pk)
    made = User.objects.get(email="nouvelle@exemple.fr")
    assert (made.ccas, made.partner) == (None, place.partner)
    assert editor.get(url_of(made)).status_code == 200


def test_a_partner_shared_with_another_ccas_is_out_of_reach(place, editor):
    """Its agent's account opens the schedules of both: one of the two may not give it to herself."""
    agent = agent_of(place.partner)
    assert editor.get(url_of(agent)).status_code == 200
    place.share_the_partner()
    assert editor.get(url_of(agent)).status_code == 404
    assert "Sélectionnez un choix valide" in errors_of(
        new_account(editor, role=Role.PARTNER_AGENT, partner=place.partner.pk)
    )
    assert editor.post(url_of(place.partner), {"name": "Autre nom"}).status_code == 403
    assert editor.get(url_of(place.partner)).status_code == 200


@pytest.mark.parametrize(
    ("answers", "sentence"),
    [
        ({"role": Role.PARTNER_AGENT}, "Choisissez le partenaire dont cette personne est l’agent."),
        ({"role": Role.RECEPTION}, "Choisissez au moins un espace"),
        ({"role": "superuser"}, "Sélectionnez un choix valide"),
        ({"role": ""}, "Ce champ est obligatoire"),
        ({"role": Role.MANAGER, "email": "pas un courriel"}, "adresse de courriel valide"),
        ({"role": Role.MANAGER, "email": "x" * 5000 + "@exemple.fr"}, "au plus 254"),
        ({"role": Role.MANAGER, "first_name": "é" * 5000}, "au plus 100 caractères"),
        ({"role": Role.MANAGER, "password1": "court", "password2": "court"}, "Au moins 14 caractères"),
        ({"role": Role.MANAGER, "password2": "autre-chose-de-long"}, "ne correspondent pas"),
    ],
)
def test_a_wrong_account_is_refused_beside_its_field(place, editor, answers, sentence):
    assert sentence in errors_of(new_account(editor, **answers))
    assert User.objects.count() == 1


def test_one_address_one_account(place, editor):
    UserFactory(email="deja@exemple.fr", ccas=place.ccas)
    assert "Un compte porte déjà ce courriel." in errors_of(
        new_account(editor, role=Role.MANAGER, email="DEJA@exemple.fr")
    )


def test_staff_have_no_partner_and_agents_no_space(place, editor):
    manager = UserFactory(role=Role.MANAGER, ccas=place.ccas)
    assert "Seul un agent" in errors_of(save(editor, url_of(manager), partner=place.partner.pk))
    agent = agent_of(place.partner)
    assert "n’a pas d’espace" in errors_of(save(editor, url_of(agent), sites=[place.site.pk]))
    assert "n’a pas d’espace" not in messages_of(save(editor, url_of(agent), first_name="Sophie"))


def test_nobody_gives_herself_technical_rights(place, editor):
    answers = {"is_superuser": "on", "groups": ["1"], "user_permissions": ["1"], "is_staff": "on"}
    manager = UserFactory(role=Role.MANAGER, ccas=place.ccas)
    for account in (manager, place.administrator):
        save(editor, url_of(account), **answers)
        account.refresh_from_db()
        assert not account.is_superuser
        assert not account.user_permissions.exists()
    new_account(editor, role=Role.MANAGER, **answers)
    assert not User.objects.get(email="nouvelle@exemple.fr").is_superuser


def test_technical_accounts_are_out_of_reach(place, editor):
    """Whoever may set its password could sign in with it."""
    technical = UserFactory(role=Role.ADMINISTRATOR, ccas=place.ccas, is_superuser=True)
    assert editor.get(url_of(technical)).status_code == 404
    assert editor.get(reverse("admin:auth_user_password_change", args=[technical.pk])).status_code == 404


def test_nobody_locks_herself_out(place, editor):
    save(editor, url_of(place.administrator), role=Role.RECEPTION, is_active=None, first_name="Hélène")
    place.administrator.refresh_from_db()
    assert (place.administrator.role, place.administrator.is_active) == (Role.ADMINISTRATOR, True)
    assert place.administrator.first_name == "Hélène"
    assert editor.get(url_of(place.administrator, "delete")).status_code == 403


def test_a_forgotten_password_is_replaced(place, editor):
    account = UserFactory(role=Role.MANAGER, ccas=place.ccas)
    url = reverse("admin:auth_user_password_change", args=[account.pk])
    assert editor.get(url).status_code == 200
    editor.post(url, {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD, "usable_password": "true"})
    account.refresh_from_db()
    assert account.check_password(NEW_PASSWORD)


def test_a_superuser_makes_administrators_of_any_ccas(place, client):
    client.force_login(UserFactory(role=Role.ADMINISTRATOR, ccas=None, is_superuser=True))
    other = CcasFactory()
    assert "Choisissez le CCAS" in errors_of(new_account(client, role=Role.ADMINISTRATOR))
    new_account(client, role=Role.ADMINISTRATOR, ccas=other.pk)
    assert User.objects.get(email="nouvelle@exemple.fr").ccas == other


# --- spaces ----------------------------------------------------------------------------------------------------------
def test_opening_hours_may_shift_together_but_not_overlap(place, editor):
    morning = OpeningHoursFactory(site=place.site)
    afternoon = OpeningHoursFactory(site=place.site, start_time=dt.time(12, 30), end_time=dt.time(17, 0))
    url = url_of(place.site)
    save(editor, url, **{"opening_hours-0-end_time": "13h30", "opening_hours-1-start_time": "13h30"})
    morning.refresh_from_db()
    afternoon.refresh_from_db()
    assert (morning.end_time, afternoon.start_time, morning.weekday) == (dt.time(13, 30), dt.time(13, 30), 1)
    refused = save(editor, url, **{"opening_hours-1-start_time": "13h00"})
    assert "Ce créneau en chevauche un autre : lundi 8h30–13h30." in errors_of(refused)
    refused = save(editor, url, **{"opening_hours-1-end_time": "8h"})
    assert "L’heure de fin doit suivre l’heure de début." in errors_of(refused)


def test_new_hours_take_over_from_the_old_ones(place, editor):
    OpeningHoursFactory(site=place.site, ends_on=dt.date(2026, 12, 31))
    url = url_of(place.site)
    line = {"weekday": "1", "start_time": "9h00", "end_time": "12h30", "starts_on": "2027-01-01", "ends_on": ""}
    editor.post(url, add_line(shown_values(editor.get(url)), "opening_hours", **line))
    assert OpeningHours.objects.count() == 2


def test_a_closure_takes_its_dates_out_of_the_schedule(place, editor):
    slot_of(place.convention, 1, "08:30", "12:30")
    url = url_of(place.site)
    save(editor, url, holiday_calendar="57")
    christmas_week = (dt.date(2026, 12, 21), dt.date(2026, 12, 27))
    assert Permanence.objects.filter(day__range=christmas_week).count() == 1
    line = {"starts_on": "2026-12-21", "ends_on": "2026-12-27", "reason": "Fermeture de fin d’année"}
    response = editor.post(url, add_line(shown_values(editor.get(url)), "closures", **line), follow=True)
    assert not Permanence.objects.filter(day__range=christmas_week).exists()
    assert "1 permanence retirée" in messages_of(response)
    reversed_line = {"starts_on": "2026-12-27", "ends_on": "2026-12-21", "reason": "x"}
    refused = editor.post(url, add_line(shown_values(editor.get(url)), "closures", **reversed_line))
    assert "La fermeture doit finir le jour où elle commence ou après." in errors_of(refused)
    assert Closure.objects.count() == 1


def test_a_space_is_opened(place, editor):
    answers = {"ccas": place.ccas.pk, "name": "Espace des Clairs-Soleils", "short_name": "Clairs-Soleils"}
    place_of = {"slug": "clairs-soleils", "city": "Besançon", "insee_code": "25056"}
    save(editor, "/admin/partners/site/add/", **answers, **place_of)
    assert Site.objects.get(slug="clairs-soleils").ccas == place.ccas


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"insee_code": "besan"}, "Un code INSEE de commune compte cinq caractères"),
        ({"postal_code": "2500"}, "Un code postal compte cinq chiffres"),
        ({"time_zone": "Mars/Olympus"}, "Sélectionnez un choix valide"),
        ({"name": ""}, "Ce champ est obligatoire"),
        ({"name": "🙂" * 5000}, "au plus 200 caractères"),
    ],
)
def test_a_wrong_space_is_refused_beside_its_field(place, editor, changes, sentence):
    assert sentence in errors_of(save(editor, url_of(place.site), **changes))


def test_a_room_is_measured_as_french_hands_type(place, editor):
    save(editor, "/admin/partners/office/add/", site=place.site.pk, label="27", area_m2="15,64 m²")
    office = place.site.offices.get()
    assert str(office.area_m2) == "15.64"
    assert "15,64" in editor.get(url_of(office)).content.decode()
    for area in ("0", "-3", "grand", "1.234,5"):
        assert errors_of(save(editor, url_of(office), area_m2=area))


def test_what_is_in_use_is_not_deleted_and_one_reads_why(place, editor):
    slot = slot_of(place.convention, 1, "08:30", "12:30")
    for row in (slot.office, place.site):
        text = editor.get(url_of(row, "delete")).content.decode()
        assert "protégés" in text
        assert editor.post(url_of(row, "delete"), {"post": "yes"}).status_code == 200
        row.refresh_from_db()


# --- partners and reasons --------------------------------------------------------------------------------------------
def test_a_partner_and_its_contacts(place, editor):
    url = "/admin/partners/partner/add/"
    values = shown_values(editor.get(url)) | {"name": "CAF du Doubs", "short_name": "CAF", "slug": "caf-doubs"}
    editor.post(url, add_line(values, "contacts", name="Jeanne Petit", phone="0381000000"))
    assert Partner.objects.get(slug="caf-doubs").contacts.get().name == "Jeanne Petit"
    refused = save(editor, url_of(place.partner), siren="123456789")
    assert "n’est pas un numéro SIREN" in errors_of(refused)


def test_a_reason_taken_elsewhere_is_read_only(place, editor):
    own = ReasonFactory(partners=[place.partner])
    shared = ReasonFactory(partners=[place.partner, place.other_partner])
    save(editor, url_of(own), duration_minutes="45")
    assert Reason.objects.get(pk=own.pk).duration_minutes == 45
    assert editor.get(url_of(shared)).status_code == 200
    assert editor.post(url_of(shared), {"label": "x"}).status_code == 403
    assert "supérieure ou égale à 5" in errors_of(save(editor, url_of(own), duration_minutes="0"))


@pytest.mark.parametrize("path", ["user", "site", "office", "partner", "ccas"])
def test_lists_cost_the_same_whatever_their_length(place, editor, path, django_assert_max_num_queries):
    url = f"/admin/partners/{path}/"
    with django_assert_max_num_queries(12) as first:
        editor.get(url)
    for _ in range(15):
        site = SiteFactory(ccas=place.ccas)
        OfficeFactory(site=site)
        ConventionFactory(site=site, partner=(partner := PartnerFactory()))
        agent_of(partner)
        UserFactory(ccas=place.ccas, sites=[site])
    with django_assert_max_num_queries(len(first.captured_queries)):
        assert editor.get(url).status_code == 200


@pytest.mark.django_db
def test_moments_are_told_by_the_clock_of_the_space_one_works_in(client):
    there = SiteFactory(cayenne=True)
    administrator = UserFactory(role=Role.ADMINISTRATOR, ccas=there.ccas)
    client.force_login(administrator)
    # 9h00 UTC: 6h00 in Cayenne, 10h00 in Paris.
    page = client.get(url_of(administrator)).content.decode()
    assert "21 novembre 2026 06:00" in page
    assert "21 novembre 2026 10:00" not in page
    assert timezone.get_current_timezone_name() == "Europe/Paris"
