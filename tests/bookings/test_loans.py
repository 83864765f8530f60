"""Lending an idle office once: to a partner or to the CCAS's own services, giving it back, and every refusal."""

import datetime as dt
from urllib.parse import urlencode

import pytest
from django.db import IntegrityError

from bookings.errors import OfficeTaken
from bookings.generation import generate_permanences
from bookings.loans import cancel_loan, lend_office, own_services_of, restore_loan
from bookings.models import Permanence, PermanenceOrigin, PermanenceStatus, ScheduleChange, ScheduleChangeKind
from bookings.schedule_changes import undo_change
from conventions.models import BookingMode
from franceservices.errors import DomainError
from partners.models import Office, Partner
from tests.bookings.schedules import held, open_all_week, words_of
from tests.factories import (
    ClosureFactory,
    ConventionFactory,
    OfficeFactory,
    PartnerFactory,
    SiteFactory,
    slot_of,
    staff_of,
)

MONDAY, TUESDAY = dt.date(2026, 3, 2), dt.date(2026, 3, 3)
MORNING = (dt.time(8, 30), dt.time(12, 30))
FREED = "le bureau est de nouveau libre"


@pytest.fixture
def offices(desk):
    open_all_week(desk.site)
    desk.office = desk.site.offices.get()
    desk.office.label = "27"
    desk.office.save()
    desk.borrower = PartnerFactory(short_name="MSA", slug="msa")
    return desk


@pytest.fixture
def at_desk(client, offices):
    client.force_login(offices.receptionist)
    return client


def lend(offices, day=MONDAY, start=MORNING[0], end=MORNING[1], **changes) -> Permanence:
    fields = {
        "office": offices.office,
        "borrower": offices.borrower,
        "purpose": "Forum des aidants",
        "by": offices.receptionist,
    } | changes
    return lend_office(day=day, start_time=start, end_time=end, **fields)


def said(error) -> str:
    return str(error.value).replace("\u00a0", " ")


# --- The service -----------------------------------------------------------------------------------------------


def test_a_loan_is_a_permanence_without_convention(offices):
    loan = lend(offices)
    assert (loan.origin, loan.mode, loan.convention) == (PermanenceOrigin.LOAN, BookingMode.WALK_IN, None)
    assert (loan.partner, loan.purpose, loan.edited_by) == (offices.borrower, "Forum des aidants", offices.receptionist)
    assert loan.during.lower == offices.at(MONDAY, "08:30")
    assert not loan.is_bookable
    change = ScheduleChange.objects.get()
    assert (change.kind, change.office, change.made_by) == (
        ScheduleChangeKind.LOAN,
        offices.office,
        offices.receptionist,
    )


def test_the_ccas_s_own_services_are_made_when_first_asked_for(offices):
    first = lend(offices, borrower=None)
    second = lend(offices, dt.date(2026, 3, 4), borrower=None)
    assert first.partner == second.partner == Partner.objects.get(own_ccas=offices.site.ccas)
    assert first.partner.short_name == "Services du CCAS"
    assert own_services_of(SiteFactory().ccas) != first.partner


def test_who_has_the_office_is_named_whatever_the_kind(offices):
    with pytest.raises(OfficeTaken) as weekly:
        lend(offices, TUESDAY, dt.time(10), dt.time(11))
    assert said(weekly).startswith("Bureau 27 est pris par CPAM, mardi 3 mars 2026, 10h00–12h30.")
    lend(offices)
    with pytest.raises(OfficeTaken) as loan:
        lend(offices, start=dt.time(12), borrower=None)
    assert "pris par MSA, lundi 2 mars 2026, 8h30–12h30." in said(loan)
    held(
        offices.site,
        PartnerFactory(short_name="CAF"),
        dt.date(2026, 3, 4),
        office=offices.office,
        origin=PermanenceOrigin.EXCEPTIONAL,
    )
    with pytest.raises(OfficeTaken, match="pris par CAF"):
        lend(offices, dt.date(2026, 3, 4))
    assert Permanence.objects.filter(origin=PermanenceOrigin.LOAN).count() == 1


