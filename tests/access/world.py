"""One rich world: two spaces of a CCAS, one of another, three caisses; and one row of every kind in each place.

Rows of a place carry its marks, so that a page which shows one of them to somebody else is found out.
"""

import datetime as dt
from decimal import Decimal

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from procrastinate.contrib.django.models import ProcrastinateJob

from bookings.cancel_links import cancel_token
from bookings.duplicates import tell_apart
from bookings.loans import lend_office
from bookings.models import (
    Appointment,
    DataRequest,
    DeskReason,
    DeskVisit,
    EliminationLine,
    EliminationList,
    MessageSettings,
    Notification,
    Permanence,
    Reason,
    ScheduleChange,
    ScheduleChangeKind,
    Visitor,
)
from bookings.notices import defer_send
from bookings.shared_links import create_calendar_link, create_planning_link
from bookings.visitor_merging import merge_visitors
from casefiles.models import CaseKind, DocumentState, RequiredDocument
from casefiles.services import (
    acknowledge_line,
    open_case_file,
    raise_alert,
    record_agreement,
    send_slip,
    set_document_state,
    write_social_notes,
)
from conventions.amendments import AmendmentText, save_draft
from conventions.billing import read_billing
from conventions.deadline_feed import create_feed
from conventions.document_store import add_document
from conventions.issuing import issue_statement
from conventions.meetings import record_committee, record_training
from conventions.models import (
    BudgetLine,
    Deliberation,
    DueMoment,
    Frequency,
    Obligation,
    ObligationDue,
    ObligationKind,
    Party,
    StatementPeriod,
)
from conventions.remarks import acknowledge, remarks_on
from conventions.search import with_stage_facts
from partners.accounts.services import Belonging, invite
from partners.models import Partner, Role, SchoolHoliday, Site, User
from reports.annual_reports import begin_report
from reports.establishing import establish_return
from reports.models import LongWork, WorkState
from reports.periods import Period
from tests.conventions.papers import PDF
from tests.factories import (
    ConventionFactory,
    FeeTermsFactory,
    OfficeFactory,
    OpeningHoursFactory,
    PartnerFactory,
    SiteFactory,
    UserFactory,
    VisitorFactory,
    agent_of,
    slot_of,
    staff_of,
)

from .keys import give_second_factors

# Monday 2 March 2026, 10h00 in Paris.
NOW = dt.datetime(2026, 3, 2, 9, 0, tzinfo=dt.UTC)
TODAY = NOW.date()
TOMORROW = TODAY + dt.timedelta(days=1)


class Shared:
    """What all CCAS share."""

    def __init__(self, partners: list[Partner]) -> None:
        self.reason = Reason.objects.create(label="Carte Vitale", slug="carte-vitale", duration_minutes=30)
        self.desk_reason = DeskReason.objects.create(label="Information", slug="information")
        self.kind = CaseKind.objects.create(slug="c2s", label="C2S", short_label="C2S", expected_days=60)
        self.reason.partners.set(partners)
        self.kind.partners.set(partners)
        RequiredDocument.objects.create(kind=self.kind, label="RIB", position=1, is_mandatory=True)
        self.holiday = SchoolHoliday.objects.create(
            zone="A", name="Hiver", starts_on=dt.date(2026, 2, 7), ends_on=dt.date(2026, 2, 23)
        )


