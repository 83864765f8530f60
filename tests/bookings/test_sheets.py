"""What the desk prints: the week on an office's door, and the people of a partner's day."""

import datetime as dt
from io import BytesIO

import pypdf
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from bookings.models import CancelledBy, Permanence, PermanenceStatus
from bookings.services import cancel_appointment
from bookings.sheets import day_list, office_sheet
from conventions.models import Audience, BookingMode
from partners.models import Role
from tests.factories import ClosureFactory, OfficeFactory, PartnerFactory, SiteFactory, VisitorFactory, staff_of

from .schedules import ABSURD, booked, held, queries_of

TUESDAY, THURSDAY, FRIDAY = dt.date(2026, 3, 3), dt.date(2026, 3, 5), dt.date(2026, 3, 6)
DAY_LIST = reverse("bookings:day_list")
MY_DAY_LIST = reverse("bookings:my_day_list")


def printed(client, address: str, asked: dict | None = None) -> tuple[str, pypdf.PdfReader]:
    answer = client.get(address, asked or {})
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
    document = pypdf.PdfReader(BytesIO(answer.content))
    assert "/StructTreeRoot" in document.trailer["/Root"]
    return " ".join(" ".join(page.extract_text() for page in document.pages).split()), document


@pytest.fixture
def office(desk):
    return desk.permanence_at(THURSDAY, "09:00").office


def sheet_address(office) -> str:
    return reverse("bookings:office_sheet", args=[office.pk])


# --- The door ----------------------------------------------------------------------------------------------------


def test_the_door_tells_which_partner_when_and_no_visitor(client, desk, office):
    booked(desk.permanence_at(THURSDAY, "09:00"), "10:00", reason=desk.reason, subject="Divorce")
    loan = PartnerFactory(short_name="Ville")
    held(desk.site, loan, FRIDAY, "10:00", "11:00", office=office, purpose="Secret", mode=BookingMode.WALK_IN)
    client.force_login(desk.receptionist)
    words, document = printed(client, sheet_address(office), {"jour": "2026-03-05"})
    assert len(document.pages) == 1
    width, height = document.pages[0].mediabox.width, document.pages[0].mediabox.height
    assert width > height
    for said in (
        *("Espace France Services de Planoise", "Semaine du 2 au 8 mars 2026", "jeudi 5 mars", "8h30–12h30", "CPAM"),
        *("travailleurs sociaux", "sans rendez-vous", "Ville", "Aucune permanence", "imprimé le 2 mars 2026"),
    ):
        assert said in words, said
    for kept in ("AMRANI", "Amrani", "Carte Vitale", "Divorce", "Secret", "samedi"):
        assert kept not in words, kept


def test_what_is_not_held_is_not_on_the_door(desk, office):
    held(desk.site, PartnerFactory(), FRIDAY, office=office, status=PermanenceStatus.CANCELLED)
    held(desk.site, PartnerFactory(), FRIDAY, office=office, orphaned_at=timezone.now())
    ClosureFactory(site=desk.site, starts_on=THURSDAY, ends_on=THURSDAY, reason="Inventaire")
    sheet = office_sheet(office, dt.date(2026, 3, 2))
    assert [len(day.lines) for day in sheet.days] == [0, 3, 0, 0, 0]
    assert [day.closed_because for day in sheet.days] == [None, None, None, "Inventaire", None]


def test_a_saturday_is_there_when_somebody_comes(desk, office):
    held(desk.site, desk.partner, dt.date(2026, 3, 7), office=office)
    assert len(office_sheet(office, dt.date(2026, 3, 2)).days) == 6


def test_a_full_door_stays_on_one_page(client, desk):
    office = OfficeFactory(site=desk.site, label="Salle du conseil et des mariages")
    for day in range(6):
        for hour in (8, 10, 12, 14, 16):
            partner = PartnerFactory(short_name="Conciliateurs de justice (25)")
            held(
                desk.site,
                partner,
                dt.date(2026, 3, 2) + dt.timedelta(days=day),
                f"{hour:02}:00",
                f"{hour:02}:50",
                office=office,
                audience=Audience.SOCIAL_WORKERS,
            )
    client.force_login(desk.receptionist)
    assert len(printed(client, sheet_address(office))[1].pages) == 1


def test_the_door_costs_the_same_for_an_empty_and_a_full_week(client, desk, office):
    client.force_login(desk.receptionist)
    empty = queries_of(client, f"{sheet_address(office)}?jour=2030-01-01", CaptureQueriesContext(connection))
    assert queries_of(client, sheet_address(office), CaptureQueriesContext(connection)) == empty <= 7


