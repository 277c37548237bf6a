from typing import Any

import structlog
from allauth.headless.contrib.rest_framework.authentication import JWTTokenAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request


class BearerAuthentication(JWTTokenAuthentication):  # type: ignore[misc]
    """allauth's access tokens. It names the scheme, so it must stay the first class: else 401 becomes 403."""

    def authenticate(self, request: Request) -> Any:
        try:
            signed_in = super().authenticate(request)
        except AuthenticationFailed:
            raise AuthenticationFailed("The access token is invalid or has ended.", "invalid_token") from None
        if signed_in is not None:
            # not in the middleware: reading request.user there freezes it before the token has been looked at
            structlog.contextvars.bind_contextvars(user_id=signed_in[0].pk)
        return signed_in

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="homestretch"'
