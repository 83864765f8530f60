"""Where the marks of a chart stand: pure arithmetic, checked against the values that they stand for."""

from fractions import Fraction
from xml.etree import ElementTree

import pytest
from django.template.loader import render_to_string
from hypothesis import given
from hypothesis import strategies as st

from reports import units
from reports.charts import PLOT_HEIGHT, WIDTH, Chart, Series, lines, rows_of_bars, shortened, stacked_columns

VALUES = st.lists(st.integers(0, 50_000), min_size=1, max_size=30)


def words(values) -> dict[str, list[str]]:
    return {"names": [f"Mois {n}" for n in range(len(values))], "labels": [f"{n}" for n in range(len(values))]}


def columns(*series: list, unit=units.APPOINTMENTS) -> Chart:
    drawn = [Series(f"Série {number}", values) for number, values in enumerate(series)]
    return stacked_columns(
        key="c", title="Titre", summary="Résumé", head="Mois", series=drawn, unit=unit, **words(series[0])
    )


def inside(chart: Chart) -> None:
    for bar in chart.bars:
        assert 0 <= float(bar.x) <= float(bar.x) + float(bar.width) <= chart.width + 0.1
        assert 0 <= float(bar.y) <= float(bar.y) + float(bar.height) <= chart.height


@given(VALUES)
def test_columns_are_as_high_as_their_values(values):
    chart = columns(values)
    inside(chart)
    highest = max(values)
    top = float(chart.ticks[-1].y)
    assert len(chart.bars) == sum(value > 0 for value in values)
    for bar, value in zip(chart.bars, [value for value in values if value], strict=True):
        assert float(bar.y) >= top - 0.1
        if highest > 100:
            ratio = float(bar.height) / max(float(found.height) for found in chart.bars)
            assert ratio == pytest.approx(value / highest, abs=0.01)
    assert 2 <= len(chart.ticks) <= 9


@given(VALUES)
def test_the_table_beside_holds_the_values_and_their_sum(values):
    chart = columns(values, values)
    number = units.APPOINTMENTS.short
    assert [row[1:] for row in chart.table.rows] == [[number(value), number(value)] for value in values]
    assert chart.table.foot == ["Total", number(sum(values)), number(sum(values))]
    assert chart.table.head == ["Mois", "Série 0", "Série 1"]


def test_parts_stand_on_top_of_each_other():
    low, high = columns([30], [20]).bars
    assert float(high.y) + float(high.height) == pytest.approx(float(low.y), abs=0.2)
    assert float(low.height) / float(high.height) == pytest.approx(1.5, abs=0.02)


@pytest.mark.parametrize(
    ("unit", "highest", "labels"),
    [
        (units.APPOINTMENTS, 3, ["0", "1", "2", "3"]),
        (units.APPOINTMENTS, 257, ["0", "50", "100", "150", "200", "250", "300"]),
        (units.HOURS, 630, ["0 h", "2 h", "4 h", "6 h", "8 h", "10 h", "12 h"]),
        (units.SHARE, Fraction(1, 8), ["0 %", "2 %", "4 %", "6 %", "8 %", "10 %", "12 %", "14 %"]),
    ],
)
def test_ticks_are_round_in_the_unit_that_is_read(unit, highest, labels):
    chart = columns([highest], unit=unit)
    assert [tick.label.replace("\u00a0", " ") for tick in chart.ticks] == labels


def test_a_line_is_broken_where_there_is_nothing_to_say():
    values = [Fraction(1, 10), None, Fraction(2, 10), Fraction(1, 10), None]
    chart = lines(
        key="l", title="T", summary="R", head="Mois", series=[Series("Taux", values)], unit=units.SHARE, **words(values)
    )
    assert [len(line.dots) for line in chart.lines] == [1, 2]
    assert [row[1] for row in chart.table.rows] == ["10\u00a0%", "–", "20\u00a0%", "10\u00a0%", "–"]
    assert chart.table.foot == []


def test_bars_go_to_the_right_and_long_names_are_cut_but_not_in_the_table():
    name = "Ouverture ou changement de droits à la complémentaire santé solidaire"
    chart = rows_of_bars(
        key="b",
        title="T",
        summary="R",
        head="Motif",
        names=[name, "RSA"],
        series=Series("Reçus", [10, 5]),
        unit=units.VISITS,
    )
    inside(chart)
    assert chart.labels[0].text.endswith("…")
    assert chart.table.rows[0][0] == name
    assert float(chart.bars[0].width) == pytest.approx(2 * float(chart.bars[1].width), abs=0.2)
    assert shortened("RSA", 100) == "RSA"


@pytest.mark.parametrize("values", [[], [0, 0]])
def test_nothing_to_draw(values):
    assert columns(values).is_empty


@pytest.mark.parametrize("kind", ["columns", "lines", "bars"])
def test_drawings_are_svg_that_needs_no_style_sheet(kind):
    values = [Fraction(1234), Fraction(567)]
    if kind == "columns":
        chart = columns(values)
    elif kind == "lines":
        chart = lines(
            key="l",
            title="T",
            summary="<R>",
            head="Mois",
            series=[Series("A", values)],
            unit=units.VISITS,
            **words(values),
        )
    else:
        chart = rows_of_bars(
            key="b",
            title="T & U",
            summary="R",
            head="Motif",
            names=["A", "B"],
            series=Series("A", values),
            unit=units.VISITS,
        )
    text = render_to_string(chart.template, {"chart": chart})
    drawing = ElementTree.fromstring(text.strip())
    assert drawing.get("role") == "img"
    assert float(drawing.get("width")) == WIDTH
    shapes = [element for element in drawing.iter() if element.tag.endswith(("rect", "circle"))]
    assert len(shapes) == 2
    # Numbers with a point, though the page is in French; no class, no style.
    assert not [element for element in drawing.iter() if {"class", "style"} & set(element.keys())]
    assert all("," not in element.get("y", "") for element in drawing.iter())
    assert chart.height > PLOT_HEIGHT or kind == "bars"
