"""The other services of a node as the portal meets them, played from a table; refuses like the real ones."""

from typing import Any

from services.portal.domain.answers import Answered, NoAnswer
from tests.unit.portal.board_answer import a_board
from tests.unit.portal.personal_answers import personal_answers

CASE_NO = "63010400020260302W00012"
ACCEPTED = "63010400020260302X00007"
QUERY_CODE = "23456-789AC-EFHF7"


class FakeOffices:
    """Answers calls from `answers` ("routing.case" → a dict, an exception, or a function of the body)."""

    def __init__(self, answers: dict[str, Any] | None = None) -> None:
        self.answers = dict(answers or {})
        self.asked: list[tuple[str, dict[str, Any], str | None]] = []
        self._given: dict[str, dict[str, Any]] = {}

    def call(self, service: str, method: str, body: dict[str, Any], *, command_id: str | None) -> dict[str, Any]:
        door = f"{service}.{method}"
        self.asked.append((door, body, command_id))
        if command_id is not None and command_id in self._given:
            return self._given[command_id]
        answer = self.answers.get(door)
        if isinstance(answer, list):
            answer = answer.pop(0)
        if isinstance(answer, Exception):
            raise answer
        if answer is None:
            raise Answered(problem("unknown", 404, "没有这项内容，请核对。"))
        said: dict[str, Any] = answer(body) if callable(answer) else answer
        if command_id is not None:
            self._given[command_id] = said
        return said

    def last(self, door: str) -> dict[str, Any]:
        """Return the body of the last call to a door."""
        return next(body for asked, body, _ in reversed(self.asked) if asked == door)

    def times(self, door: str) -> int:
        """Return how often a door was called."""
        return sum(asked == door for asked, _, _ in self.asked)


def problem(code: str, status: int, detail: str, **more: Any) -> dict[str, Any]:
    """Return a problem as a service states it."""
    return {
        "type": f"urn:lianxi:problem:{code}",
        "title": "请求被拒绝",
        "status": status,
        "detail": detail,
        "code": code,
        "rule": None,
        "field": None,
        **more,
    }


def silence(*, in_time: bool = False) -> NoAnswer:
    """Return what the portal hears when nobody answers."""
    return NoAnswer(in_time=in_time)


def a_case(**more: Any) -> dict[str, Any]:
    """Return a case page as routing answers it."""
    return {
        "case_no": CASE_NO,
        "state": "S06",
        "label": "待受理",
        "holder": "630104",
        "unit": "630104.housing",
        "seq": 5,
        "epoch": 2,
        "channel": "web",
        "persons": 1,
        "received_on": "2026-03-02",
        "registered_on": "2026-03-02",
        "accepted_on": None,
        "served_on": None,
        "report_due": None,
        "category": ["城乡建设", "供暖"],
        "place": "630104001",
        "petition_class": "C",
        "claims": [{"number": 1, "route": None}],
        "path": ["630100", "630104"],
        "sender": "630100",
        "transfer": None,
        "documents": [{"kind": "转", "number": "宁信转〔2026〕12号", "issued_on": "2026-03-03"}],
        "as_of": "2026-03-03T09:00:00+08:00",
        "history": [
            {
                "seq": 1,
                "act": "T1",
                "name": "case-received",
                "label": "提交",
                "at": "2026-03-02T10:15:00+08:00",
                "node": "630100",
                "role": "P",
                "document": None,
                "reasons": [],
            },
            {
                "seq": 4,
                "act": "T13",
                "name": "case-transferred",
                "label": "转送下级",
                "at": "2026-03-03T09:00:00+08:00",
                "node": "630100",
                "role": "SYS",
                "document": "宁信转〔2026〕12号",
                "reasons": ["问题属地为城西区西关大街街道"],
            },
        ],
        "why": "",
        "proposal": None,
        "receipts": [
            {
                "direction": "in",
                "kind": "transfer",
                "from_node": "630100",
                "to_node": "630104",
                "offered_at": "2026-03-03T09:00:00+08:00",
                "answered_at": "2026-03-03T09:00:02+08:00",
                "accepted": True,
                "code": "",
            }
        ],
        "directives": [
            {
                "direction": "out",
                "command_type": "refuse-objection",
                "from_node": "630100",
                "to_node": "630104",
                "issued_at": "2026-03-04T09:00:00+08:00",
                "answered_at": None,
                "done": None,
                "code": "",
                "reason": "",
            }
        ],
        "acts": [
            {"act": "accept-case", "transition": "T21", "label": "受理"},
            {"act": "object-to-transfer", "transition": "T16", "label": "提出异议"},
        ],
        "repeats": {
            "rows": [
                {
                    "earlier": ACCEPTED,
                    "same_person": True,
                    "score": 83,
                    "reasons": ["联系电话相同", "内容相似度 61%"],
                    "state": "S10",
                    "label": "已受理",
                    "holder": "630104",
                    "told_by": "630104",
                    "proposed_at": "2026-03-02T10:15:01+08:00",
                    "verdict": None,
                    "decided_by": None,
                    "decided_role": None,
                    "decided_at": None,
                    "note": None,
                    "outcome": None,
                }
            ],
            "question": {"asked_of": "630100", "asked_at": "2026-03-02T10:15:01+08:00", "answered_at": None},
        },
        "subject": "小区供暖温度不达标",
        "text": "今年入冬以来室内温度只有14度。\n请求督促整改。",
        **more,
    }


