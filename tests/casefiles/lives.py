"""A person of whom everything that may be kept is kept, in words that would be found anywhere."""

import datetime as dt

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from bookings.models import Appointment, DataRequestKind, Notification, Permanence, Visitor
from bookings.personal_data.data_requests import answer_request, record_request
from bookings.services import create_visitor
from bookings.visitor_merging import Side, merge_visitors
from casefiles.models import CaseFile
from casefiles.services import (
    add_document,
    answer_alert,
    close_alert,
    mark_urgent,
    raise_alert,
    record_agreement,
    record_decision,
    return_line,
    withdraw,
    write_social_notes,
)
from partners.models import Role
from tests.bookings.personal_data import SECRETS
from tests.factories import OfficeFactory, ReasonFactory, UserFactory, VisitorFactory


class Life:
    """Lived at the desk of `cases` on 2 March 2026: two cards made one, appointments, messages, files, an alert."""

    def __init__(self, cases) -> None:
        self.cases, self.site = cases, cases.site
        self.reason = ReasonFactory(partners=[cases.caisse])
        self.proposer = UserFactory(role=Role.MANAGER, ccas=self.site.ccas, first_name="Paule")
        self.approver = UserFactory(role=Role.ADMINISTRATOR, ccas=self.site.ccas, first_name="Anne")
        self.visitor = create_visitor(
            ccas=self.site.ccas,
            **SECRETS,
            email_consent=True,
            sms_consent=True,
            needs_wheelchair_access=True,
            by=cases.clerk,
        )
        double = VisitorFactory(
            ccas=self.site.ccas, last_name="Zzyvonne", first_name="Philomenexx", staff_notes="Motsecret du double"
        )
        self.appointments = [
            self.appointment(dt.date(2026, 2, 3), "honoured"),
            self.appointment(dt.date(2026, 2, 10), "no_show"),
            self.appointment(dt.date(2026, 2, 17), "cancelled"),
            self.appointment(dt.date(2026, 2, 24), "honoured", visitor=double),
        ]
        self.merge = merge_visitors(kept=self.visitor, merged=double, facts={"last_name": Side.KEPT}, by=cases.clerk)
        self.message(self.appointments[0])
        self.files()
        self.requests()
        self.visitor = Visitor.objects.get(pk=self.visitor.pk)
        self.double = Visitor.objects.get(pk=double.pk)

    def appointment(self, day: dt.date, status: str, **fields) -> Appointment:
        start = dt.datetime.combine(day, dt.time(9), self.site.zone)
        during = DateTimeTZRange(start, start + dt.timedelta(minutes=30), "[)")
        permanence = Permanence.objects.create(
            site=self.site, partner=self.cases.caisse, office=OfficeFactory(site=self.site), day=day, during=during
        )
        stamps = {"honoured": ("started", "finished"), "no_show": ("absent",), "cancelled": ("cancelled",)}[status]
        return Appointment.objects.create(
            permanence=permanence,
            site=self.site,
            partner=self.cases.caisse,
            reason=self.reason,
            during=during,
            status=status,
            subject="Motsecret de l’objet",
            booked_at=start - dt.timedelta(days=12),
            booked_by=self.cases.clerk,
            cancelled_for="visitor" if status == "cancelled" else "",
            cancellation_reason="Motsecret de l’annulation" if status == "cancelled" else "",
            **{f"{step}_at": during.upper for step in stamps},
            **{f"{step}_by": self.cases.clerk for step in stamps},
            **{"visitor": self.visitor, **fields},
        )

    def message(self, appointment: Appointment) -> None:
        Notification.objects.create(
            site=self.site,
            appointment=appointment,
            kind="confirmation",
            channel="email",
            recipient=SECRETS["email"],
            dedupe_key=f"confirmation:email:{appointment.pk}",
            due_at=appointment.booked_at,
            status="failed",
            outcome=f"Refusé (550 {SECRETS['email']} inconnu)",
        )

    def files(self) -> None:
        """One accepted after a return, urgent; one withdrawn; one refused; an alert answered and closed."""
        cases, by = self.cases, {"by": self.cases.clerk}
        file = cases.opened(visitor=self.visitor, is_urgent=True, urgency="Motsecret urgent", social_notes="Motsecret")
        added = add_document(file=file, label="Jugement motsecret", **by)
        cases.collect(file)
        assert added.label
        self.sent_twice(CaseFile.objects.get(pk=file.pk))
        other = cases.opened(visitor=self.visitor)
        write_social_notes(file=other, text="Zzyvonne, motsecret social", **by)
        mark_urgent(file=other, urgency="Motsecret", **by)
        withdraw(file=other, reason="Motsecret du retrait", **by)
        refused = cases.acknowledged(visitor=self.visitor)
        record_decision(
            line=refused, result="refused", decided_on=refused.sent_on, refusal_reason="Motsecret du refus", **by
        )
        alert = raise_alert(
            site=self.site,
            visitor=self.visitor,
            partner=cases.caisse,
            what="Motsecret de Mme Zzyvonne-Quidam",
            deadline=self.site.today(),
            **by,
        )
        answer_alert(alert=alert, answer="Motsecret de la caisse", by=cases.agent)
        close_alert(alert=alert, **by)

    def sent_twice(self, file: CaseFile) -> None:
        cases, today = self.cases, self.site.today()
        cases.collect(file)
        record_agreement(file=file, agreed_on=today, by=cases.clerk)
        line = cases.send(file).lines.get()
        return_line(
            line=line,
            documents=[],
            labels=["Attestation motsecret"],
            note="Motsecret du retour",
            received_on=today,
            returned_on=today,
            by=cases.agent,
        )
        cases.collect(file)
        line = cases.send(file).lines.get()
        record_decision(
            line=line,
            result="accepted",
            received_on=today,
            decided_on=today,
            rights_from=today,
            rights_until=today + dt.timedelta(days=364),
            by=cases.agent,
        )

    def requests(self) -> None:
        asked = record_request(
            site=self.site,
            visitor=self.visitor,
            kind=DataRequestKind.NO_MESSAGES,
            received_on=self.site.today(),
            asked_by="Sa fille, Mme Quidam",
            details="Motsecret demandé",
            by=self.cases.clerk,
        )
        answer_request(request=asked, is_granted=True, answer="Motsecret répondu", by=self.proposer)
