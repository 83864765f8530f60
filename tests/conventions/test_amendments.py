"""Avenants: what their putting in force writes, what it leaves, what it refuses, and how it is taken back."""

import datetime as dt
from dataclasses import replace
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from bookings.generation import generate_permanences
from bookings.models import Permanence
from conventions.agreed_terms import SlotTerms, Terms
from conventions.agreements import AgreementRefused, dump_agreement, load_text
from conventions.amendment_preview import preview_of
from conventions.amendments import (
    AmendmentText,
    delete_draft,
    next_number,
    put_in_force,
    record_signature,
    revoke,
    save_draft,
)
from conventions.models import Amendment, Convention, PermanenceSlot
from conventions.pricing import explain_fee
from conventions.terms import fee_periods, read_history, terms_on
from franceservices.errors import DomainError
from tests.conventions.scene import Scene
from tests.factories import ConventionFactory, OfficeFactory, slot_of

pytestmark = pytest.mark.django_db
WEDNESDAY_ON = dt.date(2026, 1, 1)
EVE = dt.date(2025, 12, 31)


@pytest.fixture
def scene(time_machine):
    time_machine.move_to(dt.datetime(2025, 11, 3, 9, tzinfo=dt.UTC))
    return Scene()


def rows_of(convention: Convention) -> set[tuple]:
    return {
        (
            slot.office_id,
            slot.weekday,
            slot.start_time,
            slot.end_time,
            slot.audience,
            slot.mode,
            slot.starts_on,
            slot.ends_on,
        )
        for slot in PermanenceSlot.objects.filter(allocation__convention=convention)
    }


def wednesday_morning(scene: Scene) -> SlotTerms:
    return SlotTerms("27", scene.office.pk, 3, dt.time(8, 30), dt.time(12, 30), "public", "appointment")


def with_wednesday(scene: Scene, amount: str = "1881.00") -> Terms:
    before = terms_on(scene.convention, WEDNESDAY_ON)
    return replace(
        before,
        slots=tuple(sorted([*before.slots, wednesday_morning(scene)], key=lambda slot: slot.order)),
        fee=replace(before.fee, annual_amount=Decimal(amount)),
    )


def draft(scene: Scene, terms: Terms, *, effective_on: dt.date = WEDNESDAY_ON, number: int | None = None) -> Amendment:
    text = AmendmentText(
        number=number or next_number(scene.convention),
        subject="Ajout du mercredi matin",
        reason="la demande de rendez-vous dépasse l’offre",
        effective_on=effective_on,
        deliberation=None,
    )
    return save_draft(convention=scene.convention, amendment=None, text=text, terms=terms, by=scene.administrator)


def in_force(scene: Scene, terms: Terms, **options) -> Amendment:
    amendment = draft(scene, terms, **options)
    put_in_force(amendment=amendment, by=scene.administrator)
    amendment.refresh_from_db()
    scene.convention.refresh_from_db()
    return amendment


def test_a_draft_changes_nothing(scene):
    before = rows_of(scene.convention)
    draft(scene, with_wednesday(scene))
    assert rows_of(scene.convention) == before
    assert terms_on(scene.convention, WEDNESDAY_ON).fee.annual_amount == Decimal("1254.00")


def test_wednesday_morning_counts_from_its_day_only(scene):
    kept = set(PermanenceSlot.objects.values_list("pk", flat=True))
    in_force(scene, with_wednesday(scene))
    assert (
        set(PermanenceSlot.objects.filter(pk__in=kept, ends_on=scene.convention.ends_on).values_list("pk", flat=True))
        == kept
    )
    eve, day = terms_on(scene.convention, EVE), terms_on(scene.convention, WEDNESDAY_ON)
    assert wednesday_morning(scene) not in eve.slots
    assert wednesday_morning(scene) in day.slots
    assert (eve.fee.annual_amount, day.fee.annual_amount) == (Decimal("1254.00"), Decimal("1881.00"))
    assert explain_fee(scene.convention, on=EVE).contractual_amount == Decimal("1254.00")
    amended = explain_fee(scene.convention, on=WEDNESDAY_ON)
    assert amended.contractual_amount == Decimal("1881.00")
    # 3 days of 5: 9.384 m², 9 whole ones at 209 €.
    assert amended.computed_amount == Decimal("1881.00")
    assert amended.deliberated_gap == ""


