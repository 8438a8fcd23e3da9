"""Signed tokens for other services: header.claims.signature, each in base64url."""
import base64
import hashlib
import hmac
import json
import time


def _encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def make_token(settings, key, subject):
    now = int(time.time())
    header = {"alg": "HS256", "typ": "JWT", "kid": settings.key_id}
    claims = {"iss": settings.issuer, "aud": settings.audience, "sub": subject, "iat": now,
              "exp": now + settings.token_lifetime}
    body = ".".join(_encode(json.dumps(part, separators=(",", ":")).encode()) for part in (header, claims))
    signature = hmac.new(key, body.encode(), hashlib.sha256).digest()
    return f"{body}.{_encode(signature)}"
