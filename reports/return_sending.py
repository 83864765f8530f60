"""Sending a monthly return to the people of the partner: QUEUED, SENDING, then SENT or FAILED; never twice.

`SENDING` is committed before the mail server is asked, and its sender holds a lock of the database until the result is
written. A row that is `SENDING` while nobody holds its lock is one whose sender died: nobody knows whether the message
left, so that it is not made again, but told. See `docs/decisions/0005-jamais-deux-fois.md`.
"""

import logging
from collections.abc import Iterable
from datetime import timedelta
from email.mime.application import MIMEApplication
from email.utils import formataddr, parseaddr

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from bookings.mailing import hand_over, message_id
from bookings.sms import SendError, TemporaryFailure
from franceservices.db import translate_violations
from franceservices.errors import DomainError
from franceservices.sole_runner import sole_runner
from franceservices.text import safe_filename
from partners.models import Contact, User

from .models import DispatchState, MonthlyReturn, ReturnDispatch
from .queueing import SEND_RETURN, defer_send_return
from .return_documents import return_file_name, return_pdf, return_title

logger = logging.getLogger(__name__)

MOST_ATTEMPTS = 6
# After each attempt that failed for now, in minutes.
WAITS_MINUTES = (1, 5, 15, 60, 180)
LOST_AFTER = timedelta(minutes=2)
INTERRUPTED = "Interrompu pendant l’envoi\u00a0: envoi incertain, il n’est pas refait."
_OUTCOME_LENGTH = ReturnDispatch._meta.get_field("outcome").max_length
_PARTIES = ("monthly_return__site", "monthly_return__partner", "monthly_return__correction")


def contacts_to_write_to(monthly_return: MonthlyReturn) -> list[Contact]:
    """The people of the partner who have an address, by name."""
    return list(monthly_return.partner.contacts.exclude(email=""))


@transaction.atomic
def send_return(*, monthly_return: MonthlyReturn, contacts: Iterable[Contact], by: User) -> list[ReturnDispatch]:
    """Ask for the return to be sent to each of `contacts`; rows and jobs are kept or lost together.

    Raises DomainError without a contact, for one of another partner or without an address, for a return that a later
    one replaces, or while it is on its way to the same address; MonthlyReturn.DoesNotExist outside the perimeter.
    """
    monthly_return = MonthlyReturn.objects.visible_to(by).get(pk=monthly_return.pk)
    if monthly_return.is_corrected:
        raise DomainError("Une version plus récente remplace ce relevé\u00a0: c’est elle qu’il faut envoyer.")
    contacts = list(contacts)
    if not contacts:
        raise DomainError("Choisissez au moins un destinataire.")
    made = []
    for contact in contacts:
        if contact.partner_id != monthly_return.partner_id or not contact.email:
            raise DomainError(f"{contact.name} n’est pas un contact de ce partenaire, ou n’a pas de courriel.")
        with translate_violations(
            {
                "return_dispatch_once_at_a_time": DomainError(
                    f"Ce relevé est déjà en cours d’envoi à {contact.email}. Rien n’est ajouté."
                )
            }
        ):
            dispatch = ReturnDispatch.objects.create(
                monthly_return=monthly_return, recipient=contact.email, recipient_name=contact.name, asked_by=by
            )
        defer_send_return(dispatch.pk, due_at=dispatch.due_at)
        made.append(dispatch)
    return made


def deliver(dispatch_id: int) -> None:
    """Send one e-mail if it is due and nobody else's affair; write what became of it."""
    with sole_runner(f"reports.return_dispatch:{dispatch_id}") as is_ours:
        dispatch = _claimed(dispatch_id) if is_ours else None
        if dispatch is None:
            return
        try:
            outcome = hand_over(_message(dispatch))
        except TemporaryFailure as failure:
            _put_off_or_give_up(dispatch, failure)
        except SendError as failure:
            _settle(dispatch, DispatchState.FAILED, str(failure))
        else:
            _settle(dispatch, DispatchState.SENT, outcome)


