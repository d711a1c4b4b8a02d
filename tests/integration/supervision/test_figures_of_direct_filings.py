"""What is brought to an organ itself counts among what reached an organ, not among what a department had to send on."""

import pytest

from tests.support.builders import CITY, DISTRICT
from tests.unit.casework.test_direct_filing import filed

pytestmark = pytest.mark.database
YEAR = {"from": "2026-01-01", "to": "2026-12-31"}


def test_it_is_in_k2_and_k7_and_in_no_index_of_a_petition_department(desk):
    desk.follow(filed())

    rows = desk.call("kpis", **YEAR)["rows"]

    told = {(row["kpi"], row["node"]): row["denominator"] for row in rows}
    counted = {kpi: told.get((kpi, DISTRICT), 0) for kpi in ("K-1", "K-2", "K-7", "K-8", "K-9", "K-9.target")}
    assert counted == {"K-1": 0, "K-2": 1, "K-7": 1, "K-8": 1, "K-9": 0, "K-9.target": 0}
    assert told["K-2", CITY] == 1
