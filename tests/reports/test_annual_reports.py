"""A yearly report: prepared, written, established from the figures of the house, frozen, printed by the worker."""

import datetime as dt
from decimal import Decimal

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from django.urls import reverse

from conventions.models import (
    Convention,
    FeeTerms,
    Frequency,
    Obligation,
    ObligationDue,
    ObligationKind,
    Party,
    TrainingSession,
)
from conventions.occurrences import refresh_occurrences
from franceservices.errors import DomainError
from partners.models import Role
from reports.annual_documents import report_pdf
from reports.annual_reports import begin_report, discard_report, establish_report, report_periods, write_report
from reports.long_works import run_work
from reports.makers import MAKERS
from reports.models import AnnualReport, LongWork, WorkState
from reports.periods import Period
from tests.factories import UserFactory
from tests.reports.papers import text_of

YEAR = Period.of_year(2025)


@pytest.fixture
def year(scene):
    """A convention of 2025 to 2027 with a fee, a duty, a training, and three people received in 2025."""
    convention = Convention.objects.get(site=scene.site, partner=scene.cpam)
    Convention.objects.filter(pk=convention.pk).update(starts_on=dt.date(2025, 1, 1), ends_on=dt.date(2027, 12, 31))
    scene.convention = Convention.objects.with_parties().get(pk=convention.pk)
    FeeTerms.objects.create(convention=convention, annual_amount=Decimal("1254.00"), rate_per_m2=Decimal("209.00"))
    Obligation.objects.create(
        convention=convention,
        kind=ObligationKind.YEARLY_REPORT,
        label="Élaborer le bilan",
        owed_by=Party.BOTH,
        frequency=Frequency.YEARLY,
        article_number="V",
    )
    refresh_occurrences(convention=convention)
    TrainingSession.objects.create(
        convention=convention,
        held_on=dt.date(2025, 6, 2),
        subject="Compte ameli",
        people_trained=7,
        recorded_by=scene.manager,
    )
    scene.held = [scene.appointment(day) for day in ("2025-02-03", "2025-02-05", "2025-11-10")]
    return scene


def draft_of(year, **fields) -> AnnualReport:
    return begin_report(**({"convention": year.convention, "period": YEAR, "by": year.manager} | fields))


def established(year) -> AnnualReport:
    report = write_report(report=draft_of(year), difficulties="Salle étroite.", comments="À suivre.", by=year.manager)
    return establish_report(report=report, by=year.manager)


def paper(report: AnnualReport) -> str:
    return text_of(report_pdf(AnnualReport.objects.with_parties().get(pk=report.pk), tell=lambda: None))


def test_the_periods_are_years_that_began(year):
    assert report_periods(year.convention, today=dt.date(2026, 4, 3)) == [Period.of_year(2026), YEAR]
    other = Convention(starts_on=dt.date(2025, 4, 1), ends_on=dt.date(2028, 3, 31))
    assert report_periods(other, today=dt.date(2026, 4, 3)) == [
        Period(dt.date(2026, 4, 1), dt.date(2027, 3, 31)),
        Period.of_year(2026),
        Period(dt.date(2025, 4, 1), dt.date(2026, 3, 31)),
        YEAR,
    ]


def test_it_says_what_the_agreements_ask_for(year):
    report = established(year)
    assert (report.label, report.issued_on) == ("2026-001", dt.date(2026, 4, 3))
    text = paper(report)
    for words in (
        "Bilan annuel n° 2026-001",
        "Année 2025",
        "Rendez-vous effectués 3 Les rendez-vous dont",
        "Personnes formées dans la période 7",
        "février 2025 2 2 0",
        "Compte ameli 2 juin 2025 – 7",
        "Élaborer le bilan (art. V) Les deux parties 1 fois sur 1 Bilan annuel n° 2026-001 (3 avril 2026)",
        "1 254,00 €",
        "Salle étroite.",
        "À suivre.",
    ):
        assert words in text, text


def test_it_fulfils_the_duty(year):
    report = established(year)
    [due] = ObligationDue.objects.exclude(fulfilled_on=None)
    assert due.period_ends_on == dt.date(2025, 12, 31)
    assert due.proof_note == f"Bilan annuel n° {report.label}"


def test_it_does_not_move(year):
    report = established(year)
    before = paper(report)
    year.held[0].delete()
    assert paper(report) == before
    with pytest.raises(DomainError, match="ne changent plus"):
        write_report(report=report, difficulties="", comments="", by=year.manager)
    with pytest.raises(DomainError, match="il reste"):
        discard_report(report=report, by=year.manager)
    with pytest.raises(DomainError, match="déjà établi"):
        establish_report(report=report, by=year.manager)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE reports_annualreport SET content = '{}'",
        "UPDATE reports_annualreport SET difficulties = ''",
        "UPDATE reports_annualreport SET issued_at = NULL, issued_by_id = NULL, issued_on = NULL, year = NULL,"
        " number = NULL, content = NULL",
        "DELETE FROM reports_annualreport",
    ],
)
def test_the_database_refuses_to_change_it(year, change):
    established(year)
    refused = pytest.raises(IntegrityError, match="what is established")
    with refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(change)


