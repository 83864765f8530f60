"""« Messages »: the list of a space, its filters, trying again; and what the other pages say of messages."""

import pytest

from bookings.models import MessageSettings, Notification, Visitor
from partners.models import Role
from tests.factories import SiteFactory, staff_of

from .booking_page import step_three, text, typed
from .written_to import EMAIL, MOBILE, booked, reachable, waiting_jobs

pytestmark = pytest.mark.django_db
MESSAGES = "/messages/"


@pytest.fixture
def reception(client, desk):
    client.force_login(desk.receptionist)
    return client


def test_the_list_names_who_what_when_and_the_result(reception, desk):
    booked(desk)
    Notification.objects.filter(kind="confirmation", channel="sms").update(status="failed", outcome="Numéro inconnu.")
    shown = text(reception.get(MESSAGES))
    for words in ("4 messages", "Leïla AMRANI", EMAIL, "06 12 34 56 78", "jeu. 5 mars 2026 à 10h00", "Numéro inconnu."):
        assert words in shown
    assert "prévu le mar. 3 mars 2026 à 10h00" in " ".join(shown.split())


def test_an_empty_list_says_what_to_do(reception):
    assert "Aucun message pour le moment" in text(reception.get(MESSAGES))


@pytest.mark.parametrize(
    ("query", "number"),
    [
        ("q=amrani", 2),
        ("q=AMRANI+leila", 2),
        ("q=leila@exemple", 1),
        ("q=06+12+34+56+78", 1),
        ("q=personne", 0),
        ("etat=queued", 2),
        ("etat=sent", 0),
        ("etat=nimporte", 2),
        ("nature=confirmation&canal=sms", 1),
        ("page=99", 2),
    ],
)
def test_filters(reception, desk, query, number):
    booked(desk, day=desk.permanence_at(desk.site.today().replace(day=3), "10:00").day)
    response = reception.get(f"{MESSAGES}?{query}")
    assert len(response.context["page_obj"].object_list) == number
    if not number:
        assert "Aucun message ne répond à ces filtres" in text(response)


def test_the_list_costs_the_same_for_one_and_for_many(reception, desk, django_assert_max_num_queries):
    for clock in ("08:30", "09:00", "09:30", "10:00", "10:30", "11:00", "11:30"):
        booked(desk, clock=clock)
    with django_assert_max_num_queries(7):
        response = reception.get(MESSAGES)
    assert len(response.context["page_obj"].object_list) == 25
    assert response.context["page_obj"].paginator.count == 28


def test_another_space_and_a_partner_see_nothing(client, desk):
    booked(desk)
    client.force_login(staff_of(SiteFactory()))
    assert "Aucun message pour le moment" in text(client.get(MESSAGES))
    pk = Notification.objects.first().pk
    assert client.post(f"{MESSAGES}{pk}/reessayer/").status_code == 404
    client.force_login(desk.agent)
    assert client.get(MESSAGES).status_code == 404
    assert client.post(f"{MESSAGES}{pk}/reessayer/").status_code == 404


def test_a_failed_message_is_tried_again(reception, desk):
    appointment = booked(desk, sms_consent=False)
    row = Notification.objects.get(kind="confirmation")
    Notification.objects.filter(pk=row.pk).update(status="failed")
    address = f"/rendez-vous/{appointment.pk}/"
    assert "Réessayer" in text(reception.get(address))
    before = len(waiting_jobs())
    response = reception.post(f"{MESSAGES}{row.pk}/reessayer/", {"next": address}, follow=True)
    assert response.redirect_chain == [(address, 302)]
    assert "Le message est de nouveau en file" in text(response)
    assert "Réessayer" not in text(response)
    assert len(waiting_jobs()) == before + 1
    response = reception.post(f"{MESSAGES}{row.pk}/reessayer/", {"next": "https://ailleurs.exemple/"}, follow=True)
    assert response.redirect_chain == [(MESSAGES, 302)]
    assert "Seul un message en échec" in text(response)


def test_trying_again_takes_a_post(reception, desk):
    booked(desk)
    assert reception.get(f"{MESSAGES}{Notification.objects.first().pk}/reessayer/").status_code == 405


def test_the_appointment_shows_its_messages(reception, desk):
    appointment = booked(desk)
    shown = text(reception.get(f"/rendez-vous/{appointment.pk}/"))
    assert f"courriel à {EMAIL}" in shown
    assert "SMS au 06 12 34 56 78" in shown
    silent = booked(desk, clock="11:00", visitor=desk.visitor)
    assert "l’usager n’a pas donné son accord" in text(reception.get(f"/rendez-vous/{silent.pk}/"))


def test_consent_is_taken_with_a_new_visitor(reception, desk):
    answers = typed(phone="06 12 34 56 78", email=EMAIL, sms_consent="on", email_consent="on", creneau="")
    from_page = step_three(desk, clock="10:00")
    response = reception.post(from_page, answers | {"creneau": from_page.partition("creneau=")[2].partition("&")[0]})
    assert response.status_code == 302, text(response)
    visitor = Visitor.objects.get(last_name="Zidane")
    assert (visitor.sms_consent, visitor.email_consent) == (True, True)
    assert Notification.objects.filter(appointment__visitor=visitor).count() == 4


@pytest.mark.parametrize(
    ("answers", "refusal"),
    [
        ({"email_consent": "on"}, "Écrivez son courriel, ou décochez cette case."),
        ({"sms_consent": "on"}, "Écrivez un numéro de téléphone mobile"),
        ({"sms_consent": "on", "phone": "03 81 41 21 21"}, "Écrivez un numéro de téléphone mobile"),
    ],
)
def test_a_consent_goes_with_an_address(reception, desk, answers, refusal):
    visitor = desk.visitor
    response = reception.post(f"/usagers/{visitor.pk}/modifier/", {"last_name": "Amrani"} | answers)
    assert refusal in text(response)


def test_the_record_says_what_she_agreed_to(reception, desk):
    visitor = reachable(desk, email_consent=False)
    assert "accepte les SMS" in text(reception.get(f"/usagers/{visitor.pk}/"))
    reception.post(f"/usagers/{visitor.pk}/modifier/", {"last_name": "Amrani", "phone": MOBILE})
    visitor.refresh_from_db()
    assert not visitor.sms_consent
    assert "ni SMS ni courriel" in text(reception.get(f"/usagers/{visitor.pk}/"))


def test_the_settings_are_edited_in_the_admin_within_the_perimeter(client, desk):
    foreign = MessageSettings.objects.create(site=SiteFactory())
    client.force_login(staff_of(desk.site, role=Role.ADMINISTRATOR))
    pages = "/admin/bookings/messagesettings/"
    answers = {
        "site": desk.site.pk,
        "reminder_hours": "24",
        "cancel_hours": "12",
        "quiet_from": "19h00",
        "quiet_until": "8h30",
        "signature": "L’accueil",
    }
    assert client.post(f"{pages}add/", answers).status_code == 302
    chosen = MessageSettings.objects.get(site=desk.site)
    assert (chosen.reminder_hours, chosen.quiet_from.hour) == (24, 19)
    assert "Planoise" in text(client.get(pages))
    assert client.get(f"{pages}{chosen.pk}/change/").status_code == 200
    assert client.get(f"{pages}{foreign.pk}/change/").status_code == 404
    assert client.post(f"{pages}add/", answers | {"site": foreign.site.pk}).status_code == 200
