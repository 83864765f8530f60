"""Renewing: what the successor takes over, what is refused, what changed between the two, and how it is taken back."""

import datetime as dt
from dataclasses import replace
from decimal import Decimal

import pytest
from django.urls import reverse

from bookings.models import Appointment, Permanence
from conventions.comparison import Fate, compare, lineage, text_parts
from conventions.models import Audience, Convention, Obligation, ObligationKind, PermanenceSlot
from conventions.renewal import RenewalPlan, renew, suggested_renewal, undo_renewal
from conventions.terms import terms_on
from franceservices.errors import DomainError
from partners.models import Role
from tests.conventions.scene import Scene
from tests.conventions.test_amendments import in_force, with_wednesday
from tests.factories import ConventionFactory, ReasonFactory, UserFactory, VisitorFactory, slot_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def scene(time_machine):
    time_machine.move_to(dt.datetime(2025, 11, 3, 9, tzinfo=dt.UTC))
    found = Scene()
    found.article("Forfait annuel : {montant_annuel}.", title="Implication financière")
    Obligation.objects.create(
        convention=found.convention,
        kind=ObligationKind.COMMITTEE,
        label="Comité de pilotage",
        owed_by="ccas",
        frequency="yearly",
    )
    return found


def renewed(scene: Scene, **changes) -> Convention:
    plan = replace(suggested_renewal(scene.convention), **changes)
    return renew(convention=scene.convention, plan=plan, by=scene.administrator)[0]


def test_the_suggestion_follows_the_term_for_the_same_duration(scene):
    assert suggested_renewal(scene.convention) == RenewalPlan(
        starts_on=dt.date(2028, 4, 1),
        ends_on=dt.date(2031, 3, 31),
        reference="besancon-cpam-2028",
        title="Convention avec la CPAM du Doubs",
    )


def test_a_reference_that_is_taken_is_not_suggested(scene):
    ConventionFactory(reference="besancon-cpam-2028")
    assert suggested_renewal(scene.convention).reference == "besancon-cpam-2028-2"


def test_the_successor_takes_over_the_terms_of_the_last_day(scene):
    in_force(scene, with_wednesday(scene))
    successor = renewed(scene)
    assert successor.predecessor == scene.convention
    assert (successor.deliberation, successor.signed_on) == (None, None)
    assert successor.ccas_signatory_name == "Sylvie WANLIN"
    first, last = terms_on(successor, successor.starts_on), terms_on(scene.convention, scene.convention.ends_on)
    assert first.slots == last.slots
    assert len(first.slots) == 6
    assert first.fee == last.fee
    assert successor.fee_terms.annual_amount == Decimal("1881.00")
    assert successor.fee_terms.deliberated_amount is None
    assert successor.articles.get().body == "Forfait annuel : {montant_annuel}."
    assert successor.obligations.get().label == "Comité de pilotage"
    assert set(PermanenceSlot.objects.filter(allocation__convention=successor).values_list("starts_on", "ends_on")) == {
        (dt.date(2028, 4, 1), dt.date(2031, 3, 31))
    }


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"starts_on": dt.date(2028, 3, 31)}, "commence après"),
        ({"ends_on": dt.date(2028, 3, 1)}, "doit suivre"),
        ({"reference": "besancon-cpam-2025"}, "déjà prise"),
    ],
)
def test_what_does_not_follow_is_refused(scene, changes, words):
    with pytest.raises(DomainError, match=words):
        renewed(scene, **changes)
    assert Convention.objects.count() == 1


def test_a_convention_has_one_successor(scene):
    renewed(scene)
    with pytest.raises(DomainError, match="lui succède déjà"):
        renewed(scene, reference="une-autre")


def test_an_office_promised_to_somebody_else_is_named(scene):
    other = ConventionFactory(
        site=scene.site, partner__short_name="CAF", starts_on=dt.date(2028, 1, 1), ends_on=dt.date(2030, 12, 31)
    )
    slot_of(other, 4, "09:00", "10:00", office=scene.office, starts_on=dt.date(2028, 4, 1))
    with pytest.raises(DomainError, match="déjà pris par CAF, jeudi 9h00–10h00"):
        renewed(scene)
    assert Convention.objects.count() == 2


def test_a_renewal_is_taken_back_while_it_is_a_draft(scene, time_machine):
    time_machine.move_to(dt.datetime(2028, 3, 20, 9, tzinfo=dt.UTC))
    successor = renewed(scene)
    assert Permanence.objects.filter(convention=successor).exists()
    undo_renewal(convention=successor, by=scene.administrator)
    assert Convention.objects.get() == scene.convention
    assert not Permanence.objects.filter(day__gte=dt.date(2028, 4, 1)).exists()


