"""A monthly return sent by e-mail: asked with its job in one transaction, sent once, its fate told."""

import datetime as dt
import smtplib

import pytest
import time_machine
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.db import transaction
from django.urls import reverse
from procrastinate.contrib.django.models import ProcrastinateJob

from franceservices.errors import DomainError
from partners.models import Contact
from reports import return_sending
from reports.establishing import correct_return, establish_return
from reports.models import DispatchState, ReturnDispatch
from reports.periods import Period
from reports.return_sending import deliver, send_return, sweep_dispatches
from tests.reports.papers import text_of

SEND = "reports.tasks.send_return"


@pytest.fixture
def found(scene):
    """The return of March, and two people of the caisse, of whom one has an address."""
    scene.appointment("2026-03-03")
    scene.contact = Contact.objects.create(partner=scene.cpam, name="Ana Petit", email="ana@cpam.example")
    Contact.objects.create(partner=scene.cpam, name="Sans adresse")
    return establish_return(
        site=scene.site, partner=scene.cpam, period=Period.of_month(2026, 3), comment="Vu", by=scene.manager
    )


def ask(scene, found) -> ReturnDispatch:
    [dispatch] = send_return(monthly_return=found, contacts=[scene.contact], by=scene.manager)
    return dispatch


def after(dispatch: ReturnDispatch) -> ReturnDispatch:
    dispatch.refresh_from_db()
    return dispatch


def test_the_worker_sends_the_pdf_once(scene, found):
    dispatch = ask(scene, found)
    job = ProcrastinateJob.objects.get(task_name=SEND)
    assert (job.args, job.queue_name) == ({"dispatch_id": dispatch.pk}, "messages")
    deliver(dispatch.pk)
    deliver(dispatch.pk)
    [message] = mail.outbox
    assert message.to == ["ana@cpam.example"]
    assert message.subject == "Relevé mensuel n°\u00a02026-001, mars 2026, Planoise"
    assert "Rendez-vous effectués\u00a0: 1" in message.body
    [attachment] = message.attachments
    assert attachment.get_filename() == f"releve-{scene.cpam.slug}-2026-03-n-2026-001.pdf"
    assert "Relevé mensuel n° 2026-001" in text_of(attachment.get_payload(decode=True))
    assert (after(dispatch).state, dispatch.outcome) == (DispatchState.SENT, "Remis au serveur de courriel.")
    assert dispatch.sent_at is not None


def test_the_row_and_its_job_stand_or_fall_together(scene, found):
    with transaction.atomic():
        ask(scene, found)
        transaction.set_rollback(True)
    assert not ReturnDispatch.objects.exists()
    assert not ProcrastinateJob.objects.filter(task_name=SEND).exists()


def test_what_cannot_be_sent(scene, found):
    stranger = Contact.objects.create(partner=scene.caf, name="Autre", email="autre@caf.example")
    for contacts, sentence in (([], "au moins un"), ([stranger], "pas un contact")):
        with pytest.raises(DomainError, match=sentence):
            send_return(monthly_return=found, contacts=contacts, by=scene.manager)
    ask(scene, found)
    with pytest.raises(DomainError, match="déjà en cours d’envoi"):
        ask(scene, found)
    correct_return(monthly_return=found, reason="Faute", comment="", by=scene.manager)
    with pytest.raises(DomainError, match="version plus récente"):
        ask(scene, found)


class Refusing(EmailBackend):
    code = 550

    def send_messages(self, messages):
        raise smtplib.SMTPRecipientsRefused({"ana@cpam.example": (self.code, b"no")})


class Busy(Refusing):
    code = 450


def test_a_refusal_is_told_and_can_be_asked_again(scene, found, settings, client):
    dispatch = ask(scene, found)
    settings.EMAIL_BACKEND = f"{__name__}.Refusing"
    deliver(dispatch.pk)
    assert after(dispatch).state == DispatchState.FAILED
    assert "a refusé" in dispatch.outcome
    client.force_login(scene.manager)
    address = reverse("reports:monthly_return", args=[found.pk])
    assert "en échec" in client.get(address).content.decode()
    answer = client.post(reverse("reports:monthly_return_send", args=[found.pk]), {"contacts": [scene.contact.pk]})
    assert answer["Location"] == address
    assert found.dispatches.count() == 2
    refused = client.post(reverse("reports:monthly_return_send", args=[found.pk]), {})
    assert "Choisissez au moins un destinataire." in refused.content.decode()


def test_a_busy_server_is_asked_again_later_then_given_up(scene, found, settings):
    dispatch = ask(scene, found)
    settings.EMAIL_BACKEND = f"{__name__}.Busy"
    with time_machine.travel(dt.datetime(2026, 4, 3, 12, 0, tzinfo=dt.UTC), tick=False) as clock:
        deliver(dispatch.pk)
        assert (after(dispatch).state, dispatch.attempts) == (DispatchState.QUEUED, 1)
        deliver(dispatch.pk)
        assert after(dispatch).attempts == 1  # Not yet due.
        for _ in range(return_sending.MOST_ATTEMPTS):
            clock.shift(dt.timedelta(hours=4))
            deliver(dispatch.pk)
    assert (after(dispatch).state, dispatch.attempts) == (DispatchState.FAILED, return_sending.MOST_ATTEMPTS)


def test_a_sender_that_died_is_not_repeated(scene, found):
    dispatch = ask(scene, found)
    ReturnDispatch.objects.filter(pk=dispatch.pk).update(state=DispatchState.SENDING, attempts=1)
    ProcrastinateJob.objects.all().delete()
    assert sweep_dispatches() == 1
    deliver(dispatch.pk)
    assert (after(dispatch).state, mail.outbox) == (DispatchState.FAILED, [])
    assert "envoi incertain" in dispatch.outcome


def test_sent_is_shown_in_the_list(scene, found, client):
    deliver(ask(scene, found).pk)
    client.force_login(scene.manager)
    page = client.get(reverse("reports:monthly_return_list"), {"etat": "envoye"})
    assert [line.monthly_return for line in page.context["page_obj"]] == [found]
