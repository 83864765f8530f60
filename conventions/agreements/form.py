"""The form of an agreement's file: its tables, their keys, and the kind of each value.

One declaration serves reading (`reading.py`), writing (`writing.py`) and the words of a refusal; the French
description for those who write such files is `docs/conventions-toml.md`. A key bears the name of the model's field;
words that a person writes (weekdays, audiences, bases of a fee…) are French.

Two kinds of tables:

- what the agreement owns (its term, offices, slots, fee, duties, texts): the file says all of it, and what the file
  leaves out is empty;
- what several agreements share (CCAS, space, partner, the facts of an office): the file says what it wants to say, and
  what it leaves out stays as it is. Absent is then None.
"""

# ruff: noqa: RUF009  (key(), shared(), table() and tables() make dataclass fields)

from dataclasses import dataclass, replace
from datetime import date, time
from decimal import Decimal

from conventions.fees import AmountRounding, AreaRounding, ProrationBasis
from conventions.models import (
    Article,
    Audience,
    BookingMode,
    Convention,
    DeliberatingBody,
    Deliberation,
    DueMoment,
    FeeTerms,
    Frequency,
    NoticeReading,
    Obligation,
    ObligationKind,
    Party,
    PermanenceSlot,
)
from franceservices.dates import WEEKDAYS
from partners.models import (
    Ccas,
    Contact,
    HolidayCalendar,
    Office,
    OpeningHours,
    Partner,
    PartnerColour,
    Site,
    SiteTimeZone,
)

from .schema import Part, key, shared, table, tables
from .values import ArticleText, Day, Exact, Hour, Line, Phone, Ratio, Text, Whole, Words, YesNo

WEEKDAY = Words({name: number for number, name in WEEKDAYS.items()})
AUDIENCE = Words({"usagers": Audience.PUBLIC, "travailleurs sociaux": Audience.SOCIAL_WORKERS})
MODE = Words({"sur rendez-vous": BookingMode.APPOINTMENT, "sans rendez-vous": BookingMode.WALK_IN})
BODY = Words(
    {
        "conseil d’administration": DeliberatingBody.CCAS_BOARD,
        "conseil municipal": DeliberatingBody.MUNICIPAL_COUNCIL,
    }
)
BASIS = Words(
    {
        "jours": ProrationBasis.DAYS.value,
        "demi-journées": ProrationBasis.HALF_DAYS.value,
        "heures": ProrationBasis.HOURS.value,
        "fixe": ProrationBasis.FIXED.value,
    }
)
AREA_ROUNDING = Words(
    {
        "aucun": AreaRounding.NONE.value,
        "m² inférieur": AreaRounding.DOWN.value,
        "m² le plus proche": AreaRounding.NEAREST.value,
    }
)
AMOUNT_ROUNDING = Words({"centime": AmountRounding.CENT.value, "euro": AmountRounding.EURO.value})
OBLIGATION_KIND = Words(
    {
        "attestation d’assurance": ObligationKind.INSURANCE_CERTIFICATE,
        "relevé mensuel": ObligationKind.MONTHLY_COUNT,
        "comité": ObligationKind.COMMITTEE,
        "bilan annuel": ObligationKind.YEARLY_REPORT,
        "formation": ObligationKind.TRAINING,
        "supports d’information": ObligationKind.LEAFLETS,
        "référents": ObligationKind.REFERENTS,
        "ligne d’urgence": ObligationKind.EMERGENCY_LINE,
        "point numérique": ObligationKind.SELF_SERVICE_COMPUTER,
        "dossiers": ObligationKind.CASE_FILES,
        "alerte": ObligationKind.ALERT,
        "accueil des visiteurs": ObligationKind.ESCORT,
        "autre": ObligationKind.OTHER,
    }
)
PARTY = Words({"CCAS": Party.CCAS, "partenaire": Party.PARTNER, "les deux": Party.BOTH})
NOTICE_READING = Words({"terme": NoticeReading.TERM, "échéance annuelle": NoticeReading.ANNIVERSARY})
# Who gives notice is one of the two; an end that both agree on is an avenant.
DENOUNCED_BY = Words({"CCAS": Party.CCAS, "partenaire": Party.PARTNER})
FREQUENCY = Words(
    {
        "une fois": Frequency.ONCE,
        "chaque mois": Frequency.MONTHLY,
        "chaque année": Frequency.YEARLY,
        "en continu": Frequency.CONTINUOUS,
    }
)
DUE_MOMENT = Words({"au début": DueMoment.START, "à la fin": DueMoment.END})
COLOUR = Words({colour.label: colour for colour in PartnerColour})
TIME_ZONE = Words({zone.value: zone for zone in SiteTimeZone})
HOLIDAY_CALENDAR = Words({calendar.value or "communs": calendar for calendar in HolidayCalendar})


