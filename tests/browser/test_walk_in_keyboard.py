"""Walk-ins and offices in a browser: noted by keyboard in under five seconds, readable by everybody, printable."""

import datetime as dt
import re
import time

import pytest
from playwright.sync_api import Page, expect

from bookings.demo_visits import make_desk_reasons
from bookings.loans import lend_office
from bookings.models import DeskVisit, Permanence, PermanenceOrigin
from tests.factories import OfficeFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
# What the issue asks for; the machine takes a fraction of it.
SECONDS = 5


@pytest.fixture
def at_counter(page: Page, live_server, besancon, sign_in):
    """The receptionist on the page of visits, nothing focused, and what her browser complains about."""
    make_desk_reasons()
    faults: list[str] = []
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    sign_in(besancon.receptionist)
    page.goto(f"{live_server.url}/passages/")
    yield page
    assert [fault for fault in faults if "favicon" not in fault] == []


def wait_for_visits(count: int) -> None:
    """Until as many visits are stored; fails after the time that one may take."""
    until = time.monotonic() + SECONDS
    while DeskVisit.objects.count() < count:
        assert time.monotonic() < until, "the visit was not noted in time"
        time.sleep(0.02)


def test_a_visit_is_noted_by_two_keys_in_under_five_seconds(at_counter: Page, besancon, check_accessibility):
    page = at_counter
    check_accessibility()
    began = time.monotonic()
    page.keyboard.press("p")
    page.keyboard.press("4")
    expect(page.get_by_role("status").filter(has_text="Passage noté")).to_contain_text("CPAM")
    took = time.monotonic() - began
    assert took < SECONDS
    visit = DeskVisit.objects.select_related("reason", "partner").get()
    assert (visit.reason.slug, visit.partner, visit.noted_by) == ("cpam", besancon.partner, besancon.receptionist)
    # The list beside it has the visit too, and the focus has not moved.
    expect(page.locator("#liste-des-passages tbody tr")).to_have_count(1)
    assert page.evaluate("document.activeElement.dataset.key") == "1"
    check_accessibility()


def test_a_group_helped_at_the_computer_by_keyboard_alone_in_under_five_seconds(at_counter: Page):
    page = at_counter
    began = time.monotonic()
    page.keyboard.press("p")
    for _ in range(2):  # Back over « Préciser » to the number of people.
        page.keyboard.press("Shift+Tab")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")  # To the reasons; nothing is noted by it.
    page.keyboard.press("a")
    wait_for_visits(1)
    assert time.monotonic() - began < SECONDS
    visit = DeskVisit.objects.select_related("reason").get()
    assert (visit.reason.slug, visit.people, visit.at_computer) == ("compte-ameli", 3, True)
    expect(page.get_by_label("Personnes", exact=True)).to_have_value("1")


def test_keys_pressed_in_a_row_are_all_noted_each_with_its_own_reason(at_counter: Page):
    page = at_counter
    page.keyboard.press("p")
    for key in "1233b":
        page.keyboard.press(key)
    wait_for_visits(5)
    expect(page.locator("#passages-du-jour")).to_contain_text("5 passages")
    noted = DeskVisit.objects.order_by("pk").values_list("reason__slug", flat=True)
    assert list(noted) == ["information-generale", "demarche-en-ligne", "caf", "caf", "compte-retraite"]


def test_the_top_row_of_a_french_keyboard_needs_no_shift(at_counter: Page):
    page = at_counter
    page.keyboard.press("p")
    page.evaluate(
        """document.activeElement.dispatchEvent(
            new KeyboardEvent("keydown", { key: '"', code: "Digit3", bubbles: true, cancelable: true }))"""
    )
    wait_for_visits(1)
    assert DeskVisit.objects.get().reason.slug == "caf"


