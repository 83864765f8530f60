"""A monthly return: established from the figures of the house, frozen, corrected by a new version, read by who may."""

import datetime as dt
from functools import partial

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from django.urls import reverse

from bookings.models import AppointmentStatus
from conventions.models import Frequency, Obligation, ObligationDue, ObligationKind, Party
from conventions.occurrences import refresh_occurrences
from franceservices.errors import DomainError
from partners.models import Role
from reports.establishing import correct_return, establish_return
from reports.models import MonthlyReturn
from reports.periods import Period
from reports.return_content import about, content_gaps, return_figures, told_figures
from reports.return_documents import return_pdf
from tests.factories import UserFactory, agent_of
from tests.reports.papers import one_line, text_of

MARCH = Period.of_month(2026, 3)


@pytest.fixture
def march(scene):
    """Three people received in March and one absent."""
    scene.held = [scene.appointment(f"2026-03-{day:02}") for day in (3, 5, 10)]
    scene.absent = scene.appointment("2026-03-12", status="no_show")
    return scene


def establish(scene, **fields) -> MonthlyReturn:
    asked = {"site": scene.site, "partner": scene.cpam, "period": MARCH, "comment": "", "by": scene.manager} | fields
    return establish_return(**asked)


def value_of(found: MonthlyReturn, slug: str) -> object:
    return next(figure["value"] for figure in told_figures(found.content) if figure["slug"] == slug)


def receive_after_all(appointment) -> None:
    """She was noted absent, and had come."""
    appointment.status = AppointmentStatus.HONOURED
    appointment.absent_at = appointment.absent_by = None
    appointment.started_at = appointment.during.lower
    appointment.finished_at = appointment.during.upper
    appointment.started_by = appointment.finished_by = appointment.booked_by
    appointment.save()


def test_it_tells_the_month_of_one_partner(march):
    march.appointment("2026-03-03", "14:00", partner=march.caf)
    march.appointment("2026-02-27")
    found = establish(march, comment="Fermé le 17 mars")
    assert (found.label, found.version, found.issued_on) == ("2026-001", 1, dt.date(2026, 4, 3))
    assert value_of(found, "rendez-vous-effectues") == 3
    assert value_of(found, "taux-d-absence") == "1/4"
    assert found.convention is not None
    text = text_of(return_pdf(found, printed_on=dt.date(2026, 4, 3)))
    for words in ("Relevé mensuel n° 2026-001", "CPAM · mars 2026", "Fermé le 17 mars", "Carte Vitale 3 1 4", "25 %"):
        assert words in text


def test_it_fulfils_the_duty_of_its_month(march):
    convention = about(site=march.site, partner=march.cpam, period=MARCH).convention
    obligation = Obligation.objects.create(
        convention=convention,
        kind=ObligationKind.MONTHLY_COUNT,
        label="Relevé",
        owed_by=Party.CCAS,
        frequency=Frequency.MONTHLY,
    )
    refresh_occurrences(convention=convention)
    found = establish(march)
    [fulfilled] = ObligationDue.objects.filter(obligation=obligation).exclude(fulfilled_on=None)
    assert (fulfilled.period_ends_on, fulfilled.fulfilled_on) == (dt.date(2026, 3, 31), dt.date(2026, 4, 3))
    assert fulfilled.proof_note == f"Relevé mensuel n° {found.label}"


def test_it_does_not_move_when_its_appointments_change(march, client):
    found = establish(march)
    before = return_pdf(found, printed_on=dt.date(2026, 4, 3))
    receive_after_all(march.absent)
    march.held[0].delete()
    found.refresh_from_db()
    assert value_of(found, "rendez-vous-effectues") == 3
    assert text_of(return_pdf(found, printed_on=dt.date(2026, 4, 3))) == text_of(before)
    gaps = {gap.slug: gap for gap in content_gaps(found.content, return_figures(_about(found)))}
    assert (gaps["absences"].before, gaps["absences"].after) == ("1", "0")
    assert "rendez-vous-effectues" not in gaps  # One came, one went: the figure is the same, the absences are not.
    client.force_login(march.manager)
    page = client.get(reverse("reports:monthly_return", args=[found.pk])).content.decode()
    assert "Les données ont changé depuis" in page


def _about(found: MonthlyReturn):
    return about(site=found.site, partner=found.partner, period=found.period)


