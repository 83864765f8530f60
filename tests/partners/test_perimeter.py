"""What each person sees of the places and people, and what an account must say."""

import datetime as dt

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from franceservices.db import violated_constraint
from partners.calendars import civil_days, closed_days, public_holidays
from partners.models import Ccas, Office, Partner, Role, Site, User
from tests.factories import (
    CcasFactory,
    ClosureFactory,
    OfficeFactory,
    PartnerFactory,
    SiteFactory,
    UserFactory,
    agent_of,
    staff_of,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def two_ccas():
    """Two sites of one CCAS and one of another."""
    first = SiteFactory(name="Espace A")
    return first, SiteFactory(name="Espace B", ccas=first.ccas), SiteFactory(name="Ailleurs")


@pytest.mark.parametrize("role", [Role.RECEPTION, Role.SOCIAL_WORKER])
def test_the_desk_sees_its_own_sites(two_ccas, role):
    first, _second, _other = two_ccas
    user = staff_of(first, role=role)
    assert set(Site.objects.visible_to(user)) == {first}
    OfficeFactory(site=first, label="27")
    OfficeFactory(site=_other, label="12")
    assert [office.label for office in Office.objects.visible_to(user)] == ["27"]


@pytest.mark.parametrize("role", [Role.MANAGER, Role.ADMINISTRATOR])
def test_overseers_see_all_sites_of_their_ccas(two_ccas, role):
    first, second, _other = two_ccas
    user = UserFactory(role=role, ccas=first.ccas)
    assert set(Site.objects.visible_to(user)) == {first, second}
    assert set(Ccas.objects.visible_to(user)) == {first.ccas}


def test_an_agent_sees_no_desk_and_no_other_partner(two_ccas):
    partner, _other = PartnerFactory(), PartnerFactory()
    agent = agent_of(partner)
    assert not Site.objects.visible_to(agent).exists()
    assert not Ccas.objects.visible_to(agent).exists()
    assert set(Partner.objects.visible_to(agent)) == {partner}
    assert set(User.objects.visible_to(agent)) == {agent}


def test_the_technical_account_sees_everything(two_ccas):
    superuser = User.objects.create_superuser("technique@exemple.fr", "un-mot-de-passe-long")
    assert set(Site.objects.visible_to(superuser)) == set(two_ccas)
    assert superuser.is_staff


def test_only_administrators_open_the_admin():
    site = SiteFactory()
    assert [role for role in Role if role != Role.PARTNER_AGENT and staff_of(site, role=role).is_staff] == [
        Role.ADMINISTRATOR
    ]
    assert not UserFactory(agent=True).is_staff
    assert staff_of(site, role=Role.ADMINISTRATOR).has_perm("conventions.change_convention")
    assert not staff_of(site, role=Role.ADMINISTRATOR).has_perm("auth.change_group")
    assert not staff_of(site, role=Role.MANAGER).has_perm("conventions.change_convention")


@pytest.mark.parametrize(
    "fields",
    [
        {"role": Role.PARTNER_AGENT, "ccas": None, "partner": None},
        {"role": Role.RECEPTION, "ccas": None, "partner": None},
    ],
)
def test_an_account_belongs_to_a_ccas_or_to_a_partner(fields):
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        UserFactory(**fields)
    assert violated_constraint(caught.value) == "user_belongs_to_ccas_or_partner"


def test_an_agent_has_no_ccas():
    with pytest.raises(IntegrityError), transaction.atomic():
        UserFactory(role=Role.PARTNER_AGENT, ccas=CcasFactory(), partner=PartnerFactory())


@pytest.mark.parametrize("siren", ["262500565", "26250056", "abcdefghi", "262 500 564"])
def test_a_siren_passes_its_check(siren):
    with pytest.raises(ValidationError) as caught:
        CcasFactory.build(siren=siren).clean_fields()
    assert "siren" in caught.value.message_dict


def test_names_sort_without_regard_to_accents_and_case():
    site = SiteFactory()
    for name in ("Zoé", "étienne", "Élodie", "eric"):
        staff_of(site, last_name=name, first_name="")
    assert [user.last_name for user in User.objects.filter(ccas=site.ccas)] == ["Élodie", "eric", "étienne", "Zoé"]


@pytest.mark.parametrize(
    ("calendar", "day", "name"),
    [
        ("973", dt.date(2026, 6, 10), "Abolition de l'esclavage"),
        ("", dt.date(2026, 6, 10), None),
        ("", dt.date(2026, 11, 11), "Armistice"),
        ("", dt.date(2026, 5, 1), "Fête du Travail"),
        ("57", dt.date(2026, 12, 26), "Saint-Étienne"),
    ],
)
def test_public_holidays_by_territory(calendar, day, name):
    found = public_holidays(calendar, day.year).get(day)
    assert found == name


def test_closed_days_cost_one_query_and_name_their_reason(django_assert_num_queries):
    paris, cayenne = SiteFactory(), SiteFactory(cayenne=True)
    ClosureFactory(site=paris, starts_on=dt.date(2026, 8, 3), ends_on=dt.date(2026, 8, 7), reason="Congés d’été")
    with django_assert_num_queries(1):
        closed = closed_days([paris, cayenne], dt.date(2026, 6, 1), dt.date(2026, 8, 31))
    assert closed[paris.pk].reason(dt.date(2026, 8, 7)) == "Congés d’été"
    assert closed[paris.pk].reason(dt.date(2026, 8, 8)) is None
    assert closed[cayenne.pk].reason(dt.date(2026, 8, 5)) is None
    assert closed[cayenne.pk].reason(dt.date(2026, 6, 10))


def test_civil_days_include_both_ends_and_may_be_none():
    first = dt.date(2028, 2, 28)
    assert [day.day for day in civil_days(first, dt.date(2028, 3, 1))] == [28, 29, 1]
    assert list(civil_days(first, dt.date(2028, 2, 27))) == []
