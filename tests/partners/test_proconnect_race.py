"""Eight identities at once for one account, each with its real connection: one of them gets it."""

from functools import partial

import pytest

from partners.models import ProConnectLink
from partners.proconnect.accounts import link
from tests.factories import UserFactory
from tests.racing import Outcome, race, without_guards

pytestmark = pytest.mark.django_db(transaction=True)
CLIENTS, ROUNDS = 8, 5


def rush(round_number: int) -> tuple[Outcome, int]:
    """One round on a new account; how many identities it is linked to afterwards."""
    account = UserFactory()
    subs = [f"sub-{round_number}-{client}" for client in range(CLIENTS)]
    outcome = race([partial(link, account=account, issuer="https://p.exemple", sub=sub) for sub in subs])
    assert outcome.faults == []
    return outcome, account.proconnect_links.live().count()


def test_one_identity_gets_the_account():
    for round_number in range(ROUNDS):
        outcome, linked = rush(round_number)
        assert (outcome.done, linked, len(outcome.refusals)) == (1, 1, CLIENTS - 1)


def test_the_race_is_real_without_the_guards(monkeypatch):
    with without_guards(monkeypatch, ProConnectLink, "proconnectlink_one_identity_per_account"):
        assert any(rush(round_number)[1] > 1 for round_number in range(ROUNDS))