@dataclass(frozen=True, kw_only=True)
class ConventionPart(Part):
    model = Convention
    reference: str = key(Line())
    title: str = key(Line())
    starts_on: date = key(Day())
    ends_on: date = key(Day())
    notice_months: int | None = key(Whole(), default=None)
    notice_reading: str = key(NOTICE_READING, default=NoticeReading.TERM)
    notice_article: str = key(Line(), default="")
    tacit_renewal: bool = key(YesNo(), default=False)
    signed_on: date | None = key(Day(), default=None)
    signed_at: str = key(Line(), default="")
    denounced_on: date | None = key(Day(), default=None)
    denounced_by: str = key(DENOUNCED_BY, default="")
    agreed_ends_on: date | None = key(Day(), default=None)
    predecessor: str = key(Line(), default="", field=None)


@dataclass(frozen=True, kw_only=True)
class CcasPart(Part):
    """Found by its SIREN, else by its name."""

    model = Ccas
    is_shared = True
    name: str | None = shared(Line(), when_new=True)
    short_name: str | None = shared(Line(), when_new=True)
    siren: str | None = shared(Line())
    insee_code: str | None = shared(Line(), when_new=True)
    city: str | None = shared(Line(), when_new=True)
    address: str | None = shared(Line())


@dataclass(frozen=True, kw_only=True)
class OpeningHoursPart(Part):
    model = OpeningHours
    weekday: int = key(WEEKDAY)
    start_time: time = key(Hour())
    end_time: time = key(Hour())
    starts_on: date = key(Day())
    ends_on: date | None = key(Day(), default=None)


@dataclass(frozen=True, kw_only=True)
class SitePart(Part):
    model = Site
    is_shared = True
    slug: str = key(Line())
    name: str | None = shared(Line(), when_new=True)
    short_name: str | None = shared(Line(), when_new=True)
    address: str | None = shared(Line())
    postal_code: str | None = shared(Line())
    city: str | None = shared(Line(), when_new=True)
    insee_code: str | None = shared(Line(), when_new=True)
    phone: str | None = shared(Phone())
    email: str | None = shared(Line())
    time_zone: str | None = shared(TIME_ZONE)
    holiday_calendar: str | None = shared(HOLIDAY_CALENDAR)
    opening_hours: tuple[OpeningHoursPart, ...] | None = tables(OpeningHoursPart, at_most=200, default=None)


@dataclass(frozen=True, kw_only=True)
class ContactPart(Part):
    model = Contact
    name: str = key(Line())
    job_title: str = key(Line(), default="")
    phone: str = key(Phone(), default="")
    email: str = key(Line(), default="")
    is_referent: bool = key(YesNo(), default=False)


@dataclass(frozen=True, kw_only=True)
class PartnerPart(Part):
    model = Partner
    is_shared = True
    slug: str = key(Line())
    name: str | None = shared(Line(), when_new=True)
    short_name: str | None = shared(Line(), when_new=True)
    siren: str | None = shared(Line())
    address: str | None = shared(Line())
    colour: str | None = shared(COLOUR)
    is_fictional: bool | None = shared(YesNo())
    contacts: tuple[ContactPart, ...] | None = tables(ContactPart, at_most=200, default=None)


@dataclass(frozen=True, kw_only=True)
class DeliberationPart(Part):
    model = Deliberation
    body: str = key(BODY, default=DeliberatingBody.CCAS_BOARD)
    session_on: date = key(Day())
    number: str = key(Line())
    subject: str = key(Line())
    members_in_office: int | None = key(Whole(), default=None)
    votes_for: int | None = key(Whole(), default=None)
    votes_against: int | None = key(Whole(), default=None)
    votes_abstaining: int | None = key(Whole(), default=None)
    is_unanimous: bool = key(YesNo(), default=False)
    published_on: date | None = key(Day(), default=None)
    transmitted_on: date | None = key(Day(), default=None)
    transmission_id: str = key(Line(), default="")


@dataclass(frozen=True, kw_only=True)
class SignatoriesPart(Part):
    model = Convention
    ccas_name: str = key(Line(), default="", field="ccas_signatory_name")
    ccas_title: str = key(Line(), default="", field="ccas_signatory_title")
    partner_name: str = key(Line(), default="", field="partner_signatory_name")
    partner_title: str = key(Line(), default="", field="partner_signatory_title")


@dataclass(frozen=True, kw_only=True)
class OfficePart(Part):
    """An office lent by the agreement; what is said of the room is shared, that it is lent is the agreement's."""

    model = Office
    is_shared = True
    label: str = key(Line())
    area_m2: Decimal | None = shared(Exact("m²", "15.64"))
    floor: str | None = shared(Line())


