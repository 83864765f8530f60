"""Returns and reports of the demonstration: months that were established and sent, one corrected, one yearly report.

Only under `DEMO`, where each document says that it is worth nothing. Run again, it adds what the calendar has brought
since and nothing twice.
"""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta

from django.db import transaction
from django.db.models import Max

from bookings.demo_data import MAIL_DOMAIN
from bookings.models import Appointment, AppointmentStatus
from conventions.models import Convention
from franceservices.dates import add_months
from partners.models import Contact, Partner, Role, Site, User

from .annual_reports import begin_report, establish_report, write_report
from .establishing import correct_return, establish_return
from .models import AnnualReport, DispatchState, MonthlyReturn, ReturnDispatch
from .periods import Period

SITE_SLUG = "planoise"
REFERENCES = ("besancon-cpam-2025", "planoise-caf-fictive", "planoise-carsat-fictive")
# How many of the last months are left to establish, by convention: something is to do, nothing is far behind.
LEFT_TO_DO = {"besancon-cpam-2025": 0, "planoise-caf-fictive": 1}
USUALLY_LEFT = 2
MONTHS = 10
REPORTED = "besancon-cpam-2025"
REPORT_IN_PROGRESS = "planoise-caf-fictive"
DIFFICULTIES = (
    "La salle d’attente est étroite le mardi, jour où trois partenaires reçoivent en même temps.\n\n"
    "Les usagers sans adresse de courriel oublient plus souvent leur rendez-vous\u00a0: le rappel par SMS "
    "a été proposé à tous depuis l’hiver (démonstration).\n\n"
    "Les chiffres commencent avec l’usage de l’application, en cours d’année\u00a0: les premiers mois sont vides."
)
COMMENTS = (
    "Les deux demi-journées d’accueil sont maintenues. Une permanence commune avec le service social du CCAS sera "
    "essayée au printemps, puis évaluée au prochain comité (démonstration)."
)


def make_reports(tell: Callable[[str], None]) -> None:
    """Returns and reports of Planoise; what is there already stays as it is."""
    site = Site.objects.filter(slug=SITE_SLUG).select_related("ccas").first()
    by = User.objects.filter(ccas__sites__slug=SITE_SLUG, role=Role.MANAGER).order_by("pk").first()
    if site is None or by is None:
        tell("Relevés et bilans\u00a0: ni espace ni responsable, rien n’est ajouté.")
        return
    conventions = {
        found.reference: found for found in Convention.objects.filter(reference__in=REFERENCES).with_parties()
    }
    with transaction.atomic():
        returns = _make_returns(site, list(conventions.values()), by)
        returns += _correct_one(site, conventions.get(REPORTED), by)
        reports = _make_reports(conventions, by)
    tell(f"Relevés et bilans\u00a0: {returns} relevés mensuels et {reports} bilans annuels ajoutés.")


def _make_returns(site: Site, conventions: list[Convention], by: User) -> int:
    """The months that are over, month after month, each established on the 3rd of the next one and sent."""
    this_month = site.today().replace(day=1)
    made = 0
    for back in range(MONTHS, 0, -1):
        month = add_months(this_month, -back)
        for convention in conventions:
            if back <= LEFT_TO_DO.get(convention.reference, USUALLY_LEFT):
                continue
            made += _make_return(site, convention, month, by, is_sent=back > 1)
    return made


def _make_return(site: Site, convention: Convention, month: date, by: User, *, is_sent: bool) -> int:
    period = Period.of_month(month.year, month.month)
    is_bound = convention.starts_on <= period.first and convention.ends_on >= period.last
    known = MonthlyReturn.objects.filter(site=site, partner=convention.partner, month=month)
    held = Appointment.objects.filter(permanence__site=site, partner=convention.partner, permanence__day__gte=month)
    if not is_bound or known.exists() or not held.filter(permanence__day__lte=period.last).exists():
        return 0
    wanted = add_months(month, 1) + timedelta(days=2)
    issued_on = min(max(wanted, _latest(site, wanted.year) or wanted), site.today())
    found = establish_return(
        site=site, partner=convention.partner, period=period, comment="", by=by, issued_on=issued_on
    )
    if is_sent:
        contact = _contact(convention.partner)
        at = datetime.combine(issued_on, time(9, 15), site.zone)
        ReturnDispatch.objects.create(
            monthly_return=found,
            recipient=contact.email,
            recipient_name=contact.name,
            asked_at=at,
            asked_by=by,
            state=DispatchState.SENT,
            attempts=1,
            due_at=at,
            sent_at=at + timedelta(seconds=20),
            outcome="Remis au serveur de courriel (démonstration).",
        )
    return 1


def _latest(site: Site, year: int) -> date | None:
    return MonthlyReturn.objects.filter(ccas=site.ccas, year=year).aggregate(day=Max("issued_on"))["day"]


def _contact(partner: Partner) -> Contact:
    """A person of the partner with an address that leads nowhere."""
    found, _is_new = Contact.objects.get_or_create(
        partner=partner,
        email=f"statistiques.{partner.slug}@{MAIL_DOMAIN}",
        defaults={"name": "Andréa Vuillemin (fictive)", "job_title": "Chargée des relations avec les partenaires"},
    )
    return found


def _correct_one(site: Site, convention: Convention | None, by: User) -> int:
    """Somebody was noted absent in the last but one month, who had come: the return is corrected."""
    if convention is None or MonthlyReturn.objects.filter(site=site, version__gt=1).exists():
        return 0
    month = add_months(site.today().replace(day=1), -2)
    old = MonthlyReturn.objects.standing().filter(site=site, partner=convention.partner, month=month).first()
    absent = Appointment.objects.filter(
        site=site,
        partner=convention.partner,
        status=AppointmentStatus.NO_SHOW,
        permanence__day__range=(month, Period.of_month(month.year, month.month).last),
    ).first()
    if old is None or absent is None:
        return 0
    start, end = absent.during.lower, absent.during.upper
    absent.status = AppointmentStatus.HONOURED
    absent.absent_at = absent.absent_by = None
    absent.arrived_at, absent.started_at, absent.finished_at = start, start + timedelta(minutes=3), end
    absent.arrived_by = absent.started_by = absent.finished_by = by
    absent.save()
    correct_return(
        monthly_return=old,
        reason="Une personne notée absente avait été reçue (démonstration)",
        comment=old.content["comment"],
        by=by,
        issued_on=max(_latest(site, site.today().year), site.today() - timedelta(days=3)),
    )
    return 1


def _make_reports(conventions: dict[str, Convention], by: User) -> int:
    """The first year of one convention, established; the year under way of another, as a draft."""
    made = 0
    reported, under_way = conventions.get(REPORTED), conventions.get(REPORT_IN_PROGRESS)
    if reported is not None and not AnnualReport.objects.filter(convention=reported).exists():
        first_year = Period(reported.starts_on, add_months(reported.starts_on, 12) - timedelta(days=1))
        if first_year.last < reported.site.today():
            report = begin_report(convention=reported, period=first_year, by=by)
            write_report(report=report, difficulties=DIFFICULTIES, comments=COMMENTS, by=by)
            establish_report(report=report, by=by, issued_on=min(add_months(first_year.last, 1), reported.site.today()))
            made += 1
    if under_way is not None and not AnnualReport.objects.filter(convention=under_way).exists():
        report = begin_report(convention=under_way, period=Period.of_year(under_way.site.today().year), by=by)
        write_report(report=report, difficulties=DIFFICULTIES.partition("\n")[0], comments="", by=by)
        made += 1
    return made
