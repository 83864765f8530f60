"""Text messages: their alphabet and length, and the gateway in all its moods (a real server on this machine)."""

import json
import socket

import pytest

from bookings.message_texts import sms_text
from bookings.models import CancelledBy, Notification
from bookings.sending import send
from bookings.services import cancel_appointment
from bookings.sms import (
    FileSms,
    HttpSms,
    PermanentFailure,
    TemporaryFailure,
    UncertainFailure,
    gsm_text,
    messages_needed,
    sms_backend,
)

from .sms_gateway import Answer, running_gateway
from .written_to import MOBILE, booked, choose


@pytest.fixture
def gateway(settings, monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    settings.SMS_BACKEND, settings.SMS_TOKEN, settings.SMS_SENDER = "bookings.sms.HttpSms", "secret", "CCAS"
    settings.SMS_TIMEOUT, settings.SMS_IDEMPOTENT = 1, True
    with running_gateway() as running:
        settings.SMS_URL = running.address
        yield running


def ask(key="k1") -> str:
    return sms_backend().send(to=MOBILE, text="Rappel : demain à 9h00", key=key)


# --- the alphabet -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "carried"),
    [
        ("Éloïse à 9h00, reçu", "Éloise à 9h00, recu"),
        ("jusqu’au 1er\u00a0août – « forêt »…", 'jusqu\'au 1er aout - "foret"...'),
        ("Œuvre, cœur, 10\u202f€", "OEuvre, coeur, 10 €"),
        ("مرحبا 😀", "????? ?"),
        ("E\u0301cole", "École"),
        ("ligne\nautre\ttab", "ligne\nautre tab"),
    ],
)
def test_the_alphabet_of_text_messages(written, carried):
    assert gsm_text(written) == carried


@pytest.mark.parametrize(
    ("text", "number"),
    [("a" * 160, 1), ("a" * 161, 2), ("a" * 306, 2), ("a" * 307, 3), ("a" * 158 + "€", 1), ("a" * 159 + "€", 2)],
)
def test_how_many_messages_a_text_takes(text, number):
    assert messages_needed(text) == number


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["confirmation", "reminder", "cancellation"])
def test_one_message_each_without_a_link(desk, kind):
    desk.site.phone = "+33381412121"
    desk.site.save()
    choose(desk, signature="Le CCAS de Besançon")
    appointment = booked(desk, email_consent=False)
    if kind == "cancellation":
        cancel_appointment(appointment=appointment, cancelled_for=CancelledBy.CCAS, by=desk.receptionist)
    text = sms_text(Notification.objects.get(kind=kind))
    assert messages_needed(text) == 1
    assert "CPAM, jeu. 5 mars à 10h00, Planoise." in text
    assert "03 81 41 21 21" in text
    assert "Le CCAS de Besan" in text
    assert "Vitale" not in text


@pytest.mark.django_db
def test_a_link_makes_it_two_messages_at_most(desk, settings):
    settings.PUBLIC_URL = "https://rendez-vous.ccas-besancon.fr"
    choose(desk, signature="Le CCAS de la Ville de Besançon vous souhaite une bonne journée")
    booked(desk, email_consent=False)
    text = sms_text(Notification.objects.get(kind="confirmation"))
    assert "Annuler : https://rendez-vous.ccas-besancon.fr/annuler/" in text
    assert messages_needed(text) <= 2


@pytest.mark.django_db
def test_the_reason_is_named_where_the_space_chose_so(desk):
    choose(desk, names_reason=True)
    booked(desk, email_consent=False)
    assert "CPAM (Carte Vitale)" in sms_text(Notification.objects.get(kind="confirmation"))


# --- the gateway ------------------------------------------------------------------------------------------------


def test_what_the_gateway_is_asked(gateway):
    assert ask() == "Accepté par la passerelle, référence m-1."
    (request,) = gateway.requests
    assert request["json"] == {"to": MOBILE, "from": "CCAS", "text": "Rappel : demain à 9h00"}
    assert request["headers"]["Authorization"] == "Bearer secret"
    assert request["headers"]["Idempotency-Key"] == "k1"


def test_the_body_takes_the_shape_that_the_gateway_wants(gateway, settings):
    settings.SMS_BODY = {"messages": [{"recipients": ["{to}"], "content": "{text}", "ref": "{key}", "flash": False}]}
    ask()
    assert gateway.requests[0]["json"] == {
        "messages": [{"recipients": [MOBILE], "content": "Rappel : demain à 9h00", "ref": "k1", "flash": False}]
    }


