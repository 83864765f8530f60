"""An invitation: made, sent, opened once, sent again, withdrawn; and what nobody may give."""

import datetime as dt

import pytest
import time_machine
from django.core import mail
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from franceservices.errors import DomainError
from partners.accounts.services import Belonging, invite, send_again, suspend, withdraw_invitation
from partners.models import Invitation, Role, User
from tests.factories import UserFactory

from .account_people import People, link_sent, state, url

NOW = dt.datetime(2026, 3, 2, 9, 0, tzinfo=dt.UTC)
PASSWORD = "une-phrase-a-retenir"
FILLED = {"first_name": "Inès", "last_name": "Nouvelle", "email": "Ines@Exemple.fr", "role": "reception"}


@pytest.fixture
def clock():
    with time_machine.travel(NOW, tick=False) as travel:
        yield travel


@pytest.fixture
def people(db, clock) -> People:
    return People()


def asked(client, **answers):
    return client.post(url("account_invite"), FILLED | answers)


def choose(client, link: str, password: str = PASSWORD):
    return client.post(link, {"new_password1": password, "new_password2": password})


def test_from_the_invitation_to_the_first_page(people, client):
    client.force_login(people.manager)
    response = asked(client, sites=[people.site.pk])
    made = User.objects.get(email="ines@exemple.fr")
    assert response["Location"] == url("account_detail", made.pk)
    assert (made.role, made.ccas, list(made.sites.all())) == (Role.RECEPTION, people.site.ccas, [people.site])
    assert not made.has_usable_password()
    assert state(made, NOW) == "invite"
    assert mail.outbox[0].to == ["ines@exemple.fr"]
    assert "9 mars 2026" in mail.outbox[0].body
    client.logout()
    link = link_sent()
    page = client.get(link)
    assert "ines@exemple.fr" in page.content.decode()
    assert page["Cache-Control"] == "private, no-store"
    assert state(made, NOW) == "invite"
    assert "trop court" in choose(client, link, "Court1!").content.decode()
    assert choose(client, link)["Location"] == reverse("login")
    assert state(made, NOW) == "actif"
    signed_in = client.post(reverse("login"), {"login": "ines@exemple.fr", "password": PASSWORD}, follow=True)
    assert signed_in.request["PATH_INFO"] == "/aujourdhui/"


def test_the_link_serves_once(people, client):
    _user, token = people.invited()
    choose(client, url("invitation", token))
    assert client.get(url("invitation", token)).status_code == 404
    assert choose(client, url("invitation", token), "une-autre-phrase-longue").status_code == 404
    assert User.objects.get(email="nouvelle@exemple.fr").check_password(PASSWORD)


def test_the_link_ends_after_its_days(people, client, clock, settings):
    user, token = people.invited()
    clock.shift(dt.timedelta(days=settings.INVITATION_DAYS, seconds=1))
    page = client.get(url("invitation", token))
    assert (page.status_code, "Ce lien ne sert plus" in page.content.decode()) == (404, True)
    assert state(user, timezone.now()) == "expire"


def test_the_database_keeps_no_secret(people):
    _user, token = people.invited()
    assert token not in str(Invitation.objects.values_list())


def test_sending_again_closes_the_link_before(people, client):
    user, first = people.invited()
    client.force_login(people.manager)
    client.post(url("invitation_send", user.pk))
    second = link_sent()
    assert client.get(url("invitation", first)).status_code == 404
    assert client.get(second).status_code == 200


def test_a_withdrawn_invitation_opens_nothing_until_it_is_sent_again(people, client):
    user, token = people.invited()
    client.force_login(people.manager)
    assert client.get(url("invitation_withdraw", user.pk)).status_code == 200
    client.post(url("invitation_withdraw", user.pk))
    assert state(user, NOW) == "retire"
    assert client.get(url("invitation", token)).status_code == 404
    client.post(url("invitation_send", user.pk))
    assert state(user, NOW) == "invite"
    assert client.get(link_sent()).status_code == 200


