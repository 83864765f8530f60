"""What a signed answer of the provider says, once everything about it is verified.

PyJWT checks the signature, the dates, the issuer and the audience; here is what it leaves to its caller: which
algorithms, which key, for whom exactly, and the links between the answers. (OpenID Connect Core, 3.1.3.7 and 5.3.4.)
"""

import base64
import hashlib
import hmac
from collections.abc import Iterable

import jwt

from .configuration import Configuration
from .provider import ALGORITHMS, Provider, signing_key
from .refusals import UNVERIFIABLE, Refusal

# Our clock and the provider's may differ by that much, in seconds.
CLOCK_TOLERANCE_SECONDS = 30
_REASONS: tuple[tuple[type[jwt.PyJWTError], str], ...] = (
    (jwt.ExpiredSignatureError, "expired"),
    (jwt.ImmatureSignatureError, "not_yet_valid"),
    (jwt.InvalidIssuedAtError, "not_yet_valid"),
    (jwt.InvalidAudienceError, "wrong_audience"),
    (jwt.InvalidIssuerError, "wrong_issuer"),
    (jwt.MissingRequiredClaimError, "claim_missing"),
    (jwt.InvalidAlgorithmError, "wrong_algorithm"),
    (jwt.InvalidSignatureError, "wrong_signature"),
)


def id_token_claims(
    token: str, *, nonce: str, access_token: str, configured: Configuration, known: Provider
) -> dict[str, object]:
    """What an ID token says. Raises Refusal unless the provider made it for us, for this very request."""
    claims = _verified("id_token", token, ("iss", "sub", "aud", "exp", "iat", "nonce"), configured, known)
    audience, party = claims["aud"], claims.get("azp")
    # Made for several, it names the one that asked; naming one at all, it names us.
    if (isinstance(audience, list) and len(audience) > 1 and party is None) or party not in (
        None,
        configured.client_id,
    ):
        raise Refusal("id_token_wrong_party", UNVERIFIABLE)
    if not _same(claims["nonce"], nonce):
        raise Refusal("id_token_wrong_nonce", UNVERIFIABLE)
    # OpenID Connect Core, 2: not longer than that. What is not printable would not fit the database either.
    if not 0 < len(claims["sub"]) <= 255 or not claims["sub"].isprintable():
        raise Refusal("id_token_malformed", UNVERIFIABLE)
    if "at_hash" in claims and not _same(claims["at_hash"], _half_hash(access_token)):
        raise Refusal("id_token_of_another_access_token", UNVERIFIABLE)
    return claims


def userinfo_claims(token: str, *, sub: str, configured: Configuration, known: Provider) -> dict[str, object]:
    """What the signed userinfo says of `sub`. Raises Refusal unless it was made for us, and is of that person."""
    claims = _verified("userinfo", token, ("iss", "sub", "aud"), configured, known)
    if not _same(claims["sub"], sub):
        raise Refusal("userinfo_of_another", UNVERIFIABLE)
    return claims


def _verified(
    kind: str, token: str, required: Iterable[str], configured: Configuration, known: Provider
) -> dict[str, object]:
    try:
        header = jwt.get_unverified_header(token)
        algorithm = header.get("alg")
        if algorithm not in ALGORITHMS:
            raise jwt.InvalidAlgorithmError
        key = signing_key(configured, known, key_id=header.get("kid"), algorithm=algorithm)
        if key is None:
            raise Refusal(f"{kind}_unknown_key", UNVERIFIABLE)
        return jwt.decode(
            token,
            key=key,
            algorithms=ALGORITHMS,
            audience=configured.client_id,
            issuer=configured.issuer,
            leeway=CLOCK_TOLERANCE_SECONDS,
            options={"require": list(required), "enforce_minimum_key_length": True},
        )
    except jwt.PyJWTError as error:
        reason = next((name for kind_of, name in _REASONS if isinstance(error, kind_of)), "malformed")
        raise Refusal(f"{kind}_{reason}", UNVERIFIABLE) from error


def _same(claimed: object, expected: str) -> bool:
    return isinstance(claimed, str) and claimed.isascii() and hmac.compare_digest(claimed, expected)


def _half_hash(access_token: str) -> str:
    """`at_hash` of RS256 and ES256: the left half of the SHA-256, in base64url without padding."""
    half = hashlib.sha256(access_token.encode()).digest()[:16]
    return base64.urlsafe_b64encode(half).decode().rstrip("=")
