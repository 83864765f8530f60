"""Denouncing a convention: until when for which end, what becomes of grid and booked people, and taking it back."""

import datetime as dt

import pytest
import time_machine
from django.contrib.admin.models import LogEntry
from django.urls import reverse

from bookings.generation import generate_permanences
from bookings.models import AppointmentStatus, Permanence
from bookings.services import book_appointment
from conventions.denunciation import denounce_convention, effect_of_notice, withdraw_denunciation
from conventions.issuing import issue_statement
from conventions.models import (
    Convention,
    FeeStatement,
    NoticeReading,
    Obligation,
    ObligationDue,
    Party,
    PermanenceSlot,
    StatementPeriod,
)
from conventions.occurrences import refresh_occurrences
from conventions.stages import Stage
from franceservices.errors import DomainError
from partners.models import Role
from tests.factories import ConventionFactory, ReasonFactory, UserFactory, VisitorFactory, agent_of, slot_of

from .scene import Scene

JANUARY_15 = dt.date(2026, 1, 15)
FEBRUARY_10, FEBRUARY_28 = dt.date(2026, 2, 10), dt.date(2026, 2, 28)


class DenouncedScene(Scene):
    """Besançon's convention on 15 January 2026, its dates made; one person holds a time in February, one in March."""

    def __init__(self) -> None:
        super().__init__()
        self.convention.notice_months = 1
        self.convention.save()
        self.manager = UserFactory(role=Role.MANAGER, ccas=self.ccas)
        self.reason = ReasonFactory(partners=[self.partner])
        generate_permanences(conventions=[self.convention])
        self.in_february = self.booked(FEBRUARY_10)
        self.in_march = self.booked(dt.date(2026, 3, 10))

    def booked(self, day: dt.date):
        permanence = self.site.permanences.get(day=day, slot=self.tuesday_morning)
        return book_appointment(
            permanence_id=permanence.pk,
            starts_at=permanence.during.lower,
            reason=self.reason,
            visitor=VisitorFactory(ccas=self.ccas),
            by=self.manager,
        )

    def denounce(self, **changes):
        asked = {"received_on": JANUARY_15, "by_party": Party.PARTNER, "takes_effect_on": FEBRUARY_28} | changes
        return denounce_convention(convention=self.convention, by=self.manager, **asked)

    def stored(self) -> Convention:
        return Convention.objects.select_related("site__ccas", "partner").get(pk=self.convention.pk)

    def grid(self) -> list[tuple]:
        slots = PermanenceSlot.objects.filter(allocation__convention=self.convention)
        names = ("office", "weekday", "start_time", "end_time", "audience", "mode", "starts_on", "ends_on")
        return sorted(slots.values_list(*names))

    def dates(self) -> list[tuple]:
        return sorted(Permanence.objects.filter(convention=self.convention).values_list("day", "during", "status"))


@pytest.fixture(autouse=True)
def _january_2026():
    with time_machine.travel(dt.datetime(2026, 1, 15, 8, 0, tzinfo=dt.UTC), tick=False) as travel:
        yield travel


@pytest.fixture
def scene(db) -> DenouncedScene:
    return DenouncedScene()


@pytest.fixture
def manager(scene, client):
    client.force_login(scene.manager)
    return client


def page(response) -> str:
    assert response.status_code == 200
    return response.content.decode().replace("\u00a0", " ").replace("&nbsp;", " ")


# --- When a notice ends a convention ---------------------------------------------------------------------------


def besancon(**changes) -> Convention:
    fields = {
        "starts_on": dt.date(2025, 4, 1),
        "ends_on": dt.date(2028, 3, 31),
        "signed_on": dt.date(2025, 3, 3),
        "notice_months": 3,
        "notice_article": "10",
    }
    return ConventionFactory(**fields | changes)


def montsinery(**changes) -> Convention:
    fields = {
        "starts_on": dt.date(2016, 8, 9),
        "ends_on": dt.date(2019, 8, 8),
        "signed_on": dt.date(2016, 8, 9),
        "notice_reading": NoticeReading.ANNIVERSARY,
    }
    return besancon(**fields | changes)


def effect(convention: Convention, received: str, ends: str | None = None, today: str | None = None):
    received_on = dt.date.fromisoformat(received)
    return effect_of_notice(
        convention=convention,
        received_on=received_on,
        takes_effect_on=ends and dt.date.fromisoformat(ends),
        today=dt.date.fromisoformat(today) if today else received_on,
    )


