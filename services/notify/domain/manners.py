"""How the office behaves towards people: hours of rest, how often it writes, when it gathers, when it tries again.

All of it is data (the sections beside `rules` in rules.yaml). Quiet hours and limits move only the moment a message
leaves; no date of a case and no clock knows about them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any

from lianxi.law.receipts import in_shanghai


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From `first` to `last`, over midnight if `last` is the smaller, nothing leaves by the channels named."""

    first: time
    last: time
    channels: frozenset[str]

    def end(self, now: datetime, channel: str) -> datetime | None:
        """Return when the rest ends that `now` lies in, None when it is no time of rest."""
        local = in_shanghai(now)
        at = local.time()
        resting = self.first <= at < self.last if self.first < self.last else at >= self.first or at < self.last
        if channel not in self.channels or not resting:
            return None
        end = datetime.combine(local.date(), self.last, local.tzinfo)
        return end if at < self.last else end + timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `count` messages to one recipient by one channel within `hours`; what is over waits, nothing is lost."""

    count: int
    hours: int

    @property
    def window(self) -> timedelta:
        """The time over which is counted."""
        return timedelta(hours=self.hours)


@dataclass(frozen=True, slots=True)
class Digest:
    """After `after` alerts of a day each recipient gets the rest gathered into one message, at the times of `at`."""

    after: int
    at: tuple[time, ...]

    def next(self, now: datetime) -> datetime:
        """Return when the next gathered message is due."""
        local = in_shanghai(now)
        today = (datetime.combine(local.date(), at, local.tzinfo) for at in self.at)
        first = datetime.combine(local.date() + timedelta(days=1), self.at[0], local.tzinfo)
        return next((moment for moment in today if moment > local), first)


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds before the second, third … attempt, and between two looks at a server that is down."""

    retry_after: tuple[int, ...]
    pause_after_outage: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Manners:
    """All of it together."""

    patience: Patience
    quiet: QuietHours | None = None
    limit: Limit | None = None
    digest: Digest | None = None
    dead_address_days: int = 90
    served_kinds: frozenset[str] = field(default_factory=frozenset)


class MannersReader:
    """Reads the sections of the file; `mistakes` names each mistake by its place."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        self._data = data
        self.mistakes: list[str] = []

    def read(self) -> Manners:
        """Return the manners; what is wrong is in `mistakes`."""
        mail = self._section("mail")
        return Manners(
            patience=Patience(self._seconds(mail, "retry_after"), self._seconds(mail, "pause_after_outage")),
            quiet=self._quiet(),
            limit=self._limit(),
            digest=self._digest(),
            dead_address_days=self._number("dead_addresses", "days", 90),
            served_kinds=frozenset(str(kind) for kind in self._list("service_of_documents", "kinds")),
        )

    def _quiet(self) -> QuietHours | None:
        section = self._section("quiet_hours")
        if not section:
            return None
        channels = frozenset(str(channel) for channel in self._list("quiet_hours", "channels"))
        wrong = sorted(channels - {"mail", "sms"})
        if wrong or not channels:
            self._wrong("quiet_hours.channels", "must name mail, sms or both")
        return QuietHours(self._time("quiet_hours.from", section), self._time("quiet_hours.to", section), channels)

    def _limit(self) -> Limit | None:
        if not self._section("limit_per_recipient"):
            return None
        return Limit(
            self._number("limit_per_recipient", "messages", 1), self._number("limit_per_recipient", "hours", 1)
        )

    def _digest(self) -> Digest | None:
        if not self._section("digest"):
            return None
        at = [self._moment("digest.at", given) for given in self._list("digest", "at")]
        if not at:
            self._wrong("digest.at", "must be a list of times of the day")
        return Digest(self._number("digest", "after", 5, least=0), tuple(sorted(at)) or (time(8),))

    def _section(self, name: str) -> Mapping[str, Any]:
        given = self._data.get(name) or {}
        if isinstance(given, Mapping):
            return given
        self._wrong(name, "must be a mapping")
        return {}

    def _list(self, name: str, key: str) -> Sequence[Any]:
        given = self._section(name).get(key) or []
        if isinstance(given, list):
            return given
        self._wrong(f"{name}.{key}", "must be a list")
        return []

    def _number(self, name: str, key: str, usual: int, *, least: int = 1) -> int:
        given = self._section(name).get(key, usual)
        if type(given) is int and given >= least:
            return given
        self._wrong(f"{name}.{key}", f"must be a whole number from {least}")
        return usual

    def _time(self, place: str, section: Mapping[str, Any]) -> time:
        return self._moment(place, section.get(place.rpartition(".")[2]))

    def _moment(self, place: str, given: object) -> time:
        try:
            return time.fromisoformat(given if isinstance(given, str) else "")
        except ValueError:
            self._wrong(place, 'must be a time of the day in quotes, as "21:30"')
            return time(0)

    def _seconds(self, mail: Mapping[str, Any], key: str) -> tuple[int, ...]:
        given = mail.get(key)
        if not isinstance(given, list) or not given or not all(type(each) is int and each > 0 for each in given):
            self._wrong(f"mail.{key}", "must be a list of seconds, each above nought")
            return (60,)
        return tuple(given)

    def _wrong(self, place: str, what: str) -> None:
        mistake = f"{place}: {what}"
        if mistake not in self.mistakes:
            self.mistakes.append(mistake)