@pytest.mark.parametrize("kind", PermanenceOrigin)
def test_the_database_refuses_two_uses_of_one_office_whatever_their_kind(offices, kind):
    lend(offices)
    with pytest.raises(IntegrityError, match="permanence_office_free"):
        held(offices.site, PartnerFactory(), MONDAY, "12:00", "13:00", office=offices.office, origin=kind)


def test_the_constraint_is_translated_when_the_check_saw_nothing(offices, monkeypatch):
    lend(offices)
    monkeypatch.setattr("bookings.loans._check_free", lambda office, during: None)
    with pytest.raises(OfficeTaken, match="vient d’être pris"):
        lend(offices)


def test_a_loan_and_the_next_generation_of_the_grid_do_not_collide(offices):
    lend(offices)
    rival = ConventionFactory(site=offices.site)
    slot_of(rival, 1, "09:00", "11:00", office=offices.office)
    report = generate_permanences(conventions=[rival], first=MONDAY, last=MONDAY)
    assert (report.created, len(report.conflicts)) == (0, 1)


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"start": dt.time(12, 30), "end": dt.time(8, 30)}, "L’heure de fin doit suivre l’heure de début."),
        ({"day": dt.date(2026, 2, 27)}, "Cette heure est déjà passée"),
        ({"end": dt.time(13)}, "pendant les heures d’ouverture : 8h30–12h30 et 13h30–17h00 le lundi 2 mars 2026."),
        ({"day": dt.date(2026, 3, 7)}, "L’espace n’ouvre pas le samedi 7 mars 2026."),
        ({"day": dt.date(2026, 4, 6)}, "L’espace est fermé le lundi 6 avril 2026 : Lundi de Pâques."),
    ],
)
def test_a_time_that_cannot_be_lent_is_refused_with_a_sentence(offices, asked, sentence):
    with pytest.raises(DomainError) as refused:
        lend(offices, **asked)
    assert sentence in said(refused)


def test_a_closed_day_and_an_office_out_of_use_are_refused(offices):
    ClosureFactory(site=offices.site, starts_on=MONDAY, ends_on=MONDAY, reason="Travaux")
    with pytest.raises(DomainError, match="Travaux"):
        lend(offices)
    wednesday = dt.date(2026, 3, 4)
    ScheduleChange.objects.create(
        site=offices.site,
        kind=ScheduleChangeKind.OFFICE_OUTAGE,
        office=offices.office,
        starts_on=wednesday,
        ends_on=wednesday,
        reason="Dégât des eaux",
        made_by=offices.receptionist,
    )
    with pytest.raises(DomainError, match="Dégât des eaux"):
        lend(offices, wednesday)
    with pytest.raises(DomainError, match="ne peut pas être prêté"):
        lend(offices, office=OfficeFactory(site=offices.site, is_active=False))


def test_only_at_a_desk_of_one_s_own(offices):
    for stranger in (staff_of(SiteFactory()), offices.agent):
        with pytest.raises(Office.DoesNotExist):
            lend(offices, by=stranger)
    loan = lend(offices)
    for stranger in (staff_of(SiteFactory()), offices.agent):
        with pytest.raises((Permanence.DoesNotExist, ScheduleChange.DoesNotExist)):
            cancel_loan(loan=loan, by=stranger)


# --- Giving back -----------------------------------------------------------------------------------------------


