"""How the OpenAPI document says what the code does: every operation's problems, and the bearer scheme."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent

PROBLEM = {
    "type": "object",
    "description": "RFC 9457. `code` is stable; `errors` says which fields or parameters cannot be accepted, and why.",
    "required": ["type", "title", "status", "detail", "instance", "code", "request_id", "errors"],
    "properties": {
        "type": {"type": "string", "const": "about:blank"},
        "title": {"type": "string"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string"},
        "instance": {"type": "string"},
        "code": {"type": "string"},
        "request_id": {"type": "string"},
        "limits": {
            "type": "object",
            "description": "with 413: how much one body may hold",
            "additionalProperties": {"type": "integer"},
        },
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["code", "message"],
                "properties": {
                    "pointer": {"type": "string", "description": "JSON pointer into the body, like #/hrv/value_ms"},
                    "parameter": {"type": "string", "description": "the query parameter"},
                    "code": {"type": "string"},
                    "message": {"type": "string"},
                },
            },
        },
    },
    "examples": [
        {
            "type": "about:blank",
            "title": "Bad Request",
            "status": 400,
            "detail": "Some fields cannot be accepted.",
            "instance": "/api/v1/check-ins/2026-11-22/",
            "code": "validation_failed",
            "request_id": "6f1c5f0e-4c43-4f0b-9a53-0d3c6f9f1f0a",
            "errors": [
                {
                    "pointer": "#/fatigue",
                    "code": "max_value",
                    "message": "At most 5.",
                }
            ],
        }
    ],
}
MEANINGS = {
    "400": "The body or a parameter cannot be accepted; nothing was stored.",
    "401": "No access token, or one that is not valid (any more).",
    "403": "Visible, but this account may not do this.",
    "404": "There is no such thing, or none that this account may know of.",
    "413": "The body is too large.",
    "415": "The body is not application/json.",
    "429": "Too many writes; `Retry-After` says when to go on.",
    "default": "Any other problem.",
}
WRITES = ("POST", "PUT", "PATCH")


class ProblemAutoSchema(AutoSchema):
    def _get_response_bodies(self, direction: str = "response") -> dict[str, Any]:
        responses: dict[str, Any] = super()._get_response_bodies(direction)  # type: ignore[arg-type]
        if direction == "response":
            for code in self.problem_codes():
                responses.setdefault(code, self.problem_body(code))
        return responses

    def problem_codes(self) -> list[str]:
        codes = {"400", "403", "default"}
        if self.get_auth() and {} not in self.get_auth():
            codes.add("401")
        if "{" in self.path:
            codes.add("404")
        if self.method in WRITES and self.get_request_serializer() is not None:
            codes |= {"413", "415"}
        if self.method != "GET":
            codes.add("429")
        return sorted(codes)

    def problem_body(self, code: str) -> dict[str, Any]:
        component = ResolvedComponent("Problem", ResolvedComponent.SCHEMA, PROBLEM, "Problem")
        self.registry.register_on_missing(component)
        body: dict[str, Any] = {
            "description": MEANINGS[code],
            "content": {"application/problem+json": {"schema": component.ref}},
        }
        if code == "429":
            body["headers"] = {"Retry-After": {"description": "seconds", "schema": {"type": "integer"}}}
        return body


class BearerScheme(OpenApiAuthenticationExtension):
    target_class = "athletes.sign_in.authentication.BearerAuthentication"
    name = "bearer"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        return {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "The access token that signing in under `/_allauth/app/v1/` answers; it lives five minutes.",
        }
