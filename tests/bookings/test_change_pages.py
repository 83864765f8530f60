"""The pages of changed dates: form, preview, confirmation, list, undo; and the absence that an agent signals."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from bookings.generation import generate_permanences
from bookings.models import Appointment, Permanence, ScheduleChange
from partners.models import Closure, SchoolHoliday
from tests.bookings.booking_page import text
from tests.bookings.changes import CLOCKS, THURSDAY, booked, cancellation, decided, six
from tests.factories import ConventionFactory, OfficeFactory, SiteFactory, VisitorFactory, slot_of, staff_of

LIST = "/changements/"
ABSENCE, CLOSURE, OUTAGE, EXTRA = (f"/changements/{name}/" for name in ("absence", "fermeture", "bureau", "permanence"))
MINE = "/mon-planning/absence/"


@pytest.fixture
def at_desk(client, desk):
    client.force_login(desk.receptionist)
    return client


@pytest.fixture
def morning(desk) -> Permanence:
    return Permanence.objects.with_parties().get(pk=desk.permanence_at(THURSDAY, "09:00").pk)


def page_of(permanence) -> str:
    return reverse("bookings:permanence_change", args=[permanence.pk])


def cancelling(**changes) -> dict[str, str]:
    return {"action": "cancel", "side": "partner", "reason": "Agent malade", "step": "preview"} | changes


def away(desk, **changes) -> dict[str, str]:
    return {
        "partner": str(desk.partner.pk),
        "starts_on": "2026-03-05",
        "ends_on": "",
        "reason": "Congés",
        "step": "preview",
    } | changes


def hidden(page, sent: dict[str, str], **changes) -> dict[str, str]:
    """What the confirm button of a preview sends: the form, the signature, the proposed times."""
    times = {
        f"time_{leaver.appointment.pk}": leaver.proposal.key for leaver in page.context["leavers"] if leaver.proposal
    }
    return {
        **sent,
        **times,
        "signature": page.context["impact"].signature,
        "people": str(len(page.context["leavers"])),
        "step": "confirm",
        **changes,
    }


# --- One date ----------------------------------------------------------------------------------------------------


def test_the_preview_lists_everybody_before_anything_is_written(at_desk, desk, morning):
    six(desk)
    page = at_desk.post(page_of(morning), cancelling())
    shown = text(page)
    assert "6 rendez-vous à placer autrement" in shown
    for number in range(6):
        assert f"PERSONNE{number}" in shown
    assert "Rien n’est encore enregistré" in shown
    assert not ScheduleChange.objects.exists()
    assert Permanence.objects.get(pk=morning.pk).status == "planned"


def test_one_choice_for_all_and_others_one_by_one(at_desk, desk, morning):
    people = six(desk)
    page = at_desk.post(page_of(morning), cancelling())
    choices = {"for_all": "rebook", f"choice_{people[0].pk}": "later", f"choice_{people[1].pk}": "cancel"}
    answer = at_desk.post(page_of(morning), hidden(page, cancelling(), **choices), follow=True)
    said = text(answer)
    assert "1 permanence concernée, 4 rendez-vous déplacés, 1 rendez-vous annulé et 1 rendez-vous à replacer." in said
    assert "Annuler cette action" in said
    assert list(Appointment.objects.to_replace()) == [people[0]]
    assert Appointment.objects.filter(rebooked_from__in=people[2:]).count() == 4


def test_nobody_is_left_without_an_answer(at_desk, desk, morning):
    six(desk)
    page = at_desk.post(page_of(morning), cancelling())
    page = at_desk.post(page_of(morning), hidden(page, cancelling()))
    assert page.status_code == 409
    assert "Choisissez que faire de chaque rendez-vous" in text(page)
    assert not ScheduleChange.objects.exists()


def test_a_booking_made_meanwhile_brings_the_page_back_with_the_choices_kept(at_desk, desk, morning):
    person = booked(desk, "09:00")
    page = at_desk.post(page_of(morning), cancelling())
    booked(desk, "11:30", visitor=VisitorFactory(ccas=desk.site.ccas, last_name="Nouvelle"))
    for choices in ({"for_all": "later"}, {f"choice_{person.pk}": "cancel"}):
        again = at_desk.post(page_of(morning), hidden(page, cancelling(), **choices))
        assert again.status_code == 409
        assert "La situation a changé" in text(again)
        assert "NOUVELLE" in text(again)
        assert not ScheduleChange.objects.exists()
    assert f'name="choice_{person.pk}"' in text(again)
    assert '<option value="cancel" selected>' in text(again)


def test_a_proposed_time_taken_meanwhile_brings_new_proposals(at_desk, desk, morning):
    booked(desk, "09:00")
    page = at_desk.post(page_of(morning), cancelling())
    proposal = page.context["leavers"][0].proposal
    booked(desk, f"{proposal.start:%H:%M}", proposal.start.date())
    page = at_desk.post(page_of(morning), hidden(page, cancelling(), for_all="rebook"))
    assert page.status_code == 409
    assert "Une des heures proposées vient d’être prise" in text(page)
    assert page.context["leavers"][0].proposal.start > proposal.start
    assert not ScheduleChange.objects.exists()


def test_who_fits_the_new_hours_is_kept(at_desk, desk, morning):
    six(desk)
    sent = cancelling(action="change", start_time="8h30", end_time="10h", office=str(morning.office_id))
    page = at_desk.post(page_of(morning), sent)
    assert "3 rendez-vous conservés" in text(page)
    assert "3 rendez-vous à placer autrement" in text(page)
    at_desk.post(page_of(morning), hidden(page, sent, for_all="later"))
    morning.refresh_from_db()
    assert morning.local_end.time() == dt.time(10, 0)


def test_an_office_taken_is_said_in_the_preview(at_desk, desk, morning):
    other = ConventionFactory(site=desk.site)
    office = OfficeFactory(site=desk.site, label="130")
    slot_of(other, 4, "08:30", "12:30", office=office)
    generate_permanences(conventions=[other])
    sent = cancelling(action="change", start_time="8h30", end_time="12h30", office=str(office.pk))
    page = at_desk.post(page_of(morning), sent)
    assert "Bureau 130 est pris par" in text(page)
    assert 'value="confirm"' not in text(page)
    assert at_desk.post(page_of(morning), hidden(page, sent)).status_code == 409


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"action": ""}, "action"),
        ({"action": "explode"}, "action"),
        ({"side": "visitor"}, "side"),
        ({"reason": ""}, "reason"),
        ({"reason": "x" * 5000}, "reason"),
        ({"reason": "\x00"}, "reason"),
        ({"action": "change", "start_time": "12h30", "end_time": "8h30"}, "end_time"),
        ({"action": "change", "start_time": "25h", "end_time": "26h"}, "start_time"),
        ({"action": "change", "start_time": "", "end_time": ""}, "start_time"),
        ({"action": "change", "start_time": "8h30", "end_time": "12h30"}, "__all__"),
        ({"action": "change", "start_time": "8h30", "end_time": "9h", "office": "99999999999999999999"}, "office"),
        ({"action": "change", "start_time": "8h30", "end_time": "9h", "office": "abc"}, "office"),
    ],
)
def test_bad_answers_have_their_sentence(at_desk, desk, morning, changes, field):
    page = at_desk.post(page_of(morning), cancelling(**{"office": str(morning.office_id), **changes}))
    assert page.status_code == 200
    assert field in page.context["form"].errors
    assert not ScheduleChange.objects.exists()


def test_correcting_brings_back_what_was_typed(at_desk, desk, morning):
    page = at_desk.post(page_of(morning), cancelling(step="edit"))
    assert 'value="Agent malade"' in text(page)


def test_a_date_that_is_over_or_cancelled_does_not_change(at_desk, desk, morning, monday_morning):
    decided(cancellation(morning), by=desk.receptionist)
    page = at_desk.get(page_of(morning))
    assert "est annulée" in text(page)
    assert "Agent malade" in text(page)
    assert at_desk.post(page_of(morning), cancelling()).status_code == 302
    afternoon = desk.permanence_at(THURSDAY, "14:00")
    monday_morning.move_to(desk.at(THURSDAY, "17:00"))
    at_desk.force_login(desk.receptionist)
    assert "terminée" in text(at_desk.get(page_of(afternoon)))
    assert ScheduleChange.objects.count() == 1


# --- Absence, closure, outage, one more date ---------------------------------------------------------------------


def test_an_absence_from_form_to_undo(at_desk, desk):
    person = booked(desk)
    page = at_desk.post(ABSENCE, away(desk, ends_on="2026-03-12"))
    assert "7 permanences concernées" in text(page)
    answer = at_desk.post(ABSENCE, hidden(page, away(desk, ends_on="2026-03-12"), for_all="later"))
    change = ScheduleChange.objects.get()
    assert answer.url == reverse("bookings:schedule_change_detail", args=[change.pk])
    assert "annulée" in text(at_desk.get(answer.url))
    assert list(Appointment.objects.to_replace()) == [person]
    answer = at_desk.post(reverse("bookings:schedule_change_undo", args=[change.pk]), follow=True)
    assert "Changement défait\u00a0: 7 dates rétablies." in text(answer)
    assert not Appointment.objects.to_replace().exists()


def test_school_holidays_are_one_click(at_desk, desk):
    desk.site.school_zone = "A"
    desk.site.save()
    spring = SchoolHoliday.objects.create(
        zone="A", name="Vacances de printemps", starts_on=dt.date(2026, 4, 4), ends_on=dt.date(2026, 4, 19)
    )
    SchoolHoliday.objects.create(
        zone="B", name="Autre zone", starts_on=dt.date(2026, 4, 11), ends_on=dt.date(2026, 4, 26)
    )
    page = text(at_desk.get(ABSENCE))
    assert "Vacances de printemps" in page
    assert "Autre zone" not in page
    page = at_desk.post(ABSENCE, away(desk, period=str(spring.pk), starts_on="", reason="Vacances"))
    assert 'value="2026-04-04"' in text(page)
    assert 'value="2026-04-19"' in text(page)
    assert 'value="Vacances"' in text(page)
    assert f'<option value="{desk.partner.pk}" selected>' in text(page)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"partner": ""}, "partner"),
        ({"partner": "999999"}, "partner"),
        ({"partner": "\x00"}, "partner"),
        ({"starts_on": ""}, "starts_on"),
        ({"starts_on": "2026-02-30"}, "starts_on"),
        ({"starts_on": "2026-03-01"}, "starts_on"),
        ({"starts_on": "9999-12-31"}, "starts_on"),
        ({"ends_on": "2026-03-04"}, "ends_on"),
        ({"ends_on": "2029-03-04"}, "ends_on"),
        ({"ends_on": "hier"}, "ends_on"),
        ({"reason": "x" * 5000}, "reason"),
        ({"reason": "\x00"}, "reason"),
    ],
)
def test_bad_periods_have_their_sentence(at_desk, desk, changes, field):
    page = at_desk.post(ABSENCE, away(desk, **changes))
    assert page.status_code == 200
    assert field in page.context["form"].errors


def test_a_closure_is_written_for_the_calendar_too(at_desk, desk):
    sent = away(desk, reason="Travaux")
    page = at_desk.post(CLOSURE, sent)
    at_desk.post(CLOSURE, hidden(page, sent))
    assert Closure.objects.get().reason == "Travaux"
    assert "Espace fermé" in text(at_desk.get("/aujourdhui/?jour=2026-03-05"))


def test_an_office_out_of_use(at_desk, desk):
    office = desk.convention.allocations.get().office
    spare = OfficeFactory(site=desk.site, label="130")
    sent = away(desk, office=str(office.pk), new_office=str(office.pk))
    assert "new_office" in at_desk.post(OUTAGE, sent).context["form"].errors
    sent["new_office"] = str(spare.pk)
    page = at_desk.post(OUTAGE, sent)
    assert "bureau 130" in text(page)
    at_desk.post(OUTAGE, hidden(page, sent))
    assert Permanence.objects.filter(office=spare).count() == 2


def one_more(desk, **changes) -> dict[str, str]:
    return {
        "convention": str(desk.convention.pk),
        "office": str(desk.convention.allocations.get().office_id),
        "day": "2026-03-04",
        "start_time": "9h",
        "end_time": "12h",
        "audience": "public",
        "reason": "Rattrapage",
    } | changes


def test_one_more_date(at_desk, desk):
    answer = at_desk.post(EXTRA, one_more(desk), follow=True)
    assert "Permanence de CPAM ajoutée le 4 mars 2026." in text(answer)
    assert "n’existait pas" in text(answer)


@pytest.mark.parametrize(
    ("changes", "status", "sentence"),
    [
        ({"day": "2026-03-05"}, 409, "est pris par CPAM, jeudi 5 mars 2026, 8h30–12h30."),
        ({"day": "2026-04-06"}, 409, "undi de Pâques"),
        ({"day": "2026-03-01"}, 200, "Cette date est passée"),
        ({"start_time": "12h", "end_time": "9h"}, 200, "doit suivre"),
        ({"start_time": "midi"}, 200, "Écrivez une heure"),
        ({"convention": "999999"}, 200, "n’a pas de convention en cours"),
        ({"office": ""}, 200, "Choisissez le bureau."),
        ({"audience": "all"}, 200, "Choisissez une des deux"),
        ({"reason": "x" * 5000}, 200, "200 caractères au plus"),
    ],
)
def test_one_more_date_that_cannot_be(at_desk, desk, changes, status, sentence):
    page = at_desk.post(EXTRA, one_more(desk, **changes))
    assert page.status_code == status
    assert sentence in text(page)
    assert not Permanence.objects.filter(origin="exceptional").exists()


# --- The list ----------------------------------------------------------------------------------------------------


def test_the_list_is_searched_counted_and_undone(at_desk, desk, morning):
    change = decided(cancellation(morning, reason="Agent malade"), by=desk.receptionist)
    page = text(at_desk.get(LIST))
    assert "Agent malade" in page
    assert "Annulées</dt><dd>4\u00a0h (annulation 4\u00a0h)" in page
    for query, found in (
        ("malade", 1),
        ("CPAM annulation", 1),
        (desk.receptionist.last_name, 1),
        ("grève", 0),
        ("x" * 5000, 0),
        ("\x00", 1),
    ):
        assert at_desk.get(LIST, {"q": query}).context["page_obj"].paginator.count == found, query
    for month in ("2026-04", "1900-01", "2199-12", "abc", "2026-13", "\x00"):
        assert at_desk.get(LIST, {"mois": month}).status_code == 200
    at_desk.post(reverse("bookings:schedule_change_undo", args=[change.pk]))
    assert "défait" in text(at_desk.get(LIST))


def test_the_list_has_pages_at_a_constant_cost(at_desk, desk, morning):
    counts = []
    for number in (1, 29):
        for _ in range(number):
            ScheduleChange.objects.create(
                site=desk.site,
                kind="absence",
                partner=desk.partner,
                reason="x",
                made_by=staff_of(desk.site),
                starts_on=THURSDAY,
                ends_on=THURSDAY,
            )
        with CaptureQueriesContext(connection) as queries:
            at_desk.get(LIST)
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 9
    assert len(at_desk.get(f"{LIST}?page=2").context["page_obj"].object_list) == 5


def test_the_preview_costs_the_same_for_one_and_for_six_people(at_desk, desk, morning):
    counts = []
    for clocks in (CLOCKS[:1], CLOCKS[1:]):
        for clock in clocks:
            booked(desk, clock)
        with CaptureQueriesContext(connection) as queries:
            at_desk.post(page_of(morning), cancelling())
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 16


# --- Perimeter, and nothing written by looking -------------------------------------------------------------------


def test_what_is_not_hers_does_not_exist(client, desk, morning):
    change = decided(cancellation(morning), by=desk.receptionist)
    detail = reverse("bookings:schedule_change_detail", args=[change.pk])
    undo = reverse("bookings:schedule_change_undo", args=[change.pk])
    client.force_login(staff_of(SiteFactory()))
    assert client.get(detail).status_code == client.post(undo).status_code == 404
    assert client.get(page_of(morning)).status_code == client.post(page_of(morning), cancelling()).status_code == 404
    assert client.get(LIST).context["page_obj"].paginator.count == 0
    assert client.get(MINE).status_code == client.post(MINE).status_code == 404
    client.force_login(desk.agent)
    for address in (LIST, ABSENCE, CLOSURE, OUTAGE, EXTRA, detail, page_of(morning)):
        assert client.get(address).status_code == 404, address
        assert client.post(address, cancelling()).status_code in (404, 405), address
    assert client.post(undo).status_code == 404
    change.refresh_from_db()
    assert change.undone_at is None


def test_looking_writes_nothing(at_desk, desk, morning):
    change = decided(cancellation(morning), by=desk.receptionist)
    for address in (LIST, ABSENCE, CLOSURE, OUTAGE, EXTRA, page_of(morning), "/a-replacer/"):
        with CaptureQueriesContext(connection) as queries:
            assert at_desk.get(address).status_code == 200
        assert not [query for query in queries if query["sql"].startswith(("INSERT", "UPDATE", "DELETE"))], address
    assert at_desk.get(reverse("bookings:schedule_change_undo", args=[change.pk])).status_code == 405


# --- The agent ---------------------------------------------------------------------------------------------------


@pytest.fixture
def at_hers(client, desk):
    client.force_login(desk.agent)
    return client


def test_an_agent_signals_her_absence_and_takes_it_back(at_hers, desk):
    person = booked(desk)
    sent = {"starts_on": "2026-03-05", "ends_on": "", "reason": "Formation"}
    page = at_hers.post(MINE, sent | {"step": "preview"})
    assert "L’accueil proposera une autre heure à la personne attendue." in text(page)
    assert not ScheduleChange.objects.exists()
    confirmed = sent | {"step": "confirm", "signature": page.context["signature"]}
    answer = at_hers.post(MINE, confirmed, follow=True)
    assert "Absence signalée" in text(answer)
    assert list(Appointment.objects.to_replace()) == [person]
    change = ScheduleChange.objects.get()
    assert (change.made_by, change.partner) == (desk.agent, desk.partner)
    answer = at_hers.post(reverse("bookings:schedule_change_undo", args=[change.pk]), follow=True)
    assert "2 dates rétablies" in text(answer)
    assert not Appointment.objects.to_replace().exists()


def test_an_agent_sees_no_other_partner(at_hers, desk):
    other = ConventionFactory(site=desk.site)
    slot_of(other, 4, "08:30", "12:30")
    generate_permanences(conventions=[other])
    page = at_hers.post(MINE, {"starts_on": "2026-03-05", "reason": "Formation", "step": "preview"})
    assert other.partner.short_name not in text(page)
    assert [len(impact.touched) for impact in page.context["impacts"]] == [2]


def test_a_booking_made_meanwhile_brings_her_page_back(at_hers, desk):
    sent = {"starts_on": "2026-03-05", "reason": "Formation"}
    page = at_hers.post(MINE, sent | {"step": "preview"})
    booked(desk)
    page = at_hers.post(MINE, sent | {"step": "confirm", "signature": page.context["signature"]})
    assert page.status_code == 409
    assert "La situation a changé" in text(page)
    assert not ScheduleChange.objects.exists()


@pytest.mark.parametrize(
    "changes",
    [
        {"starts_on": ""},
        {"starts_on": "2026-03-01"},
        {"ends_on": "2026-03-04"},
        {"reason": "\x00"},
        {"reason": "x" * 5000},
        {"starts_on": "2031-03-05"},
        {"step": "confirm", "signature": "x" * 5000, "starts_on": "2031-03-05"},
    ],
)
def test_bad_answers_of_an_agent(at_hers, desk, changes):
    page = at_hers.post(MINE, {"starts_on": "2026-03-05", "reason": "Formation", "step": "preview"} | changes)
    assert page.status_code == 200
    assert page.context["form"].errors
    assert not ScheduleChange.objects.exists()


def test_an_agent_does_not_undo_what_the_desk_decided(at_hers, desk, morning):
    change = decided(cancellation(morning), by=desk.receptionist)
    assert at_hers.post(reverse("bookings:schedule_change_undo", args=[change.pk])).status_code == 404


def test_her_schedule_leads_there(at_hers, desk):
    assert MINE in text(at_hers.get("/mon-planning/"))