def test_a_new_one_replaces_it(year):
    old = established(year)
    year.held[0].delete()
    draft = draft_of(year)
    assert (draft.difficulties, draft_of(year)) == ("Salle étroite.", draft)
    new = establish_report(report=draft, by=year.manager)
    old.refresh_from_db()
    assert (new.label, new.replaces, old.is_replaced) == ("2026-002", old, True)
    assert "Remplacé par le bilan n° 2026-002" in paper(old)
    assert "Remplace le bilan n° 2026-001" in paper(new)


def test_a_year_under_way_is_prepared_not_established(year):
    draft = draft_of(year, period=Period.of_year(2026))
    assert "les chiffres sont ceux du jour de l’impression" in paper(draft)
    with pytest.raises(DomainError, match="n’est pas terminée"):
        establish_report(report=draft, by=year.manager)
    with pytest.raises(DomainError, match="Choisissez une année"):
        draft_of(year, period=Period(dt.date(2025, 1, 1), dt.date(2025, 6, 30)))
    discard_report(report=draft, by=year.manager)
    assert not AnnualReport.objects.exists()


# --- Pages -------------------------------------------------------------------------------------------------------


def test_from_the_convention_to_the_paper(year, client):
    client.force_login(year.manager)
    listed = client.get(reverse("reports:annual_report_list"))
    begin = reverse("reports:annual_report_begin", args=[year.convention.pk])
    assert begin in listed.content.decode()
    assert client.get(begin).context["form"].initial == {"periode": "2025-01-01_2025-12-31"}
    answer = client.post(begin, {"periode": "2025-01-01_2025-12-31"})
    report = AnnualReport.objects.get()
    address = reverse("reports:annual_report", args=[report.pk])
    assert answer["Location"] == address
    client.post(address, {"difficulties": "Salle étroite.", "comments": ""})
    page = client.get(address).content.decode()
    assert "Salle étroite." in page
    assert "Élaborer le bilan" in page
    assert client.get(reverse("reports:annual_report_establish", args=[report.pk])).status_code == 200
    client.post(reverse("reports:annual_report_establish", args=[report.pk]))
    report.refresh_from_db()
    assert report.is_issued
    assert "ses chiffres ne bougent plus" in client.get(address).content.decode()
    printed = client.post(reverse("reports:annual_report_print", args=[report.pk]))
    work = LongWork.objects.get()
    assert printed["Location"] == reverse("reports:work", args=[work.pk])
    run_work(work.pk, makers=MAKERS)
    work.refresh_from_db()
    assert (work.state, work.done, work.total) == (WorkState.DONE, 10, 10)
    with work.file.open("rb") as content:
        assert "Salle étroite." in text_of(content.read())
    found = client.get(reverse("reports:annual_report_list"), {"q": "cpam 2026-001"})
    assert list(found.context["page_obj"]) == [report]


def test_the_pages_ask_few_queries(year, client, django_assert_max_num_queries):
    report = established(year)
    client.force_login(year.manager)
    with django_assert_max_num_queries(20):
        client.get(reverse("reports:annual_report", args=[report.pk]))
    with django_assert_max_num_queries(20):
        client.get(reverse("reports:annual_report_list"))


def test_nobody_else_reaches_it(year, client):
    report = draft_of(year)
    stranger = UserFactory(role=Role.MANAGER, ccas=year.elsewhere.ccas)
    names = ("annual_report", "annual_report_establish", "annual_report_discard")
    for person in (stranger, year.receptionist, year.agent):
        client.force_login(person)
        tried = [reverse(f"reports:{name}", args=[report.pk]) for name in names]
        tried.append(reverse("reports:annual_report_begin", args=[year.convention.pk]))
        assert [client.get(address).status_code for address in tried] == [404] * 4
        assert client.post(reverse("reports:annual_report_print", args=[report.pk])).status_code == 404
    with pytest.raises(Convention.DoesNotExist):
        draft_of(year, by=stranger)
    with pytest.raises(AnnualReport.DoesNotExist):
        establish_report(report=report, by=stranger)


def test_the_number_of_the_next_year_begins_again(year):
    established(year)
    with time_machine.travel(dt.datetime(2027, 1, 5, 12, 0, tzinfo=dt.UTC)):
        report = establish_report(report=draft_of(year, period=Period.of_year(2026)), by=year.manager)
    assert report.label == "2027-001"
