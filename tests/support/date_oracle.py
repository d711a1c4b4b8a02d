"""A second opinion on every date: slow, literal, and sharing no line with `lianxi.law`.

Its holidays are typed in from the notices for 2024 to 2026, its clock lengths from
the regulation, and it counts by walking from day to day. `random_question` makes
questions, a share of them such that they must be refused, and `verdict` answers
them: (raw_due, legal_due), or None for a refusal.
"""

from datetime import date, timedelta

FREE = """
2024: 01-01 02-10..02-17 04-04..04-06 05-01..05-05 06-10..06-10 09-15..09-17 10-01..10-07
2025: 01-01 01-28..02-04 04-04..04-06 05-01..05-05 05-31..06-02 10-01..10-08
2026: 01-01..01-03 02-15..02-23 04-04..04-06 05-01..05-05 06-19..06-21 09-25..09-27 10-01..10-07
"""
WORKED = """
2024: 02-04 02-18 04-07 04-28 05-11 09-14 09-29 10-12
2025: 01-26 02-08 04-27 09-28 10-11
2026: 01-04 02-14 02-28 05-09 09-20 10-10
"""
CALENDAR_DAYS = {
    "DISPOSE": 15, "CHAIN": 15, "NOTICE": 15, "NOTICE_KPI": 30, "HANDLE": 60, "EXTEND": 90, "ASK_REVIEW": 30,
    "REVIEW": 30, "ASK_FINAL": 30, "FINAL": 30, "RATE": 30, "FEEDBACK": 30, "SUPPLEMENT": 10, "SUGGEST": 60,
    "DUTY": 60, "SERVE": 5, "REDO": 15, "REV_ADMIT": 15, "REHANDLE": 60, "SUP_REPLY": 15, "ARCHIVE": 30,
}  # fmt: skip
WORKING_DAYS = {
    "REG": 1, "OBJECT": 5, "OBJ_DECIDE": 3, "SIMPLE": 10, "CONSULT": 5, "DESIGNATE": 5, "CONFERENCE": 10,
    "SIMPLE_PICK": 3, "REPORT_CHK": 5,
}  # fmt: skip
# The office may set these lengths itself; of ASSIGN_RPT the assigner always does.
SETTABLE = {
    "REG", "OBJ_DECIDE", "RATE", "FEEDBACK", "CONSULT", "DESIGNATE", "CONFERENCE", "SUPPLEMENT", "SUGGEST", "DUTY",
    "SERVE", "REPORT_CHK", "REDO", "REV_ADMIT", "REHANDLE", "SUP_REPLY", "ARCHIVE", "ASSIGN_RPT",
}  # fmt: skip
ALL_CODES = sorted({*CALENDAR_DAYS, *WORKING_DAYS, "ASSIGN_RPT"})
FIRST, LAST = date(2024, 1, 1), date(2026, 12, 31)


def _typed(table):
    days = set()
    for row in table.split("\n"):
        year, _, entries = row.partition(":")
        for entry in entries.split():
            first, _, last = entry.partition("..")
            day = date.fromisoformat(f"{year}-{first}")
            while day <= date.fromisoformat(f"{year}-{last or first}"):
                days.add(day)
                day = day + timedelta(days=1)
    return days


def _all_working_days():
    free, worked, working = _typed(FREE), _typed(WORKED), set()
    day = FIRST
    while day <= LAST:
        ordinary = day.isoweekday() not in {6, 7}
        if day in worked or (ordinary and day not in free):
            working.add(day)
        day = day + timedelta(days=1)
    return working


WORKING = _all_working_days()
TOMORROW = timedelta(days=1)


def verdict(code, start, extension_days=0, hearings=(), days=None):
    """(raw_due, legal_due) by walking, or None where the request must be refused."""
    if not _admissible(code, extension_days, hearings, days):
        return None
    if code in WORKING_DAYS:
        return _walk_working_days(start, days or WORKING_DAYS[code])
    steps = days or CALENDAR_DAYS[code]
    if extension_days:
        steps = 60 + extension_days
    day = _walk(start, steps)
    for begin, end in sorted(hearings):
        if begin < start or end < begin or begin > _first_working(day):
            return None
        for _ in _each(begin, end):
            day = day + TOMORROW
    return day, _first_working(day)


def _admissible(code, extension_days, hearings, days):
    """The refusals that need no date."""
    if extension_days < 0 or extension_days > 30 or (extension_days > 0 and code not in {"HANDLE", "EXTEND"}):
        return False
    if hearings and code != "FINAL":
        return False
    held = [day for begin, end in hearings for day in _each(begin, end)]
    if len(held) != len(set(held)):
        return False
    if days is None:
        return code != "ASSIGN_RPT"
    return code in SETTABLE and 1 <= days <= (60 if code == "REHANDLE" else 366)


def _each(begin, end):
    while begin <= end:
        yield begin
        begin = begin + TOMORROW


def _walk(day, steps):
    for _ in range(steps):
        day = day + TOMORROW
    return day


def _first_working(day):
    while day not in WORKING:
        day = day + TOMORROW
    return day


def _walk_working_days(day, wanted):
    seen = 0
    while seen < wanted:
        day = day + TOMORROW
        if day in WORKING:
            seen = seen + 1
    return day, day


def random_question(chance):
    """A question whose dates stay inside the typed years; about one in eight must be refused."""
    code = chance.choice(ALL_CODES)
    start = FIRST + timedelta(days=chance.randrange(800))
    question = {"code": code, "start": start, "extension_days": 0, "hearings": (), "days": None}
    if code in {"HANDLE", "EXTEND"} or chance.random() < 0.02:
        question["extension_days"] = chance.choice((0, 30, chance.randrange(-2, 34)))
    if code == "FINAL" or chance.random() < 0.02:
        question["hearings"] = _random_hearings(chance, start)
    if code in SETTABLE or chance.random() < 0.02:
        # Working days take more room than calendar days, so they are kept few.
        longest = 20 if code in WORKING_DAYS else 70
        question["days"] = chance.choice((None, chance.randrange(-1, longest)))
    return question


def _random_hearings(chance, start):
    hearings = []
    begin = start + timedelta(days=chance.randrange(-1, 25))
    for _ in range(chance.choice((0, 1, 1, 2, 3))):
        end = begin + timedelta(days=chance.randrange(-1, 15))
        hearings.append((begin, end))
        begin = end + timedelta(days=chance.randrange(0, 12))
    chance.shuffle(hearings)
    return tuple(hearings)
