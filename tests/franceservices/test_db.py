"""What the application adds to PostgreSQL: text folding and the naming of violated constraints."""

import datetime as dt

import pytest
from django.db import IntegrityError, connection, transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from franceservices.db import translate_violations, violated_constraint
from franceservices.errors import DomainError
from franceservices.text import fold
from partners.models import Closure, OpeningHours
from tests.factories import OpeningHoursFactory, SiteFactory

pytestmark = pytest.mark.django_db


def folded_by_postgresql(text: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT franceservices_fold(%s)", [text])
        return cursor.fetchone()[0]


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Étienne CŒURDEVEY", "etienne coeurdevey"),
        ("D’Agostino  Jean-Pierre", "d agostino jean pierre"),
        ("O'Brien", "o brien"),
        ("Yılmaz", "yilmaz"),
        (" Noël ", "noel"),
    ],
)
def test_postgresql_folds_as_the_search_does(text, folded):
    assert folded_by_postgresql(text) == folded
    assert folded_by_postgresql(fold(text)) == folded


@settings(max_examples=60)
@given(st.text(alphabet="AaéÈçÇœŒüÜñ-’' .zZ09", max_size=30))
def test_a_word_folded_here_is_found_in_a_text_folded_there(text):
    assert folded_by_postgresql(text) == fold(text)


def test_a_named_violation_becomes_the_domain_error():
    site = SiteFactory()
    with (
        pytest.raises(DomainError, match="à l’envers"),
        translate_violations({"closure_dates_ordered": DomainError("Les dates sont à l’envers.")}),
    ):
        Closure.objects.create(
            site=site, starts_on=dt.date(2026, 4, 2), ends_on=dt.date(2026, 4, 1), reason="Inventaire"
        )
    assert site.closures.count() == 0


def test_another_violation_passes_unchanged():
    site = SiteFactory()
    with pytest.raises(IntegrityError) as caught, translate_violations({"other": DomainError("autre")}):
        Closure.objects.create(
            site=site, starts_on=dt.date(2026, 4, 2), ends_on=dt.date(2026, 4, 1), reason="Inventaire"
        )
    assert violated_constraint(caught.value) == "closure_dates_ordered"


@pytest.mark.parametrize(
    ("changes", "allowed"),
    [
        ({}, False),
        ({"start_time": dt.time(12, 30), "end_time": dt.time(17)}, True),
        ({"start_time": dt.time(12, 29), "end_time": dt.time(17)}, False),
        ({"weekday": 2}, True),
        ({"starts_on": dt.date(2027, 1, 1)}, True),
        ({"starts_on": dt.date(2026, 12, 31)}, False),
    ],
)
def test_opening_hours_do_not_overlap_while_both_hold(changes, allowed):
    """Times are half-open (12h30 may follow 12h30), validity dates are included at both ends."""
    first = OpeningHoursFactory(starts_on=dt.date(2026, 1, 1), ends_on=dt.date(2026, 12, 31))
    fields = {"site": first.site, "starts_on": dt.date(2026, 6, 1)} | changes
    if allowed:
        OpeningHoursFactory(**fields)
        assert OpeningHours.objects.count() == 2
    else:
        with pytest.raises(IntegrityError) as caught, transaction.atomic():
            OpeningHoursFactory(**fields)
        assert violated_constraint(caught.value) == "opening_hours_no_overlap"