class Place:
    """One caisse in one space, with a row of every kind that an address may name."""

    def __init__(self, key: str, site: Site, partner: Partner, shared: Shared, *, manager: User, agent: User) -> None:
        self.key, self.site, self.partner, self.shared = key, site, partner, shared
        self.manager, self.agent = manager, agent
        self.clerk = staff_of(site, last_name=f"Guichet {self.mark}")
        self._people()
        self._agreement()
        self._desk()
        self._files()
        self._papers()
        self._accounts()
        self._personal_data()

    @property
    def mark(self) -> str:
        """In what belongs to a space."""
        return f"zl{self.key}"

    @property
    def person_mark(self) -> str:
        """In the names of people, whom all spaces of a CCAS know."""
        return f"zv{self.key}"

    @property
    def note_mark(self) -> str:
        """In the social notes, which no caisse reads."""
        return f"zn{self.key}"

    def _visitor(self, first_name: str) -> Visitor:
        return VisitorFactory(
            ccas=self.site.ccas, last_name=self.person_mark, first_name=first_name, email=f"{first_name}@exemple.fr"
        )

    def _people(self) -> None:
        self.visitor, self.twin, self.sister = (self._visitor(name) for name in ("Anne", "Anna", "Berthe"))
        kept, merged = self._visitor("Chloé"), self._visitor("Cloé")
        facts = {"first_name": "kept", "email": "kept"}
        self.merge = merge_visitors(kept=kept, merged=merged, facts=facts, by=self.clerk)
        self.distinction = tell_apart(one=self.sister, other=kept, by=self.clerk)

    def _agreement(self) -> None:
        self.office = OfficeFactory(site=self.site, label=f"{self.mark}1")
        self.spare_office = OfficeFactory(site=self.site, label=f"{self.mark}2")
        self.deliberation = Deliberation.objects.create(
            ccas=self.site.ccas, session_on=dt.date(2024, 11, 20), number=f"n° {self.key}", subject=f"Acte {self.mark}"
        )
        self.convention = ConventionFactory(
            site=self.site,
            partner=self.partner,
            reference=f"convention-{self.key}",
            title=f"Convention {self.mark}",
            starts_on=dt.date(2025, 1, 1),
            ends_on=dt.date(2027, 12, 31),
            deliberation=self.deliberation,
            notice_months=3,
        )
        slot_of(self.convention, 2, "09:00", "12:00", office=self.office)
        self.fee = FeeTermsFactory(convention=self.convention, deliberated_amount=Decimal("1564.00"))
        obligation = Obligation.objects.create(
            convention=self.convention,
            kind=ObligationKind.INSURANCE_CERTIFICATE,
            label=f"Attestation {self.mark}",
            owed_by=Party.PARTNER,
            frequency=Frequency.YEARLY,
            due_moment=DueMoment.START,
        )
        self.due = ObligationDue.objects.create(
            obligation=obligation,
            period_starts_on=dt.date(2026, 1, 1),
            period_ends_on=dt.date(2026, 12, 31),
            due_on=dt.date(2026, 1, 1),
        )

    def _desk(self) -> None:
        self.permanence = self._permanence(TOMORROW, 8, 11)
        self.appointment = self._appointment(self.permanence, 8)
        self.to_replace = self._appointment(self._permanence(TOMORROW, 13, 16), 13, to_replace_since=NOW)
        self.visit = DeskVisit.objects.create(
            site=self.site, reason=self.shared.desk_reason, occurred_at=NOW, noted_by=self.clerk
        )
        self.change = ScheduleChange.objects.create(
            site=self.site,
            kind=ScheduleChangeKind.ABSENCE,
            partner=self.partner,
            starts_on=TOMORROW,
            ends_on=TOMORROW,
            reason=f"Absence {self.mark}",
            made_by=self.agent,
        )
        self.loan = lend_office(
            office=self.spare_office,
            day=TOMORROW,
            start_time=dt.time(9),
            end_time=dt.time(10),
            borrower=self.partner,
            purpose=f"Réunion {self.mark}",
            by=self.clerk,
        )
        self.message = Notification.objects.create(
            site=self.site,
            appointment=self.appointment,
            kind="confirmation",
            channel="email",
            recipient=f"{self.person_mark}@exemple.fr",
            dedupe_key=self.key,
            due_at=NOW,
            status="failed",
        )
        MessageSettings.objects.get_or_create(site=self.site)
        self.message_settings = self.site.message_settings
        self.planning_link, self.planning_secret = create_planning_link(
            site=self.site, partner=self.partner, recipient=self.mark, last_day=TOMORROW, by=self.clerk
        )
        self.calendar_link, self.calendar_secret = create_calendar_link(site=self.site, device=self.mark, by=self.agent)
        self.cancel_secret = cancel_token(self.appointment)
        _feed, self.feed_secret = create_feed(site=self.site, device=self.mark, by=self.manager)

    def _permanence(self, day: dt.date, start: int, end: int) -> Permanence:
        during = DateTimeTZRange(*(dt.datetime.combine(day, dt.time(hour), dt.UTC) for hour in (start, end)), "[)")
        return Permanence.objects.create(
            site=self.site, partner=self.partner, office=self.office, day=day, during=during, convention=self.convention
        )

    def _appointment(self, permanence: Permanence, hour: int, **fields) -> Appointment:
        start = dt.datetime.combine(permanence.day, dt.time(hour), dt.UTC)
        return Appointment.objects.create(
            permanence=permanence,
            site=self.site,
            partner=self.partner,
            reason=self.shared.reason,
            visitor=self.visitor,
            during=DateTimeTZRange(start, start + dt.timedelta(minutes=30), "[)"),
            booked_by=self.clerk,
            **fields,
        )

    def _files(self) -> None:
        common = {"site": self.site, "kind": self.shared.kind, "partner": self.partner, "by": self.clerk}
        self.file = open_case_file(visitor=self.visitor, **common)
        write_social_notes(file=self.file, text=f"Situation {self.note_mark}", by=self.clerk)
        self.document_asked = self.file.documents.first()
        sent = open_case_file(visitor=self.sister, **common)
        for document in sent.documents.all():
            set_document_state(document=document, state=DocumentState.RECEIVED, by=self.clerk)
        record_agreement(file=sent, agreed_on=TODAY, by=self.clerk)
        self.slip = send_slip(site=self.site, partner=self.partner, files=[sent], sent_on=None, by=self.clerk)
        self.line = acknowledge_line(line=self.slip.lines.get(), received_on=TODAY, by=self.agent)
        self.alert = raise_alert(
            site=self.site,
            visitor=self.visitor,
            partner=self.partner,
            what=f"Rupture {self.mark}",
            deadline=TOMORROW,
            file=None,
            by=self.clerk,
        )

    def _papers(self) -> None:
        by, convention = self.manager, self.convention
        self.document = add_document(
            site=self.site,
            convention=convention,
            kind="other",
            title=f"Pièce {self.mark}",
            valid_from=None,
            valid_until=None,
            upload=SimpleUploadedFile("piece.pdf", PDF),
            by=by,
        )
        self.document.file.close()
        self.committee = record_committee(
            convention=convention,
            held_on=TODAY,
            ccas_attendees="Mme Wanlin",
            decisions=f"Décision {self.mark}",
            minutes=None,
            by=by,
        )
        self.training = record_training(
            convention=convention,
            held_on=TODAY,
            subject=f"Formation {self.mark}",
            trainer="",
            people_trained=3,
            duration_hours=None,
            by=by,
        )
        read = with_stage_facts(type(convention).objects.all()).get(pk=convention.pk)
        remarks = [remark.finding for remark in remarks_on([read])[read.pk]]
        self.remark = remarks[0]
        self.acknowledgement = acknowledge(
            convention=convention, code=remarks[1].code, fingerprint=remarks[1].fingerprint, reason="Vu", by=by
        )
        self.statement = issue_statement(
            convention=convention,
            period=StatementPeriod.CIVIL_YEAR,
            starts_on=dt.date(2025, 1, 1),
            ends_on=dt.date(2025, 12, 31),
            by=by,
        )
        self.budget_line = BudgetLine.objects.create(
            ccas=self.site.ccas,
            year=2026,
            service=f"Service {self.mark}",
            nature="70878",
            label="Redevances",
            amount=Decimal("1254.00"),
        )
        self.amendment = save_draft(
            convention=convention,
            amendment=None,
            text=AmendmentText(
                number=1,
                subject=f"Avenant {self.mark}",
                reason="",
                effective_on=dt.date(2026, 6, 1),
                deliberation=None,
            ),
            terms=read_billing(convention).history.terms_on(dt.date(2026, 6, 1)),
            by=by,
        )
        self.monthly_return = establish_return(
            site=self.site, partner=self.partner, period=Period.of_month(2026, 1), comment=self.mark, by=by
        )
        self.report = begin_report(convention=convention, period=Period.of_year(2025), by=by)

    def _accounts(self) -> None:
        invitation, self.invitation_secret = invite(
            email=f"invite-{self.key}@exemple.fr",
            first_name="Inès",
            last_name=f"Invitée {self.mark}",
            belonging=Belonging(Role.RECEPTION, (self.site,)),
            ccas=self.site.ccas,
            by=self.manager,
        )
        self.invited = invitation.user
        Authenticator.objects.create(user=self.clerk, type=Authenticator.Type.TOTP, data={"secret": "x"})
        self.address = EmailAddress.objects.create(user=self.clerk, email=self.clerk.email)
        defer_send(self.message)
        self.job = ProcrastinateJob.objects.order_by("-pk").first()

    def _personal_data(self) -> None:
        self.request = DataRequest.objects.create(
            site=self.site,
            visitor=self.visitor,
            kind="access",
            received_on=TODAY,
            due_on=TOMORROW,
            recorded_by=self.clerk,
        )
        self.elimination = self._elimination(rehearsed_at=NOW)
        done = dict.fromkeys(("rehearsed_at", "approved_at", "launched_at", "finished_at"), NOW)
        people = {"approved_by": self.clerk, "launched_by": self.manager}
        EliminationList.objects.filter(pk=self._elimination().pk).update(**done, **people)
        self.finished_elimination = self.site.ccas.elimination_lists.order_by("number").last()

    def _elimination(self, **fields) -> EliminationList:
        number = EliminationList.objects.filter(ccas=self.site.ccas).count() + 1
        made = EliminationList.objects.create(
            ccas=self.site.ccas, year=2026, number=number, rules=[], proposed_by=self.manager, **fields
        )
        EliminationLine.objects.create(list=made, visitor=self.sister, position=1, last_contact_on=TODAY)
        return made


