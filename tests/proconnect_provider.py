"""A provider on this machine that behaves like ProConnect, and misbehaves on demand.

Real keys, real HTTP. It is as strict as the real one where that can break us: unknown parameters, short `state` and
`nonce`, addresses that were not declared letter by letter, codes used twice. A test changes what it answers through the
attributes of `Provider`. By hand: `python -m tests.proconnect_provider ADDRESS-OF-THE-APPLICATION EMAIL SIRET ACR`.
"""

import base64
import hashlib
import hmac
import json
import secrets
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

CLIENT_ID, CLIENT_SECRET = "espace-france-services", "un-secret-du-client"
# What the real one lets through; anything else is its error Y000400.
AUTHORIZE_PARAMETERS = {
    *("client_id", "acr_values", "claims", "response_type", "response_mode", "nonce", "login_hint", "state"),
    *("redirect_uri", "scope", "prompt", "idp_hint", "code_challenge", "code_challenge_method"),
}
REMOVED = object()
Claims = dict[str, object]
Signer = Callable[["Provider", Claims], str]


@cache
def rsa_key(name: str, bits: int = 2048) -> rsa.RSAPrivateKey:
    """One key for each name, made once."""
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


@cache
def curve_key(name: str) -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def signed_by_rsa(provider: "Provider", claims: Claims) -> str:
    return jwt.encode(claims, rsa_key("provider"), algorithm="RS256", headers={"kid": "rsa-1"})


def signed_by_curve(provider: "Provider", claims: Claims) -> str:
    return jwt.encode(claims, curve_key("provider"), algorithm="ES256", headers={"kid": "ec-1"})


def signed_by_somebody_else(provider: "Provider", claims: Claims) -> str:
    """Another key under the provider's own key id."""
    return jwt.encode(claims, rsa_key("forger"), algorithm="RS256", headers={"kid": "rsa-1"})


def signed_by_weak_key(provider: "Provider", claims: Claims) -> str:
    """A published key of 1024 bits."""
    provider.keys = (*provider.keys, "weak")
    text = f"{_part({'alg': 'RS256', 'kid': 'weak'})}.{_part(claims)}"
    signature = rsa_key("weak", 1024).sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())
    return f"{text}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"


def signed_by_unpublished_key(provider: "Provider", claims: Claims) -> str:
    return jwt.encode(claims, rsa_key("forger"), algorithm="RS256", headers={"kid": "rsa-666"})


def signed_by_key_in_header(provider: "Provider", claims: Claims) -> str:
    """A token that brings its own key, and an address where to find it."""
    public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(rsa_key("forger").public_key()))
    headers = {"kid": "rsa-1", "jwk": public, "jku": f"{provider.issuer}/forged-keys"}
    return jwt.encode(claims, rsa_key("forger"), algorithm="RS256", headers=headers)


def unsigned(provider: "Provider", claims: Claims) -> str:
    return f"{_part({'alg': 'none', 'typ': 'JWT'})}.{_part(claims)}."


