"""Random days of three spaces on three clocks, written in bulk, and their figures recounted in plain Python.

The recount reads the facts as they were drawn, never the database, and says each definition a second time, so that a
figure that is wrong in SQL cannot be wrong here in the same way.
"""

import datetime as dt
import random
from dataclasses import dataclass, field
from fractions import Fraction
from statistics import median

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from bookings.models import (
    Appointment,
    DeskVisit,
    Permanence,
    PermanenceRevision,
    ScheduleChange,
)
from casefiles.models import CaseFile, CaseKind, SlipLine, TransmissionSlip
from conventions.models import TrainingSession
from partners.calendars import public_holidays
from partners.models import Role
from tests.factories import (
    CcasFactory,
    ConventionFactory,
    DeskReasonFactory,
    OfficeFactory,
    OpeningHoursFactory,
    PartnerFactory,
    ReasonFactory,
    SiteFactory,
    UserFactory,
    VisitorFactory,
    staff_of,
)

# The turn of a year: at 23h30 in Cayenne it is already next year in UTC, and in Saint-Denis it is this year till 20h.
FIRST_MOMENT = dt.datetime(2025, 12, 19, tzinfo=dt.UTC)
DAYS = 24
NOW = dt.datetime(2026, 1, 5, 12, 0, tzinfo=dt.UTC)
HALF_HOUR = dt.timedelta(minutes=30)
SIDES = ["visitor", "partner", "ccas"]


class World:
    """What does not change from one set to the next: places, people, and permanences that can hold appointments."""

    def __init__(self) -> None:
        self.ccas = CcasFactory()
        zones = {"Planoise": "Europe/Paris", "Montsinéry": "America/Cayenne", "Saint-Denis": "Indian/Reunion"}
        self.sites = [SiteFactory(ccas=self.ccas, short_name=name, time_zone=zone) for name, zone in zones.items()]
        self.partners = [PartnerFactory(short_name="CPAM"), PartnerFactory(short_name="CAF")]
        self.conventions = {
            (site, partner): ConventionFactory(site=site, partner=partner)
            for site in self.sites
            for partner in self.partners
        }
        self.manager = UserFactory(role=Role.MANAGER, ccas=self.ccas)
        self.social_worker = staff_of(self.sites[0], role=Role.SOCIAL_WORKER)
        self.reasons = [ReasonFactory(partners=self.partners) for _ in range(3)]
        self.desk_reasons = [DeskReasonFactory() for _ in range(3)]
        self.visitors = [VisitorFactory(ccas=self.ccas) for _ in range(5)]
        self.kinds = list(CaseKind.objects.order_by("pk")[:2]) or [
            CaseKind.objects.create(label=f"Nature {n}", short_label=f"N{n}", slug=f"nature-{n}") for n in range(2)
        ]
        self.offices = {site: [OfficeFactory(site=site) for _ in range(2)] for site in self.sites}
        for site in self.sites:
            for weekday in range(1, 6):
                OpeningHoursFactory(site=site, weekday=weekday)
        self.hosts = {
            (site, partner): Permanence.objects.create(
                site=site,
                partner=partner,
                # Of another day, so that it counts in no hours; out of service, so that it occupies nothing.
                office=OfficeFactory(site=site, is_active=False),
                day=dt.date(2020, 1, 1),
                during=DateTimeTZRange(FIRST_MOMENT, FIRST_MOMENT + dt.timedelta(days=DAYS), "[)"),
            )
            for site in self.sites
            for partner in self.partners
        }


@dataclass
class Facts:
    """One random set, as dictionaries."""

    appointments: list[dict] = field(default_factory=list)
    visits: list[dict] = field(default_factory=list)
    permanences: list[dict] = field(default_factory=list)
    files: list[dict] = field(default_factory=list)
    trainings: list[dict] = field(default_factory=list)


# --- Drawing -----------------------------------------------------------------------------------------------------


