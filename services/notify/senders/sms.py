"""Text messages through HTTP gateways: the first one that can takes the message, another at once when it cannot.

A gateway that refuses the connection, fails TLS, or says that it is busy has taken nothing: the next one is asked in
the same moment, and this one is left alone for a while. One that fell silent or answered nonsense after it had heard
the message may have taken it. It is asked a quarter of a minute later: at its status address, and where it knows ids by
the same message under the same id, which it takes once. If it has the message, nobody else gets it. If it denies it, or
is still away, the next gateway gets it, well within a minute of the first attempt; its description may say otherwise.
The time is that of the message: it is made in the moment it leaves.
"""

from collections.abc import Sequence
from datetime import timedelta
from types import TracebackType
from typing import Any, Self

import requests
from urllib3.exceptions import NewConnectionError

from services.notify.domain.deliveries import Fate, Outage, Result
from services.notify.domain.gateways import MAY_HAVE_TAKEN, Gateway, WhenUnsure
from services.notify.domain.letters import Letter
from services.notify.domain.receipt_questions import Heard
from services.notify.senders.receipts import LARGEST_ANSWER, StatusDesk

DOUBT = timedelta(seconds=15)
"""How long a gateway that may have taken a message has to come back before it is asked, and the next one gets it."""
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
        return self._again(letter) if letter.provider else self._offer(self._gateways, letter)

    def _offer(self, gateways: Sequence[tuple[Gateway, Outage]], letter: Letter) -> Result:
        """Ask gateways in their order until one takes the message, may have taken it, or refuses it for good."""
        last, doubtful = Result(Fate.DOWN, "sms-no-gateway"), None
        for gateway, outage in gateways:
            if outage.lasts(letter.at):
                continue
            result = self._ask(gateway, outage, letter)
            if result.fate is Fate.UNSURE:
                if gateway.when_unsure is not WhenUnsure.PASS_ON:
                    return _unsure(gateway, result, letter)
                doubtful = gateway
            elif result.fate is not Fate.DOWN:
                return result
            last = result
        # Each gateway keeps its own pause; the channel looks again as soon as the first of them may be asked.
        return _unsure(doubtful, last, letter) if doubtful and last.fate is Fate.UNSURE else last

    def _again(self, letter: Letter) -> Result:
        """Settle a doubt: ask the gateway that may have taken the message; if it has not, or is away, the next one."""
        names = [gateway.name for gateway, _ in self._gateways]
        if letter.provider not in names:
            return Result(Fate.UNSURE, "sms-gateway-removed", provider=letter.provider, receipt=letter.id)
        place = names.index(letter.provider)
        gateway, outage = self._gateways[place]
        settled = self._asked_again(gateway, outage, letter)
        if settled.fate is not Fate.LATER or gateway.when_unsure is WhenUnsure.WAIT:
            return settled
        passed_on = self._offer(self._gateways[place + 1 :], letter)
        return settled if passed_on.fate is Fate.DOWN else passed_on

    def _asked_again(self, gateway: Gateway, outage: Outage, letter: Letter) -> Result:
        """Return what the gateway says of a message it may have: LATER if it denies it, or says nothing."""
        heard = Heard.NOTHING
        if gateway.status and gateway.status.by_id:
            heard = StatusDesk(gateway.status).ask(letter.id)
            if heard not in {Heard.UNKNOWN, Heard.NOTHING}:
                return Result(Fate.TAKEN, provider=gateway.name, receipt=letter.id)
        if not gateway.knows_ids:
            reason = "sms-not-taken" if heard is Heard.UNKNOWN else "sms-gateway-away"
            return Result(Fate.LATER, reason, provider=gateway.name)
        if outage.lasts(letter.at):
            return Result(Fate.LATER, "sms-gateway-away", provider=gateway.name)
        result = self._ask(gateway, outage, letter)
        in_doubt = result.fate in {Fate.DOWN, Fate.UNSURE}
        return Result(Fate.LATER, result.reason, provider=gateway.name) if in_doubt else result

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
    """A gateway that can be asked is asked soon; any other is believed to have taken the message."""
    if not gateway.can_be_asked:
        return Result(Fate.UNSURE, MAY_HAVE_TAKEN, provider=gateway.name, receipt=letter.id)
    until = None if gateway.when_unsure is WhenUnsure.WAIT else letter.at + DOUBT
    return Result(Fate.LATER, result.reason, provider=gateway.name, until=until)
