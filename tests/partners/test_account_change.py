"""Name, role and spaces: changed, taken back, and what neither a manager nor anybody may change."""

import pytest

from franceservices.errors import DomainError
from partners.accounts.services import Belonging, change_account
from partners.models import Role, User

from .account_people import People, url


@pytest.fixture
def people(db) -> People:
    return People()


def answers(user: User, **changes):
    kept = {"first_name": user.first_name, "last_name": user.last_name, "role": user.role}
    return kept | {"sites": [site.pk for site in user.sites.all()]} | changes


def facts(user: User) -> tuple:
    user = User.objects.get(pk=user.pk)
    return user.last_name, user.role, {site.short_name for site in user.sites.all()}


def test_another_role_and_space_then_back(people, client):
    client.force_login(people.manager)
    before = facts(people.clerk)
    changed = answers(people.clerk, role="social_worker", sites=[people.second.pk], last_name="Mariée")
    page = client.post(url("account_change", people.clerk.pk), changed, follow=True)
    assert facts(people.clerk) == ("Mariée", "social_worker", {"Battant"})
    undo = url("account_change_undo", people.clerk.pk)
    assert undo in page.content.decode()
    client.post(undo)
    assert facts(people.clerk) == before
    page = client.post(undo, follow=True)
    assert "ne s’annule plus" in page.content.decode()


def test_a_change_takes_effect_in_the_open_session(people, client):
    people.clerk.sites.set([people.site, people.second])
    client.force_login(people.clerk)
    assert client.post("/changer-d-espace/", {"site": people.second.pk}).status_code == 302
    people.clerk.sites.set([people.site])
    assert client.get("/aujourdhui/").context["current_site"] == people.site
    assert client.post("/changer-d-espace/", {"site": people.second.pk}).status_code == 404


def test_one_does_not_change_oneself_nor_a_manager_an_administrator(people, client):
    client.force_login(people.manager)
    for account in (people.manager, people.administrator, people.stranger, people.shared_agent):
        assert client.get(url("account_change", account.pk)).status_code == 404
        assert client.post(url("account_change", account.pk), answers(account)).status_code == 404
    assert "Seul un administrateur" in client.get(url("account_detail", people.administrator.pk)).content.decode()
    assert "C’est votre compte" in client.get(url("account_detail", people.manager.pk)).content.decode()
    assert "autre CCAS" in client.get(url("account_detail", people.shared_agent.pk)).content.decode()
    assert client.get(url("account_detail", people.stranger.pk)).status_code == 404


def test_a_manager_gives_neither_the_administrator_s_role_nor_a_space_of_others(people, client):
    client.force_login(people.manager)
    for changes in ({"role": "administrator"}, {"sites": [people.elsewhere.pk]}, {"sites": []}):
        before = facts(people.clerk)
        assert client.post(url("account_change", people.clerk.pk), answers(people.clerk, **changes)).status_code == 200
        assert facts(people.clerk) == before


def test_the_last_administrator_stays_one(people, client):
    second = people.invited(role=Role.ADMINISTRATOR)[0]
    fields = {"first_name": "x", "last_name": "y", "belonging": Belonging(Role.MANAGER)}
    technical = User.objects.create_superuser("technique@exemple.fr", "un-mot-de-passe-long")
    with pytest.raises(DomainError, match="dernier compte d’administrateur"):
        # The other one has not come in yet: he administers nothing.
        change_account(user=people.administrator, by=technical, **fields)
    change_account(user=second, by=people.administrator, **fields)
    assert User.objects.get(pk=second.pk).role == Role.MANAGER


def test_an_agent_keeps_role_and_caisse(people, client):
    client.force_login(people.manager)
    page = client.get(url("account_change", people.agent.pk)).content.decode()
    assert 'name="role"' not in page
    client.post(url("account_change", people.agent.pk), {"first_name": "Paul", "last_name": "Neuf", "role": "manager"})
    people.agent.refresh_from_db()
    assert (people.agent.last_name, people.agent.role, people.agent.partner) == ("Neuf", "partner_agent", people.caisse)
    with pytest.raises(DomainError, match="ni l’inverse"):
        change_account(
            user=people.agent, first_name="x", last_name="x", belonging=Belonging(Role.MANAGER), by=people.manager
        )
