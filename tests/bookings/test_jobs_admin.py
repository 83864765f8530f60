"""The technical account's page of jobs: a state that does not exist in its address is no fault of the server."""

import pytest

from partners.models import User

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("query", ["", "?status=todo", "?status=", "?status__exact=", "?status=jamais"])
def test_any_state_in_the_address_is_answered(client, query):
    client.force_login(User.objects.create_superuser("technique@exemple.fr", "un-mot-de-passe-long"))
    response = client.get(f"/admin/procrastinate/procrastinatejob/{query}")
    assert response.status_code in (200, 302)
