"""School holidays: zones A, B and C from the list, the others from a CSV file."""

import datetime as dt
from io import StringIO

import pytest
import time_machine
from django.core.management import CommandError, call_command

from partners.models import SchoolHoliday
from partners.school_holidays import listed_periods

pytestmark = pytest.mark.django_db


def imported(**options) -> str:
    out = StringIO()
    call_command("import_school_holidays", stdout=out, **options)
    return out.getvalue()


@pytest.fixture(autouse=True)
def today():
    with time_machine.travel(dt.datetime(2026, 1, 5, 8, tzinfo=dt.UTC), tick=False):
        yield


def test_the_winter_of_the_three_zones():
    imported()
    winter = SchoolHoliday.objects.filter(name="Vacances d’hiver", starts_on__year=2026).order_by("zone")
    assert list(winter.values_list("zone", "starts_on", "ends_on")) == [
        ("A", dt.date(2026, 2, 7), dt.date(2026, 2, 22)),
        ("B", dt.date(2026, 2, 14), dt.date(2026, 3, 1)),
        ("C", dt.date(2026, 2, 21), dt.date(2026, 3, 8)),
    ]


def test_holidays_over_the_new_year_are_one_period():
    christmas = [
        period for period in listed_periods(first_year=2025) if period.name == "Vacances de Noël" and period.zone == "A"
    ]
    assert (christmas[1].starts_on, christmas[1].ends_on) == (dt.date(2025, 12, 20), dt.date(2026, 1, 4))


def test_a_second_run_doubles_nothing():
    imported()
    before = SchoolHoliday.objects.count()
    imported()
    assert SchoolHoliday.objects.count() == before > 15


def test_guyane_comes_from_a_file(tmp_path):
    path = tmp_path / "guyane.csv"
    path.write_text("\ufeffzone;nom;du;au\nguyane;Carnaval;2026-02-14;2026-02-22\n", encoding="utf-8")
    assert "1 périodes" in imported(csv=path)
    assert str(SchoolHoliday.objects.get()) == "Carnaval (Guyane)"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("zone,nom,du\n", "doit commencer par les colonnes"),
        ("", "doit commencer par les colonnes"),
        ("zone,nom,du,au\nZ,Été,2026-07-04,2026-08-31\n", "Ligne 2.*zone"),
        ("zone,nom,du,au\nA,Été,2026-08-31,2026-07-04\n", "Ligne 2.*dates"),
        ("zone,nom,du,au\nA,Été,04/07/2026,31/08/2026\n", "Ligne 2.*dates"),
        ("zone,nom,du,au\nA,,2026-07-04,2026-08-31\n", "Ligne 2.*nom"),
        ("zone,nom,du,au\nA\n", "Ligne 2"),
    ],
)
def test_a_file_that_cannot_be_read_says_where_and_changes_nothing(tmp_path, text, sentence):
    path = tmp_path / "zones.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(CommandError, match=sentence):
        imported(csv=path)
    assert not SchoolHoliday.objects.exists()


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(CommandError, match="ne peut pas être lu"):
        imported(csv=tmp_path / "none.csv")
