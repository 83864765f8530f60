"""Sign-in, sign-out, the way home, and the choice of a space."""

import pytest
import time_machine
from django.contrib.auth import SESSION_KEY
from django.test import Client
from django.urls import reverse

from partners.models import Role, User
from tests.factories import PASSWORD, SiteFactory, UserFactory, agent_of, staff_of

pytestmark = pytest.mark.django_db


def test_every_page_asks_for_an_account(client):
    for name in ("home", "bookings:today", "bookings:book", "bookings:my_schedule", "conventions:convention_list"):
        response = client.get(reverse(name))
        assert response.status_code == 302
        assert response["Location"].startswith(reverse("login"))


def test_signing_in_leads_home_and_case_of_the_address_is_forgiven(client):
    user = UserFactory(email="nadia@exemple.fr")
    response = client.post(reverse("login"), {"login": "Nadia@Exemple.fr", "password": PASSWORD})
    assert response.status_code == 302
    assert response["Location"] == reverse("home")
    assert client.session["_auth_user_id"] == str(user.pk)


@pytest.mark.parametrize(
    ("email", "password"),
    [("nadia@exemple.fr", "faux"), ("", ""), ("personne@exemple.fr", PASSWORD), ("<script>", "x"), ("é" * 5000, "x")],
)
def test_a_refused_sign_in_says_so_in_french_and_keeps_the_address(client, email, password):
    UserFactory(email="nadia@exemple.fr")
    response = client.post(reverse("login"), {"login": email, "password": password})
    assert response.status_code == 200
    assert response.context["form"].errors
    assert "<script>x" not in response.content.decode()


def test_a_suspended_account_cannot_sign_in(client):
    UserFactory(email="nadia@exemple.fr", is_active=False)
    response = client.post(reverse("login"), {"login": "nadia@exemple.fr", "password": PASSWORD}, follow=True)
    assert "Ce compte est suspendu" in response.content.decode()
    assert SESSION_KEY not in client.session


def test_a_suspended_account_is_out_at_its_next_request(client):
    user = UserFactory(email="nadia@exemple.fr")
    client.post(reverse("login"), {"login": "nadia@exemple.fr", "password": PASSWORD})
    assert client.get(reverse("mfa_index")).status_code == 200
    User.objects.filter(pk=user.pk).update(is_active=False)
    assert client.get(reverse("mfa_index"))["Location"].startswith(reverse("login"))


def test_five_wrong_passwords_close_the_account_for_five_minutes_and_say_so(client):
    UserFactory(email="nadia@exemple.fr")
    other = UserFactory(email="camille@exemple.fr")
    typed = {"login": "nadia@exemple.fr", "password": "pas-le-bon-mot-de-passe"}
    with time_machine.travel("2026-03-02 08:00:00Z", tick=False) as clock:
        for _ in range(5):
            assert "ne vont pas ensemble" in client.post(reverse("login"), typed).content.decode()
        right = {**typed, "password": PASSWORD}
        assert "Trop d’essais" in client.post(reverse("login"), right).content.decode()
        # Only that account, and whoever types: a second browser is refused as well.
        assert "Trop d’essais" in Client().post(reverse("login"), right).content.decode()
        assert Client().post(reverse("login"), {"login": other.email, "password": PASSWORD}).status_code == 302
        clock.shift(301)
        assert client.post(reverse("login"), right).status_code == 302


@pytest.mark.parametrize("role", [Role.RECEPTION, Role.SOCIAL_WORKER, Role.MANAGER, Role.ADMINISTRATOR])
def test_staff_come_home_to_the_day_of_their_space(client, role):
    client.force_login(staff_of(SiteFactory(), role=role))
    assert client.get(reverse("home"))["Location"] == reverse("bookings:today")


def test_an_agent_comes_home_to_her_schedule(client):
    client.force_login(UserFactory(agent=True))
    assert client.get(reverse("home"))["Location"] == reverse("bookings:my_schedule")


def test_sign_out_is_a_post(client):
    client.force_login(staff_of(SiteFactory()))
    assert client.get(reverse("logout")).status_code == 405
    assert client.post(reverse("logout"))["Location"] == reverse("login")
    assert "_auth_user_id" not in client.session


def test_a_space_can_be_chosen_among_one_s_own(client):
    first, second = SiteFactory(name="Espace A"), SiteFactory(name="Espace B")
    second.ccas = first.ccas
    second.save()
    user = staff_of(first)
    user.sites.add(second)
    client.force_login(user)
    response = client.post(reverse("site_switch"), {"site": second.pk, "next": reverse("bookings:agenda")})
    assert response["Location"] == reverse("bookings:agenda")
    assert client.get(reverse("bookings:today")).context["current_site"] == second


@pytest.mark.parametrize("posted", ["other", "abc", "", "99999999999999999999"])
def test_a_space_out_of_one_s_perimeter_does_not_exist(client, posted):
    client.force_login(staff_of(SiteFactory()))
    site = str(SiteFactory().pk) if posted == "other" else posted
    assert client.post(reverse("site_switch"), {"site": site}).status_code == 404


def test_switching_never_leads_to_a_foreign_address(client):
    site = SiteFactory()
    client.force_login(staff_of(site))
    response = client.post(reverse("site_switch"), {"site": site.pk, "next": "https://ailleurs.example/"})
    assert response["Location"] == reverse("home")
    assert client.post(reverse("site_switch"), {"site": site.pk, "next": "nulle-part"})["Location"] == reverse("home")


def test_before_there_is_any_space_whoever_installs_comes_to_the_administration(client):
    client.force_login(User.objects.create_superuser("premiere@exemple.fr", PASSWORD))
    assert client.get(reverse("home"))["Location"] == reverse("admin:index")
    assert client.get(reverse("admin:index")).status_code == 200


def test_the_accessibility_statement_is_public(client):
    response = client.get(reverse("accessibility"))
    assert response.status_code == 200
    assert "partiellement conforme" in response.content.decode()


def test_an_unknown_address_is_a_404_in_the_same_look(client):
    client.force_login(staff_of(SiteFactory()))
    response = client.get("/nulle-part/")
    assert response.status_code == 404
    assert "n’existe pas" in response.content.decode() or "introuvable" in response.content.decode()


def test_a_fault_shows_a_number_to_quote_and_nothing_of_the_fault(client, monkeypatch):
    client.force_login(staff_of(SiteFactory()))
    client.raise_request_exception = False
    monkeypatch.setattr("partners.views.redirect", lambda *args, **kwargs: 1 / 0)
    response = client.get(reverse("home"))
    assert response.status_code == 500
    assert "ZeroDivisionError" not in response.content.decode()
    assert "incident" in response.content.decode().lower()


def test_pages_carry_the_content_security_policy(client):
    policy = client.get(reverse("login"))["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy


def test_an_agent_has_places_of_her_own_and_no_booking(client):
    client.force_login(agent_of(UserFactory(agent=True).partner))
    context = client.get(reverse("bookings:my_schedule")).context
    assert [place.label for place in context["places"]] == ["Mon planning", "Dossiers", "Alertes", "Statistiques"]
    assert not context["can_book"]