@pytest.mark.parametrize(
    "answer",
    [
        Answer(500),
        Answer(503, b"<html>"),
        Answer(200, b"not json"),
        Answer(200, b"[]"),
        Answer(200, b"\xff\xfe"),
        Answer(wait_seconds=1.5),
    ],
)
def test_a_lost_answer_is_asked_for_again_only_where_keys_are_known(gateway, settings, answer):
    gateway.answers = [answer]
    with pytest.raises(TemporaryFailure):
        ask()
    assert ask() == "Accepté par la passerelle, référence m-1."
    settings.SMS_IDEMPOTENT = False
    gateway.answers = [answer]
    with pytest.raises(UncertainFailure, match="Envoi incertain"):
        ask("k2")


def test_too_many_requests_waits_as_long_as_asked(gateway, settings):
    settings.SMS_IDEMPOTENT = False
    gateway.answers = [Answer(429, headers={"Retry-After": "90"}), Answer(429, headers={"Retry-After": "demain"})]
    waits = []
    for _ in range(2):
        with pytest.raises(TemporaryFailure, match="429") as refusal:
            ask()
        waits.append(refusal.value.wait_seconds)
    assert waits == [90, None]


@pytest.mark.parametrize("answer", [Answer(400), Answer(401), Answer(404), Answer(302, headers={"Location": "/"})])
def test_a_refusal_for_good_is_not_tried_again(gateway, answer):
    gateway.answers = [answer]
    with pytest.raises(PermanentFailure, match=str(answer.code)):
        ask()
    assert len(gateway.requests) == 1


def test_a_gateway_that_nobody_reached_is_asked_again(gateway, settings):
    settings.SMS_IDEMPOTENT = False
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        settings.SMS_URL = f"http://127.0.0.1:{probe.getsockname()[1]}/"
        with pytest.raises(TemporaryFailure, match="injoignable"):
            ask()


@pytest.mark.parametrize("address", ["", "file:///etc/passwd", "passerelle.exemple.fr"])
def test_only_http_is_spoken(settings, address):
    settings.SMS_URL = address
    with pytest.raises(PermanentFailure, match="SMS_URL"):
        HttpSms().send(to=MOBILE, text="Bonjour", key="k")


def test_the_demonstration_writes_to_a_file(settings, tmp_path):
    settings.SMS_FILE = str(tmp_path / "courrier" / "sms.jsonl")
    for key in ("k1", "k2"):
        FileSms().send(to=MOBILE, text="Déjà 9h00", key=key)
    lines = [json.loads(line) for line in (tmp_path / "courrier" / "sms.jsonl").read_text().splitlines()]
    assert [line["key"] for line in lines] == ["k1", "k2"]
    assert lines[0]["text"] == "Déjà 9h00"


@pytest.mark.django_db
def test_without_a_gateway_the_desk_reads_why(desk):
    booked(desk, email_consent=False)
    row = Notification.objects.get(kind="confirmation")
    send(row.pk)
    row.refresh_from_db()
    assert (row.status, row.outcome) == (
        "failed",
        "Aucune passerelle SMS n’est réglée pour cette application.",
    )


@pytest.mark.django_db
def test_a_sender_that_died_is_replaced_with_the_same_key(desk, gateway):
    """The first one asked, and died before it wrote the result."""
    booked(desk, email_consent=False)
    row = Notification.objects.get(kind="confirmation")
    Notification.objects.filter(pk=row.pk).update(status="sending", attempts=1)
    gateway.take(row.dedupe_key, {})
    send(row.pk)
    row.refresh_from_db()
    assert (row.status, row.attempts) == ("sent", 2)
    assert dict(gateway.asked) == {row.dedupe_key: 2}
    assert dict(gateway.accepted) == {row.dedupe_key: 1}


@pytest.mark.django_db
def test_control_a_gateway_without_keys_would_have_sent_it_twice(desk, gateway):
    gateway.honours_keys = False
    booked(desk, email_consent=False)
    row = Notification.objects.get(kind="confirmation")
    Notification.objects.filter(pk=row.pk).update(status="sending", attempts=1)
    gateway.take(row.dedupe_key, {})
    send(row.pk)
    assert gateway.accepted[row.dedupe_key] == 2


@pytest.mark.django_db
def test_a_gateway_that_promises_nothing_is_not_asked_again(desk, gateway, settings):
    settings.SMS_IDEMPOTENT = False
    booked(desk, email_consent=False)
    row = Notification.objects.get(kind="confirmation")
    Notification.objects.filter(pk=row.pk).update(status="sending", attempts=1)
    send(row.pk)
    row.refresh_from_db()
    assert row.status == "failed"
    assert gateway.requests == []
