"""« Comptes »: who is in the list, how it is searched, and who finds no such page."""

import datetime as dt

import pytest
import time_machine

from partners.accounts.services import suspend, withdraw_invitation
from partners.accounts.states import AccountState, in_state
from partners.models import Role, User
from tests.factories import UserFactory, staff_of

from .account_people import People, url

NOW = dt.datetime(2026, 3, 2, 9, 0, tzinfo=dt.UTC)


@pytest.fixture
def people(db):
    with time_machine.travel(NOW, tick=False):
        yield People()


def names(response) -> set[str]:
    return {user.last_name for user in response.context["page_obj"].object_list}


def test_the_accounts_of_the_ccas_and_of_the_caisses_at_work_there(people, client):
    client.force_login(people.manager)
    shown = {user.pk for user in client.get(url("account_list")).context["page_obj"].object_list}
    assert shown == {
        user.pk
        for user in (
            *(people.administrator, people.manager, people.clerk, people.worker),
            *(people.agent, people.shared_agent),
        )
    }


def test_the_technical_accounts_are_not_shown(people, client):
    UserFactory(role=Role.ADMINISTRATOR, ccas=people.site.ccas, is_superuser=True, last_name="Technique")
    client.force_login(people.administrator)
    assert "Technique" not in names(client.get(url("account_list")))


@pytest.mark.parametrize("who", ["clerk", "worker", "agent"])
def test_the_other_roles_find_no_such_page(people, client, who):
    client.force_login(getattr(people, who))
    for name in ("account_list", "account_invite"):
        assert client.get(url(name)).status_code == 404
    assert "Comptes" not in client.get("/", follow=True).content.decode()


def test_search_ignores_accents_and_filters_add_up(people, client):
    staff_of(people.site, last_name="Élan", first_name="Zoé")
    client.force_login(people.manager)
    assert names(client.get(url("account_list"), {"q": "ELAN zoe"})) == {"Élan"}
    assert names(client.get(url("account_list"), {"q": "nadia@", "role": "reception"})) == {"Accueil"}
    assert names(client.get(url("account_list"), {"q": "nadia@", "role": "manager"})) == set()
    assert (
        "Aucun compte ne répond"
        in client.get(url("account_list"), {"q": "nadia", "state": "suspendu"}).content.decode()
    )


def test_each_state_is_found_by_its_filter_and_shown_by_its_word(people, client):
    invited, _token = people.invited(email="a@exemple.fr")
    withdrawn, _token = people.invited(email="b@exemple.fr")
    withdraw_invitation(user=withdrawn, by=people.administrator)
    suspend(user=people.clerk, reason="Congé", by=people.manager)
    with time_machine.travel(NOW - dt.timedelta(days=30), tick=False):
        expired, _token = people.invited(email="c@exemple.fr")
    client.force_login(people.manager)
    expected = {"invite": invited, "retire": withdrawn, "expire": expired, "suspendu": people.clerk}
    for word, account in expected.items():
        page = client.get(url("account_list"), {"state": word})
        assert [user.pk for user in page.context["page_obj"].object_list] == [account.pk]
        assert AccountState(word).label in page.content.decode()
    everybody = User.objects.all()
    counted = [set(in_state(everybody, state, at=NOW).values_list("pk", flat=True)) for state in AccountState]
    assert sum(map(len, counted)) == everybody.count() == len(set().union(*counted))


def test_pages_of_25_in_a_constant_number_of_queries(people, client, django_assert_max_num_queries):
    for number in range(60):
        staff_of(people.site, last_name=f"Nom{number:02}")
    client.force_login(people.manager)
    client.get(url("account_list"))
    with django_assert_max_num_queries(14):
        page = client.get(url("account_list"), {"page": 2})
    assert len(page.context["page_obj"].object_list) == 25
    assert client.get(url("account_list"), {"page": "x'", "q": "\x00", "role": "?"}).status_code == 200