@dataclass(frozen=True, kw_only=True)
class SlotPart(Part):
    """`office` may stay out where only one is lent; the dates, where they are those of the term."""

    model = PermanenceSlot
    office: str | None = key(Line(), default=None, field=None)
    weekday: int = key(WEEKDAY)
    start_time: time = key(Hour())
    end_time: time = key(Hour())
    audience: str = key(AUDIENCE, default=Audience.PUBLIC)
    mode: str = key(MODE, default=BookingMode.APPOINTMENT)
    starts_on: date | None = key(Day(), default=None)
    ends_on: date | None = key(Day(), default=None)


@dataclass(frozen=True, kw_only=True)
class FeePart(Part):
    model = FeeTerms
    annual_amount: Decimal = key(Exact("euros", "1254.00"))
    deliberated_amount: Decimal | None = key(Exact("euros", "1564.00"), default=None)
    rate_per_m2: Decimal | None = key(Exact("euros par m²", "209.00"), default=None)
    basis: str = key(BASIS, default=ProrationBasis.DAYS.value)
    ratio: tuple[int, int] | None = key(Ratio(), default=None, field=None)
    counts_social_worker_slots: bool = key(YesNo(), default=True)
    area_rounding: str = key(AREA_ROUNDING, default=AreaRounding.DOWN.value)
    amount_rounding: str = key(AMOUNT_ROUNDING, default=AmountRounding.CENT.value)

    def facts(self) -> dict[str, object]:
        numerator, denominator = self.ratio or (None, None)
        return super().facts() | {"fixed_ratio_numerator": numerator, "fixed_ratio_denominator": denominator}

    @classmethod
    def facts_of(cls, row: FeeTerms) -> dict[str, object]:
        numerator, denominator = row.fixed_ratio_numerator, row.fixed_ratio_denominator
        ratio = None if numerator is None or denominator is None else (numerator, denominator)
        return super().facts_of(row) | {"ratio": ratio}


@dataclass(frozen=True, kw_only=True)
class ObligationPart(Part):
    model = Obligation
    kind: str = key(OBLIGATION_KIND)
    label: str = key(Line())
    owed_by: str = key(PARTY)
    frequency: str = key(FREQUENCY)
    due_moment: str = key(DUE_MOMENT, default=DueMoment.END)
    article_number: str = key(Line(), default="")


@dataclass(frozen=True, kw_only=True)
class TextsPart(Part):
    model = Convention
    parties_text: str = key(Text(), default="")
    preamble: str = key(Text(), default="")
    annex: str = key(Text(), default="")


@dataclass(frozen=True, kw_only=True)
class ArticlePart(Part):
    model = Article
    number: str = key(Line())
    title: str = key(Line())
    body: str = key(ArticleText())


@dataclass(frozen=True, kw_only=True)
class Agreement(Part):
    """A whole file. Its tables are written in this order: facts first, texts last."""

    convention: ConventionPart = table(ConventionPart)
    ccas: CcasPart = table(CcasPart)
    site: SitePart = table(SitePart)
    partner: PartnerPart = table(PartnerPart)
    deliberation: DeliberationPart | None = table(DeliberationPart, default=None)
    signatories: SignatoriesPart = table(SignatoriesPart, default=SignatoriesPart())
    offices: tuple[OfficePart, ...] = tables(OfficePart, at_most=50)
    slots: tuple[SlotPart, ...] = tables(SlotPart, at_most=300)
    fee: FeePart | None = table(FeePart, default=None)
    obligations: tuple[ObligationPart, ...] = tables(ObligationPart, at_most=100)
    texts: TextsPart = table(TextsPart, default=TextsPart())
    articles: tuple[ArticlePart, ...] = tables(ArticlePart, at_most=200)

    def convention_facts(self) -> dict[str, object]:
        """The fields of the convention's own row, from the three tables that speak of it."""
        return self.convention.facts() | self.signatories.facts() | self.texts.facts()

    def normalised(self) -> "Agreement":
        """The same agreement with what has no order of its own sorted: two files that say the same are then equal."""
        hours, contacts = self.site.opening_hours, self.partner.contacts
        return replace(
            self,
            site=replace(self.site, opening_hours=hours if hours is None else tuple(sorted(hours, key=_hours_order))),
            partner=replace(self.partner, contacts=contacts if contacts is None else tuple(sorted(contacts, key=repr))),
            slots=tuple(sorted(self.slots, key=self._slot_order)),
        )

    def _slot_order(self, slot: SlotPart) -> tuple:
        offices = [office.label for office in self.offices]
        return offices.index(slot.office), slot.weekday, slot.start_time, slot.starts_on, slot.end_time


def _hours_order(hours: OpeningHoursPart) -> tuple:
    return hours.weekday, hours.start_time, hours.starts_on