def test_another_spaces_office_is_not_there(client, desk, office):
    client.force_login(staff_of(SiteFactory()))
    assert client.get(sheet_address(office)).status_code == 404
    client.force_login(desk.agent)
    assert client.get(sheet_address(office)).status_code == 404
    client.force_login(desk.receptionist)
    assert client.get(reverse("bookings:office_sheet", args=[10**30])).status_code == 404


# --- The day of a partner ----------------------------------------------------------------------------------------


def test_the_day_by_time_with_names_reasons_and_needs(client, desk):
    needs = {"interpreter_language": "arabe", "needs_wheelchair_access": True}
    late = VisitorFactory(last_name="Zola", first_name="Émile", phone="+33639981234", staff_notes="Note", **needs)
    booked(desk.permanence_at(THURSDAY, "14:00"), "14:00", visitor=late, reason=desk.reason, subject="Divorce")
    booked(desk.permanence_at(THURSDAY, "09:00"), "08:30", reason=desk.reason)
    given_up = booked(desk.permanence_at(THURSDAY, "09:00"), "09:30", visitor=VisitorFactory(last_name="Perdu"))
    cancel_appointment(appointment=given_up, cancelled_for=CancelledBy.VISITOR, by=desk.receptionist)
    client.force_login(desk.receptionist)
    words, document = printed(client, DAY_LIST, {"jour": "2026-03-05", "partenaire": desk.partner.slug})
    assert len(document.pages) == 1
    for said in (
        "Jeudi 5 mars 2026",
        "CPAM du Doubs",
        "Leïla AMRANI",
        "Carte Vitale",
        "Reçu",
        "8h30–12h30",
        "détruire",
    ):
        assert said in words, said
    assert "Émile ZOLA" in words
    assert "interprète arabe, fauteuil roulant" in words
    assert words.index("8h30 Leïla") < words.index("14h00 Émile")
    for kept in ("PERDU", "Divorce", "39981234", "Note"):
        assert kept not in words, kept


def test_a_social_worker_and_somebody_to_replace_are_told(desk):
    booked(desk.permanence_at(TUESDAY, "09:00"), "09:00", social_worker=desk.social_worker, reason=desk.hard_case)
    booked(desk.permanence_at(TUESDAY, "11:00"), "11:00", reason=desk.reason, to_replace_since=timezone.now())
    (section,) = day_list(desk.partner, TUESDAY, permanences=Permanence.objects.all()).sections
    assert [(line.who, line.note) for line in section.lines] == [
        ("Claire Monnier", "travailleur social"),
        ("Leïla AMRANI", "à replacer"),
    ]


def test_a_cancelled_permanence_is_named_and_nobody_of_it(desk):
    cancelled = held(desk.site, desk.partner, FRIDAY, status=PermanenceStatus.CANCELLED)
    booked(cancelled, "09:00", reason=desk.reason)
    (section,) = day_list(desk.partner, FRIDAY, permanences=Permanence.objects.all()).sections
    assert section.lines == ()
    assert section.permanences == (f"8h30–12h30, {cancelled.office.full_label}, annulée",)


def test_a_day_without_permanence_says_so(client, desk):
    client.force_login(desk.receptionist)
    words, _ = printed(client, DAY_LIST, {"jour": "2026-03-08", "partenaire": desk.partner.slug})
    assert "Aucune permanence ce jour-là." in words


def test_a_normal_day_fits_on_one_page(client, desk):
    office = OfficeFactory(site=desk.site)
    morning = held(desk.site, desk.partner, FRIDAY, "08:30", "12:30", office=office)
    afternoon = held(desk.site, desk.partner, FRIDAY, "13:30", "17:00", office=office)
    for permanence, hours in ((morning, (9, 10, 11)), (afternoon, (14, 15, 16))):
        for clock in [f"{hour:02}:{minute}" for hour in hours for minute in ("00", "20", "40")]:
            visitor = VisitorFactory(last_name="De La Rochefoucauld", first_name="Marie-Antoinette", phone_only=True)
            booked(permanence, clock, minutes=20, visitor=visitor, reason=desk.reason)
    client.force_login(desk.receptionist)
    words, document = printed(client, DAY_LIST, {"jour": "2026-03-06", "partenaire": desk.partner.slug})
    assert words.count("ROCHEFOUCAULD") == 18
    assert len(document.pages) == 1


@pytest.mark.parametrize("slug", ["inconnu", "", "\x00", "🎈"])
def test_a_partner_who_never_comes_here_is_not_there(client, desk, slug):
    PartnerFactory(slug="ailleurs")
    client.force_login(desk.receptionist)
    assert client.get(DAY_LIST, {"partenaire": slug}).status_code == 404
    assert client.get(DAY_LIST, {"partenaire": "ailleurs"}).status_code == 404


