"""Text messages: what fits in one, and the gateways that carry them.

`SMS_BACKEND` names the class. A gateway is asked with a key: one that promises to accept a key once
(`is_idempotent`) may be asked again when its answer was lost.
"""

import json
import re
import socket
import unicodedata
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import HTTPException, HTTPMessage
from pathlib import Path
from typing import IO, Protocol

from django.conf import settings
from django.utils.module_loading import import_string

# The default alphabet of GSM 03.38: a text of these alone has 160 characters in a message, any other one 70.
_GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM_EXTENDED = frozenset("^{}\\[~]|€")
_PLAIN = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "–": "-", "—": "-", "…": "...", "œ": "oe", "Œ": "OE"})
ONE_MESSAGE, PART_OF_SEVERAL = 160, 153
_LONGEST_WAIT_SECONDS = 3600


def gsm_text(text: str) -> str:
    """`text` in the alphabet of plain text messages: « forêt » loses its circumflex, what has no likeness is « ? »."""
    plain = re.sub(r"«\s*|\s*»", '"', unicodedata.normalize("NFC", text)).translate(_PLAIN)
    return "".join(_gsm_character(character) for character in plain)


def _gsm_character(character: str) -> str:
    if character in _GSM or character in _GSM_EXTENDED:
        return character
    if character.isspace():
        return " "
    base = unicodedata.normalize("NFKD", character)[0]
    return base if base in _GSM else "?"


def messages_needed(text: str) -> int:
    """Over how many messages a text in the GSM alphabet is carried (and billed)."""
    length = sum(2 if character in _GSM_EXTENDED else 1 for character in text)
    return 1 if length <= ONE_MESSAGE else -(-length // PART_OF_SEVERAL)


class SendError(Exception):
    """A message was not accepted; the text is a French sentence for the desk."""


class TemporaryFailure(SendError):
    """The gateway cannot now; certainly not sent, or asking again with the same key is safe.

    `wait_seconds` is what the gateway asks for, if it says.
    """

    def __init__(self, sentence: str, *, wait_seconds: int | None = None) -> None:
        super().__init__(sentence)
        self.wait_seconds = wait_seconds


class PermanentFailure(SendError):
    """Asking again would change nothing: an address that does not exist, a refused account."""


class UncertainFailure(SendError):
    """Nobody knows whether it left; it is not sent again."""


class SmsBackend(Protocol):
    """A way to send text messages. `is_idempotent`: the gateway accepts one key once, whatever it is asked."""

    is_idempotent: bool

    def send(self, *, to: str, text: str, key: str) -> str:
        """Send `text` to the E.164 number `to`; return what to keep of the answer. Raises SendError."""


class FileSms:
    """For the demonstration: each message is a JSON line of the file `SMS_FILE`."""

    # A line is there or not, and nobody is disturbed by a second one.
    is_idempotent = True

    def send(self, *, to: str, text: str, key: str) -> str:
        path = Path(settings.SMS_FILE)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as lines:
            lines.write(json.dumps({"to": to, "text": text, "key": key}, ensure_ascii=False) + "\n")
        return "Écrit dans le fichier des SMS."


class NoSms:
    """Where no gateway is configured: every message fails, and the desk reads why."""

    is_idempotent = True

    def send(self, *, to: str, text: str, key: str) -> str:
        raise PermanentFailure("Aucune passerelle SMS n’est réglée pour cette application.")


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A message is not carried to an address that the gateway's answer names."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> None:
        return None


@dataclass
class HttpSms:
    """A gateway asked by one JSON POST for each message.

    The body is the JSON of `SMS_BODY`, in which `{to}`, `{from}`, `{text}` and `{key}` are filled in; the key also goes
    in the header `SMS_KEY_HEADER`. A 2xx answer with a JSON object means accepted. Without `SMS_IDEMPOTENT` a lost
    answer is not asked for again.
    """

    is_idempotent: bool = field(default_factory=lambda: settings.SMS_IDEMPOTENT)

    def send(self, *, to: str, text: str, key: str) -> str:
        if not settings.SMS_URL.startswith(("https://", "http://")):
            raise PermanentFailure("L’adresse de la passerelle SMS est mal réglée (SMS_URL).")
        values = {"{to}": to, "{from}": settings.SMS_SENDER, "{text}": text, "{key}": key}
        request = urllib.request.Request(
            settings.SMS_URL,
            data=json.dumps(_filled(settings.SMS_BODY, values)).encode(),
            headers={
                "Content-Type": "application/json",
                "Accept": "application/json",
                settings.SMS_KEY_HEADER: key,
                **({"Authorization": f"Bearer {settings.SMS_TOKEN}"} if settings.SMS_TOKEN else {}),
            },
            method="POST",
        )
        try:
            with urllib.request.build_opener(_NoRedirect).open(request, timeout=settings.SMS_TIMEOUT) as response:
                answer = json.loads(response.read(65_536))
        except urllib.error.HTTPError as error:
            with error:
                raise self._refusal(error) from error
        except (OSError, HTTPException) as error:
            if isinstance(getattr(error, "reason", None), ConnectionRefusedError | socket.gaierror):
                raise TemporaryFailure("La passerelle SMS est injoignable.") from error  # Nobody heard the question.
            raise self._lost("La passerelle SMS n’a pas répondu.") from error
        except ValueError as error:
            raise self._lost("La passerelle SMS a répondu de façon illisible.") from error
        if not isinstance(answer, dict):
            raise self._lost("La passerelle SMS a répondu de façon illisible.")
        reference = answer.get("id")
        return f"Accepté par la passerelle, référence {str(reference)[:80]}." if reference else "Accepté."

    def _refusal(self, error: urllib.error.HTTPError) -> SendError:
        sentence = f"La passerelle SMS a refusé (code {error.code})."
        if error.code == 429:
            # It says itself that it took nothing.
            wait = error.headers.get("Retry-After", "")
            return TemporaryFailure(
                sentence,
                wait_seconds=min(int(wait), _LONGEST_WAIT_SECONDS) if wait.isascii() and wait.isdigit() else None,
            )
        return self._lost(sentence) if error.code >= 500 else PermanentFailure(sentence)

    def _lost(self, sentence: str) -> SendError:
        """It may have been accepted: only a gateway that knows its keys is asked again."""
        if self.is_idempotent:
            return TemporaryFailure(sentence)
        return UncertainFailure(f"{sentence} Envoi incertain\u00a0: il n’est pas refait.")


def _filled(shape: object, values: Mapping[str, str]) -> object:
    """`shape` with each string that names a value replaced by it, at any depth."""
    if isinstance(shape, dict):
        return {name: _filled(inner, values) for name, inner in shape.items()}
    if isinstance(shape, list):
        return [_filled(inner, values) for inner in shape]
    return values.get(shape, shape) if isinstance(shape, str) else shape


def sms_backend() -> SmsBackend:
    """The one that the settings name."""
    return import_string(settings.SMS_BACKEND)()
