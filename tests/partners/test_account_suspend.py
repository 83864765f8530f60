"""A suspended account: out at the next request, whatever page was open; and the second factor taken off."""

import threading

import pytest
from allauth.mfa.models import Authenticator
from django.core import mail
from django.db import connection
from django.test import Client
from django.urls import reverse

from franceservices.errors import DomainError
from partners.accounts.services import reactivate, reset_second_factor, suspend
from partners.models import Role, User
from tests.factories import PASSWORD, UserFactory

from .account_people import People, url


@pytest.fixture
def people(db) -> People:
    return People()


def signed_in(user: User) -> Client:
    client = Client()
    client.post(reverse("login"), {"login": user.email, "password": PASSWORD})
    assert client.get("/", follow=True).status_code == 200
    return client


def close(people, **fields) -> None:
    suspend(**{"user": people.clerk, "reason": "A quitté le service", "by": people.manager} | fields)


def test_the_next_request_lands_on_sign_in_with_a_sentence(people):
    browser = signed_in(people.clerk)
    manager = signed_in(people.manager)
    page = manager.post(url("account_suspend", people.clerk.pk), {"reason": "A quitté le service"}, follow=True)
    assert "A quitté le service" in page.content.decode()
    response = browser.get("/aujourdhui/", follow=True)
    assert response.redirect_chain[-1][0] == reverse("login")
    assert "Votre compte est suspendu" in response.content.decode()
    refused = browser.post(reverse("login"), {"login": people.clerk.email, "password": PASSWORD}, follow=True)
    assert "suspendu" in refused.content.decode()


@pytest.mark.parametrize("headers", [{"HX-Request": "true"}, {"HX-Request": "true", "X-Refresh": "1"}])
def test_a_fragment_of_an_open_page_takes_the_page_along(people, headers):
    browser = signed_in(people.clerk)
    close(people)
    response = browser.get("/aujourdhui/", headers=headers)
    assert (response.status_code, response["HX-Redirect"]) == (204, reverse("login"))
    assert "Votre compte est suspendu" in browser.get(reverse("login")).content.decode()


def test_nothing_is_done_by_a_form_that_was_open(people):
    browser = signed_in(people.clerk)
    close(people)
    response = browser.post(reverse("bookings:visitor_create"), {"last_name": "Tard", "first_name": "Trop"})
    assert (response.status_code, response["Location"]) == (302, reverse("login"))


def test_typing_another_account_goes_on(people):
    browser = signed_in(people.clerk)
    close(people)
    response = browser.post(reverse("login"), {"login": people.worker.email, "password": PASSWORD})
    assert response.status_code == 302
    assert browser.get("/aujourdhui/").status_code == 200


def test_somebody_between_password_and_second_factor_is_out_too(people):
    Authenticator.objects.create(user=people.clerk, type=Authenticator.Type.TOTP, data={"secret": "x"})
    browser = Client()
    answer = browser.post(reverse("login"), {"login": people.clerk.email, "password": PASSWORD})
    assert answer["Location"] == reverse("mfa_authenticate")
    close(people)
    reactivate(user=people.clerk, by=people.manager)
    assert browser.get(reverse("mfa_authenticate"))["Location"] == reverse("login")


def test_a_session_of_before_does_not_come_back_with_the_account(people):
    browser = signed_in(people.clerk)
    close(people)
    reactivate(user=people.clerk, by=people.manager)
    assert browser.get("/aujourdhui/")["Location"] == reverse("login")
    assert signed_in(people.clerk).get("/aujourdhui/").status_code == 200


def test_an_account_closed_by_other_means_is_told_too(people):
    browser = signed_in(people.clerk)
    User.objects.filter(pk=people.clerk.pk).update(is_active=False)
    assert "Votre session a pris fin" in browser.get("/aujourdhui/", follow=True).content.decode()


def test_others_stay_where_they_are(people):
    worker = signed_in(people.worker)
    close(people)
    assert worker.get("/aujourdhui/").status_code == 200


def test_a_reason_is_asked_for_and_kept(people, client):
    client.force_login(people.manager)
    assert "obligatoire" in client.post(url("account_suspend", people.clerk.pk), {"reason": " "}).content.decode()
    assert User.objects.get(pk=people.clerk.pk).is_active
    close(people)
    reactivate(user=people.clerk, by=people.administrator)
    page = client.get(url("account_detail", people.clerk.pk)).content.decode()
    assert "A quitté le service" in page
    assert people.administrator.get_full_name() in page


def test_nobody_suspends_himself_an_administrator_or_the_last_one(people, client):
    client.force_login(people.manager)
    for account in (people.manager, people.administrator, people.stranger, people.shared_agent):
        assert client.post(url("account_suspend", account.pk), {"reason": "x"}).status_code == 404
    technical = User.objects.create_superuser("technique@exemple.fr", "un-mot-de-passe-long")
    with pytest.raises(DomainError, match="dernier compte d’administrateur"):
        close(people, user=people.administrator, by=technical)
    close(people)
    with pytest.raises(DomainError, match="déjà fermé"):
        close(people)
    with pytest.raises(DomainError, match="n’est pas suspendu"):
        reactivate(user=people.worker, by=people.manager)


@pytest.mark.django_db(transaction=True)
def test_two_administrators_do_not_close_each_other():
    people = People()
    second = UserFactory(role=Role.ADMINISTRATOR, ccas=people.site.ccas)
    barrier, refused = threading.Barrier(2), []

    def attempt(user: User, by: User) -> None:
        barrier.wait()
        try:
            suspend(user=user, reason="x", by=by)
        except (DomainError, User.DoesNotExist) as refusal:
            refused.append(refusal)
        finally:
            connection.close()

    pairs = [(people.administrator, second), (second, people.administrator)]
    threads = [threading.Thread(target=attempt, args=pair) for pair in pairs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 1
    assert User.objects.filter(role=Role.ADMINISTRATOR, is_active=True).count() == 1


def test_an_administrator_takes_a_second_factor_off_and_the_person_is_told(people, client):
    Authenticator.objects.create(user=people.clerk, type=Authenticator.Type.TOTP, data={"secret": "x"})
    browser = Client()
    browser.force_login(people.clerk)
    client.force_login(people.administrator)
    asked = url("second_factor_reset", people.clerk.pk)
    assert asked in client.get(url("account_detail", people.clerk.pk)).content.decode()
    page = client.post(asked, {"reason": "Téléphone perdu"}, follow=True).content.decode()
    assert not Authenticator.objects.filter(user=people.clerk).exists()
    assert "Téléphone perdu" in page
    assert mail.outbox[0].to == [people.clerk.email]
    assert people.administrator.get_full_name() in mail.outbox[0].body
    assert browser.get("/aujourdhui/")["Location"] == reverse("login")


def test_a_manager_does_not_and_there_must_be_one(people, client):
    Authenticator.objects.create(user=people.clerk, type=Authenticator.Type.TOTP, data={"secret": "x"})
    client.force_login(people.manager)
    assert client.post(url("second_factor_reset", people.clerk.pk), {"reason": "x"}).status_code == 404
    with pytest.raises(User.DoesNotExist):
        reset_second_factor(user=people.clerk, reason="x", by=people.manager)
    with pytest.raises(DomainError, match="n’a pas de double authentification"):
        reset_second_factor(user=people.worker, reason="x", by=people.administrator)