def draw(world: World, dice: random.Random) -> Facts:
    facts = Facts()
    slots = dice.sample(range(DAYS * 48), k=dice.randrange(0, 30))
    for slot in slots:
        facts.appointments.append(_appointment(world, dice, FIRST_MOMENT + slot * HALF_HOUR))
    cancelled = [fact for fact in facts.appointments if fact["status"] == "cancelled"]
    others = [fact for fact in facts.appointments if fact["status"] != "cancelled"]
    for old, new in zip(cancelled, others, strict=False):
        if dice.random() < 0.4:
            old["is_moved"], new["moved_from"] = True, old
    for _ in range(dice.randrange(0, 15)):
        facts.visits.append(
            {
                "site": dice.choice(world.sites),
                "at": FIRST_MOMENT + dt.timedelta(minutes=dice.randrange(DAYS * 1440)),
                "reason": dice.choice(world.desk_reasons),
                "partner": dice.choice([None, *world.partners]),
                "people": dice.randrange(1, 5),
                "nature": dice.choice(["information", "support", "referral"]),
                "at_computer": dice.random() < 0.4,
                "struck_out": dice.random() < 0.15,
            }
        )
    for site in world.sites:
        for office in world.offices[site]:
            for day in dice.sample(range(DAYS), k=dice.randrange(0, 5)):
                facts.permanences.append(_permanence(world, dice, site, office, day))
    for _ in range(dice.randrange(0, 6)):
        facts.files.append(_file(world, dice))
    for _ in range(dice.randrange(0, 3)):
        convention = dice.choice(list(world.conventions.values()))
        facts.trainings.append(
            {"convention": convention, "day": _any_day(dice), "people": dice.randrange(1, 9)},
        )
    return facts


def _any_day(dice: random.Random) -> dt.date:
    return FIRST_MOMENT.date() + dt.timedelta(days=dice.randrange(DAYS))


def _appointment(world: World, dice: random.Random, starts_at: dt.datetime) -> dict:
    status = dice.choice(["booked", "arrived", "in_progress", *["honoured"] * 4, "no_show", "cancelled", "cancelled"])
    arrived = starts_at - dt.timedelta(seconds=dice.randrange(1200)) if dice.random() < 0.8 else None
    started = starts_at + dt.timedelta(seconds=dice.randrange(1800), microseconds=dice.randrange(10**6))
    has_arrived = status in ("arrived", "in_progress", "honoured") and (status == "arrived" or arrived)
    has_started = status == "in_progress" or (status == "honoured" and dice.random() < 0.8)
    return {
        "site": dice.choice(world.sites),
        "partner": dice.choice(world.partners),
        "reason": dice.choice(world.reasons),
        "visitor": dice.choice([None, *world.visitors]),
        "start": starts_at,
        "end": starts_at + HALF_HOUR,
        "status": status,
        "booked_at": starts_at - dt.timedelta(seconds=dice.randrange(40 * 86400)),
        "arrived": (arrived or starts_at) if has_arrived else None,
        "started": started if has_started else None,
        "side": dice.choice(SIDES) if status == "cancelled" else "",
        "to_replace": status == "booked" and dice.random() < 0.3,
        "is_moved": False,
        "moved_from": None,
    }


def _permanence(world: World, dice: random.Random, site, office, day: int) -> dict:
    civil = FIRST_MOMENT.date() + dt.timedelta(days=day)
    start = dt.datetime.combine(civil, dt.time(9), site.zone).astimezone(dt.UTC)
    minutes = dice.choice([60, 90, 180])
    return {
        "site": site,
        "office": office,
        "partner": dice.choice(world.partners),
        "day": civil,
        "start": start,
        "end": start + dt.timedelta(minutes=minutes),
        "minutes": minutes,
        "audience": dice.choice(["public", "social_workers"]),
        "origin": dice.choice(["weekly", "weekly", "weekly", "exceptional", "loan"]),
        "cancelled": dice.random() < 0.25,
        "cause": dice.choice(["absence", "closure"]),
        # What it lasted before a change shortened it.
        "was": minutes + 60 if dice.random() < 0.2 else None,
    }


def _file(world: World, dice: random.Random) -> dict:
    sent = _any_day(dice)
    received = sent + dt.timedelta(days=dice.randrange(5))
    return {
        "site": dice.choice(world.sites),
        "partner": dice.choice(world.partners),
        "kind": dice.choice(world.kinds),
        "sent": sent,
        "received": received,
        "fate": dice.choice(["pending", "accepted", "accepted", "refused", "returned"]),
        "settled": received + dt.timedelta(days=dice.randrange(60)),
    }


