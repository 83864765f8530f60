"""The statistics page as data: for each kind of activity its main figures, its charts, and the others in a table."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from franceservices.snapshots import one_snapshot
from partners.models import Partner

from . import charts, figures
from .changes import Change, change
from .charts import COMPARED, FILLS, Chart, Series
from .figures import Figure, Group, Part, appointments, case_files, desk_visits, hours, offices, trainings
from .scopes import Scope
from .units import Value

# Up to here a period is drawn by days, beyond by months.
MOST_DAYS_DRAWN = 45
MOST_BARS = 12
SHORT_MONTHS = (
    *("janv.", "févr.", "mars", "avr.", "mai", "juin"),
    *("juil.", "août", "sept.", "oct.", "nov.", "déc."),
)
# The inks of the partners' colours (static/css/tokens.css), for drawings that know no style sheet.
PARTNER_FILLS = {
    "bleu": "#1F4E8C",
    "vert": "#22643B",
    "brique": "#9A3B1F",
    "prune": "#6B2F6E",
    "ocre": "#75510A",
    "petrole": "#0B5563",
    "ardoise": "#44505E",
    "rose": "#94265A",
}


@dataclass(frozen=True)
class Answer:
    """One figure with its value as text and what it was before."""

    figure: Figure
    value: Value
    change: Change | None

    @property
    def text(self) -> str:
        return self.figure.unit.short(self.value)


@dataclass(frozen=True)
class Section:
    """The figures of one source; `because` says why there are none."""

    group: Group
    main: list[Answer]
    others: list[Answer]
    charts: list[Chart]
    because: str = ""
    # Whether anything was noted in the period that it is compared with.
    is_compared: bool = False

    @property
    def is_empty(self) -> bool:
        return not self.because and not any(answer.value for answer in [*self.main, *self.others])


@dataclass(frozen=True)
class Asked:
    """What the charts of a section are drawn from."""

    scope: Scope
    before: Scope | None

    @property
    def axis(self) -> str:
        return "jour" if self.scope.period.day_count <= MOST_DAYS_DRAWN else "mois"


MAIN = {
    appointments.SOURCE: [
        appointments.BOOKED,
        appointments.HELD,
        appointments.ABSENCE_RATE,
        appointments.WAITING_MEAN,
        appointments.LEAD_MEAN,
        appointments.DISTINCT_PEOPLE,
    ],
    hours.SOURCE: [hours.CONTRACTUAL, hours.DELIVERED, hours.CANCELLED],
    offices.SOURCE: [offices.OCCUPATION],
    desk_visits.SOURCE: [
        desk_visits.WALK_INS,
        desk_visits.WALK_IN_PEOPLE,
        desk_visits.COMPUTER_SESSIONS,
        desk_visits.COMPUTER_PEOPLE,
    ],
    case_files.SOURCE: [
        case_files.SENT,
        case_files.ACCEPTED,
        case_files.REFUSED,
        case_files.RETURNED,
        case_files.DELAY_MEAN,
    ],
    trainings.SOURCE: [trainings.SESSIONS, trainings.PEOPLE_TRAINED],
}
TOO_MUCH = (
    "Ces heures se calculent permanence par permanence\u00a0: pour les lire, "
    "choisissez moins d’espaces ou une période plus courte."
)
UNKNOWN_FILTERS = {"partner": "partenaire", "reason": "motif", "audience": "public"}


def sections(groups: Sequence[Group], scope: Scope, before: Scope | None) -> list[Section]:
    """One section for each of `groups`, of the same instant; a number of queries that does not depend on the rows."""
    with one_snapshot():
        return [_section(group, Asked(scope, before)) for group in groups]


def _section(group: Group, asked: Asked) -> Section:
    if not group.source.answers(asked.scope):
        unknown = sorted(asked.scope.filters - group.source.filters)
        words = " ni ".join(UNKNOWN_FILTERS[name] for name in unknown)
        because = f"Ces chiffres ne se distinguent pas par {words}\u00a0: retirez ce filtre." if unknown else TOO_MUCH
        return Section(group, [], [], [], because)
    values = figures.values(group.figures, asked.scope)
    is_compared = asked.before is not None and group.source.has_rows(asked.before)
    old = figures.values(group.figures, asked.before) if is_compared else {}
    answers = {
        figure: Answer(figure, values[figure.slug], change(values[figure.slug], old.get(figure.slug), figure.unit))
        for figure in group.figures
    }
    main = MAIN[group.source]
    has_something = any(answer.value for answer in answers.values())
    draw = DRAWN.get(group.source) if has_something else None
    drawn = draw(asked) if draw else []
    return Section(
        group,
        main=[answers[figure] for figure in main],
        others=[answer for figure, answer in answers.items() if figure not in main],
        charts=[chart for chart in drawn if not chart.is_empty],
        is_compared=is_compared,
    )


# --- Drawings ----------------------------------------------------------------------------------------------------


def _time_labels(parts: Sequence[Part], axis: str) -> tuple[list[str], list[str]]:
    """Names of months or days for the table, and the short ones under the axis; the year stands where it begins."""
    if axis == "jour":
        return [part.label for part in parts], [f"{part.key.day}" for part in parts]
    short = []
    for number, part in enumerate(parts):
        month: date = part.key
        name = SHORT_MONTHS[month.month - 1]
        short.append(f"{name}|{month.year}" if number == 0 or month.month == 1 else name)
    return [part.label for part in parts], short


def over_time(wanted: Sequence[Figure], asked: Asked) -> list[Part]:
    """Days or months; days of a weekend on which nothing happened are left out."""
    parts = figures.parts(wanted, asked.axis, asked.scope)
    if asked.axis != "jour":
        return parts
    return [part for part in parts if part.key.isoweekday() <= 5 or any(part.values.values())]


def _columns(
    key: str, title: str, axis: str, parts: list[Part], series: list[tuple[str, Callable[[Part], Value]]], unit
) -> Chart:
    names, labels = _time_labels(parts, axis)
    drawn = [
        Series(label, [value(part) for part in parts], fill)
        for (label, value), fill in zip(series, FILLS, strict=False)
    ]
    kept = [one for one in drawn if any(one.values)] or drawn[:1]
    head = "Jour" if axis == "jour" else "Mois"
    totals = [f"{one.label.lower()} {unit.full(sum(value or 0 for value in one.values))}" for one in kept]
    return charts.stacked_columns(
        key=key,
        title=f"{title} par {head.lower()}",
        summary=f"En tout\u00a0: {', '.join(totals)}. Les valeurs sont dans le tableau.",
        head=head,
        names=names,
        labels=labels,
        series=kept,
        unit=unit,
    )


def of(*counted: Figure) -> Callable[[Part], Value]:
    """The value of a figure in a part, or the sum of several."""
    if len(counted) == 1:
        return lambda part: part.values[counted[0].slug]
    return lambda part: sum(part.values[figure.slug] or 0 for figure in counted)


def _line(key: str, figure: Figure, asked: Asked, axis: str, parts: list[Part]) -> Chart:
    """A rate or a time by months or days, beside the same of the period before where months face months."""
    names, labels = _time_labels(parts, axis)
    series = [Series(figure.label, [part.values[figure.slug] for part in parts], FILLS[0])]
    if asked.before and axis == "mois":
        old = figures.parts([figure], axis, asked.before)
        if len(old) == len(parts) and any(part.values[figure.slug] is not None for part in old):
            label = asked.before.period.label
            series.append(
                Series(
                    label[:1].upper() + label[1:],
                    [part.values[figure.slug] for part in old],
                    COMPARED,
                    is_compared=True,
                )
            )
    head = "Jour" if axis == "jour" else "Mois"
    return charts.lines(
        key=key,
        title=f"{figure.label} par {head.lower()}",
        summary=f"{figure.definition} Les valeurs sont dans le tableau.",
        head=head,
        names=names,
        labels=labels,
        series=series,
        unit=figure.unit,
    )


def bars(key: str, figure: Figure, axis: str, scope: Scope, *, title: str = "") -> Chart:
    """One bar for each part along `axis`, the most first; those beyond the twelfth together."""
    parts = [part for part in figures.parts([figure], axis, scope) if part.values[figure.slug]]
    named = figure.source.axes[axis]
    if len(parts) > MOST_BARS and figure.unit.is_additive:
        rest = sum(part.values[figure.slug] for part in parts[MOST_BARS - 1 :])
        parts = [*parts[: MOST_BARS - 1], Part(None, "Autres", {figure.slug: rest})]
    first = f"Le plus\u00a0: {parts[0].label}, {figure.unit.full(parts[0].values[figure.slug])}. " if parts else ""
    return charts.rows_of_bars(
        key=key,
        title=title or f"{figure.label} par {named.label.lower()}",
        summary=f"{first}Les valeurs sont dans le tableau.",
        head=named.label,
        names=[part.label for part in parts],
        series=Series(figure.label, [part.values[figure.slug] for part in parts]),
        unit=figure.unit,
        fills=_partner_fills(parts) if axis == "partenaire" else (),
    )


def bars_or_columns(figure: Figure, axis: str, scope: Scope) -> Chart:
    """The drawing of one figure along one axis: over time columns, or a line of what does not add up; else bars."""
    if axis not in ("jour", "mois"):
        return bars("chiffre", figure, axis, scope)
    asked = Asked(scope, None)
    parts = figures.parts([figure], axis, scope)
    if axis == "jour":
        parts = [part for part in parts if part.key.isoweekday() <= 5 or part.values[figure.slug]]
    if figure.unit.is_additive:
        return _columns("chiffre", figure.label, axis, parts, [(figure.label, of(figure))], figure.unit)
    return _line("chiffre", figure, asked, axis, parts)


def _partner_fills(parts: list[Part]) -> list[str]:
    colours = dict(Partner.objects.filter(pk__in=[part.key for part in parts if part.key]).values_list("pk", "colour"))
    return [PARTNER_FILLS.get(colours.get(part.key, ""), FILLS[2]) for part in parts]


def _appointments(asked: Asked) -> list[Chart]:
    fates = [*appointments.FATES, appointments.ABSENCE_RATE, appointments.WAITING_MEAN]
    parts = over_time(fates, asked)
    given_up = (appointments.EXCUSED, appointments.CANCELLED_BY_PARTNER, appointments.CANCELLED_BY_CCAS)
    rest = (appointments.TO_COME, appointments.UNSETTLED, appointments.TO_REPLACE)
    series = [
        ("Effectués", of(appointments.HELD)),
        ("Absences", of(appointments.ABSENT)),
        ("Annulés", of(*given_up)),
        ("À venir ou sans issue", of(*rest)),
    ]
    found = [
        _columns("rdv-temps", "Rendez-vous", asked.axis, parts, series, appointments.BOOKED.unit),
        bars("rdv-motif", appointments.HELD, "motif", asked.scope),
    ]
    if asked.axis == "mois":  # A rate of a handful of people a day says nothing.
        found.append(_line("rdv-absence", appointments.ABSENCE_RATE, asked, asked.axis, parts))
        found.append(_line("rdv-attente", appointments.WAITING_MEAN, asked, asked.axis, parts))
    told_apart = []
    if asked.scope.partner is None:
        told_apart.append(bars("rdv-partenaire", appointments.HELD, "partenaire", asked.scope))
    if len(asked.scope.sites) > 1:
        told_apart.append(bars("rdv-espace", appointments.HELD, "espace", asked.scope))
    # One bar alone tells nothing apart.
    return found + [chart for chart in told_apart if len(chart.bars) > 1]


def _hours(asked: Asked) -> list[Chart]:
    parts = over_time([hours.DELIVERED, hours.CANCELLED, hours.COMING], asked)
    series = [("Tenues", of(hours.DELIVERED)), ("Annulées", of(hours.CANCELLED)), ("À venir", of(hours.COMING))]
    return [
        _columns("heures-temps", "Heures de permanence", asked.axis, parts, series, hours.DELIVERED.unit),
        bars("heures-cause", hours.CANCELLED, "cause", asked.scope),
    ]


def _offices(asked: Asked) -> list[Chart]:
    return [bars("bureaux", offices.OCCUPATION, "bureau", asked.scope)]


def _at_counter(part: Part) -> Value:
    return part.values[desk_visits.WALK_INS.slug] - part.values[desk_visits.COMPUTER_SESSIONS.slug]


def _desk_visits(asked: Asked) -> list[Chart]:
    parts = over_time([desk_visits.WALK_INS, desk_visits.COMPUTER_SESSIONS], asked)
    series = [("Au comptoir", _at_counter), ("Au point numérique", of(desk_visits.COMPUTER_SESSIONS))]
    return [
        _columns("passages-temps", "Passages", asked.axis, parts, series, desk_visits.WALK_INS.unit),
        bars("passages-motif", desk_visits.WALK_INS, "motif", asked.scope),
        bars("passages-nature", desk_visits.WALK_INS, "nature", asked.scope),
        bars("passages-canal", desk_visits.WALK_INS, "canal", asked.scope),
        bars("passages-duree", desk_visits.WALK_INS, "duree", asked.scope),
    ]


def _case_files(asked: Asked) -> list[Chart]:
    parts = over_time(case_files.OUTCOMES, asked)
    series = [(figure.label, of(figure)) for figure in case_files.OUTCOMES]
    return [
        _columns("dossiers-temps", "Dossiers transmis", asked.axis, parts, series, case_files.SENT.unit),
        bars("dossiers-nature", case_files.SENT, "nature", asked.scope),
    ]


DRAWN: dict[figures.Source, Callable[[Asked], list[Chart]]] = {
    appointments.SOURCE: _appointments,
    hours.SOURCE: _hours,
    offices.SOURCE: _offices,
    desk_visits.SOURCE: _desk_visits,
    case_files.SOURCE: _case_files,
}