def test_a_renewal_in_which_somebody_is_booked_stays(scene, time_machine):
    time_machine.move_to(dt.datetime(2028, 3, 20, 9, tzinfo=dt.UTC))
    successor = renewed(scene)
    permanence = Permanence.objects.filter(convention=successor, audience=Audience.PUBLIC).first()
    Appointment.objects.create(
        permanence=permanence,
        site=permanence.site,
        partner=permanence.partner,
        visitor=VisitorFactory(ccas=scene.ccas),
        reason=ReasonFactory(partners=[permanence.partner]),
        during=(permanence.during.lower, permanence.during.lower + dt.timedelta(minutes=30)),
        booked_by=scene.administrator,
    )
    with pytest.raises(DomainError, match="1 rendez-vous y est pris"):
        undo_renewal(convention=successor, by=scene.administrator)
    assert successor.allocations.get().slots.count() == 5


def test_what_is_deliberated_is_not_deleted(scene):
    successor = renewed(scene)
    Convention.objects.filter(pk=successor.pk).update(deliberation=scene.deliberation)
    with pytest.raises(DomainError, match="délibérée ou signée"):
        undo_renewal(convention=successor, by=scene.administrator)


def test_the_two_are_compared(scene):
    successor = renewed(scene, title="Convention avec la CPAM")
    assert compare(scene.convention, successor).is_identical
    successor.fee_terms.annual_amount = Decimal("1300.00")
    successor.fee_terms.save()
    PermanenceSlot.objects.filter(allocation__convention=successor, weekday=4, start_time=dt.time(13, 30)).delete()
    successor.articles.update(body="Forfait annuel révisé : {montant_annuel}.")
    later = Convention.objects.with_parties().get(pk=successor.pk)
    comparison = compare(scene.convention, later)
    assert [change.topic for change in comparison.changes] == ["grid", "fee"]
    assert comparison.changes[0].lines == (
        "La permanence tenue le jeudi de 13h30 à 16h30, bureau 27, usagers, sur rendez-vous, est supprimée.",
    )
    (text,) = comparison.texts
    assert [part.text.strip() for part in text.parts if part.fate == Fate.ADDED] == ["révisé", "1\u202f300,00\u00a0€."]


def test_words_are_compared_one_by_one():
    assert [(part.fate, part.text) for part in text_parts("le mardi matin", "le jeudi matin")] == [
        (Fate.KEPT, "le "),
        (Fate.REMOVED, "mardi"),
        (Fate.ADDED, "jeudi"),
        (Fate.KEPT, " matin"),
    ]


def test_the_line_goes_from_2018_to_2025(scene):
    of_2022 = ConventionFactory(
        site=scene.site,
        partner=scene.partner,
        reference="cpam-2022",
        starts_on=dt.date(2022, 7, 1),
        ends_on=dt.date(2025, 3, 31),
    )
    of_2018 = ConventionFactory(
        site=scene.site,
        partner=scene.partner,
        reference="cpam-2018",
        starts_on=dt.date(2018, 10, 1),
        ends_on=dt.date(2022, 6, 30),
    )
    Convention.objects.filter(pk=of_2022.pk).update(predecessor=of_2018)
    Convention.objects.filter(pk=scene.convention.pk).update(predecessor=of_2022)
    for start in (of_2018, of_2022, scene.convention):
        start.refresh_from_db()
        assert [found.pk for found in lineage(start)] == [of_2018.pk, of_2022.pk, scene.convention.pk]


def test_the_pages_renew_compare_and_take_back(scene, client):
    client.force_login(UserFactory(role=Role.MANAGER, ccas=scene.ccas, sites=[scene.site]))
    address = reverse("conventions:convention_renew", args=[scene.convention.pk])
    page = client.get(address)
    assert "5 créneaux par semaine" in page.content.decode()
    sent = {field.html_name: str(field.value()) for field in page.context["form"]}
    refused = client.post(address, {**sent, "reference": "besancon-cpam-2025"})
    assert "déjà prise" in refused.content.decode()
    assert refused.context["form"]["title"].value() == sent["title"]
    done = client.post(address, sent, follow=True).content.decode()
    successor = Convention.objects.get(predecessor=scene.convention)
    assert "Permanences, redevance et textes sont les mêmes." in done
    assert reverse("conventions:convention_renewal_undo", args=[successor.pk]) in done
    assert "déjà renouvelée" in client.get(address).content.decode()
    undo = reverse("conventions:convention_renewal_undo", args=[successor.pk])
    assert "Supprimer le projet" in client.get(undo).content.decode()
    client.post(undo)
    assert Convention.objects.count() == 1
