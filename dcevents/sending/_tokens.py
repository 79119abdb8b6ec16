"""Access tokens of Adobe, by client credentials.

Page: https://developer.adobe.com/developer-console/docs/guides/authentication/
ServerToServerAuthentication/ims (fetching access tokens).
"""

import threading
import time
from typing import Final
from urllib.parse import urlencode

from dcevents.sending._encoding import read_object
from dcevents.sending._platform import Answer, Request, TransportError
from dcevents.sending._secrets import CLIENT_ID, CLIENT_SECRET, TOKEN
from dcevents.sending._transport import Transport

SCOPES: Final = "openid,AdobeID,read_organizations,additional_info.projectedProductContext"
_MIN_AGE_SECONDS: Final = 60.0
"""A token that is refused while it is younger is no token that has run out."""


class TokenNetwork:
    """Requests with an access token, which is fetched, and fetched again when it runs out."""

    def __init__(self, transport: Transport, endpoint: str) -> None:
        self._transport = transport
        self._endpoint = endpoint
        self._fetched_at: float | None = None
        self._lock = threading.Lock()

    def send(self, request: Request) -> Answer:
        """Make a request. Raises TransportError, also where no token is to be had."""
        self._fetch_token(older_than=None)
        asked_at = time.monotonic()
        answer = self._transport.send(request)
        if answer.status == 401 and self._fetch_token(older_than=asked_at - _MIN_AGE_SECONDS):
            answer = self._transport.send(request)
        return answer

    def _fetch_token(self, *, older_than: float | None) -> bool:
        """Fetch a token where there is none, or one that is older; return whether it is new."""
        with self._lock:
            fetched_at = self._fetched_at
            if fetched_at is not None and (older_than is None or fetched_at > older_than):
                # Another thread may have fetched one since the request was made.
                return older_than is not None and fetched_at > older_than + _MIN_AGE_SECONDS
            answer = self._transport.send(self._build_request())
            token = read_object(answer.body).get("access_token")
            if answer.status != 200 or not isinstance(token, str) or not token.isascii():
                is_final = answer.status in (400, 401, 403, 404)
                raise TransportError(
                    f"no access token: {self._endpoint} answers {answer.status}", is_final=is_final
                )
            self._transport.secrets = self._transport.secrets.add(TOKEN, token)
            self._fetched_at = time.monotonic()
            return True

    def _build_request(self) -> Request:
        secrets = self._transport.secrets
        form = {
            "grant_type": "client_credentials",
            "client_id": secrets[CLIENT_ID],
            "client_secret": secrets[CLIENT_SECRET],
            "scope": SCOPES,
        }
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        body = urlencode(form).encode()
        return Request("POST", self._endpoint, headers=headers, body=body, is_answer_secret=True)