def test_the_list_of_another_space_is_not_there(client, desk):
    booked(desk.permanence_at(THURSDAY, "09:00"), "10:00", reason=desk.reason)
    other = SiteFactory()
    held(other, desk.partner, THURSDAY)
    client.force_login(staff_of(other))
    words, _ = printed(client, DAY_LIST, {"jour": "2026-03-05", "partenaire": desk.partner.slug})
    assert "AMRANI" not in words
    client.force_login(staff_of(SiteFactory()))
    assert client.get(DAY_LIST, {"partenaire": desk.partner.slug}).status_code == 404


def test_the_agent_gets_her_own_day_in_all_spaces_and_no_other(client, desk):
    booked(desk.permanence_at(THURSDAY, "09:00"), "10:00", reason=desk.reason)
    cayenne = SiteFactory(cayenne=True, name="Espace de Montsinéry")
    booked(held(cayenne, desk.partner, THURSDAY), "09:00", visitor=VisitorFactory(last_name="Lima"), reason=desk.reason)
    caf = PartnerFactory(slug="caf")
    booked(held(desk.site, caf, THURSDAY), "09:00", visitor=VisitorFactory(last_name="Secret"), reason=desk.reason)
    client.force_login(desk.agent)
    words, document = printed(client, MY_DAY_LIST, {"jour": "2026-03-05", "partenaire": "caf"})
    assert len(document.pages) == 1
    for said in ("AMRANI", "LIMA", "Espace de Montsinéry", "heure locale : Guyane (Cayenne)"):
        assert said in words, said
    assert "SECRET" not in words
    assert client.get(DAY_LIST, {"partenaire": desk.partner.slug}).status_code == 404


@pytest.mark.parametrize("role", [Role.RECEPTION, Role.MANAGER])
def test_staff_has_no_own_day(client, desk, role):
    client.force_login(staff_of(desk.site, role=role))
    assert client.get(MY_DAY_LIST).status_code == 404


def test_the_day_costs_the_same_for_one_and_for_many(client, desk):
    client.force_login(desk.agent)
    address = f"{MY_DAY_LIST}?jour=2026-03-05"
    booked(desk.permanence_at(THURSDAY, "09:00"), "10:00", reason=desk.reason)
    few = queries_of(client, address, CaptureQueriesContext(connection))
    for _ in range(6):
        permanence = held(SiteFactory(), desk.partner, THURSDAY)
        booked(permanence, "09:00", reason=desk.reason)
        booked(permanence, "10:00", reason=desk.reason, social_worker=desk.social_worker)
    assert queries_of(client, address, CaptureQueriesContext(connection)) == few <= 7


@pytest.mark.parametrize("absurd", ABSURD)
def test_an_absurd_day_prints_today(client, desk, office, absurd, monkeypatch):
    monkeypatch.setattr("bookings.sheets.render_pdf", lambda template, context: str(context["sheet"]).encode())
    client.force_login(desk.receptionist)
    assert b"du 2 au 8 mars 2026" in client.get(sheet_address(office), {"jour": absurd}).content
    today = b"datetime.date(2026, 3, 2)"
    assert today in client.get(DAY_LIST, {"jour": absurd, "partenaire": desk.partner.slug}).content
    client.force_login(desk.agent)
    assert today in client.get(MY_DAY_LIST, {"jour": absurd}).content


# --- Where they are found ----------------------------------------------------------------------------------------


def test_the_agenda_leads_to_the_sheets_of_the_choice(client, desk, office):
    client.force_login(desk.receptionist)
    agenda = reverse("bookings:agenda")
    plain = client.get(agenda).content.decode()
    assert "semaine.pdf" not in plain
    assert "journee.pdf" not in plain
    assert reverse("bookings:shared_link_list") in plain
    assert (
        f"{sheet_address(office)}?jour=2026-03-05"
        in client.get(agenda, {"jour": "2026-03-05", "bureau": office.pk}).content.decode()
    )
    chosen = client.get(agenda, {"partenaire": desk.partner.slug}).content.decode()
    assert f"{DAY_LIST}?jour=2026-03-05&amp;partenaire={desk.partner.slug}" in chosen
    assert f"{DAY_LIST}?jour=2026-03-04" not in chosen


def test_the_agents_page_leads_to_her_lists_and_her_feed(client, desk):
    client.force_login(desk.agent)
    page = client.get(reverse("bookings:my_schedule")).content.decode()
    assert f"{MY_DAY_LIST}?jour=2026-03-05" in page
    assert reverse("bookings:my_calendar") in page