@transaction.atomic
def sweep_dispatches() -> int:
    """Ask again for the e-mails whose job was lost with its worker; return how many. Safe to run at any moment."""
    waiting = ProcrastinateJob.objects.filter(task_name=SEND_RETURN, status="todo")
    with_a_job = set(waiting.values_list("args__dispatch_id", flat=True))
    late = ReturnDispatch.objects.filter(state=DispatchState.QUEUED, due_at__lte=timezone.now() - LOST_AFTER)
    sending = ReturnDispatch.objects.filter(state=DispatchState.SENDING)
    lost = [found.pk for queryset in (sending, late) for found in queryset if found.pk not in with_a_job]
    for dispatch_id in lost:
        defer_send_return(dispatch_id, due_at=timezone.now())
    return len(lost)


@transaction.atomic
def _claimed(dispatch_id: int) -> ReturnDispatch | None:
    """The e-mail, written down as being sent; None when there is nothing to send now."""
    dispatch = (
        ReturnDispatch.objects.select_for_update(no_key=True, of=["self"])
        .select_related(*_PARTIES)
        .filter(pk=dispatch_id)
        .first()
    )
    if dispatch is None:
        return None
    if dispatch.state == DispatchState.SENDING:  # Its sender died: the lock is ours.
        _settle(dispatch, DispatchState.FAILED, INTERRUPTED)
        return None
    if dispatch.state != DispatchState.QUEUED or dispatch.due_at > timezone.now():
        return None
    dispatch.state = DispatchState.SENDING
    dispatch.attempts += 1
    dispatch.save(update_fields=["state", "attempts"])
    return dispatch


def _message(dispatch: ReturnDispatch) -> EmailMessage:
    monthly_return = dispatch.monthly_return
    site, content = monthly_return.site, monthly_return.content
    text = render_to_string(
        "reports/messages/monthly_return.txt",
        {
            "title": return_title(monthly_return),
            "content": content,
            "correction": content.get("correction"),
            "site": site,
        },
    )
    subject = f"{return_title(monthly_return)}, {content['month']}, {site.short_name}"
    message = EmailMessage(
        subject=subject,
        body=text,
        from_email=formataddr((site.name, parseaddr(settings.DEFAULT_FROM_EMAIL)[1])),
        to=[dispatch.recipient],
        reply_to=[site.email] if site.email else None,
        headers={"Message-ID": message_id(f"releve.{dispatch.pk}"), "Auto-Submitted": "auto-generated"},
    )
    part = MIMEApplication(return_pdf(monthly_return, printed_on=site.today()), "pdf")
    part.add_header(
        "Content-Disposition", "attachment", filename=f"{safe_filename(return_file_name(monthly_return))}.pdf"
    )
    message.attach(part)
    return message


def _settle(dispatch: ReturnDispatch, state: DispatchState, outcome: str) -> None:
    """Write the result, unless somebody took the e-mail over meanwhile (`attempts` tells)."""
    ReturnDispatch.objects.filter(pk=dispatch.pk, attempts=dispatch.attempts).update(
        state=state, outcome=outcome[:_OUTCOME_LENGTH], sent_at=timezone.now() if state == DispatchState.SENT else None
    )
    if state == DispatchState.FAILED:
        logger.warning("return dispatch %s failed: %s", dispatch.pk, outcome)


@transaction.atomic
def _put_off_or_give_up(dispatch: ReturnDispatch, failure: TemporaryFailure) -> None:
    if dispatch.attempts >= MOST_ATTEMPTS:
        _settle(dispatch, DispatchState.FAILED, f"Abandonné après {dispatch.attempts} essais. {failure}")
        return
    wait = timedelta(minutes=WAITS_MINUTES[min(dispatch.attempts, len(WAITS_MINUTES)) - 1])
    due_at = timezone.now() + wait
    ReturnDispatch.objects.filter(pk=dispatch.pk, attempts=dispatch.attempts).update(
        state=DispatchState.QUEUED, due_at=due_at, outcome=str(failure)[:_OUTCOME_LENGTH]
    )
    defer_send_return(dispatch.pk, due_at=due_at)