def test_a_correction_is_a_new_version_that_tells_the_difference(march, client):
    old = establish(march)
    receive_after_all(march.absent)
    new = correct_return(monthly_return=old, reason="Une absence notée à tort", comment="", by=march.manager)
    old.refresh_from_db()
    assert (old.is_corrected, new.version, new.label, new.corrects) == (True, 2, "2026-002", old)
    gaps = {gap["slug"]: gap for gap in new.content["correction"]["gaps"]}
    assert (gaps["rendez-vous-effectues"]["before"], gaps["rendez-vous-effectues"]["after"]) == ("3", "4")
    text = text_of(return_pdf(new, printed_on=dt.date(2026, 4, 3)))
    assert "Annule et remplace le relevé n° 2026-001 du 3 avril 2026. Motif : Une absence notée à tort" in text
    assert "Rendez-vous effectués 3 4 +1 (+33 %)" in text
    assert "Annulé et remplacé par le relevé n° 2026-002" in text_of(return_pdf(old, printed_on=dt.date(2026, 4, 3)))
    client.force_login(march.manager)
    page = one_line(client.get(reverse("reports:monthly_return", args=[new.pk])).content.decode())
    assert "Ce que cette version change" in page
    assert "Les données ont changé depuis" not in page
    with pytest.raises(DomainError, match="déjà corrigé par le n° 2026-002"):
        correct_return(monthly_return=old, reason="Encore", comment="", by=march.manager)


def test_what_was_shown_is_what_is_established(march):
    shown = return_figures(about(site=march.site, partner=march.cpam, period=MARCH))
    receive_after_all(march.absent)
    with pytest.raises(DomainError, match="ont changé depuis que la page"):
        establish(march, expected_digest=shown["digest"])
    assert not MonthlyReturn.objects.exists()


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"period": Period.of_month(2026, 4)}, "n’est pas terminé"),
        ({"issued_on": dt.date(2026, 4, 4)}, "à venir"),
        ({"comment": "x" * 5000}, "commentaire"),
    ],
)
def test_what_cannot_be_established(march, fields, sentence):
    with pytest.raises(DomainError, match=sentence):
        establish(march, **fields)


def test_a_month_is_established_once(march):
    establish(march)
    with pytest.raises(DomainError, match="déjà établi"):
        establish(march)
    assert MonthlyReturn.objects.count() == 1


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE reports_monthlyreturn SET content = '{}'",
        "UPDATE reports_monthlyreturn SET number = 9",
        "UPDATE reports_monthlyreturn SET issued_on = '2026-01-01'",
        "DELETE FROM reports_monthlyreturn",
    ],
)
def test_the_database_refuses_to_change_it(march, change):
    establish(march)
    refused = pytest.raises(IntegrityError, match="what is established")
    with refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(change)


def test_a_corrected_one_stays_corrected(march):
    old = establish(march)
    correct_return(monthly_return=old, reason="Faute", comment="", by=march.manager)
    with pytest.raises(IntegrityError), transaction.atomic():
        MonthlyReturn.objects.filter(pk=old.pk).update(is_corrected=False)


# --- Pages -------------------------------------------------------------------------------------------------------


def test_the_list_proposes_the_months_that_are_over(march, client, django_assert_max_num_queries):
    march.appointment("2026-02-10", partner=march.caf)
    client.force_login(march.manager)
    with django_assert_max_num_queries(30):
        page = client.get(reverse("reports:monthly_return_list"))
    shown = [(line.partner.short_name, line.slug, line.state) for line in page.context["page_obj"]]
    assert shown == [
        ("CAF", "2026-03", "a-etablir"),
        ("CPAM", "2026-03", "a-etablir"),
        ("CAF", "2026-02", "a-etablir"),
        ("CPAM", "2026-02", "a-etablir"),
    ]
    establish(march)
    found = client.get(reverse("reports:monthly_return_list"), {"q": "cpam mars", "etat": "etabli"})
    assert [line.monthly_return.label for line in found.context["page_obj"]] == ["2026-001"]
    none = client.get(reverse("reports:monthly_return_list"), {"q": "rien"})
    assert "Aucun mois ne répond" in none.content.decode()


def test_on_the_first_of_the_month_the_last_one_is_proposed(march, client):
    found = []
    for clock in ("21:59", "22:01"):  # 23h59, then 0h01 in Paris.
        with time_machine.travel(dt.datetime.fromisoformat(f"2026-04-30T{clock}:00+00:00")):
            client.force_login(march.manager)
            page = client.get(reverse("reports:monthly_return_list"), {"q": "avril"})
            found.append([line.slug for line in page.context["page_obj"]])
    assert found == [[], ["2026-04", "2026-04"]]