def signed_with_public_key_as_secret(provider: "Provider", claims: Claims) -> str:
    """HS256 with what everybody knows: the provider's public key, as PEM."""
    secret = (
        rsa_key("provider")
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    return _by_secret(claims, secret)


def signed_with_client_secret(provider: "Provider", claims: Claims) -> str:
    """HS256 as the real one may be set up to do; we ask for it to be set up otherwise."""
    return _by_secret(claims, CLIENT_SECRET.encode())


def altered_after_signing(provider: "Provider", claims: Claims) -> str:
    head, _, signature = signed_by_rsa(provider, claims).split(".")
    return f"{head}.{_part({**claims, 'sub': 'somebody-else'})}.{signature}"


def not_a_token(provider: "Provider", claims: Claims) -> str:
    return "pas.un.jeton"


def _by_secret(claims: Claims, secret: bytes) -> str:
    text = f"{_part({'alg': 'HS256', 'kid': 'rsa-1'})}.{_part(claims)}"
    signature = hmac.new(secret, text.encode(), hashlib.sha256).digest()
    return f"{text}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"


def _part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


@dataclass
class Provider:
    """`person` is who signs in over there; the other attributes are what a test spoils."""

    origin: str
    redirect_uri: str = "http://testserver/connexion/proconnect/retour/"
    post_logout_redirect_uri: str = "http://testserver/connexion/proconnect/fin/"
    person: Claims = field(default_factory=dict)
    id_token_changes: Claims = field(default_factory=dict)
    userinfo_changes: Claims = field(default_factory=dict)
    discovery_changes: Claims = field(default_factory=dict)
    token_changes: Claims = field(default_factory=dict)
    answer_changes: dict[str, object] = field(default_factory=dict)
    sign_id_token: Signer = signed_by_rsa
    sign_userinfo: Signer = signed_by_rsa
    userinfo_type: str = "application/jwt"
    keys: tuple[str, ...] = ("rsa-1", "ec-1")
    # Doors that answer 503, and those that let one wait: "token", "userinfo", "jwks", "discovery".
    closed: set[str] = field(default_factory=set)
    slow: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    sign_outs: list[Claims] = field(default_factory=list)
    # The sign-in of the employer, on another origin, through which the browser passes both ways.
    employer_origin: str = ""
    goes_by_employer: bool = False
    # What is asked under /ailleurs/ is answered by a redirection.
    goes_elsewhere: bool = False
    stopped: threading.Event = field(default_factory=threading.Event)

    @property
    def issuer(self) -> str:
        return f"{self.origin}/api/v2"

    def visit(self, address: str) -> str:
        """Where the provider sends the browser that opens `address`; what it says when it does not."""
        try:
            urllib.request.build_opener(_Stay).open(address, timeout=5).close()
        except urllib.error.HTTPError as answer:
            with answer:
                if answer.code in (302, 303):
                    return answer.headers["Location"]
                raise AssertionError(answer.read().decode()) from answer
        raise AssertionError("no redirection")

    # --- the doors -----------------------------------------------------------------------------------------------
    def discovery(self) -> Claims:
        published = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
            "jwks_uri": f"{self.issuer}/jwks",
            "end_session_endpoint": f"{self.issuer}/session/end",
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": True,
            "id_token_signing_alg_values_supported": ["HS256", "RS256", "ES256"],
            "acr_values_supported": ["eidas1", "eidas2", "eidas3"],
        }
        return _changed(published, self.discovery_changes)

    def jwks(self) -> Claims:
        known = {
            "rsa-1": json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(rsa_key("provider").public_key())),
            "ec-1": json.loads(jwt.algorithms.ECAlgorithm.to_jwk(curve_key("provider").public_key())),
            "weak": json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(rsa_key("weak", 1024).public_key())),
        }
        return {"keys": [{**known[name], "kid": name, "use": "sig"} for name in self.keys]}

    def authorize(self, query: dict[str, str]) -> str:
        """Where the browser is sent back to. Raises ValueError for what the real one refuses."""
        if set(query) - AUTHORIZE_PARAMETERS:
            raise ValueError("Y000400")
        if query["client_id"] != CLIENT_ID or query["redirect_uri"] != self.redirect_uri:
            raise ValueError("Y030031")
        if len(query["state"]) < 32 or len(query["nonce"]) < 32 or "openid" not in query["scope"].split():
            raise ValueError("Y000400")
        if not json.loads(query["claims"])["id_token"]["acr"]["essential"]:
            raise ValueError("acr")
        code = secrets.token_urlsafe(32)
        self.codes[code] = query
        answer = {"code": code, "state": query["state"], "iss": self.issuer}
        if "error" in self.answer_changes:
            del answer["code"]
        return f"{self.redirect_uri}?{urlencode(_changed(answer, self.answer_changes))}"

    def token(self, form: dict[str, str]) -> Claims:
        asked = self.codes.pop(form["code"])
        verifier = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(verifier).decode().rstrip("=")
        if (
            (form["client_id"], form["client_secret"]) != (CLIENT_ID, CLIENT_SECRET)
            or (form["grant_type"], form["redirect_uri"]) != ("authorization_code", self.redirect_uri)
            or asked.get("code_challenge", challenge) != challenge
            or asked.get("code_challenge_method", "S256") != "S256"
        ):
            raise ValueError("invalid_grant")
        now = int(time.time())
        access_token = secrets.token_urlsafe(24)
        half = hashlib.sha256(access_token.encode()).digest()[:16]
        claims = {
            "iss": self.issuer,
            "sub": self.person["sub"],
            "aud": CLIENT_ID,
            "exp": now + 60,
            "iat": now,
            "nonce": asked["nonce"],
            "acr": self.person["acr"],
            "at_hash": base64.urlsafe_b64encode(half).decode().rstrip("="),
        }
        given = {
            "access_token": access_token,
            "token_type": "Bearer",
            "expires_in": 60,
            "id_token": self.sign_id_token(self, _changed(claims, self.id_token_changes)),
        }
        return _changed(given, self.token_changes)

    def userinfo(self) -> str:
        now = int(time.time())
        claims = {
            **{name: self.person[name] for name in ("sub", "email", "siret") if name in self.person},
            **{"iss": self.issuer, "aud": CLIENT_ID, "exp": now + 60, "iat": now},
        }
        changed = _changed(claims, self.userinfo_changes)
        return json.dumps(changed) if self.userinfo_type == "application/json" else self.sign_userinfo(self, changed)

    def end_session(self, query: dict[str, str]) -> str:
        """Where the browser goes after leaving; the hint is read as the real one does, even when it has expired."""
        claims = jwt.decode(
            query["id_token_hint"],
            rsa_key("provider").public_key(),
            algorithms=["RS256"],
            audience=CLIENT_ID,
            options={"verify_exp": False},
        )
        if query["post_logout_redirect_uri"] != self.post_logout_redirect_uri or len(query["state"]) < 32:
            raise ValueError("Y030111")
        self.sign_outs.append(claims)
        return f"{self.post_logout_redirect_uri}?{urlencode({'state': query['state']})}"


