"""A day at the counter, by keyboard alone: arrivals, an absence, a walk-in, the agent takes and finishes."""

import datetime as dt
import re

import pytest
import time_machine
from playwright.sync_api import Page, expect

from bookings.models import Appointment, AppointmentStatus, DeskReason, DeskVisit
from bookings.services import book_appointment
from tests.factories import VisitorFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
THURSDAY = dt.date(2026, 3, 5)


def at(besancon, clock: str) -> dt.datetime:
    return dt.datetime.combine(THURSDAY, dt.time.fromisoformat(clock), besancon.site.zone)


@pytest.fixture
def booked_thursday(besancon) -> dict[str, Appointment]:
    """Four appointments of the CPAM's Thursday morning, by name."""
    DeskReason.objects.create(label="Information générale", slug="information", position=1)
    return {
        name: book_appointment(
            permanence_id=besancon.site.permanences.get(during__contains=at(besancon, clock)).pk,
            starts_at=at(besancon, clock),
            reason=besancon.reason,
            visitor=VisitorFactory(ccas=besancon.site.ccas, last_name=name, first_name="Leïla"),
            by=besancon.receptionist,
        )
        for clock, name in [("08:30", "Amrani"), ("09:00", "Bonnot"), ("09:30", "Cisse"), ("10:00", "Diallo")]
    }


def focus_line(page: Page, name: str) -> None:
    """Walk down the board with the arrow key until the line of that name has the focus."""
    page.keyboard.press("Escape")
    for step in range(24):
        # The first arrow leads to whose hour it is; those before her are above.
        page.keyboard.press("ArrowDown" if step < 12 else "ArrowUp")
        line = page.evaluate("document.activeElement.closest('[data-line]')?.innerText ?? ''")
        if name.upper() in line:
            return
    raise AssertionError(f"no line of {name} can be reached by keyboard")


def press_on_line(page: Page, name: str, key: str, then: str) -> None:
    """Press `key` on the line of `name` and wait until the line says `then`."""
    focus_line(page, name)
    page.keyboard.press(key)
    line = page.locator("#board [data-line]", has_text=name.upper()).first
    expect(line).to_contain_text(re.compile(then))
    # The focus stays on the line, whatever button was pressed on it.
    page.wait_for_function(
        "name => document.activeElement.closest('[data-line]')?.innerText.includes(name)", arg=name.upper()
    )


def test_a_whole_day_by_keyboard_alone(
    page: Page, live_server, besancon, booked_thursday, sign_in, check_accessibility
):
    with time_machine.travel(at(besancon, "09:05"), tick=True):
        sign_in(besancon.receptionist)
        page.wait_for_url("**/aujourdhui/**")
        expect(page.get_by_role("heading", level=1)).to_contain_text("jeudi 5 mars 2026")
        check_accessibility()
        press_on_line(page, "Amrani", "a", "attend")
        press_on_line(page, "Bonnot", "a", "attend")
        press_on_line(page, "Cisse", "a", "attend")
        expect(page.locator("#board .counts")).to_contain_text("3 en attente")
        # A slip of the finger is taken back on the same line.
        press_on_line(page, "Cisse", "z", "à venir")
        press_on_line(page, "Cisse", "a", "attend")
        # Somebody comes without an appointment.
        page.keyboard.press("Escape")
        page.keyboard.press("p")
        expect(page.locator("[data-walk-ins] [data-key]").first).to_be_focused()
        page.keyboard.press("1")
        expect(page.locator("#passages-du-jour")).to_contain_text("1 passage")
        check_accessibility()

        sign_in(besancon.agent)
        page.wait_for_url("**/mon-planning/**")
        expect(page.locator("#board")).to_contain_text("À aller chercher")
        check_accessibility()
        press_on_line(page, "Amrani", "p", "en entretien")
        press_on_line(page, "Amrani", "t", "reçu")
        press_on_line(page, "Bonnot", "p", "en entretien")
        press_on_line(page, "Bonnot", "t", "reçu")
        press_on_line(page, "Cisse", "p", "en entretien")

    with time_machine.travel(at(besancon, "12:45"), tick=True):
        sign_in(besancon.receptionist)
        page.wait_for_url("**/aujourdhui/**")
        press_on_line(page, "Diallo", "x", "absent")
        expect(page.locator("#board")).to_contain_text("1 rendez-vous passé sans issue")
        page.goto(f"{live_server.url}/sans-issue/")
        check_accessibility()
        page.get_by_role("button", name=re.compile("Reçu")).focus()
        page.keyboard.press("Enter")
        expect(page.get_by_text("Tous les rendez-vous passés ont une issue")).to_be_visible()
        check_accessibility()

    outcomes = dict(Appointment.objects.values_list("visitor__last_name", "status"))
    assert outcomes == {
        "Amrani": AppointmentStatus.HONOURED,
        "Bonnot": AppointmentStatus.HONOURED,
        "Cisse": AppointmentStatus.HONOURED,
        "Diallo": AppointmentStatus.NO_SHOW,
    }
    assert Appointment.objects.get(visitor__last_name="Amrani").started_by == besancon.agent
    assert DeskVisit.objects.count() == 1


def test_the_agent_sees_an_arrival_without_touching_her_page(
    page: Page, context, live_server, besancon, booked_thursday, sign_in
):
    with time_machine.travel(at(besancon, "08:35"), tick=True):
        sign_in(besancon.agent)
        page.wait_for_url("**/mon-planning/**")
        link = page.get_by_role("link", name=re.compile("Semaine suivante"))
        link.focus()
        appointment = booked_thursday["Amrani"]
        appointment.status, appointment.arrived_at = AppointmentStatus.ARRIVED, at(besancon, "08:35")
        appointment.arrived_by = besancon.receptionist
        appointment.save()
        expect(page.locator("#board")).to_contain_text("À aller chercher", timeout=15_000)
        # The refresh took neither the focus nor the place.
        expect(link).to_be_focused()
