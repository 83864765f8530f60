"""What every request carries: a number to quote, in logs and answer, and headers that narrow what pages may do."""

import secrets
from collections.abc import Callable
from contextvars import ContextVar

from django.http import HttpRequest, HttpResponse

REQUEST_ID_HEADER = "X-Request-ID"
# None of a browser's sensors or payment sheets serves at a desk.
PERMISSIONS_POLICY = ", ".join(
    f"{feature}=()"
    for feature in (
        *("accelerometer", "camera", "display-capture", "geolocation", "gyroscope", "magnetometer", "microphone"),
        *("midi", "payment", "screen-wake-lock", "serial", "usb", "xr-spatial-tracking"),
    )
)

NOT_KEPT = "private, no-store"

_request_id: ContextVar[str] = ContextVar("request_id", default="")


def current_request_id() -> str:
    """The number of the request under way in this thread, or an empty string outside of one."""
    return _request_id.get()


class RequestMiddleware:
    """Numbers each request with 12 hexadecimal digits, and sets the headers that no page changes.

    The number is ours, never the client's: what a stranger types does not enter the logs.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.id = secrets.token_hex(6)
        token = _request_id.set(request.id)
        try:
            response = self.get_response(request)
        finally:
            _request_id.reset(token)
        response.headers[REQUEST_ID_HEADER] = request.id
        response.headers.setdefault("Permissions-Policy", PERMISSIONS_POLICY)
        # A desk's screen is shared: what the last person read is not found again by the « back » key of the next one.
        # Style sheets and images say otherwise themselves.
        response.headers.setdefault("Cache-Control", NOT_KEPT)
        return response
