"""What a careful reader would remark about the life of a convention: its grid, its office, its fee, what is owed. Pure.

`findings.py` reads the text and the acts; here it is held against the place where it is carried out. Uses of a room on
one date (loans, permanences that were moved) are not known here: the floor above refuses two of them at once.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from franceservices.dates import WEEKDAYS, format_date_long, format_duration, format_time_range, join_fr
from franceservices.money import NO_BREAK_SPACE, format_euros

from .findings import Finding, Where, about

LEAST_OPENING = timedelta(hours=24)
"""How long a France Services space must be open each week."""

OPENING_RULE = "Un espace France Services ouvre au moins 24 heures par semaine"
INSURANCE, MONTHLY_COUNT, COMMITTEE = "insurance_certificate", "monthly_count", "committee"


@dataclass(frozen=True)
class WeeklyUse:
    """A line of the grid: `[start, end)` on an ISO weekday, from `starts_on` to `ends_on`, both included."""

    office: str
    weekday: int
    start: time
    end: time
    is_public: bool
    starts_on: date
    ends_on: date

    @property
    def words(self) -> str:
        return f"le {WEEKDAYS[self.weekday]} {format_time_range(self.start, self.end)}"


@dataclass(frozen=True)
class OpeningSpan:
    """A weekly span of the opening; no `ends_on` means until further notice."""

    weekday: int
    start: time
    end: time
    starts_on: date
    ends_on: date | None

    def holds_on(self, day: date) -> bool:
        return self.starts_on <= day and (self.ends_on is None or day <= self.ends_on)


@dataclass(frozen=True)
class DoubleLoan:
    """A room that this convention uses at the same time as another one; `how` is a French clause that says so."""

    office: str
    how: str
    key: str


@dataclass(frozen=True)
class LateDuty:
    """What one obligation asked for and did not get: how often, and the first and last day on which it was due."""

    kind: str
    label: str
    article: str
    count: int
    first_due_on: date
    last_due_on: date


@dataclass(frozen=True)
class PlaceFacts:
    """What the rows hold. `binds` says whether the convention binds anybody on the day; amounts in euros a year."""

    starts_on: date
    ends_on: date
    binds: bool
    uses: tuple[WeeklyUse, ...] = ()
    opening: tuple[OpeningSpan, ...] = ()
    double_loans: tuple[DoubleLoan, ...] = ()
    contractual_amount: Decimal | None = None
    computed_amount: Decimal | None = None
    late: tuple[LateDuty, ...] = ()


def find_in_place(facts: PlaceFacts, day: date) -> list[Finding]:
    """The findings on the civil date `day`; a convention that is over leaves its grid and its place in peace."""
    found = [*_computed(facts)]
    if day <= facts.ends_on:
        found += [*_beyond_term(facts), *_outside_opening(facts, day), *_lent_twice(facts), *_little_open(facts, day)]
    if facts.binds:
        found += _late(facts)
    return found


def _computed(facts: PlaceFacts) -> Iterator[Finding]:
    agreed, computed = facts.contractual_amount, facts.computed_amount
    if agreed is None or computed is None or agreed == computed:
        return
    yield Finding(
        "computed_amount",
        f"La règle de calcul donne {format_euros(computed)}, la convention fixe {format_euros(agreed)} par an"
        f"{NO_BREAK_SPACE}: {format_euros(abs(computed - agreed))} d’écart.",
        "Le montant que la convention fixe est dû\u00a0; le calcul l’explique",
        "Cherchez la règle qui donne le montant, ou convenez d’un avenant.",
        Where.FEE,
        about(computed, agreed),
    )


def _beyond_term(facts: PlaceFacts) -> Iterator[Finding]:
    beyond = [use for use in facts.uses if use.starts_on < facts.starts_on or use.ends_on > facts.ends_on]
    if beyond:
        yield Finding(
            "slot_beyond_term",
            f"La grille sort de la durée de la convention{NO_BREAK_SPACE}: {_listed(beyond, with_dates=True)}.",
            "Durée de la convention",
            "Ramenez les dates de ces créneaux dans la durée convenue, ou prolongez la convention par un avenant.",
            Where.GRID,
            about(facts.starts_on, facts.ends_on, *beyond),
        )


def _outside_opening(facts: PlaceFacts, day: date) -> Iterator[Finding]:
    outside = []
    for use in facts.uses:
        judged_on = max(day, use.starts_on)
        spans = [span for span in facts.opening if span.holds_on(judged_on)]
        # Without any hours nothing is known of the opening; a day without hours among others is a closed day.
        if use.is_public and use.ends_on >= judged_on and spans and not _is_open(use, spans):
            outside.append(use)
    if outside:
        yield Finding(
            "slot_outside_opening",
            f"Des usagers sont attendus hors des heures d’ouverture de l’espace{NO_BREAK_SPACE}: {_listed(outside)}.",
            "Une permanence pour les usagers se tient quand l’espace leur est ouvert",
            "Changez le créneau ou les horaires d’ouverture\u00a0; s’il est pour les travailleurs sociaux, dites-le.",
            Where.GRID,
            about(*outside),
        )


def _is_open(use: WeeklyUse, spans: Iterable[OpeningSpan]) -> bool:
    reached = use.start
    for span in sorted((span for span in spans if span.weekday == use.weekday), key=lambda span: span.start):
        if span.start <= reached < span.end:
            reached = span.end
    return reached >= use.end


def _lent_twice(facts: PlaceFacts) -> Iterator[Finding]:
    for loan in facts.double_loans:
        yield Finding(
            "office_lent_twice",
            f"Le {loan.office} est prêté deux fois{NO_BREAK_SPACE}: {loan.how}.",
            "Un bureau ne sert qu’à un partenaire à la fois",
            "Donnez à chacun ses heures, ou un autre bureau. Les prêts d’un jour se voient sur la page Bureaux.",
            Where.OFFICE,
            loan.key,
        )


def _little_open(facts: PlaceFacts, day: date) -> Iterator[Finding]:
    spans = [span for span in facts.opening if span.holds_on(day)]
    opening = sum((_length(span) for span in spans), timedelta(0))
    if spans and opening < LEAST_OPENING:
        minutes = opening // timedelta(minutes=1)
        yield Finding(
            "opening_under_24_hours",
            f"L’espace ouvre {format_duration(minutes)} par semaine, moins de 24 heures.",
            OPENING_RULE,
            "Complétez les horaires s’il en manque, ou étendez l’ouverture.",
            Where.HOURS,
            about(minutes),
        )


def _length(span: OpeningSpan) -> timedelta:
    return datetime.combine(date.min, span.end) - datetime.combine(date.min, span.start)


def _late(facts: PlaceFacts) -> Iterator[Finding]:
    for code, kind, one, several, next_step in (
        (
            "no_certificate",
            INSURANCE,
            "L’attestation d’assurance due le {first} manque.",
            "{count} attestations d’assurance manquent\u00a0; la dernière était due le {last}.",
            "Demandez l’attestation au partenaire et déposez-la, ou dispensez-en avec un motif.",
        ),
        (
            "no_monthly_return",
            MONTHLY_COUNT,
            "Le relevé mensuel dû le {first} manque.",
            "{count} relevés mensuels manquent\u00a0; le dernier était dû le {last}.",
            "Établissez ou demandez les relevés, ou dispensez-en avec un motif.",
        ),
        (
            "no_committee",
            COMMITTEE,
            "Le comité qui devait se réunir avant le {first} n’a pas eu lieu, ou n’est pas inscrit.",
            "{count} comités n’ont pas eu lieu, ou ne sont pas inscrits\u00a0; le dernier était dû le {last}.",
            "Réunissez le comité, ou inscrivez la réunion et son compte rendu.",
        ),
    ):
        # The same committee may be owed by both parties, in two obligations: it is missing once.
        late = max((duty for duty in facts.late if duty.kind == kind), key=lambda duty: duty.count, default=None)
        if late is None:
            continue
        sentence = one if late.count == 1 else several
        yield Finding(
            code,
            sentence.format(
                count=late.count, first=format_date_long(late.first_due_on), last=format_date_long(late.last_due_on)
            ),
            f"Article {late.article} de la convention" if late.article else late.label,
            next_step,
            Where.DUTIES,
            about(late.count, late.first_due_on, late.last_due_on),
        )


def _listed(uses: Iterable[WeeklyUse], *, with_dates: bool = False) -> str:
    def words(use: WeeklyUse) -> str:
        dates = f" du {format_date_long(use.starts_on)} au {format_date_long(use.ends_on)}" if with_dates else ""
        return f"{use.words}{dates}"

    in_order = sorted(uses, key=lambda use: (use.weekday, use.start, use.starts_on))
    return join_fr(list(dict.fromkeys(words(use) for use in in_order)))