# --- Writing -----------------------------------------------------------------------------------------------------


def write(world: World, facts: Facts) -> None:
    by = world.manager
    rows = [_appointment_row(world, fact) for fact in facts.appointments]
    Appointment.objects.bulk_create(rows)
    moved = {id(fact): row for fact, row in zip(facts.appointments, rows, strict=True)}
    changed = []
    for fact, row in zip(facts.appointments, rows, strict=True):
        if fact["moved_from"] is not None:
            row.rebooked_from = moved[id(fact["moved_from"])]
            changed.append(row)
    Appointment.objects.bulk_update(changed, ["rebooked_from"])
    DeskVisit.objects.bulk_create(
        DeskVisit(
            site=fact["site"],
            occurred_at=fact["at"],
            reason=fact["reason"],
            partner=fact["partner"],
            people=fact["people"],
            nature=fact["nature"],
            at_computer=fact["at_computer"],
            noted_by=by,
            struck_out_at=NOW if fact["struck_out"] else None,
            struck_out_by=by if fact["struck_out"] else None,
        )
        for fact in facts.visits
    )
    _write_permanences(world, facts.permanences)
    _write_files(world, facts.files)
    TrainingSession.objects.bulk_create(
        TrainingSession(
            convention=fact["convention"],
            held_on=fact["day"],
            subject="PUMa",
            people_trained=fact["people"],
            recorded_by=by,
        )
        for fact in facts.trainings
    )


def _appointment_row(world: World, fact: dict) -> Appointment:
    by = world.manager
    finished = fact["end"] if fact["status"] == "honoured" else None
    absent = fact["end"] if fact["status"] == "no_show" else None
    cancelled = fact["booked_at"] if fact["status"] == "cancelled" else None
    stamps = {
        "arrived": fact["arrived"],
        "started": fact["started"],
        "finished": finished,
        "absent": absent,
        "cancelled": cancelled,
    }
    return Appointment(
        permanence=world.hosts[fact["site"], fact["partner"]],
        site=fact["site"],
        partner=fact["partner"],
        visitor=fact["visitor"],
        social_worker=None if fact["visitor"] else world.social_worker,
        reason=fact["reason"],
        during=DateTimeTZRange(fact["start"], fact["end"], "[)"),
        status=fact["status"],
        booked_at=fact["booked_at"],
        booked_by=by,
        cancelled_for=fact["side"],
        to_replace_since=NOW if fact["to_replace"] else None,
        **{f"{step}_at": at for step, at in stamps.items()},
        **{f"{step}_by": by if at else None for step, at in stamps.items()},
    )


def _write_permanences(world: World, facts: list[dict]) -> None:
    rows = Permanence.objects.bulk_create(
        Permanence(
            site=fact["site"],
            partner=fact["partner"],
            office=fact["office"],
            origin=fact["origin"],
            day=fact["day"],
            during=DateTimeTZRange(fact["start"], fact["end"], "[)"),
            audience=fact["audience"],
            status="cancelled" if fact["cancelled"] else "planned",
            cancelled_at=NOW if fact["cancelled"] else None,
            cancelled_by=world.manager if fact["cancelled"] else None,
        )
        for fact in facts
    )
    for fact, row in zip(facts, rows, strict=True):
        if not fact["was"] and not fact["cancelled"]:
            continue
        change = ScheduleChange.objects.create(
            site=fact["site"],
            kind=fact["cause"] if fact["cancelled"] else "new_hours",
            partner=fact["partner"],
            starts_on=fact["day"],
            ends_on=fact["day"],
            reason="Grève",
            made_by=world.manager,
        )
        lasted = dt.timedelta(minutes=fact["was"] or fact["minutes"])
        before = DateTimeTZRange(fact["start"], fact["start"] + lasted, "[)")
        PermanenceRevision.objects.create(change=change, permanence=row, during_before=before, status_before="planned")