def test_permanences_follow_from_that_day_only(scene):
    generate_permanences(conventions=[scene.convention])
    before = set(Permanence.objects.values_list("pk", "slot_id", "day"))
    answers = put_in_force(amendment=draft(scene, with_wednesday(scene)), by=scene.administrator)
    after = set(Permanence.objects.values_list("pk", "slot_id", "day"))
    assert before <= after
    wednesdays = Permanence.objects.filter(day__week_day=4)
    assert wednesdays.exists()
    assert min(wednesdays.values_list("day", flat=True)) == dt.date(2026, 1, 7)
    assert "créées" in answers[0].summary()


def test_a_slot_that_moves_ends_on_the_eve(scene):
    before = terms_on(scene.convention, WEDNESDAY_ON)
    slots = tuple(
        replace(slot, end_time=dt.time(12, 0)) if slot.start_time == dt.time(10, 0) else slot for slot in before.slots
    )
    in_force(scene, replace(before, slots=slots))
    scene.tuesday_morning.refresh_from_db()
    assert scene.tuesday_morning.ends_on == EVE
    shorter = PermanenceSlot.objects.get(weekday=2, end_time=dt.time(12, 0))
    assert (shorter.starts_on, shorter.ends_on) == (WEDNESDAY_ON, scene.convention.ends_on)


def test_another_office_brings_its_allocation(scene):
    other = OfficeFactory(site=scene.site, label="12", area_m2=Decimal("12.00"))
    before = terms_on(scene.convention, WEDNESDAY_ON)
    moved = replace(
        before,
        slots=tuple(replace(slot, office_id=other.pk, office_label="12") for slot in before.slots),
        fee=replace(before.fee, areas_m2={other.pk: Decimal("11.50")}),
    )
    amendment = in_force(scene, moved)
    history = read_history(scene.convention)
    assert [office.label for office in history.offices_on(EVE)] == ["27"]
    assert [(office.label, office.area_m2) for office in history.offices_on(WEDNESDAY_ON)] == [("12", Decimal("11.50"))]
    other.refresh_from_db()
    assert other.area_m2 == Decimal("12.00")
    revoke(amendment=amendment, by=scene.administrator)
    assert list(scene.convention.allocations.values_list("office__label", flat=True)) == ["27"]


@pytest.mark.parametrize(
    ("effective_on", "ends_on"),
    [
        (dt.date(2028, 4, 1), dt.date(2029, 3, 31)),
        (dt.date(2026, 1, 1), dt.date(2029, 3, 31)),
        (dt.date(2026, 1, 1), dt.date(2026, 12, 31)),
    ],
)
def test_the_term_moves_and_the_slots_follow(scene, effective_on, ends_on):
    before = terms_on(scene.convention, dt.date(2026, 1, 1))
    kept = set(PermanenceSlot.objects.values_list("pk", flat=True))
    amendment = in_force(scene, replace(before, ends_on=ends_on), effective_on=effective_on)
    assert scene.convention.ends_on == ends_on
    assert set(PermanenceSlot.objects.values_list("pk", "ends_on")) == {(pk, ends_on) for pk in kept}
    assert terms_on(scene.convention, effective_on - dt.timedelta(days=1)).ends_on == dt.date(2028, 3, 31)
    assert terms_on(scene.convention, effective_on).ends_on == ends_on
    revoke(amendment=amendment, by=scene.administrator)
    scene.convention.refresh_from_db()
    assert scene.convention.ends_on == dt.date(2028, 3, 31)


