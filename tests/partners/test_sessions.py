"""How long a session lasts, and how a forgotten password is replaced."""

import re

import pytest
import time_machine
from django.contrib.auth import SESSION_KEY
from django.core import mail
from django.core.exceptions import ValidationError
from django.urls import reverse

from partners.passwords import LengthAndClassesValidator
from tests.factories import PASSWORD, SiteFactory, UserFactory, staff_of

NEW_PASSWORD = "une-phrase-a-retenir"


@pytest.fixture
def signed_in(client, db, settings):
    settings.SESSION_IDLE_SECONDS = 3600
    user = staff_of(SiteFactory(), email="nadia@exemple.fr")
    with time_machine.travel("2026-03-02 08:00:00Z", tick=False) as clock:
        client.post(reverse("login"), {"login": user.email, "password": PASSWORD})
        client.get(reverse("bookings:today"))
        yield clock


def test_an_hour_without_anybody_ends_the_session(client, signed_in):
    signed_in.shift(3599)
    assert client.get(reverse("bookings:today")).status_code == 200
    signed_in.shift(3601)
    response = client.get(f"{reverse('bookings:today')}?jour=2026-03-02")
    assert response["Location"] == f"{reverse('login')}?next=%2Faujourdhui%2F%3Fjour%3D2026-03-02"
    assert SESSION_KEY not in client.session
    assert "faute d’activité" in client.get(response["Location"]).content.decode()


def test_a_board_that_refreshes_itself_is_nobody(client, signed_in):
    for _ in range(61):
        signed_in.shift(60)
        response = client.get(reverse("bookings:today"), headers={"HX-Request": "true", "X-Refresh": "1"})
    assert (response.status_code, response["HX-Redirect"]) == (204, reverse("login"))


def test_the_moment_is_noted_once_a_minute_and_no_more(client, signed_in):
    signed_in.shift(30)
    assert "seen" not in client.get(reverse("bookings:today")).cookies
    signed_in.shift(31)
    assert "seen" in client.get(reverse("bookings:today")).cookies


def test_the_moment_of_another_session_says_nothing_of_this_one(client, signed_in):
    stale = client.cookies["seen"].value
    signed_in.shift(5000)
    client.logout()
    client.cookies["seen"] = stale
    client.force_login(staff_of(SiteFactory()))
    assert client.get(reverse("bookings:today")).status_code == 200


def test_a_stranger_gets_no_session(client, db):
    client.get(reverse("accessibility"))
    assert "sessionid" not in client.cookies


def test_a_forgotten_password_is_replaced_by_a_link_that_serves_once(client, db):
    UserFactory(email="nadia@exemple.fr")
    response = client.post(reverse("account_reset_password"), {"email": "Nadia@exemple.fr"}, follow=True)
    assert "Regardez vos messages" in response.content.decode()
    assert len(mail.outbox) == 1
    link = re.search(r"http://testserver(/\S+)", mail.outbox[0].body).group(1)
    form = client.get(link, follow=True)
    address = form.redirect_chain[-1][0]
    weak = client.post(address, {"password1": "Court1!", "password2": "Court1!"})
    assert "trop court" in weak.content.decode()
    changed = client.post(address, {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD}, follow=True)
    assert "Votre mot de passe est changé" in changed.content.decode()
    client.logout()
    assert client.post(reverse("login"), {"login": "nadia@exemple.fr", "password": NEW_PASSWORD}).status_code == 302
    client.logout()
    assert "Ce lien ne sert plus" in client.get(link, follow=True).content.decode()


def test_an_unknown_address_gets_the_same_answer_and_no_message(client, db):
    response = client.post(reverse("account_reset_password"), {"email": "personne@exemple.fr"}, follow=True)
    assert "Regardez vos messages" in response.content.decode()
    assert mail.outbox == []


@pytest.mark.parametrize("password", ["une phrase longue", "quatorze-signe", "Douze&signe5"])
def test_long_or_varied_passwords_are_accepted(password):
    LengthAndClassesValidator().validate(password)


@pytest.mark.parametrize("password", ["", "treize-signes", "douzesignes5", "Douzesignes5", "Court&12345"])
def test_shorter_ones_are_refused_with_the_rule(password):
    with pytest.raises(ValidationError, match="Au moins 14 caractères, ou 12 avec"):
        LengthAndClassesValidator().validate(password)