def test_a_suspended_invitation_is_not_opened_by_sending_it_again(people, client):
    user, token = people.invited()
    suspend(user=user, reason="Erreur", by=people.manager)
    with pytest.raises(DomainError):
        send_again(user=user, by=people.manager)
    assert client.get(url("invitation", token)).status_code == 404


def test_who_has_come_in_is_neither_invited_again_nor_withdrawn(people):
    for action in (send_again, withdraw_invitation):
        with pytest.raises(DomainError):
            action(user=people.clerk, by=people.manager)


def test_a_dead_mail_server_loses_nothing(people, client, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    client.force_login(people.manager)
    page = client.post(url("account_invite"), FILLED | {"sites": [people.site.pk]}, follow=True)
    assert "n’est pas parti" in page.content.decode()
    assert state(User.objects.get(email="ines@exemple.fr"), NOW) == "invite"


@pytest.mark.parametrize(
    ("answers", "sentence"),
    [
        ({"role": "reception"}, "Choisissez au moins un espace"),
        ({"role": "administrator"}, "Sélectionnez un choix valide"),
        ({"role": "partner_agent"}, "Choisissez la caisse"),
        ({"role": ""}, "obligatoire"),
        ({"email": "pas une adresse"}, "adresse"),
        ({"email": "NADIA@exemple.fr", "role": "manager"}, "Un compte porte déjà ce courriel."),
    ],
)
def test_bad_input_says_so_and_keeps_what_was_typed(people, client, answers, sentence):
    client.force_login(people.manager)
    before = User.objects.count()
    page = asked(client, **answers).content.decode()
    assert sentence in page
    assert 'value="Nouvelle"' in page
    assert (User.objects.count(), mail.outbox) == (before, [])


def test_a_space_of_another_ccas_is_not_given(people, client):
    client.force_login(people.administrator)
    assert "Sélectionnez un choix valide" in asked(client, sites=[people.elsewhere.pk]).content.decode()
    with pytest.raises(DomainError, match="n’est pas des vôtres"):
        people.invited(sites=(people.elsewhere,))


def test_a_manager_makes_no_administrator_even_without_the_form(people):
    with pytest.raises(DomainError, match="Seul un administrateur"):
        people.invited(by=people.manager, role=Role.ADMINISTRATOR)
    user, _token = people.invited(by=people.administrator, role=Role.ADMINISTRATOR)
    assert user.ccas == people.site.ccas


@pytest.mark.parametrize("partner", ["shared", "over"])
def test_no_account_for_a_caisse_of_others_or_whose_convention_is_over(people, client, partner):
    client.force_login(people.administrator)
    refused = asked(client, role="partner_agent", partner=getattr(people, partner).pk)
    assert "Sélectionnez un choix valide" in refused.content.decode()
    with pytest.raises(DomainError, match="Choisissez une caisse"):
        invite(
            email="x@exemple.fr",
            first_name="x",
            last_name="x",
            belonging=Belonging(Role.PARTNER_AGENT, (), getattr(people, partner)),
            ccas=None,
            by=people.administrator,
        )


def test_an_agent_of_a_caisse_at_work_here(people, client):
    client.force_login(people.manager)
    # A space ticked before the role changed is left out.
    asked(client, role="partner_agent", partner=people.caisse.pk, sites=[people.site.pk])
    made = User.objects.get(email="ines@exemple.fr")
    assert (made.partner, made.ccas, made.sites.count()) == (people.caisse, None, 0)


def test_the_technical_account_chooses_the_ccas(people, client):
    client.force_login(UserFactory(role=Role.ADMINISTRATOR, is_superuser=True, ccas=None))
    assert "Choisissez le CCAS" in asked(client, role="manager").content.decode()
    asked(client, role="manager", ccas=people.elsewhere.ccas.pk)
    assert User.objects.get(email="ines@exemple.fr").ccas == people.elsewhere.ccas


def test_the_name_of_the_constraint_that_two_invitations_at_once_meet(people):
    with connection.cursor() as cursor:
        cursor.execute("SELECT conname FROM pg_constraint WHERE conrelid = 'partners_user'::regclass AND contype = 'u'")
        assert ("partners_user_email_key",) in cursor.fetchall()