@pytest.mark.parametrize(
    ("received", "ends", "says"),
    [
        ("2016-09-01", "2017-08-08", "au plus tard le 9 mai 2017"),
        ("2017-05-09", "2017-08-08", "met fin à la convention le 8 août 2017"),
        ("2017-05-10", "2018-08-08", "Il vient trop tard pour le 8 août 2017"),
        ("2018-05-09", "2018-08-08", "au plus tard le 9 mai 2018"),
        ("2018-05-10", "2019-08-08", "Il vient trop tard pour le 8 août 2018"),
        ("2019-05-09", "2019-08-08", "au plus tard le 9 mai 2019"),
        ("2019-05-10", "2019-08-08", "il vient trop tard pour avancer la fin"),
    ],
)
def test_at_each_anniversary_a_late_notice_counts_for_the_next(db, received, ends, says):
    found = effect(montsinery(), received)
    assert found.ends_on.isoformat() == ends
    assert says in found.explanation
    assert found.warning == ""


@pytest.mark.parametrize(("received", "in_time"), [("2027-12-31", True), ("2028-01-01", False)])
def test_at_the_term_the_last_day_is_the_last_day(db, received, in_time):
    found = effect(besancon(), received)
    assert found.ends_on == dt.date(2028, 3, 31)
    assert ("trop tard" in found.explanation) is not in_time


def test_a_day_that_the_parties_agreed_on_is_taken_with_a_warning(db):
    found = effect(besancon(), "2026-01-15", "2026-06-30")
    assert (found.ends_on, found.earliest_on) == (dt.date(2026, 6, 30), dt.date(2028, 3, 31))
    assert "Gardez l’accord écrit" in found.warning
    assert effect(besancon(), "2026-01-15", "2028-03-31").warning == ""


@pytest.mark.parametrize(
    ("convention", "received", "ends", "today", "says"),
    [
        (besancon, "2026-01-16", None, "2026-01-15", "une fois reçu"),
        (besancon, "2028-04-01", None, None, "Le terme est passé"),
        (besancon, "2026-01-15", "2028-04-01", None, "ne prolonge pas"),
        (besancon, "2025-03-10", "2025-03-31", None, "ne commence que le 1er avril 2025"),
        (besancon, "2026-01-15", "2026-04-13", None, "ne permet pas de finir avant le 14 avril 2026"),
        (lambda: besancon(notice_months=None), "2026-01-15", "2026-01-13", None, "avant la réception du préavis"),
        (lambda: besancon(tacit_renewal=True), "2028-01-01", None, None, "se reconduit tacitement"),
        (lambda: besancon(signed_on=None), "2026-01-15", None, None, "un projet ne se dénonce pas"),
    ],
)
def test_what_is_refused(db, convention, received, ends, today, says):
    with pytest.raises(DomainError, match=says):
        effect(convention(), received, ends, today)


def test_without_a_clause_it_runs_to_its_term(db):
    found = effect(besancon(notice_months=None), "2026-01-15")
    assert found.ends_on == dt.date(2028, 3, 31)
    assert "ne dit pas de préavis" in found.explanation


# --- What it does ----------------------------------------------------------------------------------------------


def test_grid_permanences_and_booked_people_follow(scene):
    done = scene.denounce()
    stored = scene.stored()
    assert (stored.ends_on, stored.agreed_ends_on) == (FEBRUARY_28, dt.date(2028, 3, 31))
    assert (stored.denounced_on, stored.denounced_by) == (JANUARY_15, Party.PARTNER)
    assert stored.stage == Stage.DENOUNCED
    assert {slot[-1] for slot in scene.grid()} == {FEBRUARY_28}
    after = Permanence.objects.filter(convention=stored, day__gt=FEBRUARY_28)
    assert [permanence.day for permanence in after] == [dt.date(2026, 3, 10)]
    assert after[0].orphaned_at is not None
    for appointment in (scene.in_february, scene.in_march):
        appointment.refresh_from_db()
        assert appointment.status == AppointmentStatus.BOOKED
    assert "1 date à replacer" in done.answers[0].summary()
    assert len(done.answers[0].details()) == 1
    entry = LogEntry.objects.get(object_id=str(stored.pk))
    assert (entry.user, entry.change_message) == (
        scene.manager,
        "Dénoncée\u00a0: préavis reçu le 15 janvier 2026.",
    )


