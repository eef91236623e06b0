"""Signing in by somebody else's word: OpenID Connect, the code flow with PKCE.

What we know of a visitor on their way (`Way`) travels with their browser, sealed; what the provider says of
them counts only if it is signed by its key, is for us, is new and answers the very question that we asked.
"""

from __future__ import annotations

import base64
import hmac
import json
import os
from collections.abc import Mapping
from hashlib import sha256
from http.client import HTTPException
from secrets import token_urlsafe
from typing import Any, Final
from urllib.error import HTTPError
from urllib.parse import quote, urlencode, urlsplit
from urllib.request import Request, urlopen

import msgspec
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from msgspec import Struct

from habitue.kernel.clock import MINUTE, SECOND, Micros
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_

ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
"""Signatures by a key that only the provider has: never `none`, never one by a shared secret."""

PATIENCE: Final = 10.0
LONGEST: Final = 1 << 20
MEANWHILE: Final = 10 * MINUTE
"""How long somebody may take at the provider."""

_SKEW: Final = 60
_KEPT: Final = 10 * MINUTE
"""How long what a provider says of itself is believed without asking again."""

_UNREACHED: Final = N_(
    "{name} can’t be reached just now, so nobody can sign in by it. Try again, or use your password."
)
_UNSURE: Final = N_("What {name} says of you can’t be relied on ({reason}). Sign in again.")
_UNVERIFIED: Final = N_("{name} doesn’t say for sure that {email} is yours. Confirm the address there first.")


class Provider(Struct, frozen=True, forbid_unknown_fields=True):
    """Who is asked, and as whom we ask: the table `[sign_in]` of habitue.toml."""

    issuer: str
    client_id: str
    client_secret: str = ""
    name: str = "OpenID Connect"


class Way(Struct, frozen=True):
    """What was asked of the provider, until the answer is there."""

    state: str
    nonce: str
    verifier: str
    back: str
    until: Micros


class Person(Struct, frozen=True):
    """Whom the provider vouches for."""

    email: str
    name: str


def configured(settings: Mapping[str, Any], environment: Mapping[str, str] = os.environ) -> Provider | None:
    """The provider that the settings name, if any; the environment may say the secret. Raises `UserError`."""
    told = settings.get("sign_in")
    if told is None:
        return None
    secret = environment.get("HABITUE_OIDC_SECRET")
    try:
        found = msgspec.convert({**told, **({"client_secret": secret} if secret else {})}, Provider)
    except (msgspec.ValidationError, TypeError) as error:
        raise UserError(N_("[sign_in] in habitue.toml: {reason}"), reason=error) from error
    address = urlsplit(found.issuer)
    if address.scheme != "https" and address.hostname not in ("127.0.0.1", "localhost", "::1"):
        raise UserError(N_("[sign_in] in habitue.toml: the issuer’s address must begin with https://"))
    return found


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode("utf-8", "surrogatepass"))