def _changed(claims: Claims, changes: Claims) -> Claims:
    return {name: value for name, value in {**claims, **changes}.items() if value is not REMOVED}


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


class _Handler(BaseHTTPRequestHandler):
    provider: Provider

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        self._answer(parts.path, {name: values[0] for name, values in parse_qs(parts.query).items()})

    def do_POST(self) -> None:
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self._answer(self.path, {name: values[0] for name, values in form.items()})

    def _answer(self, path: str, said: dict[str, str]) -> None:
        provider = self.provider
        last = path.rsplit("/", 1)[1]
        door = {"openid-configuration": "discovery", "end": "end_session"}.get(last, last)
        provider.asked.append(door)
        if provider.goes_elsewhere and "/ailleurs/" in path:
            return self._redirect(f"{provider.issuer}/.well-known/openid-configuration")
        if door in provider.closed:
            return self._send(503, "text/plain", "fermé")
        if door in provider.slow:
            provider.stopped.wait(20)
            return None
        try:
            if door in ("authorize", "end_session"):
                return self._redirect(getattr(provider, door)(said))
            if door == "employer":
                return self._redirect(said["to"])
            if door == "token":
                return self._send(200, "application/json;charset=utf-8", json.dumps(provider.token(said)))
            if door == "userinfo":
                return self._send(200, f"{provider.userinfo_type}; charset=utf-8", provider.userinfo())
            return self._send(200, "application/json", json.dumps(getattr(provider, door)()))
        except (ValueError, KeyError, jwt.PyJWTError) as error:
            return self._send(400, "application/json", json.dumps({"error": str(error)}))

    def _redirect(self, address: str) -> None:
        if self.provider.goes_by_employer and not self.path.startswith("/employer"):
            address = f"{self.provider.employer_origin}/employer?{urlencode({'to': address})}"
        self.send_response(303)
        self.send_header("Location", address)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _send(self, status: int, media_type: str, text: str) -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing: the tests say what they want to know."""


@contextmanager
def running() -> Iterator[Provider]:
    """A provider, and its employers' sign-in on another port, until the block ends."""
    handler = type("Handler", (_Handler,), {})
    with (
        ThreadingHTTPServer(("127.0.0.1", 0), handler) as server,
        ThreadingHTTPServer(("127.0.0.1", 0), handler) as other,
    ):
        provider = Provider(origin=f"http://127.0.0.1:{server.server_port}")
        handler.provider = provider
        provider.employer_origin = f"http://127.0.0.1:{other.server_port}"
        threads = [threading.Thread(target=one.serve_forever, args=(0.02,)) for one in (server, other)]
        for thread in threads:
            thread.start()
        try:
            yield provider
        finally:
            provider.stopped.set()
            server.shutdown()
            other.shutdown()
            for thread in threads:
                thread.join()


if __name__ == "__main__":
    with running() as by_hand:
        by_hand.redirect_uri = f"{sys.argv[1]}/connexion/proconnect/retour/"
        by_hand.post_logout_redirect_uri = f"{sys.argv[1]}/connexion/proconnect/fin/"
        by_hand.person = {"sub": "sub-a-la-main", "email": sys.argv[2], "siret": sys.argv[3], "acr": sys.argv[4]}
        settings = {"ISSUER": by_hand.issuer, "CLIENT_ID": CLIENT_ID, "CLIENT_SECRET": CLIENT_SECRET}
        print(*(f"PROCONNECT_{name}={value}" for name, value in settings.items()), flush=True)
        by_hand.stopped.wait()
