"""The main job, played in a browser: an appointment is booked, the partner sees it, the convention explains its fee."""

import re

import pytest
from playwright.sync_api import Page, expect

from bookings.free_times import parse_time_key
from bookings.models import Appointment
from bookings.services import book_appointment
from tests.factories import VisitorFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def pdf_of(page: Page, link) -> bytes:
    """What the link answers, asked with the page's own session."""
    response = page.request.get(page.url.split("/", 3)[0] + "//" + page.url.split("/")[2] + link.get_attribute("href"))
    assert response.ok
    assert response.headers["content-type"] == "application/pdf"
    return response.body()


def test_from_sign_in_to_the_partner_s_view_and_the_convention(
    page: Page, live_server, besancon, sign_in, check_accessibility
):
    faults: list[str] = []
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: faults.append(str(error)))

    # The receptionist signs in, and is at her desk.
    page.goto(live_server.url)
    check_accessibility()
    sign_in(besancon.receptionist)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    check_accessibility()

    # One key, then reason, time and person.
    page.keyboard.press("n")
    page.wait_for_url("**/rendez-vous/nouveau/**")
    check_accessibility()
    page.get_by_role("link", name=re.compile("Carte Vitale")).click()
    expect(page.get_by_text("Par jour")).to_be_visible()
    check_accessibility()
    page.get_by_role("link", name=re.compile(r"jeu\. 5 mars 2026.*9h30|^9h30.*")).nth(0).click()
    page.wait_for_load_state()
    expect(page.get_by_role("button", name="Confirmer le rendez-vous")).to_be_visible()
    check_accessibility()
    page.get_by_label("Chercher l’usager").fill("Amrani Leïla")
    page.get_by_label(re.compile("Créer « Amrani Leïla »".replace(" ", r"\s"))).check()
    expect(page.get_by_label("Nom", exact=True)).to_have_value("Amrani")
    page.get_by_label(re.compile("Téléphone")).fill("03 53 01 12 34")
    page.get_by_role("button", name="Confirmer le rendez-vous").click()

    # The slip: the fourth screen.
    page.wait_for_url(re.compile(r"/rendez-vous/\d+/"))
    expect(page.get_by_role("heading", level=1)).to_contain_text("Leïla AMRANI")
    check_accessibility()
    assert pdf_of(page, page.get_by_role("link", name=re.compile("Imprimer"))).startswith(b"%PDF")
    appointment = Appointment.objects.get()
    assert (appointment.visitor.phone, appointment.booked_by) == ("+33353011234", besancon.receptionist)

    # The partner's agent sees it in her schedule, the name and the reason only.
    sign_in(besancon.agent)
    page.wait_for_url("**/mon-planning/**")
    expect(page.get_by_text("Leïla AMRANI")).to_be_visible()
    expect(page.get_by_text("Carte Vitale")).to_be_visible()
    assert "53 01" not in page.content()
    check_accessibility()

    # The administrator opens the convention: its fee is explained, the deliberation differs, its PDF is one click away.
    sign_in(besancon.administrator)
    page.goto(f"{live_server.url}/admin/conventions/convention/")
    page.get_by_role("link", name=re.compile("CPAM")).first.click()
    page.wait_for_load_state()
    text = re.sub(r"\s", " ", page.locator("body").inner_text())
    assert "1 254,00 €" in text
    assert "310,00 €" in text
    link = page.get_by_role("link", name=re.compile("PDF"))
    assert pdf_of(page, link).startswith(b"%PDF")
    assert [fault for fault in faults if "favicon" not in fault] == []
    # Last, because axe itself tries inline styles on the admin's forms, which the policy blocks.
    check_accessibility()
    page.goto(f"{live_server.url}/admin/conventions/convention/")
    check_accessibility()


def test_the_loser_of_a_race_is_told_and_loses_nothing(page: Page, live_server, besancon, sign_in):
    """Two receptionists have the same time on screen; the second confirms after the first."""
    sign_in(besancon.receptionist)
    page.goto(f"{live_server.url}/rendez-vous/nouveau/?motif=carte-vitale")
    page.get_by_role("link", name=re.compile("9h30")).first.click()
    page.wait_for_url("**creneau=**")
    page.get_by_label("Chercher l’usager").fill("Traoré Awa")
    page.get_by_label(re.compile("Créer")).check()
    page.get_by_label(re.compile("Téléphone")).fill("03 53 01 55 66")
    key = page.get_by_role("button", name="Confirmer le rendez-vous").get_attribute("value")
    permanence_id, starts_at = parse_time_key(key)
    book_appointment(
        permanence_id=permanence_id,
        starts_at=starts_at,
        reason=besancon.reason,
        visitor=VisitorFactory(ccas=besancon.site.ccas),
        by=besancon.receptionist,
    )

    page.get_by_role("button", name="Confirmer le rendez-vous").click()
    expect(page.get_by_text("Ce créneau vient d’être pris").first).to_be_visible()
    expect(page.get_by_label("Nom", exact=True)).to_have_value("Traoré")
    expect(page.get_by_label(re.compile("Téléphone"))).to_have_value("03 53 01 55 66")
    page.get_by_role("button", name=re.compile(r"\dh\d\d")).first.click()
    page.wait_for_url(re.compile(r"/rendez-vous/\d+/"))
    expect(page.get_by_role("heading", level=1)).to_contain_text("Awa TRAORÉ")
    assert Appointment.objects.count() == 2
