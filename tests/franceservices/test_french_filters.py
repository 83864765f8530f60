from datetime import UTC, date, datetime, time
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.template import Context, Template

MOMENT = datetime(2026, 7, 15, 0, 30, tzinfo=UTC)
CAYENNE = ZoneInfo("America/Cayenne")


def render(expression: str, **context: object) -> str:
    return Template("{% load french %}{{ " + expression + " }}").render(Context(context))


@pytest.mark.parametrize(
    ("expression", "value", "written"),
    [
        ("value|euros", Decimal("1254"), "1\u202f254,00\u00a0€"),
        ("value|area", Decimal("15.64"), "15,64\u00a0m²"),
        ("value|number", 1254, "1\u202f254"),
        ("value|date_long", date(2025, 4, 1), "1er avril 2025"),
        ("value|date_short", date(2025, 4, 3), "jeu. 3 avril 2025"),
        ("value|date_weekday", date(2025, 4, 3), "jeudi 3 avril 2025"),
        ("value|weekday_name", 4, "jeudi"),
        ("value|weekday_name", date(2025, 4, 3), "jeudi"),
        ("value|hour", time(8, 30), "8h30"),
        ("value|duration", 90, "1\u00a0h\u00a030"),
        ("value|phone", "+33381412121", "03 81 41 21 21"),
        ("value|siren", "262500564", "262\u00a0500\u00a0564"),
        ("value|joined", ["CPAM", "CAF", "DGFiP"], "CPAM, CAF et DGFiP"),
        ("value|joined", ["<b>", "CAF"], "&lt;b&gt; et CAF"),
    ],
)
def test_filters(expression, value, written):
    assert render(expression, value=value) == written


@pytest.mark.parametrize(
    "expression",
    [
        "euros",
        "area",
        "number",
        "date_long",
        "date_short",
        "date_weekday",
        "weekday_name",
        "hour",
        "duration",
        "phone",
        "siren",
        "joined",
    ],
)
@pytest.mark.parametrize("value", [None, ""])
def test_nothing_is_written_for_nothing(expression, value):
    assert render(f"value|{expression}", value=value) == ""


def test_moments_are_shown_in_the_zone_of_the_site():
    for zone in (CAYENNE, "America/Cayenne"):
        assert render("value|hour_in:zone", value=MOMENT, zone=zone) == "21h30"
        assert render("value|hour:zone", value=MOMENT, zone=zone) == "21h30"
        assert render("value|date_in:zone|date_short", value=MOMENT, zone=zone) == "mar. 14 juillet 2026"
    assert render("value|hour", value=MOMENT) == "2h30"
    assert render("value|hour_in:zone", value=None, zone=CAYENNE) == ""
    assert render("value|date_in:zone|date_long", value=None, zone=CAYENNE) == ""


@pytest.mark.parametrize("name", ["hour", "hour_in", "date_in"])
def test_a_page_without_zone_does_not_show_the_time_of_paris(name):
    with pytest.raises(ValueError, match="fuseau du site"):
        render(f"value|{name}:zone", value=MOMENT, zone="")


@pytest.mark.parametrize("name", ["date_long", "date_short", "date_weekday"])
def test_a_moment_is_no_day(name):
    with pytest.raises(TypeError):
        render(f"value|{name}", value=MOMENT)
