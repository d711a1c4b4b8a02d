"""Asks one gateway over HTTP what became of a message; whatever goes wrong on the way says nothing of the message."""

import requests

from services.notify.domain.receipt_questions import Heard, Patience, StatusAddress

LARGEST_ANSWER = 64 * 1024


class StatusDesk:
    """The status address of one gateway."""

    def __init__(self, address: StatusAddress) -> None:
        self._address = address

    @property
    def patience(self) -> Patience:
        """When to ask, and when to give up."""
        return self._address.patience

    def ask(self, number: str) -> Heard:
        """Return what the gateway says of the message with this number."""
        address = self._address
        try:
            with (
                requests.Session() as http,
                self._asked(http, number) as answer,
            ):
                text = answer.raw.read(LARGEST_ANSWER, decode_content=True).decode("utf-8", "replace")
                return address.meaning(answer.status_code, text)
        except Exception:  # noqa: BLE001  whatever an answer can break in, the message is where it was
            return Heard.NOTHING

    def _asked(self, http: requests.Session, number: str) -> requests.Response:
        body = self._address.body_of(number)
        http.trust_env = False
        return http.request(
            self._address.method,
            self._address.address_of(number),
            headers=dict(self._address.headers),
            timeout=self._address.timeout,
            allow_redirects=False,
            stream=True,
            data=body if self._address.form else None,
            json=None if self._address.form else body,
        )
