"""Serve: what has to be served, what is under way, what came back. That it was served only the case itself can say."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any, Protocol

from lianxi.casework.errors import Conflict, Invalid, Unknown
from lianxi.law.receipts import in_shanghai
from services.notify.domain.questions import ServiceNews
from services.notify.domain.service_of_documents import ServiceOfDocument, ServiceState
from services.notify.handlers.offices import Desk


class Services(Protocol):
    """Documents and their service on the petitioner."""

    def of_case(self, case_no: str) -> Sequence[ServiceOfDocument]:
        """Return the documents of a case, oldest first."""
        ...

    def get(self, case_no: str, number: str) -> ServiceOfDocument | None:
        """Return one document, locked until the end of the work."""
        ...

    def save(self, service: ServiceOfDocument) -> None:
        """Write it down as it is now."""
        ...

    def waiting(self, after: tuple[str, str, str], limit: int) -> Sequence[ServiceOfDocument]:
        """Return so many documents that nobody has proven to be served, the longest issued first."""
        ...


class Work(Protocol):
    """One transaction."""

    @property
    def services(self) -> Services:
        """Documents to be served."""
        ...


def list_services(case_no: str, work: Work) -> dict[str, Any]:
    """Return the documents of a case that the petitioner must get, with how far their service is."""
    return {"rows": [_shown(each) for each in work.services.of_case(case_no)]}


def list_unserved(after: str, limit: int, work: Work) -> dict[str, Any]:
    """Return a page of documents nobody has proven to be served, the longest issued first."""
    place = tuple(after.split("|")) if after else ("0001-01-01", "", "")
    if len(place) != 3:  # noqa: PLR2004  day, case and number
        raise Invalid("after", "cursor", "翻页标记无效，请从第一页重新查询。")
    found = work.services.waiting((_day_of(place[0]), place[1], place[2]), limit + 1)
    last = found[limit - 1] if len(found) > limit else None
    cursor = f"{last.issued_on.isoformat()}|{last.case_no}|{last.number}" if last else None
    return {"rows": [_shown(each) for each in found[:limit]], "next": cursor}


def begin_service(news: ServiceNews, work: Work, desk: Desk) -> dict[str, Any]:
    """Note how a document was sent off; an announcement runs its thirty days from here."""
    known = _open(news, work, desk)
    if news.method is None:
        raise Invalid("method", "required", "请注明送达方式。")
    return _saved(news, work, desk, known, ServiceState.UNDER_WAY, method=news.method.value, began_on=news.on)


def service_failed(news: ServiceNews, work: Work, desk: Desk) -> dict[str, Any]:
    """Note that a document came back; it has to be served in another way."""
    return _saved(news, work, desk, _open(news, work, desk), ServiceState.RETURNED)


def _open(news: ServiceNews, work: Work, desk: Desk) -> ServiceOfDocument:
    known = work.services.get(news.case_no, news.number)
    if known is None:
        raise Unknown("应送达的文书", news.number)
    if known.state is ServiceState.SERVED:
        raise Conflict("该文书已经送达，不能更改。", code="already-served", field="number")
    if not known.issued_on <= news.on <= in_shanghai(desk.clock.now()).date():
        raise Invalid("on", "day", "日期应在文书作出之后、今天之前。")
    return known


def _saved(
    news: ServiceNews, work: Work, desk: Desk, known: ServiceOfDocument, state: ServiceState, **more: Any
) -> dict[str, Any]:
    now: datetime = desk.clock.now()
    facts = {"note": news.note, "changed_by": news.actor.person, "changed_at": now, **more}
    if news.tracking_no:
        facts["tracking_no"] = news.tracking_no
    changed = replace(known, state=state, **facts)
    work.services.save(changed)
    return _shown(changed)


def _day_of(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise Invalid("after", "cursor", "翻页标记无效，请从第一页重新查询。") from None


def _shown(each: ServiceOfDocument) -> dict[str, Any]:
    return {
        "case_no": each.case_no,
        "number": each.number,
        "kind": each.kind,
        "issued_on": each.issued_on.isoformat(),
        "state": each.state.value,
        "method": each.method,
        "began_on": each.began_on.isoformat() if each.began_on else None,
        "earliest": each.earliest.isoformat() if each.earliest else None,
        "tracking_no": each.tracking_no,
        "served_on": each.served_on.isoformat() if each.served_on else None,
        "proof": each.proof,
        "note": each.note,
        "command": each.command,
        "changed_by": each.changed_by,
        "changed_at": in_shanghai(each.changed_at).isoformat() if each.changed_at else None,
    }