class Asking:
    """Asks one provider, and remembers what it says of itself."""

    def __init__(self, provider: Provider) -> None:
        self.provider = provider
        self._about: dict[str, Any] = {}
        self._keys: KeySet | None = None
        self._asked: Micros | None = None

    def begin(self, home: str, back: str, now: Micros) -> tuple[str, Way]:
        """Where to send the visitor, and what to keep of it; `home` is where they come back to."""
        way = Way(token_urlsafe(24), token_urlsafe(24), token_urlsafe(48), back, now + MEANWHILE)
        challenge = base64.urlsafe_b64encode(sha256(way.verifier.encode()).digest()).rstrip(b"=").decode()
        asked = {
            "response_type": "code",
            "client_id": self.provider.client_id,
            "redirect_uri": home,
            "scope": "openid email profile",
            "state": way.state,
            "nonce": way.nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        place = str(self._known(now)["authorization_endpoint"])
        return f"{place}{'&' if '?' in place else '?'}{urlencode(asked)}", way

    def finish(self, way: Way | None, home: str, answer: Mapping[str, str], now: Micros) -> Person:
        """Whom the answer is about; raises `UserError` where it can't be relied on."""
        if way is None or way.until <= now or not _same(way.state, answer.get("state", "")):
            raise UserError(N_("That took too long, or was begun elsewhere. Sign in again."))
        if answer.get("iss") not in (None, self.provider.issuer):
            self._unsure("iss")
        if "code" not in answer:
            self._unsure(answer.get("error", "no code")[:100])
        told = self._exchanged(answer["code"], way, home, now)
        claims = self._claims(str(told.get("id_token", "")), way, now)
        return self._person(claims)

    def _person(self, claims: Mapping[str, Any]) -> Person:
        email = str(claims.get("email", ""))
        if not email or claims.get("email_verified") is not True:
            raise UserError(_UNVERIFIED, name=self.provider.name, email=email or "?")
        return Person(email, str(claims.get("name", "")))

    def _exchanged(self, code: str, way: Way, home: str, now: Micros) -> dict[str, Any]:
        """The tokens for a code, which only whoever began can get: they know the verifier."""
        own = self.provider
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": home,
            "code_verifier": way.verifier,
        }
        headers = {}
        if own.client_secret:
            both = f"{quote(own.client_id, safe='')}:{quote(own.client_secret, safe='')}"
            headers["Authorization"] = f"Basic {base64.b64encode(both.encode()).decode()}"
        else:
            form["client_id"] = own.client_id
        return self._fetched(str(self._known(now)["token_endpoint"]), urlencode(form).encode(), headers)

    def _claims(self, token: str, way: Way, now: Micros) -> dict[str, Any]:
        """What the token says, once its signature, issuer, audience, age and nonce are right."""
        own = self.provider
        rules = jwt.JWTClaimsRegistry(
            now=now // SECOND,
            leeway=_SKEW,
            iss={"essential": True, "value": own.issuer},
            aud={"essential": True, "value": own.client_id},
            sub={"essential": True},
            exp={"essential": True},
            iat={"essential": True},
            nonce={"essential": True, "value": way.nonce},
        )
        try:
            found = self._decoded(token, now).claims
            rules.validate(found)
        except (JoseError, ValueError) as error:
            raise self._doubt(str(error)) from error
        if isinstance(found["aud"], list) and len(found["aud"]) > 1 and found.get("azp") != own.client_id:
            self._unsure("azp")
        return found

    def _decoded(self, token: str, now: Micros) -> jwt.Token:
        """The token with its signature checked; a key that we don't know yet may be new."""
        self._known(now)
        try:
            return jwt.decode(token, self._keyring(), algorithms=ALGORITHMS)
        except (JoseError, ValueError):
            self._keys = None
            return jwt.decode(token, self._keyring(), algorithms=ALGORITHMS)

    def _keyring(self) -> KeySet:
        if self._keys is None:
            self._keys = KeySet.import_key_set(self._fetched(str(self._about["jwks_uri"])))  # type: ignore[arg-type]  # it says itself what is wrong with it
        return self._keys

    def _known(self, now: Micros) -> dict[str, Any]:
        """What the provider says of itself."""
        if self._asked is None or self._asked + _KEPT <= now:
            about = self._fetched(f"{self.provider.issuer.rstrip('/')}/.well-known/openid-configuration")
            if about.get("issuer") != self.provider.issuer:
                self._unsure("issuer")
            needed = ("authorization_endpoint", "token_endpoint", "jwks_uri")
            if any(not isinstance(about.get(name), str) for name in needed):
                self._unsure("endpoints")
            self._about, self._keys, self._asked = about, None, now
        return self._about

    def _fetched(
        self, url: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        """The JSON object at an address of the provider's."""
        try:
            asked = Request(url, body, {"Accept": "application/json", **(headers or {})})
            with urlopen(asked, timeout=PATIENCE) as response:
                told = json.loads(response.read(LONGEST))
        except HTTPError as error:
            error.close()
            raise self._doubt(f"{error.code}") from error
        except (OSError, HTTPException, ValueError) as error:
            raise UserError(_UNREACHED, name=self.provider.name) from error
        if not isinstance(told, dict):
            self._unsure("no object")
        return dict(told)

    def _unsure(self, reason: str) -> None:
        raise self._doubt(reason)

    def _doubt(self, reason: str) -> UserError:
        return UserError(_UNSURE, name=self.provider.name, reason=reason)
