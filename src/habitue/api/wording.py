"""The Segment protocol's addresses in the API's document: `api.door` answers them, outside the framework."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from litestar import Request
from litestar.openapi.plugins import JsonRenderPlugin

from habitue.ingest.calls.protocol import LONGEST, TYPES, Limits
from habitue.people import keys

_OBJECT: Final = {"type": "object"}
_ID: Final = {"type": "string", "minLength": 1, "maxLength": keys.LONGEST}
_TIME: Final = {"type": "string", "format": "date-time"}
_EVENT: Final = {
    "type": "object",
    "properties": {
        "type": {"type": "string", "enum": list(TYPES)},
        "messageId": {"type": "string", "maxLength": LONGEST, "description": "It counts once, for ever."},
        "userId": _ID,
        "anonymousId": _ID,
        "groupId": _ID,
        "previousId": _ID,
        "event": {"type": "string", "minLength": 1, "maxLength": LONGEST},
        "timestamp": _TIME,
        "properties": _OBJECT,
        "traits": _OBJECT,
        "context": _OBJECT,
    },
}
_BATCH: Final = {
    "type": "object",
    "required": ["batch"],
    "properties": {
        "batch": {"type": "array", "maxItems": Limits().events, "items": _EVENT},
        "sentAt": _TIME,
        "writeKey": {"type": "string"},
        "backfill": {"type": "boolean", "description": "History: it triggers nothing."},
    },
}
_REJECTED: Final = {
    "type": "object",
    "required": ["index", "code", "reason"],
    "properties": {"index": {"type": "integer"}, "code": {"type": "string"}, "reason": {"type": "string"}},
}
_TAKEN: Final = {
    "type": "object",
    "required": ["success"],
    "properties": {"success": {"type": "boolean"}, "rejected": {"type": "array", "items": _REJECTED}},
}
_NOT_TAKEN: Final = {
    "type": "object",
    "required": ["success"],
    "properties": {
        "success": {"const": False},
        "error": {"type": "string"},
        "rejected": {"type": "array", "items": _REJECTED},
    },
}
_KEY: Final = {"basic": {"type": "http", "scheme": "basic", "description": "The write key as the user name."}}


def _json(schema: Mapping[str, Any], description: str) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _post(name: str, summary: str, body: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "post": {
            "operationId": f"V1{name.title()}",
            "summary": summary,
            "security": [{"basic": []}],
            "requestBody": {"required": True, "content": {"application/json": {"schema": body}}},
            "responses": {
                "200": _json(_TAKEN, "On disk, but for those named under `rejected`."),
                "400": _json(_NOT_TAKEN, "Nothing of it can be taken."),
                "401": _json(_NOT_TAKEN, "The write key is not known."),
                "408": _json(_NOT_TAKEN, "It did not arrive in time."),
                "429": _json(_NOT_TAKEN, "Too much waits to be stored: again after `Retry-After`."),
                "503": _json(_NOT_TAKEN, "It can't be stored now: again after `Retry-After`."),
            },
        }
    }


PATHS: Final[Mapping[str, Any]] = {
    **{f"/v1/{word}": _post(word, f"One event of the type {word}.", _EVENT) for word in TYPES},
    "/v1/batch": _post("batch", "Events of any type.", _BATCH),
    "/v1/import": _post("import", "Events of the past: they trigger nothing.", _BATCH),
    "/v1/projects/{key}/settings": {
        "get": {
            "operationId": "V1Settings",
            "summary": "Where a browser's SDK is to send.",
            "parameters": [{"name": "key", "in": "path", "required": True, "schema": {"type": "string"}}],
            "responses": {
                "200": _json(_OBJECT, "As Segment's SDK reads it."),
                "404": _json(_NOT_TAKEN, "The write key is not known."),
            },
        }
    },
}


class Document(JsonRenderPlugin):
    """The document with them in it."""

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        components = openapi_schema["components"]
        schemes = {**components.get("securitySchemes", {}), **_KEY}
        return super().render(
            request,
            openapi_schema
            | {
                "paths": {**openapi_schema["paths"], **PATHS},
                "components": {**components, "securitySchemes": schemes},
            },
        )