def test_what_is_owed_ends_with_the_convention(scene):
    Obligation.objects.create(
        convention=scene.convention, kind="monthly_count", label="Relevé", owed_by="ccas", frequency="monthly"
    )
    refresh_occurrences(convention=scene.convention)
    assert ObligationDue.objects.count() == 36
    scene.denounce()
    assert ObligationDue.objects.count() == 11
    withdraw_denunciation(convention=scene.convention, by=scene.manager)
    assert ObligationDue.objects.count() == 36


def test_taking_it_back_gives_back_exactly_what_was_there(scene):
    slot_of(scene.convention, 5, "08:30", "10:00", office=scene.office, ends_on=dt.date(2026, 3, 27))
    slot_of(scene.convention, 1, "08:30", "10:00", office=scene.office, starts_on=dt.date(2026, 3, 2))
    slot_of(scene.convention, 3, "08:30", "10:00", office=scene.office, ends_on=dt.date(2026, 2, 27))
    generate_permanences(conventions=[scene.convention])
    grid, dates = scene.grid(), scene.dates()
    scene.denounce()
    assert len(scene.grid()) == len(grid) - 1
    withdraw_denunciation(convention=scene.convention, by=scene.manager)
    assert (scene.grid(), scene.dates()) == (grid, dates)
    stored = scene.stored()
    assert (stored.ends_on, stored.agreed_ends_on, stored.denounced_on, stored.denounced_by) == (
        dt.date(2028, 3, 31),
        None,
        None,
        "",
    )
    assert stored.stage == Stage.IN_FORCE
    assert not Permanence.objects.filter(orphaned_at__isnull=False).exists()


def test_a_line_changed_meanwhile_stays_as_it_is_now(scene):
    scene.denounce()
    PermanenceSlot.objects.filter(pk=scene.thursday_morning.pk).update(ends_on=dt.date(2026, 1, 31))
    withdraw_denunciation(convention=scene.convention, by=scene.manager)
    scene.thursday_morning.refresh_from_db()
    assert scene.thursday_morning.ends_on == dt.date(2026, 1, 31)


def test_it_cannot_be_taken_back_once_another_has_the_office(scene):
    scene.denounce()
    other = ConventionFactory(site=scene.site, starts_on=dt.date(2026, 3, 1))
    slot_of(other, 2, "10:00", "12:30", office=scene.office)
    with pytest.raises(DomainError, match="a pris depuis"):
        withdraw_denunciation(convention=scene.convention, by=scene.manager)
    assert scene.stored().ends_on == FEBRUARY_28


def test_nor_once_a_successor_has_begun_earlier(scene):
    scene.denounce()
    ConventionFactory(
        site=scene.site, partner=scene.partner, predecessor=scene.convention, starts_on=dt.date(2026, 3, 1)
    )
    with pytest.raises(DomainError, match="lui succède"):
        withdraw_denunciation(convention=scene.convention, by=scene.manager)


def test_once_is_enough_and_never_is_nothing(scene):
    with pytest.raises(DomainError, match="n’est pas dénoncée"):
        withdraw_denunciation(convention=scene.convention, by=scene.manager)
    scene.denounce()
    with pytest.raises(DomainError, match="déjà dénoncée"):
        scene.denounce()


# --- On the pages ----------------------------------------------------------------------------------------------


def address(scene) -> str:
    return reverse("conventions:convention_denounce", args=[scene.convention.pk])


TYPED = {"by_party": "partner", "received_on": "2026-01-15", "takes_effect_on": "2026-02-28"}


def test_preview_says_everything_and_writes_nothing(scene, manager):
    grid, dates = scene.grid(), scene.dates()
    text = page(manager.post(address(scene), TYPED))
    for said in (
        "Rien n’est encore enregistré",
        "28 février 2026",
        "au lieu du 31 mars 2028",
        "Gardez l’accord écrit",
        "permanences retirées",
        "1 date à replacer",
        "des rendez-vous y sont pris",
    ):
        assert said in text, said
    assert (scene.grid(), scene.dates()) == (grid, dates)
    assert scene.stored().denounced_on is None
    assert not LogEntry.objects.exists()


