"""How hard it is to get in by guessing, and what a password must be.

Wrong passwords are counted per login, whether or not such an account exists, so that the answer never tells. After a
few of them every further one makes the next attempt wait, longer each time; a right one clears the count.
"""

from dataclasses import dataclass

from lianxi.casework.errors import Forbidden, Invalid, LianxiError, Refused

FREE_FAILURES = 4
FIRST_PAUSE_SECONDS = 15
LONGEST_PAUSE_SECONDS = 15 * 60
PASSWORD_LENGTH = range(10, 201)
LOGIN_LENGTH = range(2, 65)

SESSION_SECONDS = 12 * 3600
SESSION_IDLE_SECONDS = 2 * 3600
TOKEN_DAYS = range(1, 367)


class NotSignedIn(Refused):
    """Nobody is signed in, or no longer."""

    status = 401
    title = "请先登录"


class WrongCredentials(NotSignedIn):
    """Login and password do not belong together; which of the two is wrong is not told."""

    def __init__(self) -> None:
        super().__init__("账号或密码不正确，请核对后重试。")


class TooMany(LianxiError):  # noqa: N818  reads as what is the matter
    """More requests than the limit allows; after `retry_after` seconds there is room again."""

    branch = "retryable"
    status = 429
    title = "请求过于频繁"

    def __init__(self, message: str, retry_after: int) -> None:
        super().__init__(message, details={"retry_after": retry_after})


class NotFromOurPage(Forbidden):
    """The request does not carry the token of the session's own forms, so somebody else's page may have sent it."""

    def __init__(self) -> None:
        super().__init__("页面已过期或请求不是由本站页面发出。请刷新页面后重试。", rule="csrf")


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """What a request says about who sent it. `changes` is true for everything but reading.

    `certificate` is the fingerprint of the one it came under; the door that checks certificates vouches for it.
    """

    address: str
    bearer: str = ""
    session: str = ""
    csrf: str = ""
    changes: bool = False
    certificate: str = ""


@dataclass(frozen=True, slots=True)
class Failures:
    """The wrong attempts for one login so far, and how long the next one must still wait."""

    count: int = 0
    wait_seconds: int = 0


def pause_after(failures: int) -> int:
    """Return how many seconds the next attempt waits after so many wrong ones in a row."""
    beyond = failures - FREE_FAILURES
    if beyond <= 0:
        return 0
    return min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS << min(beyond - 1, 10))


def check_password(password: str, login: str) -> None:
    """Refuse a password that is short, or says the login."""
    if len(password) not in PASSWORD_LENGTH:
        raise Invalid("password", "length", f"密码至少{PASSWORD_LENGTH.start}个字符，最多{PASSWORD_LENGTH[-1]}个字符。")
    if login.lower() in password.lower() or len(set(password)) < 5:  # noqa: PLR2004  aaaaaaaaaa is ten characters too
        raise Invalid("password", "strength", "密码不能包含账号，也不能只由几个相同字符组成。")


def check_login(text: str) -> str:
    """Return a login in lower case; letters, digits, dot, hyphen and underscore."""
    login = text.strip().lower()
    plain = login.replace(".", "").replace("-", "").replace("_", "")
    if len(login) not in LOGIN_LENGTH or not plain.isascii() or not plain.isalnum():
        raise Invalid("login", "login", "账号应为2至64个小写字母、数字、点、短横线或下划线。")
    return login
