"""The door of intake: from what was handed in to a `Filing`, or a refusal that names field and rule.

Two roads lead here. A contact of this node is checked against the guards of T1 (the petitioner files alone) and T2 (a
registrar records what came in). A contact *taken over* from another system was received there, so the guards that
belong to the act of recording, such as a complete address or the reading back of what was said, are not repeated;
what would make the contact unreadable, false or dated in the future is refused on either road.
"""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from lianxi.casework.errors import Invalid
from lianxi.casework.identifiers import Channel
from lianxi.casework.languages import LANGUAGES
from lianxi.casework.messages.facts import Actor, Role
from lianxi.casework.validators import citizen_id, credit_code, person_name, persons_phone, phone
from services.intake.domain import filing as limits
from services.intake.domain.claims import read_claims, read_class
from services.intake.domain.divisions import Divisions
from services.intake.domain.fields import Fields
from services.intake.domain.filing import Filing, Wanted
from services.intake.domain.parties import count_persons, read_parties
from services.intake.domain.petitioner import Petitioner

CLOCK_DIFFERENCE = timedelta(seconds=60)
"""How far the clock of the machine that took the contact in may run ahead of this one."""

NOTICE_CHANNELS = ("mail", "sms", "letter")
OLDEST = date(1949, 10, 1)
OF_AN_ORGAN = frozenset({Role.CASE_OFFICER, Role.UNIT_HEAD})
"""Who takes in what a petitioner brings to the organ itself (T22)."""


def read_filing(
    body: Mapping[str, Any], divisions: Divisions, now: datetime, *, taken_over_from: str | None = None
) -> Filing:
    """Return the contact in `body`; `taken_over_from` names the system that first received it."""
    fields = Fields(body, now.tzinfo)
    own = taken_over_from is None
    channel = _channel(fields)
    anonymous = fields.flag("anonymous")
    petitioner = _petitioner(fields.inner("petitioner"), now.date(), taken_over_from or "")
    registered_by = _registered_by(fields, channel, own=own)
    _named(petitioner, anonymous=anonymous, address_needed=own and channel is Channel.WEB)
    received_at = _received_at(fields, now)
    parties = read_parties(fields, now.date(), anonymous=anonymous)
    persons, representatives = count_persons(fields, parties, channel)
    claims, stated_claims = read_claims(fields)
    filing = Filing(
        channel=channel,
        subject=_required(fields, "subject", limits.MAX_SUBJECT, "请写明诉求（标题）。"),
        text=_required(fields, "text", limits.MAX_TEXT, "请写明事实和理由（正文）。"),
        petitioner=petitioner,
        anonymous=anonymous,
        received_at=received_at,
        posted_on=_posted_on(fields, channel, received_at.date()),
        persons=persons,
        representatives=representatives,
        division=divisions.place(fields.values["division"], "division") if fields.given("division") else "",
        address_division=_address_division(fields, divisions),
        reception_place=fields.known_by("reception_place", limits.MAX_NOTE),
        recording=fields.known_by("recording", limits.MAX_NOTE),
        read_back=fields.flag("read_back"),
        registered_by=registered_by,
        purpose=fields.text("purpose", 40),
        petition_class=read_class(fields, "petition_class"),
        category=fields.words("category", 3, 40),
        claims=claims,
        same_matter_checked=fields.flag("same_matter_checked"),
        parties=parties,
        stated_claims=stated_claims,
        stamp=_stamp(fields, channel),
        competent_division=_competent(fields, divisions),
        notice=_notice(fields),
    )
    if own:
        _recorded_faithfully(filing)
    return filing


def _notice(fields: Fields) -> Wanted | None:
    """Return how the petitioner wants to be told; None when that was left open."""
    if fields.values.get("notice") is None:
        return None
    inner = fields.inner("notice")
    channels = tuple(dict.fromkeys(inner.words("channels", len(NOTICE_CHANNELS), 10)))
    if not set(channels) <= set(NOTICE_CHANNELS):
        raise Invalid(inner.name("channels"), "choice", "通知方式应为 mail（邮件）、sms（短信）、letter（信函）。")
    language = inner.text("language", 10)
    if language not in {"", *LANGUAGES}:
        raise Invalid(inner.name("language"), "choice", f"语言应为以下之一：{'、'.join(LANGUAGES)}。")
    return Wanted(channels, language, inner.flag("electronic"))


def _channel(fields: Fields) -> Channel:
    try:
        return Channel(fields.text("channel", 10).lower())
    except ValueError:
        raise Invalid(
            "channel", "R-17-1", "信访形式应为 LETTER（信）、VISIT（访）、WEB（网）、PHONE（电）、FAX（传真）之一。"
        ) from None


def _required(fields: Fields, field: str, longest: int, message: str) -> str:
    text = fields.text(field, longest, multiline=field == "text")
    if not text:
        raise Invalid(field, "R-19-1", message)
    return text