def test_a_loan_is_given_back_and_taken_back(offices):
    loan = cancel_loan(loan=lend(offices), reason="Reporté", by=offices.social_worker)
    assert (loan.status, loan.cancelled_by) == (PermanenceStatus.CANCELLED, offices.social_worker)
    assert loan.cancellation_reason == "Reporté"
    assert ScheduleChange.objects.get().undone_by == offices.social_worker
    with pytest.raises(DomainError, match="déjà annulé"):
        cancel_loan(loan=loan, by=offices.receptionist)
    restored = restore_loan(loan=loan, by=offices.receptionist)
    assert (restored.status, restored.cancelled_at, restored.cancellation_reason) == (
        PermanenceStatus.PLANNED,
        None,
        "",
    )
    assert ScheduleChange.objects.get().undone_at is None
    with pytest.raises(DomainError, match="n’est pas annulé"):
        restore_loan(loan=loan, by=offices.receptionist)


def test_it_is_not_taken_back_when_somebody_else_has_the_office(offices):
    loan = cancel_loan(loan=lend(offices), by=offices.receptionist)
    lend(offices, borrower=None)
    with pytest.raises(OfficeTaken, match="Services du CCAS"):
        restore_loan(loan=loan, by=offices.receptionist)


def test_a_loan_is_given_back_from_the_offices_page_not_as_a_change(offices):
    loan = lend(offices)
    with pytest.raises(DomainError, match="page des bureaux"):
        undo_change(change=ScheduleChange.objects.get(), by=offices.receptionist)
    loan.refresh_from_db()
    assert loan.status == PermanenceStatus.PLANNED


def test_a_loan_that_is_over_stays(offices, monday_morning):
    loan = lend(offices)
    monday_morning.move_to(offices.at(MONDAY, "12:30"))
    with pytest.raises(DomainError, match="terminé"):
        cancel_loan(loan=loan, by=offices.receptionist)


# --- The pages -------------------------------------------------------------------------------------------------


def lend_page(offices, **query) -> str:
    return (
        f"/bureaux/{offices.office.pk}/preter/?{urlencode({'jour': '2026-03-02', 'de': '08:30', 'a': '12:30'} | query)}"
    )


def typed(**changes) -> dict[str, str]:
    return {"borrower": "msa", "start_time": "9h", "end_time": "11h30", "purpose": "Forum des aidants"} | changes


def test_lending_from_the_map_and_undoing_it(at_desk, offices):
    assert f"/bureaux/{offices.office.pk}/preter/?jour=2026-03-02&amp;de=08:30&amp;a=12:30" in (
        at_desk.get("/bureaux/").content.decode()
    )
    page = at_desk.get(lend_page(offices))
    assert 'value="8h30"' in page.content.decode()
    assert "bureau 27, lundi 2 mars 2026" in words_of(page)
    response = at_desk.post(lend_page(offices), typed())
    assert response.url == "/bureaux/?jour=2026-03-02"
    loan = Permanence.objects.get(origin=PermanenceOrigin.LOAN)
    assert (loan.partner, loan.local_start.hour, loan.local_end.minute) == (offices.borrower, 9, 30)
    told = at_desk.get(response.url)
    assert "Bureau 27, lundi 2 mars 2026, 9h00–11h30 : prêté à MSA." in words_of(told)
    # « Annuler cette action » posts to the page that cancels, which needs no answer.
    assert f'action="/prets/{loan.pk}/annuler/"' in told.content.decode()
    at_desk.post(f"/prets/{loan.pk}/annuler/")
    assert FREED in words_of(at_desk.get("/bureaux/"))


def test_lending_to_an_agent_of_the_ccas(at_desk, offices):
    at_desk.post(lend_page(offices), typed(borrower="services-du-ccas"))
    assert Permanence.objects.get(origin=PermanenceOrigin.LOAN).partner.own_ccas == offices.site.ccas
    assert Partner.objects.get(own_ccas=offices.site.ccas).name not in words_of(at_desk.get(lend_page(offices)))


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"borrower": ""}, "Choisissez à qui le bureau est prêté."),
        ({"borrower": "\x00"}, "Choisissez un partenaire de la liste."),
        ({"start_time": "25h"}, "Écrivez une heure de la journée"),
        ({"start_time": ""}, "Écrivez l’heure de début."),
        ({"end_time": "9h"}, "L’heure de fin doit suivre l’heure de début."),
        ({"end_time": "18h"}, "Le bureau se prête pendant les heures d’ouverture"),
        ({"purpose": ""}, "Écrivez à quoi servira le bureau"),
        ({"purpose": "x" * 201}, "200 caractères au plus"),
        ({"purpose": "\x00"}, "à corriger"),
    ],
)
def test_bad_input_is_told_and_what_was_typed_stays(at_desk, offices, changes, sentence):
    response = at_desk.post(lend_page(offices), typed(**changes))
    assert response.status_code == 200
    assert sentence in words_of(response)
    assert not Permanence.objects.filter(origin=PermanenceOrigin.LOAN).exists()