class Belongings:
    """What is somebody's own: a file that was made for her, a key, the address of a calendar."""

    def __init__(self, owner: User, site: Site) -> None:
        self.work = LongWork(owner=owner, kind="national_export", title="Export", parameters={}, attempts=1)
        self.work.state, self.work.file_name, self.work.content_type = WorkState.DONE, "export.csv", "text/csv"
        self.work.started_at, self.work.ended_at = NOW, NOW
        self.work.expires_at = NOW + dt.timedelta(days=1)
        self.work.file.save("export.csv", ContentFile(b"rien"))
        self.work.file.close()
        self.key = give_second_factors(owner)
        self.feed = self.calendar_link = None
        if owner.is_partner_agent:
            self.calendar_link, _secret = create_calendar_link(site=site, device="Téléphone", by=owner)
        elif owner.oversees_ccas:
            self.feed, _secret = create_feed(site=site, device="Téléphone", by=owner)


class World:
    """Places seen from `here`: `other` is another caisse's, `next` another space's, `away` another CCAS's."""

    def __init__(self) -> None:
        here = SiteFactory(name="Espace A", short_name="A", slug="a")
        beside = SiteFactory(name="Espace B", short_name="B", slug="b", ccas=here.ccas)
        away = SiteFactory(name="Espace Z", short_name="Z", slug="z")
        for site in (here, beside, away):
            for weekday in range(1, 6):
                OpeningHoursFactory(site=site, weekday=weekday, start_time=dt.time(8), end_time=dt.time(18))
        own, other, foreign = (PartnerFactory(short_name=name) for name in ("CPAM", "CAF", "CGSS"))
        shared = Shared([own, other, foreign])
        managers = {ccas: UserFactory(role=Role.MANAGER, ccas=ccas) for ccas in (here.ccas, away.ccas)}
        agents = {partner: agent_of(partner) for partner in (own, other, foreign)}
        self.places = {
            key: Place(key, site, partner, shared, manager=managers[site.ccas], agent=agents[partner])
            for key, site, partner in (
                ("here", here, own),
                ("other", here, other),
                ("next", beside, own),
                ("away", away, foreign),
            )
        }
        self.actors = {
            "reception": staff_of(here),
            "social_worker": staff_of(here, role=Role.SOCIAL_WORKER),
            "manager": UserFactory(role=Role.MANAGER, ccas=here.ccas),
            "administrator": UserFactory(role=Role.ADMINISTRATOR, ccas=here.ccas),
            "agent": agent_of(own),
            "technical": UserFactory(role=Role.ADMINISTRATOR, ccas=None, is_superuser=True),
        }
        # A colleague with the same rights: what is one's own is not hers.
        colleagues = {
            role: UserFactory(role=user.role, ccas=user.ccas, partner=user.partner, is_superuser=user.is_superuser)
            for role, user in self.actors.items()
        }
        self.own = {role: Belongings(user, here) for role, user in self.actors.items()}
        self.colleagues = {role: Belongings(user, here) for role, user in colleagues.items()}
