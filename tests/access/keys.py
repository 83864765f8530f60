"""A key and an application that nobody holds, as allauth keeps them: for pages about them, not for signing in."""

import hashlib

from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from fido2.cose import ES256
from fido2.utils import websafe_encode
from fido2.webauthn import (
    Aaguid,
    AttestationObject,
    AttestedCredentialData,
    AuthenticatorData,
    CollectedClientData,
)

from partners.models import User

ORIGIN = "testserver"


def give_second_factors(owner: User) -> Authenticator:
    """An application, its recovery codes and a key; the key."""
    TOTP.activate(owner, generate_totp_secret())
    RecoveryCodes.activate(owner)
    identifier = hashlib.sha256(owner.email.encode()).digest()
    public_key = ES256({1: 2, 3: -7, -1: 1, -2: identifier, -3: identifier})
    credential = AttestedCredentialData.create(Aaguid.NONE, identifier, public_key)
    flags = AuthenticatorData.FLAG.UP | AuthenticatorData.FLAG.UV | AuthenticatorData.FLAG.AT
    answered = AuthenticatorData.create(hashlib.sha256(ORIGIN.encode()).digest(), flags, 0, credential)
    client = CollectedClientData.create("webauthn.create", b"challenge", f"https://{ORIGIN}")
    response = {
        "clientDataJSON": client.b64,
        "attestationObject": websafe_encode(AttestationObject.create("none", answered, {})),
    }
    kept = {"id": websafe_encode(identifier), "rawId": websafe_encode(identifier), "type": "public-key"}
    return Authenticator.objects.create(
        user=owner,
        type=Authenticator.Type.WEBAUTHN,
        data={"name": "Clé", "credential": {**kept, "response": response, "clientExtensionResults": {}}},
    )