@pytest.mark.parametrize("query", [{"jour": "hier"}, {"jour": ""}, {"jour": "9999-12-31"}, {"jour": "\x00"}])
def test_without_a_day_one_is_led_to_the_map(at_desk, offices, query):
    assert at_desk.get(lend_page(offices, **query)).url == "/bureaux/"


@pytest.mark.parametrize("query", [{"de": "25:00"}, {"de": "huit"}, {"de": "٠٨:٣٠"}, {"a": "12:3"}, {"a": "\x00"}])
def test_absurd_hours_leave_the_fields_empty(at_desk, offices, query):
    assert at_desk.get(lend_page(offices, **query)).status_code == 200


@pytest.mark.parametrize("day", ["1900-01-01", "2199-12-31"])
def test_the_ends_of_the_calendar_do_not_break(at_desk, offices, day):
    assert at_desk.post(lend_page(offices, jour=day), typed()).status_code in (200, 302)


def test_giving_back_asks_first_and_can_be_undone(at_desk, offices):
    loan = lend(offices)
    page = at_desk.get(f"/prets/{loan.pk}/annuler/")
    assert "prêté à MSA pour « Forum des aidants »" in words_of(page)
    assert Permanence.objects.get(pk=loan.pk).status == PermanenceStatus.PLANNED
    too_long = at_desk.post(f"/prets/{loan.pk}/annuler/", {"reason": "x" * 201})
    assert "200 caractères au plus" in words_of(too_long)
    at_desk.post(f"/prets/{loan.pk}/annuler/", {"reason": "Reporté"})
    told = at_desk.get("/bureaux/")
    assert FREED in words_of(told)
    assert "MSA 8h30–12h30 libéré" in words_of(told)
    assert "Ce prêt est déjà annulé." in words_of(at_desk.get(f"/prets/{loan.pk}/annuler/"))
    assert at_desk.get(f"/prets/{loan.pk}/retablir/").status_code == 405
    at_desk.post(f"/prets/{loan.pk}/retablir/")
    assert "prêt rétabli" in words_of(at_desk.get("/bureaux/"))
    at_desk.post(f"/prets/{loan.pk}/retablir/")
    assert "Ce prêt n’est pas annulé." in words_of(at_desk.get("/bureaux/"))


def test_the_agenda_says_what_the_office_is_lent_for(at_desk, offices):
    lend(offices)
    assert "prêt : Forum des aidants" in words_of(at_desk.get("/agenda/?vue=tableau"))


def test_a_permanence_of_the_grid_is_not_a_loan(at_desk, offices):
    weekly = offices.permanence_at(TUESDAY, "10:00")
    assert at_desk.get(f"/prets/{weekly.pk}/annuler/").status_code == 404
    assert at_desk.post(f"/prets/{weekly.pk}/annuler/").status_code == 404


def test_agents_and_other_desks_find_nothing_here(client, offices):
    loan = lend(offices, borrower=offices.partner)
    for stranger in (offices.agent, staff_of(SiteFactory())):
        client.force_login(stranger)
        assert client.get(lend_page(offices)).status_code == 404
        assert client.get(f"/prets/{loan.pk}/annuler/").status_code == 404
        assert client.post(f"/prets/{loan.pk}/retablir/").status_code == 404