def test_each_figure_of_the_page_leads_to_its_rows(march, client):
    client.force_login(march.manager)
    address = reverse("reports:monthly_return_establish", args=[march.site.slug, march.cpam.slug, 2026, 3])
    page = client.get(address)
    assert "Voir les lignes" in page.content.decode()
    for figure in told_figures(page.context["content"]):
        rows = client.get(reverse("reports:figure", args=[figure["slug"]]) + page.context["rows_query"])
        assert rows.context["value"] == figure["full"]
    made = client.post(address, {"comment": "Vu", "expected_digest": page.context["content"]["digest"]})
    found = MonthlyReturn.objects.get()
    assert made["Location"] == reverse("reports:monthly_return", args=[found.pk])
    assert found.content["comment"] == "Vu"
    assert client.get(address)["Location"] == made["Location"]


def test_correcting_on_the_page(march, client):
    found = establish(march)
    receive_after_all(march.absent)
    client.force_login(march.manager)
    address = reverse("reports:monthly_return_correct", args=[found.pk])
    page = client.get(address)
    assert [gap.slug for gap in page.context["gaps"]][:2] == ["rendez-vous-effectues", "absences"]
    digest = page.context["content"]["digest"]
    refused = client.post(address, {"reason": "", "expected_digest": digest})
    assert "Dites pourquoi ce relevé est corrigé." in refused.content.decode()
    client.post(address, {"reason": "Absence à tort", "comment": "", "expected_digest": digest})
    assert MonthlyReturn.objects.standing().get().correction_reason == "Absence à tort"


# --- Perimeter ---------------------------------------------------------------------------------------------------


def addresses(found: MonthlyReturn) -> list[str]:
    return [
        reverse("reports:monthly_return", args=[found.pk]),
        reverse("reports:monthly_return_correct", args=[found.pk]),
        reverse("reports:monthly_return_file", args=[found.pk]),
        reverse("reports:monthly_return_establish", args=[found.site.slug, found.partner.slug, 2026, 2]),
    ]


def test_another_ccas_sees_nothing(march, client):
    found = establish(march)
    client.force_login(UserFactory(role=Role.MANAGER, ccas=march.elsewhere.ccas))
    assert [client.get(address).status_code for address in addresses(found)] == [404] * 4
    assert not client.get(reverse("reports:monthly_return_list")).context["page_obj"].object_list
    with pytest.raises(MonthlyReturn.DoesNotExist):
        correct_return(
            monthly_return=found,
            reason="Non",
            comment="",
            by=UserFactory(role=Role.MANAGER, ccas=march.elsewhere.ccas),
        )


def test_the_desk_has_no_returns(march, client):
    found = establish(march)
    client.force_login(march.receptionist)
    tried = [*addresses(found), reverse("reports:monthly_return_list")]
    assert [client.get(address).status_code for address in tried] == [404] * 5
    assert "/releves/" not in client.get(reverse("reports:statistics")).content.decode()


def test_an_agent_reads_the_returns_of_her_caisse(march, client):
    found = establish(march)
    client.force_login(march.agent)
    page = client.get(reverse("reports:monthly_return_list"))
    assert list(page.context["page_obj"]) == [found]
    answer = client.get(reverse("reports:monthly_return_file", args=[found.pk]))
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
    hidden = [address for address in addresses(found) if not address.endswith(".pdf")]
    assert [client.get(address).status_code for address in hidden] == [404] * 3
    client.force_login(agent_of(march.caf))
    assert not client.get(reverse("reports:monthly_return_list")).context["page_obj"].object_list
    assert client.get(reverse("reports:monthly_return_file", args=[found.pk])).status_code == 404


def test_the_number_belongs_to_the_ccas_and_the_year(march):
    first = establish(march)
    other = establish(march, partner=march.caf)
    february = partial(establish, march, period=Period.of_month(2026, 2))
    assert [first.label, other.label, february().label] == ["2026-001", "2026-002", "2026-003"]
    with pytest.raises(DomainError, match="suivent l’ordre des dates"):
        establish(march, period=Period.of_month(2026, 1), issued_on=dt.date(2026, 4, 2))
