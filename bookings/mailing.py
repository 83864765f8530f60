"""One e-mail to one person, with what is known of its fate told apart: not sent, refused, or nobody knows."""

import contextlib
import smtplib
from email.mime.text import MIMEText
from email.utils import formataddr, parseaddr

from django.conf import settings
from django.core.mail import EmailMessage, get_connection

from partners.models import Site

from .message_texts import EmailText
from .sms import PermanentFailure, TemporaryFailure, UncertainFailure

UNCERTAIN = "Envoi incertain\u00a0: la liaison avec le serveur de courriel s’est rompue. Il n’est pas refait."
_TEMPORARY_CODES = range(400, 500)


def message_id(key: str) -> str:
    """The Message-ID of the message with this key, the same at each attempt: mail systems drop a second copy."""
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2]
    return f"<message.{key.replace(':', '.')}@{domain}>"


def send_email(text: EmailText, *, to: str, site: Site, key: str) -> str:
    """Hand the e-mail over to the mail server; return what to keep of it. Raises SendError."""
    message = EmailMessage(
        subject=text.subject,
        body=text.body,
        from_email=formataddr((site.name, parseaddr(settings.DEFAULT_FROM_EMAIL)[1])),
        to=[to],
        reply_to=[site.email] if site.email else None,
        headers={"Message-ID": message_id(key), "Auto-Submitted": "auto-generated"},
    )
    if text.calendar_file:
        part = MIMEText(text.calendar_file.text, "calendar", "utf-8")
        part.set_param("method", text.calendar_file.method)
        part.add_header("Content-Disposition", "attachment", filename="rendez-vous.ics")
        message.attach(part)
    return hand_over(message)


def hand_over(message: EmailMessage) -> str:
    """Hand a written e-mail over to the mail server; return what to keep of it. Raises SendError."""
    connection = get_connection()
    try:
        connection.open()
    except OSError as error:  # smtplib's own exceptions are among them. Nothing was said yet.
        raise TemporaryFailure("Le serveur de courriel est injoignable.") from error
    try:
        connection.send_messages([message])
    except smtplib.SMTPRecipientsRefused as error:
        raise _refusal(*next(iter(error.recipients.values()))) from error
    except smtplib.SMTPResponseException as error:
        raise _refusal(error.smtp_code, error.smtp_error) from error
    except OSError as error:
        raise UncertainFailure(UNCERTAIN) from error
    finally:
        with contextlib.suppress(OSError):  # The message is handed over; a broken farewell changes nothing.
            connection.close()
    return "Remis au serveur de courriel."


def _refusal(code: int, answer: bytes | str) -> TemporaryFailure | PermanentFailure:
    """What a reply of the server means (RFC 5321: 4xx for now, 5xx for good); it says that nothing was accepted."""
    words = answer.decode(errors="replace") if isinstance(answer, bytes) else answer
    sentence = f"Le serveur de courriel a refusé ({code} {words[:150]})."
    return TemporaryFailure(sentence) if code in _TEMPORARY_CODES else PermanentFailure(sentence)