def _write_files(world: World, facts: list[dict]) -> None:
    by = world.manager
    for number, fact in enumerate(facts, start=1):
        file = CaseFile.objects.create(
            site=fact["site"],
            visitor=world.visitors[0],
            kind=fact["kind"],
            partner=fact["partner"],
            convention=world.conventions[fact["site"], fact["partner"]],
            agent=by,
            opened_on=fact["sent"],
            opened_by=by,
            agreed_on=fact["sent"],
            agreement_recorded_at=NOW,
            agreement_recorded_by=by,
        )
        slip = TransmissionSlip.objects.create(
            ccas=world.ccas,
            site=fact["site"],
            partner=fact["partner"],
            year=fact["sent"].year,
            number=number,
            sent_on=fact["sent"],
            sent_by=by,
            file_count=1,
        )
        is_decided, is_returned = fact["fate"] in ("accepted", "refused"), fact["fate"] == "returned"
        SlipLine.objects.create(
            slip=slip,
            file=file,
            site=fact["site"],
            partner=fact["partner"],
            position=1,
            sent_on=fact["sent"],
            agreed_on=fact["sent"],
            acknowledgement_due_on=fact["sent"],
            acknowledged_at=NOW,
            acknowledged_by=by,
            received_on=fact["received"],
            result=fact["fate"] if is_decided else "",
            decided_on=fact["settled"] if is_decided else None,
            decision_recorded_at=NOW if is_decided else None,
            decision_recorded_by=by if is_decided else None,
            refusal_reason="Ressources" if fact["fate"] == "refused" else "",
            returned_at=NOW if is_returned else None,
            returned_by=by if is_returned else None,
            returned_on=fact["settled"] if is_returned else None,
        )


# --- Recounting --------------------------------------------------------------------------------------------------


def recount(world: World, facts: Facts, scope) -> dict[str, object]:
    """Every figure within `scope`, from the facts alone."""
    found = {}
    if scope.filters <= {"partner", "reason", "audience"}:
        found |= _of_appointments(facts, scope)
    if scope.filters <= {"partner", "audience"}:
        found |= _of_permanences(world, facts, scope)
    if scope.filters <= {"partner"}:
        found |= _of_visits(facts, scope) | _of_files(facts, scope) | _of_trainings(facts, scope)
    return found


def _is_asked(fact: dict, scope) -> bool:
    return fact["site"] in scope.sites and (scope.partner is None or fact["partner"] == scope.partner)


def _is_within(day: dt.date, scope) -> bool:
    return scope.period.first <= day <= scope.period.last


def _mean(values: list[Fraction]) -> Fraction | None:
    return sum(values) / len(values) if values else None


