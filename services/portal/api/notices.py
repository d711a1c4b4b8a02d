"""Notices: the petitioner's choice, what was told about a case, the print room, the gateways' receipts."""

from typing import Any

from flask import request

from services.portal.api.cases import number
from services.portal.api.resources import Resource, ports
from services.portal.domain import permissions as may
from services.portal.domain.accounts import Principal
from services.portal.handlers import notices
from services.portal.schemas import notices as schemas
from services.portal.schemas.filing import QueryCodeGiven
from services.portal.schemas.requests import Malformed
from services.portal.schemas.views import Page, Rows, RowsWithNext

resource = Resource("notices", __name__, description="通知")


@resource.operation(
    "/track/notices",
    "POST",
    body=QueryCodeGiven,
    answer=schemas.NoticeChoice,
    purpose="tracking",
    reads=True,
    access=may.BY_CODE,
)
def track_choice(_person: Principal | None, given: dict[str, str]) -> dict[str, Any]:
    """Show by which channels the petitioner is told."""
    return notices.choice_by_code(given["query_code"], ports())


@resource.operation(
    "/track/notices/choice",
    "POST",
    body=schemas.ChoiceByCode,
    answer=schemas.NoticeChoice,
    purpose="tracking",
    access=may.BY_CODE,
)
def choose_by_code(_person: Principal | None, given: dict[str, Any]) -> dict[str, Any]:
    """Choose, with the query code, by which channels and in which language to be told."""
    return notices.choose_by_code(given, ports())


@resource.operation("/cases/<case_no>/notices", answer=Rows, access=may.CASE_READERS)
def read_notices(person: Principal, case_no: str) -> dict[str, Any]:
    """List who was told what about a case, what became of it, and every attempt."""
    return notices.told(number(case_no), person, ports())


@resource.operation("/cases/<case_no>/notices/choice", answer=schemas.NoticeChoice, access=may.CASE_READERS)
def read_choice(person: Principal, case_no: str) -> dict[str, Any]:
    """Show by which channels the petitioner of a case is told."""
    return notices.choice(number(case_no), person, ports())


@resource.operation(
    "/cases/<case_no>/notices/choice",
    "PUT",
    body=schemas.ChoiceWanted,
    answer=schemas.NoticeChoice,
    access=may.CHOICE_KEEPERS,
)
def write_choice(person: Principal, wanted: dict[str, Any], case_no: str) -> dict[str, Any]:
    """Write down by which channels the petitioner of a case wants to be told."""
    return notices.choose(number(case_no), wanted, person, ports())


@resource.operation(
    "/cases/<case_no>/notices/preview", query=schemas.RuleNamed, answer=schemas.NoticePreview, access=may.CASE_READERS
)
def preview_notice(person: Principal, query: dict[str, str], case_no: str) -> dict[str, Any]:
    """Show what a rule would tell whom about a case, by which channels, without telling it."""
    return notices.preview(number(case_no), query["rule"], person, ports())


@resource.operation("/notices/rules", answer=Rows, access=may.STAFF)
def notice_rules(person: Principal) -> dict[str, Any]:
    """List who is told what, when and how."""
    return notices.rules(person, ports())


@resource.operation("/inbox/<message_id>/alerts", query=Page, answer=RowsWithNext, access=may.OWN_MESSAGES)
def gathered_alerts(person: Principal, page: dict[str, Any], message_id: str) -> dict[str, Any]:
    """List the alerts that were gathered into one message."""
    return notices.digest(message_id, (page["after"], page["limit"]), person, ports())


@resource.operation("/notices/undelivered", query=Page, answer=RowsWithNext, access=may.PRINT_ROOM)
def undelivered(person: Principal, page: dict[str, Any]) -> dict[str, Any]:
    """List the messages that were given up, oldest first."""
    return notices.undelivered((page["after"], page["limit"]), person, ports())


@resource.operation("/notices/<delivery_id>/send", "POST", answer=schemas.DeliveryState, access=may.PRINT_ROOM_WORK)
def send_again(person: Principal, delivery_id: str) -> dict[str, Any]:
    """Let a message that was given up be sent after all."""
    return notices.send_again(delivery_id, person, ports())


@resource.operation("/letters", query=schemas.LettersQuery, answer=RowsWithNext, access=may.PRINT_ROOM)
def letters(person: Principal, query: dict[str, Any]) -> dict[str, Any]:
    """List the letters of the print room, oldest first."""
    return notices.letters(query["state"], (query["after"], query["limit"]), person, ports())


@resource.operation(
    "/letters/print", "POST", body=schemas.LettersWanted, answer=schemas.PrintedLetters, access=may.PRINT_ROOM_WORK
)
def print_letters(person: Principal, wanted: dict[str, Any]) -> dict[str, Any]:
    """Return letters ready for paper; each look at an address is recorded."""
    return notices.print_letters(wanted, person, ports())


@resource.operation(
    "/letters/<letter_id>/posted",
    "POST",
    body=schemas.LetterStep,
    answer=schemas.DeliveryState,
    access=may.PRINT_ROOM_WORK,
)
def letter_posted(person: Principal, step: dict[str, Any], letter_id: str) -> dict[str, Any]:
    """Note that a letter was posted, with its tracking number."""
    return notices.letter_step("post_letter", letter_id, step, person, ports())


@resource.operation(
    "/letters/<letter_id>/arrived",
    "POST",
    body=schemas.LetterStep,
    answer=schemas.DeliveryState,
    access=may.PRINT_ROOM_WORK,
)
def letter_arrived(person: Principal, step: dict[str, Any], letter_id: str) -> dict[str, Any]:
    """Note that the post has a signature for a letter."""
    return notices.letter_step("letter_arrived", letter_id, step, person, ports())


@resource.operation(
    "/letters/<letter_id>/returned",
    "POST",
    body=schemas.LetterStep,
    answer=schemas.DeliveryState,
    access=may.PRINT_ROOM_WORK,
)
def letter_returned(person: Principal, step: dict[str, Any], letter_id: str) -> dict[str, Any]:
    """Note that the post brought a letter back."""
    return notices.letter_step("letter_returned", letter_id, step, person, ports())


@resource.operation(
    "/notices/receipts/<provider>", "POST", answer=schemas.ReceiptsTaken, status=200, access=may.BY_GATEWAY
)
def take_receipts(_person: Principal | None, provider: str) -> dict[str, Any]:
    """Take a gateway's receipts, in its own form; they count only with its signature or token."""
    try:
        body = request.get_data().decode("utf-8")
    except UnicodeDecodeError:
        raise Malformed("回执应为 UTF-8 编码的文字。") from None
    return notices.receipts(provider, dict(request.headers), body, ports())