TAKEN_UNTIL = "2026-03-02T10:45:00+08:00"
A_PILE = {"pile": "dispatch", "label": "待分办", "roles": ["D", "DL"], "cases": 2, "oldest_age_seconds": 7200}
A_PILED_CASE = {
    "case_no": CASE_NO,
    "state": "S02",
    "label": "已登记待处理",
    "holder": "630104",
    "unit": "",
    "since": "2026-03-02T08:15:00+08:00",
    "age_seconds": 7200,
    "taken": False,
    "taken_by_me": False,
    "taken_role": None,
    "taken_until": None,
}
A_PROPOSED_ACT = {
    "id": "p-1",
    "case_no": CASE_NO,
    "act": "transfer-case",
    "command": {"to_node": "630104001", "to_unit": "", "paper": {"text": "请办理"}},
    "note": "属地",
    "seq": 5,
    "proposed_by_role": "D",
    "proposed_at": "2026-03-02T10:00:00+08:00",
    "state": "open",
    "decided_role": None,
    "decided_at": None,
    "reason": "",
}


def usual_answers() -> dict[str, Any]:
    """Return a node on an ordinary day."""
    clock = {
        "clock": "NOTICE",
        "title": "受理告知",
        "round": 1,
        "start": "2026-03-03",
        "raw_due": "2026-03-18",
        "legal_due": "2026-03-18",
        "provisional": False,
        "status": "open",
        "lamp": "green",
        "owner": "U",
        "node": "630104",
        "unit": "630104.housing",
        "derivation": ["起算日2026年3月3日", "加15日，得2026年3月18日（第二十三条）"],
    }
    row = {
        "case_no": CASE_NO,
        "state": "S06",
        "holder": "630104",
        "unit": "630104.housing",
        "lamp": "yellow",
        "next_clock": "NOTICE",
        "next_due": "2026-03-18",
        "category": "城乡建设",
        "place": "630104001",
        "channel": "web",
        "received_on": "2026-03-02",
        "in_transfer_to": "",
    }
    return {
        "intake.register": lambda _body: {
            "number": CASE_NO,
            "query_code": QUERY_CODE,
            "received_at": "2026-03-02T10:15:00+08:00",
        },
        "intake.find": {
            "number": CASE_NO,
            "subject": "小区供暖温度不达标",
            "channel": "web",
            "received_at": "2026-03-02T10:15:00+08:00",
        },
        "intake.contact": {
            "number": CASE_NO,
            "channel": "web",
            "received_at": "2026-03-02T10:15:00+08:00",
            "subject": "小区供暖温度不达标",
            "text": "室内只有14度。",
            "anonymous": False,
            "persons": 1,
            "petitioner": {"name": "马秀兰", "phone": "13997000000"},
        },
        **personal_answers(),
        "routing.case": a_case(),
        "routing.track": {
            "case_no": CASE_NO,
            "state": "S06",
            "label": "待受理",
            "holder": "630104",
            "in_transfer_to": None,
            "received_on": "2026-03-02",
            "served_on": None,
            "steps": [
                {"label": "提交", "on": "2026-03-02", "node": "630100"},
                {"label": "登记", "on": "2026-03-02", "node": "630100"},
                {"label": "转送下级", "on": "2026-03-03", "node": "630100"},
                {"label": "送达签收", "on": "2026-03-03", "node": "630104"},
            ],
            "as_of": "2026-03-03T09:00:02+08:00",
        },
        "routing.act": {"case_no": CASE_NO, "seq": 6, "state": "S10", "status": "done", "documents": []},
        "routing.act_on_many": lambda body: {
            "rows": [
                {"case_no": row["case_no"], "seq": 6, "state": "S04", "status": "done", "documents": []}
                for row in body["cases"]
            ]
        },
        "routing.take": {"case_no": CASE_NO, "seq": 5, "expires_at": "2026-03-02T10:45:00+08:00"},
        "routing.give_back": {"case_no": CASE_NO},
        "routing.propose": {"id": "p-1", "case_no": CASE_NO, "seq": 5},
        "routing.proposed": {"rows": [A_PROPOSED_ACT], "next": None},
        "routing.decide": {"id": "p-1", "case_no": CASE_NO, "status": "done", "seq": 6, "state": "S04"},
        "supervision.board": a_board(),
        "routing.piles": {"rows": [A_PILE], "oldest_age_seconds": 7200},
        "routing.pile": lambda body: {
            "pile": body["pile"],
            "label": "待分办",
            "rows": [A_PILED_CASE, {**A_PILED_CASE, "case_no": ACCEPTED, "taken": True, "taken_until": TAKEN_UNTIL}],
            "next": None,
        },
        "routing.decide_repeat": {"case_no": CASE_NO, "seq": 7, "state": "S63", "outcome": "merged"},
        "routing.waiting": {
            "rows": [
                {
                    "case_no": ACCEPTED,
                    "state": "S02",
                    "since": "2026-03-01T09:00:00+08:00",
                    "age_seconds": 180000,
                    "why": "没有规则能够确定责任单位",
                }
            ],
            "next": None,
            "oldest_age_seconds": 180000,
        },
        "routing.units": {
            "rows": [
                {"code": "630104.housing", "name": "城西区住房和城乡建设局"},
                {"code": "630104.labour", "name": "城西区人力资源和社会保障局"},
            ]
        },
        "routing.links": {
            "rows": [
                {
                    "peer": "630100",
                    "direction": "up",
                    "last_seq": 12,
                    "acked": 12,
                    "held": 0,
                    "heartbeat_age_seconds": 2.0,
                    "epoch": "1",
                },
                {
                    "peer": "630104001",
                    "direction": "down",
                    "last_seq": 8,
                    "acked": 5,
                    "held": 0,
                    "heartbeat_age_seconds": 400.0,
                    "epoch": "1",
                },
            ]
        },
        "routing.transitions": {"rows": [{"id": "T1", "label": "提交"}]},
        "routing.document": {
            "kind": "转",
            "number": "宁信转〔2026〕12号",
            "paper": {"basis": "《信访工作条例》第二十二条"},
        },
        "supervision.ledger": {"rows": [row], "next": None},
        "supervision.clocks": {"rows": [clock]},
        "supervision.kpis": {"rows": [{"kpi": "K-1", "node": "630104", "numerator": 3, "denominator": 4}]},
        "supervision.proposals": {
            "rows": [
                {
                    "proposal_no": "P-630104-2026-1",
                    "case_no": CASE_NO,
                    "clock": "NOTICE",
                    "node": "630104",
                    "unit": "630104.housing",
                    "trigger": "SUP-7",
                    "status": "proposed",
                }
            ]
        },
        "supervision.sign_order": {"order_no": "宁信督〔2026〕1号", "feedback_due": "2026-04-02"},
        "supervision.dismiss_proposal": {},
        "notify.inbox": {
            "rows": [
                {
                    "id": "m1",
                    "at": "2026-03-03T09:00:05+08:00",
                    "kind": "transfer",
                    "case_no": CASE_NO,
                    "title": "收到转送事项",
                    "body": "请在2026年3月18日前书面告知是否受理。",
                    "read_at": None,
                }
            ],
            "next": None,
        },
        "notify.mark_read": {},
    }