def _units(delta: dt.timedelta, of: dt.timedelta) -> Fraction:
    tick = dt.timedelta(microseconds=1)
    return Fraction(delta // tick, of // tick)


def _of_appointments(facts: Facts, scope) -> dict[str, object]:
    rows = [
        fact
        for fact in facts.appointments
        if _is_asked(fact, scope)
        and _is_within(fact["start"].astimezone(fact["site"].zone).date(), scope)
        and (scope.reason is None or fact["reason"] == scope.reason)
        and (not scope.audience or (scope.audience == "public") == (fact["visitor"] is not None))
    ]
    open_ = [fact for fact in rows if fact["status"] in ("booked", "arrived", "in_progress")]
    held = [fact for fact in rows if fact["status"] == "honoured"]
    absent = [fact for fact in rows if fact["status"] == "no_show"]
    taken = [fact for fact in rows if not fact["is_moved"]]
    given_up = [fact for fact in taken if fact["status"] == "cancelled"]
    minute, day = dt.timedelta(minutes=1), dt.timedelta(days=1)
    waits = [_units(fact["started"] - fact["arrived"], minute) for fact in rows if fact["started"] and fact["arrived"]]
    leads = [_units(fact["start"] - fact["booked_at"], day) for fact in taken]
    return {
        "rendez-vous-pris": len(taken),
        "rendez-vous-effectues": len(held),
        "absences": len(absent),
        "annules-par-l-usager": sum(fact["side"] == "visitor" for fact in given_up),
        "annules-par-le-partenaire": sum(fact["side"] == "partner" for fact in given_up),
        "annules-par-le-ccas": sum(fact["side"] == "ccas" for fact in given_up),
        "sans-issue": sum(not fact["to_replace"] and fact["end"] <= scope.now for fact in open_),
        "a-venir": sum(not fact["to_replace"] and fact["end"] > scope.now for fact in open_),
        "a-replacer": sum(fact["to_replace"] for fact in open_),
        "deplaces": sum(fact["is_moved"] for fact in rows),
        "taux-d-absence": Fraction(len(absent), len(held) + len(absent)) if held or absent else None,
        "attente-moyenne": _mean(waits),
        "attente-mediane": median(waits) if waits else None,
        "delai-moyen": _mean(leads),
        "delai-median": median(leads) if leads else None,
        "personnes-distinctes": len({fact["visitor"].pk for fact in held if fact["visitor"]}),
    }


def _of_permanences(world: World, facts: Facts, scope) -> dict[str, object]:
    rows = [
        fact
        for fact in facts.permanences
        if _is_asked(fact, scope)
        and _is_within(fact["day"], scope)
        and (not scope.audience or fact["audience"] == scope.audience)
    ]
    own = [fact for fact in rows if fact["origin"] != "loan"]
    held = [fact for fact in own if not fact["cancelled"] and fact["end"] <= scope.now]
    closed = {day for year in (2025, 2026) for day in public_holidays("", year)}
    used = [fact for fact in rows if not fact["cancelled"] and fact["day"] not in closed]
    open_days = [day for day in scope.period.days() if day.isoweekday() <= 5 and day not in closed]
    available = sum(len(world.offices[site]) for site in scope.sites) * len(open_days) * 240
    occupied = sum(fact["minutes"] for fact in used)
    return {
        "heures-prevues": sum(fact["was"] or fact["minutes"] for fact in own if fact["origin"] == "weekly"),
        "heures-tenues": sum(fact["minutes"] for fact in held),
        "heures-annulees": sum(
            (fact["was"] or fact["minutes"])
            if fact["cancelled"]
            else (fact["was"] or fact["minutes"]) - fact["minutes"]
            for fact in own
        ),
        "heures-a-venir": sum(fact["minutes"] for fact in own if not fact["cancelled"] and fact["end"] > scope.now),
        "heures-exceptionnelles": sum(fact["minutes"] for fact in held if fact["origin"] == "exceptional"),
        "occupation-des-bureaux": min(Fraction(occupied, available), Fraction(1)) if available else None,
        "heures-d-occupation": occupied,
        "heures-d-ouverture-des-bureaux": available,
    }


def _of_visits(facts: Facts, scope) -> dict[str, object]:
    rows = [
        fact
        for fact in facts.visits
        if _is_asked(fact, scope)
        and not fact["struck_out"]
        and _is_within(fact["at"].astimezone(fact["site"].zone).date(), scope)
    ]
    sessions = [fact for fact in rows if fact["at_computer"]]
    return {
        "passages": len(rows),
        "personnes-accueillies": sum(fact["people"] for fact in rows),
        "point-numerique": len(sessions),
        "personnes-au-point-numerique": sum(fact["people"] for fact in sessions),
        "point-numerique-accompagne": sum(fact["nature"] == "support" for fact in sessions),
    }


def _of_files(facts: Facts, scope) -> dict[str, object]:
    rows = [fact for fact in facts.files if _is_asked(fact, scope) and _is_within(fact["sent"], scope)]
    fates = [fact["fate"] for fact in rows]
    days = [
        Fraction((fact["settled"] - fact["received"]).days) for fact in rows if fact["fate"] in ("accepted", "refused")
    ]
    return {
        "dossiers-transmis": len(rows),
        "dossiers-acceptes": fates.count("accepted"),
        "dossiers-refuses": fates.count("refused"),
        "dossiers-en-attente": fates.count("pending"),
        "dossiers-a-completer": fates.count("returned"),
        "dossiers-retires": 0,
        "dossiers-retournes": fates.count("returned"),
        "delai-de-traitement": _mean(days),
        "delai-de-traitement-median": median(days) if days else None,
    }


def _of_trainings(facts: Facts, scope) -> dict[str, object]:
    rows = [
        fact
        for fact in facts.trainings
        if fact["convention"].site in scope.sites
        and (scope.partner is None or fact["convention"].partner == scope.partner)
        and _is_within(fact["day"], scope)
    ]
    return {"formations": len(rows), "personnes-formees": sum(fact["people"] for fact in rows)}