def test_keys_are_letters_again_outside_the_counter_and_in_its_fields(at_counter: Page):
    page = at_counter
    page.keyboard.press("3")
    page.get_by_label("Motif ou partenaire").fill("")
    page.get_by_label("Motif ou partenaire").press_sequentially("p3")
    expect(page.get_by_label("Motif ou partenaire")).to_have_value("p3")
    page.get_by_label("Personnes", exact=True).fill("")
    page.get_by_label("Personnes", exact=True).press_sequentially("12")
    expect(page.get_by_label("Personnes", exact=True)).to_have_value("12")
    assert not DeskVisit.objects.exists()


def test_a_mistake_is_taken_back_put_back_and_corrected_by_keyboard(at_counter: Page, check_accessibility):
    page = at_counter
    page.keyboard.press("p")
    page.keyboard.press("1")
    wait_for_visits(1)
    day = page.locator("#passages-du-jour")
    day.get_by_role("button", name="Annuler").press("Enter")
    expect(day).to_contain_text("aucun passage")
    # The same key again takes it back: the focus is on the button that now undoes.
    page.keyboard.press("Enter")
    expect(day).to_contain_text("1 passage")
    day.get_by_role("link", name="Modifier").press("Enter")
    page.wait_for_url(re.compile("/modifier/"))
    check_accessibility()
    page.get_by_label("Personnes", exact=True).fill("4")
    page.get_by_role("button", name="Enregistrer").press("Enter")
    page.wait_for_url(re.compile(r"/passages/$"))
    assert DeskVisit.objects.standing().get().people == 4


def test_without_script_a_click_notes_as_well(browser, at_counter: Page, live_server):
    context = browser.new_context(java_script_enabled=False, storage_state=at_counter.context.storage_state())
    plain = context.new_page()
    plain.goto(f"{live_server.url}/passages/")
    plain.get_by_label("Personnes", exact=True).fill("2")
    plain.get_by_role("button", name="CAF").click()
    expect(plain.get_by_text("Passage noté")).to_be_visible()
    plain.get_by_role("button", name="Annuler cette action").click()
    expect(plain.get_by_text("Passage de 8h").first).to_be_visible()
    context.close()
    visit = DeskVisit.objects.get()
    assert (visit.people, visit.struck_out_at is None) == (2, False)


def test_an_idle_half_day_is_lent_and_given_back(
    page: Page, live_server, besancon, sign_in, check_accessibility, tmp_path
):
    room = OfficeFactory(site=besancon.site, label="Salle Éluard")
    sign_in(besancon.receptionist)
    page.goto(f"{live_server.url}/bureaux/")
    check_accessibility()
    page.get_by_role("link", name="Prêter Salle Éluard, 13h30–17h00").first.click()
    check_accessibility()
    page.get_by_label("Prêté à").select_option("Un agent du CCAS")
    page.get_by_label("Objet").fill("Entretiens d’accompagnement")
    page.get_by_role("button", name="Prêter le bureau").click()
    page.wait_for_url(re.compile(r"/bureaux/"))
    expect(page.get_by_role("table", name="Occupation des bureaux")).to_contain_text("Services du CCAS")
    check_accessibility()
    page.get_by_role("link", name="annuler").first.click()
    check_accessibility()
    page.get_by_role("button", name="Annuler le prêt").click()
    expect(page.get_by_text("le bureau est de nouveau libre")).to_be_visible()
    assert not Permanence.objects.standing().filter(origin=PermanenceOrigin.LOAN).exists()
    assert room.permanences.count() == 1


def test_the_map_fits_a_phone_and_one_sheet(page: Page, live_server, besancon, sign_in, check_accessibility):
    for number in range(9):  # Ten offices with the one of the agreement.
        office = OfficeFactory(site=besancon.site, label=f"{30 + number}")
        lend_office(
            office=office,
            day=dt.date(2026, 3, 5),
            start_time=dt.time(8, 30),
            end_time=dt.time(12, 30),
            borrower=None,
            purpose="Entretiens d’accompagnement social",
            by=besancon.receptionist,
        )
    sign_in(besancon.receptionist)
    page.goto(f"{live_server.url}/bureaux/")
    sheet = page.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", sheet)) == 1
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    check_accessibility()
    page.goto(f"{live_server.url}/passages/")
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    check_accessibility()
