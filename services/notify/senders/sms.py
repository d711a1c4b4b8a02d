"""Text messages through HTTP gateways: the first one that can takes the message, another at once when it cannot.

A gateway that refuses the connection, fails TLS, or says that it is busy has taken nothing: the next one is asked in
the same moment, and this one is left alone for a while. One that fell silent or answered nonsense after it had heard
the message may have taken it: it alone is asked again, under the same id, unless its description says otherwise. The
time is that of the message: it is made in the moment it leaves.
"""

from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

import requests
from urllib3.exceptions import NewConnectionError

from services.notify.domain.deliveries import Fate, Outage, Result
from services.notify.domain.gateways import MAY_HAVE_TAKEN, Gateway
from services.notify.domain.letters import Letter

LARGEST_ANSWER = 64 * 1024
_NEVER_HEARD = (requests.exceptions.ConnectTimeout, requests.exceptions.SSLError, requests.exceptions.InvalidURL)


class SmsGateways:
    """The gateways of this node in the order in which they are asked; each has its own outages."""

    def __init__(self, gateways: Sequence[Gateway], pauses: tuple[int, ...]) -> None:
        self._gateways = tuple((gateway, Outage(pauses)) for gateway in gateways)

    def session(self) -> "SmsSession":
        """Return a session; nothing is connected yet."""
        return SmsSession(self._gateways)


class SmsSession:
    """Connections that are kept for one turn."""

    def __init__(self, gateways: Sequence[tuple[Gateway, Outage]]) -> None:
        self._gateways = gateways
        self._http = requests.Session()
        self._http.trust_env = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def send(self, letter: Letter) -> Result:
        """Hand a message to the first gateway that can take it and return what came of it."""
        if letter.provider:
            return self._again(letter)
        last = Result(Fate.DOWN, "sms-no-gateway")
        for gateway, outage in self._gateways:
            if outage.lasts(letter.at):
                continue
            result = self._ask(gateway, outage, letter)
            if result.fate is Fate.DOWN:
                last = result
                continue
            if result.fate is Fate.UNSURE:
                if gateway.passes_on:
                    last = result
                    continue
                return _unsure(gateway, result, letter)
            return result
        # Each gateway keeps its own pause; the channel looks again as soon as the first of them may be asked.
        return last if last.fate is not Fate.UNSURE else _unsure(self._gateways[-1][0], last, letter)

    def _again(self, letter: Letter) -> Result:
        """Ask only the gateway that may have taken the message already."""
        for gateway, outage in self._gateways:
            if gateway.name == letter.provider:
                if outage.lasts(letter.at):
                    return Result(Fate.LATER, "sms-gateway-away", provider=gateway.name)
                result = self._ask(gateway, outage, letter)
                if result.fate is Fate.DOWN:
                    return Result(Fate.LATER, result.reason, provider=gateway.name)
                return _unsure(gateway, result, letter) if result.fate is Fate.UNSURE else result
        return Result(Fate.UNSURE, "sms-gateway-removed", provider=letter.provider, receipt=letter.id)

    def _ask(self, gateway: Gateway, outage: Outage, letter: Letter) -> Result:
        result = self._request(gateway, letter)
        if result.fate in {Fate.DOWN, Fate.UNSURE}:
            outage.begun(letter.at, result.until)
        else:
            outage.over()
        return result

    def _request(self, gateway: Gateway, letter: Letter) -> Result:
        values = {"to": letter.to, "text": letter.body, "title": letter.title, "id": letter.id}
        content: dict[str, Any] = {"data" if gateway.form else "json": gateway.filled(values)}
        try:
            with self._http.request(
                gateway.method,
                gateway.url,
                headers=dict(gateway.headers),
                timeout=gateway.timeout,
                allow_redirects=False,
                stream=True,
                **content,
            ) as answer:
                text = answer.raw.read(LARGEST_ANSWER, decode_content=True).decode("utf-8", "replace")
                headers = dict(answer.headers)
                return gateway.meaning(answer.status_code, headers, text, letter.id, letter.at)
        except _NEVER_HEARD as error:
            return Result(Fate.DOWN, f"sms-unreachable ({type(error).__name__})", provider=gateway.name)
        except requests.exceptions.ConnectionError as error:
            fate = Fate.DOWN if _refused(error) else Fate.UNSURE
            return Result(fate, f"sms-unreachable ({type(error).__name__})", provider=gateway.name)
        except Exception as error:  # noqa: BLE001  whatever an answer can break in, the message may have been taken
            return Result(Fate.UNSURE, f"sms-broken ({type(error).__name__})", provider=gateway.name)


def _refused(error: requests.exceptions.ConnectionError) -> bool:
    """Return whether there was no connection at all, so that nothing can have been taken."""
    cause: Any = error.args[0] if error.args else None
    return isinstance(getattr(cause, "reason", cause), NewConnectionError)


def _unsure(gateway: Gateway, result: Result, letter: Letter) -> Result:
    """A gateway that knows ids is asked again under the same one; any other is believed to have taken the message."""
    if gateway.knows_ids:
        return Result(Fate.LATER, result.reason, provider=gateway.name)
    return Result(Fate.UNSURE, MAY_HAVE_TAKEN, provider=gateway.name, receipt=letter.id)
