"""A small but real OpenID provider, in a process of its own: `python -m tests.team.issuer PORT SECRET`.

Whoever is asked for signs in at once, as the `person` in the address that was set with `POST /person`.
"""

from __future__ import annotations

import asyncio
import base64
import json
import sys
import time
from hashlib import sha256
from secrets import token_urlsafe
from typing import Any
from urllib.parse import parse_qs, unquote_plus, urlencode

import uvicorn
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

CLIENT = "habitue"


class Issuer:
    """The endpoints, and what was handed out."""

    def __init__(self, url: str, secret: str) -> None:
        self.url, self.secret = url, secret
        self.key = RSAKey.generate_key(2048, {"kid": "one", "use": "sig"})
        self.other = RSAKey.generate_key(2048, {"kid": "one", "use": "sig"})
        self.codes: dict[str, dict[str, str]] = {}
        self.person: dict[str, Any] = {}
        """Claims of whoever signs in; names that begin with `-` make the provider err."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        body = (await receive()).get("body", b"")
        asked = {name: values[0] for name, values in parse_qs(scope["query_string"].decode()).items()}
        form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        status, told, headers = self.answer(scope["path"], asked, form, body, dict(scope["headers"]))
        start = [(b"content-type", b"application/json"), *headers]
        await send({"type": "http.response.start", "status": status, "headers": start})
        await send({"type": "http.response.body", "body": json.dumps(told).encode()})

    def answer(
        self, path: str, asked: dict[str, str], form: dict[str, str], body: bytes, headers: dict[bytes, bytes]
    ) -> tuple[int, Any, list[tuple[bytes, bytes]]]:
        match path:
            case "/.well-known/openid-configuration":
                names = {
                    "authorization_endpoint": "/authorize",
                    "token_endpoint": "/token",
                    "jwks_uri": "/keys",
                }
                return 200, {"issuer": self.url} | {name: self.url + at for name, at in names.items()}, []
            case "/keys":
                return 200, KeySet([self.key]).as_dict(private=False), []
            case "/person":
                self.person = json.loads(body)
                return 200, {}, []
            case "/authorize":
                code = token_urlsafe(8)
                self.codes[code] = asked
                back = f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"
                return 302, {}, [(b"location", back.encode())]
            case "/token":
                return *self.token(form, headers), []
        return 404, {}, []

    def token(self, form: dict[str, str], headers: dict[bytes, bytes]) -> tuple[int, Any]:
        """Once for each code, to whoever knows the client's secret and the verifier."""
        asked = self.codes.pop(form.get("code", ""), None)
        told = base64.b64decode(headers.get(b"authorization", b"Basic ").split()[-1] or b"").decode()
        proof = base64.urlsafe_b64encode(sha256(form.get("code_verifier", "").encode()).digest()).rstrip(b"=")
        if (
            asked is None
            or unquote_plus(told) != f"{CLIENT}:{self.secret}"
            or proof.decode() != asked.get("code_challenge")
        ):
            return 400, {"error": "invalid_grant"}
        if asked["redirect_uri"] != form.get("redirect_uri"):
            return 400, {"error": "invalid_grant"}
        own = {name: value for name, value in self.person.items() if not name.startswith("-")}
        claims = {
            "iss": self.url,
            "aud": CLIENT,
            "sub": "1",
            "iat": int(time.time()),
            "exp": int(time.time()) + 60,
        }
        claims |= {"nonce": asked["nonce"], **own}
        return 200, {"access_token": "x", "token_type": "Bearer", "id_token": self.signed(claims)}

    def signed(self, claims: dict[str, Any]) -> str:
        if "-none" in self.person:
            parts = (json.dumps(part).encode() for part in ({"alg": "none"}, claims))
            return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts) + "."
        key = self.other if "-forged" in self.person else self.key
        return jwt.encode({"alg": "RS256", "kid": "one"}, claims, key)


async def main(port: int, secret: str) -> None:
    issuer = Issuer(f"http://127.0.0.1:{port}", secret)
    server = uvicorn.Server(uvicorn.Config(issuer, port=port, log_level="critical", lifespan="off"))
    await server.serve()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), sys.argv[2]))
