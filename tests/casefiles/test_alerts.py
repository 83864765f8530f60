"""An alert of rights about to break: raised, seen, answered, closed, with its delay."""

import datetime as dt

import pytest

from casefiles.models import RightsAlert
from casefiles.services import answer_alert, close_alert, raise_alert, reopen_alert, see_alert
from casefiles.statistics import alert_figures
from casefiles.urgency import urgent_contacts
from franceservices.errors import DomainError
from partners.models import Contact
from tests.factories import PartnerFactory, SiteFactory, VisitorFactory, staff_of

from .conftest import TODAY


def raised(cases, **fields) -> RightsAlert:
    return raise_alert(
        **{
            "site": cases.site,
            "visitor": cases.visitor,
            "partner": cases.caisse,
            "what": "C2S échue le 15 mars, traitement en cours",
            "deadline": TODAY + dt.timedelta(days=5),
            "by": cases.clerk,
            **fields,
        }
    )


def test_from_the_alert_to_its_closing(cases, clock):
    alert = raised(cases, file=cases.sent().file)
    clock.shift(dt.timedelta(hours=2))
    assert see_alert(alert=alert, by=cases.agent).seen_by == cases.agent
    first_seen = see_alert(alert=alert, by=cases.agent).seen_at
    clock.shift(dt.timedelta(hours=1))
    alert = answer_alert(alert=alert, answer="Droits prolongés de deux mois", by=cases.agent)
    assert (alert.seen_at, alert.answered_by, alert.answer) == (
        first_seen,
        cases.agent,
        "Droits prolongés de deux mois",
    )
    assert list(RightsAlert.objects.unanswered()) == []
    alert = close_alert(alert=alert, by=cases.clerk)
    assert alert.closed_by == cases.clerk
    with pytest.raises(DomainError, match="close"):
        answer_alert(alert=alert, answer="Encore", by=cases.agent)
    assert reopen_alert(alert=alert, by=cases.clerk).closed_at is None


def test_an_answer_by_phone_is_typed_back(cases):
    alert = answer_alert(alert=raised(cases), answer="Au téléphone : dossier en cours", by=cases.clerk)
    assert (alert.seen_by, alert.answered_by) == (cases.clerk, cases.clerk)


def test_an_alert_says_what_and_until_when(cases):
    with pytest.raises(DomainError, match="Dites quels droits"):
        raised(cases, what="  ")
    with pytest.raises(DomainError, match="déjà passée"):
        raised(cases, deadline=TODAY - dt.timedelta(days=1))
    with pytest.raises(DomainError, match="numéro de sécurité sociale"):
        raised(cases, what="NIR 1 85 04 25 056 123 39")
    with pytest.raises(DomainError, match="Aucune convention"):
        raised(cases, partner=PartnerFactory())
    with pytest.raises(DomainError, match="n’est pas de cette personne"):
        raised(cases, file=cases.opened(visitor=VisitorFactory(ccas=cases.site.ccas)))
    with pytest.raises(DomainError, match="Écrivez la réponse"):
        answer_alert(alert=raised(cases), answer=" ", by=cases.agent)


def test_the_ccas_closes_what_it_raised(cases):
    alert = raised(cases)
    for attempt in (close_alert, reopen_alert):
        with pytest.raises(DomainError, match="Le CCAS clôt"):
            attempt(alert=alert, by=cases.agent)


def test_another_caisse_and_another_desk_see_nothing(cases):
    alert = raised(cases)
    for person in (cases.other_agent, staff_of(SiteFactory())):
        assert not RightsAlert.objects.visible_to(person).exists()
        with pytest.raises(RightsAlert.DoesNotExist):
            see_alert(alert=alert, by=person)
        with pytest.raises(RightsAlert.DoesNotExist):
            answer_alert(alert=alert, answer="Non", by=person)


def test_the_nearest_deadline_first(cases, django_assert_num_queries):
    later, sooner = raised(cases, deadline=TODAY + dt.timedelta(days=9)), raised(cases)
    with django_assert_num_queries(1):
        found = list(RightsAlert.objects.visible_to(cases.agent).open().with_parties())
        assert [str(alert) for alert in found] == ["Élise HORTH – CGSS"] * 2
    assert found == [sooner, later]


def test_the_figures_of_alerts_are_those_of_the_site_s_days(cases, clock):
    """Raised at 22h30 in Cayenne on 31 March, 1h30 UTC on 1 April: an alert of March."""
    other = VisitorFactory(ccas=cases.site.ccas)
    answers = []
    for moment, hours in ((dt.datetime(2026, 4, 1, 1, 30, tzinfo=dt.UTC), 4), (None, 1), (None, 10)):
        if moment:
            clock.move_to(moment)
        answers.append(
            (raised(cases, visitor=other if hours == 1 else cases.visitor, deadline=TODAY.replace(month=5)), hours)
        )
    raised(cases, deadline=TODAY.replace(month=5))
    began = dt.datetime(2026, 4, 1, 1, 30, tzinfo=dt.UTC)
    for alert, hours in answers:
        clock.move_to(began + dt.timedelta(hours=hours))
        answer_alert(alert=alert, answer="Fait", by=cases.agent)
    march = alert_figures(
        alerts=RightsAlert.objects.visible_to(cases.clerk), site=cases.site, first=TODAY, last=dt.date(2026, 3, 31)
    )
    assert (march.raised, march.people, march.answered, march.closed) == (4, 2, 3, 0)
    assert (march.mean_hours, march.median_hours) == (5, 4)
    april = alert_figures(
        alerts=RightsAlert.objects.all(), site=cases.site, first=dt.date(2026, 4, 1), last=dt.date(2026, 4, 30)
    )
    assert (april.raised, april.mean_hours) == (0, None)


def test_whom_to_call_at_once(cases):
    Contact.objects.create(partner=cases.caisse, name="Accueil", phone="+594594393000")
    referent = Contact.objects.create(partner=cases.caisse, name="Mme Horth", is_referent=True)
    assert urgent_contacts(cases.caisse).emergency_line is None
    line = Contact.objects.create(
        partner=cases.caisse, name="Ligne Urgence Précarité (LUP)", phone="+594594393001", is_referent=True
    )
    contacts = urgent_contacts(cases.caisse)
    assert (contacts.referents, contacts.emergency_line) == ((referent,), line)