def test_confirming_denounces_and_undo_takes_it_back(scene, manager):
    confirmed = TYPED | {"step": "confirm", "shown_ends_on": "2026-02-28"}
    text = page(manager.post(address(scene), confirmed, follow=True))
    for said in (
        "la convention se termine le 28 février 2026",
        "Dénoncée par CPAM",
        "terme convenu : 31 mars 2028",
        "Terme avancé",
        "Préavis reçu",
        "Retirer la dénonciation",
    ):
        assert said in text, said
    assert "Dénoncer la convention" not in text
    withdraw = reverse("conventions:convention_withdraw_denunciation", args=[scene.convention.pk])
    assert withdraw in text
    assert "31 mars 2028" in page(manager.get(withdraw))
    assert scene.stored().denounced_on is not None
    text = page(manager.post(withdraw, follow=True))
    assert "court de nouveau jusqu’au terme convenu" in text
    assert scene.stored().denounced_on is None


def test_what_was_shown_must_still_be_so(scene, manager):
    """Between preview and confirmation somebody corrected the clause: nothing is done, the new effect is shown."""
    typed = {"by_party": "ccas", "received_on": "2026-01-15", "step": "confirm", "shown_ends_on": "2026-03-31"}
    text = page(manager.post(address(scene), typed))
    assert "La convention a changé entre-temps" in text
    assert scene.stored().denounced_on is None


def test_a_statement_issued_for_days_that_fall_is_to_be_corrected(scene, manager):
    issue_statement(
        convention=scene.convention,
        period=StatementPeriod.CIVIL_YEAR,
        starts_on=dt.date(2026, 1, 1),
        ends_on=dt.date(2026, 12, 31),
        by=scene.manager,
    )
    assert "L’état liquidatif n° 2026-001" in page(manager.post(address(scene), TYPED))
    text = page(manager.post(address(scene), TYPED | {"step": "confirm", "shown_ends_on": "2026-02-28"}, follow=True))
    assert reverse("conventions:statement_correct", args=[FeeStatement.objects.get().pk]) in text


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({}, "Dites qui dénonce la convention."),
        ({"by_party": "both"}, "Sélectionnez un choix valide"),
        ({"by_party": "partner", "received_on": "2027-01-01"}, "une fois reçu"),
        ({"by_party": "partner", "received_on": "hier"}, "Donnez une date."),
        ({"by_party": "partner", "received_on": "0001-01-01"}, "comprise entre"),
        (TYPED | {"takes_effect_on": "2026-01-20"}, "ne permet pas de finir avant le 14 février 2026"),
    ],
)
def test_refusals_keep_what_was_typed(scene, manager, typed, says):
    text = page(manager.post(address(scene), typed))
    assert says in text
    if typed.get("received_on"):
        assert f'value="{typed["received_on"]}"' in text
    assert scene.stored().denounced_on is None


def test_going_back_to_correct_keeps_what_was_typed(scene, manager):
    text = page(manager.post(address(scene), TYPED | {"step": "edit"}))
    assert 'value="2026-02-28"' in text
    assert "Voir ce que cela change" in text


def test_the_form_recalls_the_clause(scene, manager):
    text = page(manager.get(address(scene)))
    assert "Reçu au plus tard le <strong>29 février 2028</strong>" in text
    assert "Autre lecture" in text


@pytest.mark.parametrize("name", ["convention_denounce", "convention_withdraw_denunciation"])
def test_only_those_who_read_conventions_of_the_ccas(scene, client, name):
    address = reverse(f"conventions:{name}", args=[scene.convention.pk])
    assert client.get(address).status_code == 302
    for user in (
        agent_of(scene.partner),
        UserFactory(role=Role.RECEPTION, ccas=scene.ccas, sites=[scene.site]),
        UserFactory(role=Role.MANAGER),
    ):
        client.force_login(user)
        assert client.get(address).status_code == 404
        assert client.post(address, TYPED).status_code == 404


def test_a_draft_and_an_expired_one_offer_no_denunciation(scene, manager):
    draft = ConventionFactory(site=scene.site, partner=scene.partner)
    past = ConventionFactory(
        site=scene.site, partner=scene.partner, starts_on=dt.date(2020, 1, 1), ends_on=dt.date(2020, 12, 31)
    )
    for convention in (draft, past):
        text = page(manager.get(reverse("conventions:convention_detail", args=[convention.pk])))
        assert "Dénoncer la convention" not in text
