"""Kinds and checklists in the admin: an administrator edits what her caisses take, others do not reach it."""

import pytest
from django.urls import reverse

from casefiles.models import RequiredDocument
from partners.models import Role
from tests.factories import ConventionFactory, SiteFactory, staff_of


@pytest.fixture
def as_admin(client, cases):
    client.force_login(staff_of(cases.site, role=Role.ADMINISTRATOR))
    return client


def page_of(kind) -> str:
    return reverse("admin:casefiles_casekind_change", args=[kind.pk])


def sent_form(response) -> dict[str, str]:
    """What the page would send as it stands."""
    forms = [response.context["adminform"].form]
    formsets = [inline.formset for inline in response.context["inline_admin_formsets"]]
    for formset in formsets:
        forms += [formset.management_form, *formset.forms]
    data = {}
    for form in forms:
        for field in form:
            value = field.value()
            if value is not None and value is not False:
                data[field.html_name] = value
    return data


def test_a_line_is_added_to_the_checklist(as_admin, cases):
    response = as_admin.get(page_of(cases.c2s))
    assert response.status_code == 200
    data = sent_form(response)
    total = int(data["required_documents-TOTAL_FORMS"])
    data |= {
        f"required_documents-{total - 1}-label": "Avis d’imposition",
        f"required_documents-{total - 1}-position": 4,
    }
    assert as_admin.post(page_of(cases.c2s), data).status_code == 302
    assert RequiredDocument.objects.filter(kind=cases.c2s, label="Avis d’imposition").exists()


def test_a_tacit_outcome_needs_its_months(as_admin, cases):
    data = sent_form(as_admin.get(page_of(cases.c2s)))
    data["tacit_months"] = ""
    response = as_admin.post(page_of(cases.c2s), data)
    assert response.status_code == 200
    assert "dites au bout de combien de mois" in response.content.decode()


def test_a_kind_that_another_ccas_uses_too_is_read_only(as_admin, cases):
    ConventionFactory(site=SiteFactory(), partner=cases.caisse)
    response = as_admin.get(page_of(cases.c2s))
    assert response.status_code == 200
    assert not response.context["has_change_permission"]


def test_the_desk_has_no_admin(client, cases):
    client.force_login(cases.clerk)
    assert client.get(page_of(cases.c2s)).status_code in (302, 404)