def test_fee_periods_are_split_where_the_fee_changes(scene):
    in_force(scene, with_wednesday(scene))
    same_fee = replace(terms_on(scene.convention, dt.date(2027, 1, 1)), ends_on=dt.date(2028, 6, 30))
    in_force(scene, same_fee, effective_on=dt.date(2027, 1, 1))
    periods = fee_periods(scene.convention, dt.date(2020, 1, 1), dt.date(2035, 1, 1))
    assert [(p.starts_on, p.ends_on, p.rule.annual_amount, p.amendment_number) for p in periods] == [
        (dt.date(2025, 4, 1), EVE, Decimal("1254.00"), None),
        (WEDNESDAY_ON, dt.date(2028, 6, 30), Decimal("1881.00"), 1),
    ]


def test_an_avenant_may_end_the_fee(scene):
    in_force(scene, replace(terms_on(scene.convention, WEDNESDAY_ON), fee=None))
    assert explain_fee(scene.convention, on=WEDNESDAY_ON) is None
    assert [p.ends_on for p in fee_periods(scene.convention, dt.date(2025, 1, 1), dt.date(2028, 12, 31))] == [EVE]


@pytest.mark.parametrize(
    ("effective_on", "words"),
    [
        (dt.date(2025, 4, 1), "après son premier jour"),
        (dt.date(2028, 4, 2), "lendemain de son terme"),
    ],
)
def test_an_effect_out_of_the_term_is_refused(scene, effective_on, words):
    with pytest.raises(DomainError, match=words):
        put_in_force(amendment=draft(scene, with_wednesday(scene), effective_on=effective_on), by=scene.administrator)


def test_an_avenant_that_changes_nothing_is_refused(scene):
    with pytest.raises(DomainError, match="ne change rien"):
        put_in_force(amendment=draft(scene, terms_on(scene.convention, WEDNESDAY_ON)), by=scene.administrator)


def test_avenants_follow_one_another(scene):
    in_force(scene, with_wednesday(scene))
    with pytest.raises(DomainError, match="doit prendre effet après"):
        put_in_force(amendment=draft(scene, with_wednesday(scene, "1000.00")), by=scene.administrator)


def test_an_office_taken_by_another_convention_is_named(scene):
    other = ConventionFactory(site=scene.site, partner__short_name="CAF")
    slot_of(other, 3, "09:00", "11:00", office=scene.office)
    before = rows_of(scene.convention)
    amendment = draft(scene, with_wednesday(scene))
    with pytest.raises(DomainError, match="Bureau 27 est déjà pris par CAF, mercredi 9h00–11h00"):
        put_in_force(amendment=amendment, by=scene.administrator)
    amendment.refresh_from_db()
    assert amendment.is_draft
    assert rows_of(scene.convention) == before


def test_a_term_that_meets_the_successor_is_refused(scene):
    ConventionFactory(
        site=scene.site, predecessor=scene.convention, starts_on=dt.date(2028, 4, 1), ends_on=dt.date(2031, 3, 31)
    )
    longer = replace(terms_on(scene.convention, WEDNESDAY_ON), ends_on=dt.date(2028, 4, 1))
    with pytest.raises(DomainError, match="qui lui succède"):
        put_in_force(amendment=draft(scene, longer), by=scene.administrator)


def test_a_number_is_given_once(scene):
    draft(scene, with_wednesday(scene))
    with pytest.raises(DomainError, match="déjà un avenant"):
        draft(scene, with_wednesday(scene), number=1)


def test_what_is_in_force_is_frozen_by_the_database(scene):
    amendment = in_force(scene, with_wednesday(scene))
    for change in ({"subject": "autre"}, {"effective_on": EVE}, {"proposed": {}}, {"number": 7}, {"replaced": {}}):
        with pytest.raises(IntegrityError, match="in force"), transaction.atomic():
            Amendment.objects.filter(pk=amendment.pk).update(**change)
    with pytest.raises(IntegrityError, match="in force"), transaction.atomic():
        Amendment.objects.filter(pk=amendment.pk).delete()
    with pytest.raises(DomainError, match="ne se modifie plus"):
        delete_draft(amendment=amendment, by=scene.administrator)
    record_signature(
        amendment=amendment,
        signed_on=dt.date(2025, 12, 15),
        signed_at="Besançon",
        deliberation=scene.deliberation,
        by=scene.administrator,
    )
    amendment.refresh_from_db()
    assert amendment.signed_on == dt.date(2025, 12, 15)