def _petitioner(fields: Fields, today: date, system: str) -> Petitioner:
    account = fields.text("account", limits.MAX_NAME) if system else ""
    return Petitioner(
        name=person_name(fields.values["name"], fields.name("name"), limits.MAX_NAME, required=False)
        if fields.given("name")
        else "",
        id_number=citizen_id(fields.values["id_number"], today, fields.name("id_number"))
        if fields.given("id_number")
        else "",
        credit_code=credit_code(fields.values["credit_code"], fields.name("credit_code"))
        if fields.given("credit_code")
        else "",
        phone=_callable(fields),
        email=fields.email("email"),
        address=fields.known_by("address", limits.MAX_ADDRESS),
        account=f"{system}/{account}" if account else "",
    )


def _callable(fields: Fields) -> str:
    """The number to call back on (V-3); only an organisation may have that of a service."""
    if not fields.given("phone"):
        return ""
    read = phone if fields.given("credit_code") else persons_phone
    return read(fields.values["phone"], fields.name("phone"))


def _named(petitioner: Petitioner, *, anonymous: bool, address_needed: bool) -> None:
    """R-19-1: name and address. A registrar takes in a letter without an address (R-23-4), the web form does not."""
    if anonymous:
        if petitioner.name or petitioner.id_number:
            raise Invalid("anonymous", "R-19-1", "匿名信访不填写姓名和证件号码；请去掉其中一项。")
        return
    if not petitioner.name:
        raise Invalid("petitioner.name", "R-19-1", "请填写姓名或名称；匿名的请注明匿名。")
    if address_needed and not petitioner.address:
        raise Invalid("petitioner.address", "R-19-1", "请填写住址，以便告知办理情况。")


def _received_at(fields: Fields, now: datetime) -> datetime:
    """D-13: the moment given for the channel, else now."""
    for field in ("received_at", "submitted_at"):
        moment = fields.instant(field)
        if moment is None:
            continue
        if moment > now + CLOCK_DIFFERENCE:
            raise Invalid(field, "D-13", "收到日期晚于当前时间，请核对。")
        if moment.date() < OLDEST:
            raise Invalid(field, "D-13", "收到日期过早，请核对年份。")
        return min(moment, now)
    return now


def _posted_on(fields: Fields, channel: Channel, received_on: date) -> date | None:
    posted = fields.day("posted_on")
    if posted is None:
        return None
    if channel is not Channel.LETTER:
        raise Invalid("posted_on", "D-13b", "只有来信填写邮戳日期。")
    if posted > received_on:
        raise Invalid("posted_on", "D-13b", "邮戳日期晚于收到日期，请核对。")
    if posted < OLDEST:
        raise Invalid("posted_on", "D-13b", "邮戳日期过早，请核对年份。")
    return posted


def _address_division(fields: Fields, divisions: Divisions) -> str:
    if not fields.given("address_division"):
        return ""
    return divisions.address(fields.values["address_division"], "address_division")


def _stamp(fields: Fields, channel: Channel) -> str:
    """The number of the receiving stamp (收文编号) that the office put on a letter or fax."""
    stamp = fields.known_by("stamp", limits.MAX_NOTE)
    if stamp and channel not in {Channel.LETTER, Channel.FAX}:
        raise Invalid("stamp", "D-13b", "只有来信和传真填写收文章编号。")
    return stamp


def _competent(fields: Fields, divisions: Divisions) -> str:
    """The division whose organ has power over the matter, where a registrar already knows it (R-20-1)."""
    if not fields.given("competent_division"):
        return ""
    return divisions.place(fields.values["competent_division"], "competent_division")


def _registered_by(fields: Fields, channel: Channel, *, own: bool) -> Actor | None:
    """T1, T2, T22: a petitioner files alone over the web; the rest is recorded by a registrar or by an organ."""
    actor = fields.actor("registered_by") or fields.actor("actor")
    if actor is not None and actor.role is Role.PETITIONER:
        actor = None
    if own and actor is not None and actor.role in OF_AN_ORGAN and not actor.unit.startswith(f"{actor.node}."):
        raise Invalid("registered_by.unit", "R-23-1", "直接收件应注明收件单位，且该单位属于本节点。")
    if own and actor is None and channel is not Channel.WEB:
        raise Invalid("registered_by", "T2", "来信、来访、来电、传真由接访登记人员登记，请注明经办人。")
    return actor


def _recorded_faithfully(filing: Filing) -> None:
    """R-19-1, R-20-1, T2: a visit has its reception place, and what was said is on record."""
    if filing.channel is Channel.VISIT and not filing.reception_place:
        raise Invalid("reception_place", "R-20-1", "请填写接待场所。")
    if filing.channel is Channel.PHONE and not (filing.recording or filing.read_back):
        raise Invalid("recording", "T2", "来电应有录音编号，或者注明记录已向信访人复述确认。")
    if filing.channel is Channel.VISIT and not filing.read_back:
        raise Invalid("read_back", "T2", "口头提出的，记录应当向信访人宣读或者交其核对，并注明已核对。")
