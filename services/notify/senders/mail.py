"""Mail by SMTP: one connection per turn, made with its first letter, and every answer sorted by whose fault it is.

What the server says before it has heard of a recipient (no connection, no TLS, no sign-in, an unwanted sender, 421)
is about the server: all letters wait (DOWN). What it says about a recipient or a letter is about that letter: 4xx, or a
connection that breaks then, means later; 5xx means never. A break after the letter was handed over leaves open whether
it was taken; it is sent again under the same Message-ID. Server texts repeat addresses, so only codes are kept. With a
key every mail is signed (DKIM), so that others can tell it from a forged one.
"""

import re
import smtplib
import ssl
from contextlib import suppress
from dataclasses import replace
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, formataddr
from types import TracebackType
from typing import Self

import dkim  # type: ignore[import-untyped]  # it has no types

from services.notify.domain.deliveries import Fate, Result
from services.notify.domain.letters import DkimKey, Letter, MailAccount

CLOSING = 421
REFUSED_FROM = 500
NOBODY_THERE = frozenset({550, 551, 553})
"""What a server says when a mailbox does not exist, has moved, or cannot be one."""

SIGNED = (b"from", b"to", b"subject", b"date", b"message-id", b"content-type")
LONGEST_ADDRESS = 254
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")


class SmtpServer:
    """The mail server of this node; `node` becomes part of every Message-ID."""

    def __init__(self, account: MailAccount, node: str) -> None:
        self._account = account
        self._node = node

    def session(self) -> "SmtpSession":
        """Return a session; nothing is connected yet."""
        return SmtpSession(self._account, self._node)


class SmtpSession:
    """One connection, opened by the first letter and again after it broke."""

    def __init__(self, account: MailAccount, node: str) -> None:
        self._account = account
        self._node = node
        self._smtp: smtplib.SMTP | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        smtp, self._smtp = self._smtp, None
        if smtp is not None:
            with suppress(smtplib.SMTPException, OSError):
                smtp.quit()

    def send(self, letter: Letter) -> Result:
        """Hand a letter over and return what came of it."""
        if len(letter.to) > LONGEST_ADDRESS or not _ADDRESS.fullmatch(letter.to):
            return Result(Fate.NEVER, "bad-address", dead=True)
        content = signed(compose(letter, self._account.address, self._node), self._account.dkim)
        if self._smtp is None:
            connected = self._connect()
            if isinstance(connected, Result):
                return connected
            self._smtp = connected
        return self._transfer(self._smtp, letter.to, content)

    def _connect(self) -> smtplib.SMTP | Result:
        account = self._account
        smtp: smtplib.SMTP | None = None
        try:
            # The host is given here and not to connect(): TLS checks the certificate against it.
            smtp = smtplib.SMTP(account.host, account.port, timeout=account.timeout)
            if account.starttls:
                cafile = str(account.ca_file) if account.ca_file else None
                smtp.starttls(context=ssl.create_default_context(cafile=cafile))
            if account.user:
                smtp.login(account.user, account.password)
            smtp.ehlo_or_helo_if_needed()
        except (smtplib.SMTPException, OSError) as error:
            if smtp is not None:
                smtp.close()
            return Result(Fate.DOWN, _unreachable(error))
        return smtp

    def _transfer(self, smtp: smtplib.SMTP, to: str, content: bytes) -> Result:
        """Go through MAIL, RCPT and DATA; what breaks before the recipient is named is the server's."""
        recipient_named = False
        try:
            code, _ = smtp.mail(self._account.address)
            if code >= 400:  # noqa: PLR2004
                return self._refused(smtp, code, about_letter=False)
            recipient_named = True
            code, _ = smtp.rcpt(to)
            if code >= 400:  # noqa: PLR2004
                return replace(self._refused(smtp, code, about_letter=True), dead=code in NOBODY_THERE)
            code, _ = smtp.data(content)
        except smtplib.SMTPDataError as error:
            return self._refused(smtp, error.smtp_code, about_letter=True)
        except (smtplib.SMTPException, OSError) as error:
            self._drop(smtp)
            return Result(Fate.LATER if recipient_named else Fate.DOWN, f"smtp-broken ({type(error).__name__})")
        return Result(Fate.TAKEN) if code < 400 else self._refused(smtp, code, about_letter=True)  # noqa: PLR2004

    def _refused(self, smtp: smtplib.SMTP, code: int, *, about_letter: bool) -> Result:
        """Sort a refusal by its code and make the connection fit for the next letter."""
        reason = f"smtp-{code}"
        if code == CLOSING or not about_letter:
            self._drop(smtp)
            return Result(Fate.DOWN, reason)
        try:
            smtp.rset()
        except (smtplib.SMTPException, OSError):
            self._drop(smtp)
        return Result(Fate.LATER if code < REFUSED_FROM else Fate.NEVER, reason)

    def _drop(self, smtp: smtplib.SMTP) -> None:
        self._smtp = None
        smtp.close()


def _unreachable(error: Exception) -> str:
    """Return why there is no connection: the server's code if it gave one."""
    if isinstance(error, smtplib.SMTPResponseException) and error.smtp_code > 0:
        return f"smtp-{error.smtp_code}"
    return f"smtp-unreachable ({type(error).__name__})"


def compose(letter: Letter, sender: str, node: str) -> bytes:
    """Return the letter as it goes over the wire."""
    mail = EmailMessage(policy=SMTP)
    mail["From"] = formataddr((letter.sender, sender))
    mail["To"] = letter.to
    mail["Subject"] = letter.title
    mail["Date"] = format_datetime(letter.at)
    mail["Message-ID"] = f"<{letter.id}@{node}.lianxi>"
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "All"
    mail.set_content(letter.body, charset="utf-8", cte="base64")
    return mail.as_bytes()


def signed(mail: bytes, key: DkimKey | None) -> bytes:
    """Return the mail with its signature, or as it is without a key."""
    if key is None:
        return mail
    header: bytes = dkim.sign(
        mail, key.selector.encode(), key.domain.encode(), key.private_key, include_headers=list(SIGNED)
    )
    return header + mail