def test_a_draft_is_deleted(scene):
    delete_draft(amendment=draft(scene, with_wednesday(scene)), by=scene.administrator)
    assert not Amendment.objects.exists()


def test_revoking_brings_everything_back(scene):
    generate_permanences(conventions=[scene.convention])
    before = rows_of(scene.convention)
    dates = set(Permanence.objects.values_list("day", "during", "slot__weekday"))
    terms = terms_on(scene.convention, WEDNESDAY_ON)
    amendment = in_force(scene, with_wednesday(scene))
    assert rows_of(scene.convention) != before
    revoke(amendment=amendment, by=scene.administrator)
    assert rows_of(scene.convention) == before
    assert set(Permanence.objects.values_list("day", "during", "slot__weekday")) == dates
    assert terms_on(scene.convention, WEDNESDAY_ON) == terms
    amendment.refresh_from_db()
    assert amendment.is_draft


def test_what_has_begun_is_not_revoked(scene, time_machine):
    amendment = in_force(scene, with_wednesday(scene))
    time_machine.move_to(dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC))
    with pytest.raises(DomainError, match="a pris effet"):
        revoke(amendment=amendment, by=scene.administrator)


def test_the_last_avenant_is_revoked_first(scene):
    first = in_force(scene, with_wednesday(scene))
    later = terms_on(scene.convention, dt.date(2026, 6, 1))
    in_force(
        scene, replace(later, fee=replace(later.fee, annual_amount=Decimal(2000))), effective_on=dt.date(2026, 6, 1)
    )
    with pytest.raises(DomainError, match="révoquez-le d’abord"):
        revoke(amendment=first, by=scene.administrator)


def test_a_grid_changed_since_is_not_overwritten(scene):
    amendment = in_force(scene, with_wednesday(scene))
    PermanenceSlot.objects.filter(weekday=3).update(end_time=dt.time(11, 30))
    with pytest.raises(DomainError, match="ont été changés depuis"):
        revoke(amendment=amendment, by=scene.administrator)


def test_a_seasonal_line_stays(scene):
    summer = scene.slot(5, "09:00", "11:00", starts_on=dt.date(2026, 7, 1), ends_on=dt.date(2026, 8, 31))
    in_force(scene, with_wednesday(scene))
    summer.refresh_from_db()
    assert (summer.starts_on, summer.ends_on) == (dt.date(2026, 7, 1), dt.date(2026, 8, 31))


def test_the_preview_tells_and_keeps_nothing(scene):
    generate_permanences(conventions=[scene.convention])
    amendment = draft(scene, with_wednesday(scene))
    rows, dates = rows_of(scene.convention), set(Permanence.objects.values_list("pk", "day", "slot_id"))
    preview = preview_of(amendment=amendment, reader=scene.administrator)
    assert preview.refusal == ""
    assert "créées" in preview.effects[0].summary
    assert rows_of(scene.convention) == rows
    assert set(Permanence.objects.values_list("pk", "day", "slot_id")) == dates
    amendment.refresh_from_db()
    assert amendment.is_draft
    assert amendment.replaced is None


def test_the_preview_says_why_it_would_be_refused(scene):
    amendment = draft(scene, terms_on(scene.convention, WEDNESDAY_ON))
    assert "ne change rien" in preview_of(amendment=amendment, reader=scene.administrator).refusal


def test_a_file_says_what_was_signed_and_changes_nothing_else(scene):
    toml = dump_agreement(convention=scene.convention)
    in_force(scene, with_wednesday(scene))
    before = rows_of(scene.convention)
    amended = Convention.objects.with_parties().get(pk=scene.convention.pk)
    assert dump_agreement(convention=amended) == toml
    assert load_text(text=toml).is_unchanged
    assert rows_of(scene.convention) == before
    with pytest.raises(AgreementRefused, match="ne changent plus que par un avenant"):
        load_text(text=toml.replace("ends_on = 2028-03-31", "ends_on = 2029-03-31"))
