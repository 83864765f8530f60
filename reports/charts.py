"""Charts as numbers: where each bar, point and label stands. Pure: the SVG is written by `templates/reports/charts/`.

The same drawing serves the screen and the printed documents, so it holds no class and no style: WeasyPrint reads
presentation attributes alone. Beside each chart stands a table of the same values: a drawing is never alone.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil

from reports.units import Kind, Unit, Value

# Fills that differ in lightness as in hue: a black and white print still tells them apart; beside each its word.
FILLS = ("#0B5563", "#C98A1B", "#A9B2BD", "#7F8FBF", "#94265A", "#22643B")
COMPARED = "#8C857A"

WIDTH = 680
MARGIN_LEFT, MARGIN_RIGHT, MARGIN_TOP, MARGIN_BOTTOM = 56, 8, 10, 40
PLOT_HEIGHT = 200
# What a label of text takes, about: the drawing has no way to measure.
LETTER = 7.2
LINE = 28
FEWEST_INTERVALS, MOST_LABELS = 3, 16


@dataclass(frozen=True)
class Series:
    """One value for each category, under one name."""

    label: str
    values: Sequence[Value]
    fill: str = FILLS[0]
    is_compared: bool = False


def at(number: float) -> str:
    """A coordinate as SVG reads it: with a point, whatever the language of the page."""
    return f"{number:.1f}"


@dataclass(frozen=True)
class Tick:
    """A line across the drawing, and where its label stands."""

    y: str
    label_y: str
    label: str


@dataclass(frozen=True)
class Bar:
    """A rectangle, or for a point its middle; `title` is what a pointer that rests on it is told."""

    x: str
    y: str
    width: str
    height: str
    fill: str
    title: str


@dataclass(frozen=True)
class Label:
    x: str
    y: str
    text: str


@dataclass(frozen=True)
class Line:
    points: str
    dots: list[Bar]
    fill: str
    is_compared: bool


@dataclass(frozen=True)
class Table:
    """The same values as text: a header, and rows whose first cell names them."""

    head: list[str]
    rows: list[list[str]]
    foot: list[str]


@dataclass(frozen=True)
class Chart:
    """What every chart has; `template` is the drawing that knows its shapes.

    `key` makes the ids of a page's charts differ. `summary` says in a sentence what the drawing shows.
    """

    key: str
    title: str
    summary: str
    template: str
    width: int
    height: int
    legend: list[Series]
    table: Table
    ticks: list[Tick]
    bars: list[Bar]
    lines: list[Line]
    labels: list[Label]
    notes: list[Label]
    plot_left: str = at(MARGIN_LEFT)
    plot_right: str = at(WIDTH - MARGIN_RIGHT)
    tick_right: str = at(MARGIN_LEFT - 8)

    @property
    def is_empty(self) -> bool:
        return not self.bars and not self.lines


def _step(highest: Fraction, unit: Unit) -> Fraction:
    """The distance of the ticks: 1, 2 or 5 times a power of ten, in the unit that the axis is read in."""
    scale = {Kind.HOURS: Fraction(60), Kind.SHARE: Fraction(1, 100)}.get(unit.kind, Fraction(1))
    wanted = highest / scale / FEWEST_INTERVALS
    step = Fraction(1) if unit.kind in (Kind.COUNT, Kind.HOURS, Kind.SHARE) else Fraction(1, 10)
    factors = [2, Fraction(5, 2), 2]
    number = 0
    while step * factors[number % 3] <= wanted:
        step *= factors[number % 3]
        number += 1
    return step * scale


def _scale(values: Iterable[Value], unit: Unit) -> tuple[Fraction, list[Fraction]]:
    """The top of the axis and its ticks, from zero."""
    highest = max((Fraction(value) for value in values if value), default=Fraction(0))
    step = _step(highest, unit)
    count = max(1, ceil(highest / step))
    return step * count, [step * number for number in range(count + 1)]


def _tick_label(value: Fraction, unit: Unit) -> str:
    return unit.short(value if unit.kind in (Kind.SHARE, Kind.DAYS, Kind.MINUTES) else int(value))


def _ticks(ticks: list[Fraction], top: Fraction, baseline: float, unit: Unit) -> list[Tick]:
    found = []
    for tick in ticks:
        y = baseline - float(tick / top) * PLOT_HEIGHT
        found.append(Tick(at(y), at(y + 4), _tick_label(tick, unit)))
    return found


def _legible(labels: Sequence[str]) -> list[str]:
    """The labels under an axis, some left out when there are too many to be read."""
    every = max(1, ceil(len(labels) / MOST_LABELS))
    return [label if number % every == 0 else "" for number, label in enumerate(labels)]


def _axis(labels: Sequence[str], slot: float, baseline: float) -> list[Label]:
    """Labels of the categories; a second line begins at « | »."""
    found = []
    for number, label in enumerate(_legible(labels)):
        x = MARGIN_LEFT + slot * (number + 0.5)
        for line, text in enumerate(label.split("|")):
            if text:
                found.append(Label(at(x), at(baseline + 16 + 14 * line), text))
    return found


def table_of(head: str, names: Sequence[str], series: Sequence[Series], unit: Unit, *, totals: bool) -> Table:
    """The values as text, with a last row of sums where they mean something."""
    foot = []
    if totals:
        foot = ["Total", *(unit.short(sum(value or 0 for value in one.values)) for one in series)]
    return Table(
        head=[head, *(one.label for one in series)],
        rows=[[name, *(unit.short(one.values[number]) for one in series)] for number, name in enumerate(names)],
        foot=foot,
    )


def stacked_columns(
    *,
    key: str,
    title: str,
    summary: str,
    head: str,
    names: Sequence[str],
    labels: Sequence[str],
    series: Sequence[Series],
    unit: Unit,
) -> Chart:
    """A column for each of `names`, its parts on top of each other; `labels` are the short names under the axis."""
    totals = [sum((one.values[number] or 0) for one in series) for number in range(len(names))]
    top, ticks = _scale(totals, unit)
    baseline = MARGIN_TOP + PLOT_HEIGHT
    slot = (WIDTH - MARGIN_LEFT - MARGIN_RIGHT) / max(1, len(names))
    width = min(44, slot * 0.7)
    bars = []
    for number, name in enumerate(names):
        reached = Fraction(0)
        for one in series:
            value = Fraction(one.values[number] or 0)
            if not value:
                continue
            height = float(value / top) * PLOT_HEIGHT
            y = baseline - float((reached + value) / top) * PLOT_HEIGHT
            x = MARGIN_LEFT + slot * (number + 0.5) - width / 2
            said = f"{name}, {one.label.lower()}\u00a0: {unit.full(one.values[number])}"
            bars.append(Bar(at(x), at(y), at(width), at(height), one.fill, said))
            reached += value
    return Chart(
        key=key,
        title=title,
        summary=summary,
        template="reports/charts/columns.svg",
        width=WIDTH,
        height=baseline + MARGIN_BOTTOM,
        legend=list(series) if len(series) > 1 else [],
        table=table_of(head, names, series, unit, totals=True),
        ticks=_ticks(ticks, top, baseline, unit),
        bars=bars,
        lines=[],
        labels=_axis(labels, slot, baseline),
        notes=[],
    )


def lines(
    *,
    key: str,
    title: str,
    summary: str,
    head: str,
    names: Sequence[str],
    labels: Sequence[str],
    series: Sequence[Series],
    unit: Unit,
) -> Chart:
    """A line for each of `series`; where one has no value the line is broken. The compared one is dashed."""
    top, ticks = _scale((value for one in series for value in one.values), unit)
    baseline = MARGIN_TOP + PLOT_HEIGHT
    slot = (WIDTH - MARGIN_LEFT - MARGIN_RIGHT) / max(1, len(names))
    drawn = []
    for one in series:
        run: list[str] = []
        dots: list[Bar] = []
        for number, value in enumerate([*one.values[: len(names)], None]):
            if value is None:
                if run or dots:
                    drawn.append(Line(" ".join(run), dots, one.fill, one.is_compared))
                run, dots = [], []
                continue
            x = at(MARGIN_LEFT + slot * (number + 0.5))
            y = at(baseline - float(Fraction(value) / top) * PLOT_HEIGHT)
            run.append(f"{x},{y}")
            said = f"{names[number]}, {one.label.lower()}\u00a0: {unit.full(value)}"
            dots.append(Bar(x, y, "0", "0", one.fill, said))
    return Chart(
        key=key,
        title=title,
        summary=summary,
        template="reports/charts/lines.svg",
        width=WIDTH,
        height=baseline + MARGIN_BOTTOM,
        legend=list(series) if len(series) > 1 else [],
        table=table_of(head, names, series, unit, totals=False),
        ticks=_ticks(ticks, top, baseline, unit),
        bars=[],
        lines=drawn,
        labels=_axis(labels, slot, baseline),
        notes=[],
    )


def rows_of_bars(
    *,
    key: str,
    title: str,
    summary: str,
    head: str,
    names: Sequence[str],
    series: Series,
    unit: Unit,
    fills: Sequence[str] = (),
) -> Chart:
    """A bar to the right for each of `names`, its value at its end; `fills` give each its own colour."""
    values = [Fraction(value or 0) for value in series.values]
    highest = max(values, default=Fraction(0)) or Fraction(1)
    longest = max((len(name) for name in names), default=0)
    left = min(270.0, max(90.0, longest * LETTER + 10))
    room = WIDTH - left - 90
    bars, labels, notes = [], [], []
    for number, (name, value) in enumerate(zip(names, values, strict=True)):
        y = 6 + LINE * number
        width = max(1.5 if value else 0.0, float(value / highest) * room)
        said = f"{name}\u00a0: {unit.full(series.values[number])}"
        fill = fills[number] if fills else series.fill
        if value:
            bars.append(Bar(at(left), at(y), at(width), at(LINE - 10), fill, said))
        labels.append(Label(at(left - 8), at(y + 14), shortened(name, left - 8)))
        notes.append(Label(at(left + width + 6), at(y + 14), unit.short(series.values[number])))
    return Chart(
        key=key,
        title=title,
        summary=summary,
        template="reports/charts/bars.svg",
        width=WIDTH,
        height=LINE * max(1, len(names)) + 8,
        legend=[],
        table=table_of(head, names, [series], unit, totals=unit.is_additive),
        ticks=[],
        bars=bars,
        lines=[],
        labels=labels,
        notes=notes,
        plot_left=at(left),
    )


def shortened(text: str, room: float) -> str:
    """As much of `text` as fits in `room`; the whole is in the table beside."""
    most = int(room / LETTER)
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"
