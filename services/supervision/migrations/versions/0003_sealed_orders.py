"""Texts of orders and reasons against them are sealed at rest; what stands there in clear is sealed on the way."""

import json
from pathlib import Path

from alembic import op

from lianxi.runtime.crypto import KeyRing
from lianxi.runtime.settings import read

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

WRITTEN = "SELECT proposal_no, paper, reason, status FROM supervision.proposal WHERE paper IS NOT NULL OR reason <> ''"
SEAL = """
UPDATE supervision.proposal SET paper_sealed = %s, reason_sealed = %s, reason = %s WHERE proposal_no = %s
"""


def upgrade() -> None:
    op.execute("ALTER TABLE supervision.proposal ADD COLUMN paper_sealed text, ADD COLUMN reason_sealed text")
    connection = op.get_bind()
    rows = connection.exec_driver_sql(WRITTEN).all()
    ring = KeyRing.from_file(Path(read("KEYRING_FILE"))) if rows else None
    for number, paper, reason, status in rows:
        sealed = [None, None]
        if ring is not None and paper is not None:
            sealed[0] = ring.seal(json.dumps(paper, ensure_ascii=False), f"proposal/{number}/paper")
        own = status == "withdrawn"  # the system's own sentence
        if ring is not None and reason and not own:
            sealed[1] = ring.seal(reason, f"proposal/{number}/reason")
        connection.exec_driver_sql(SEAL, (*sealed, reason if own else "", number))
    op.execute("ALTER TABLE supervision.proposal DROP COLUMN paper")


def downgrade() -> None:
    op.execute("ALTER TABLE supervision.proposal ADD COLUMN paper jsonb")
    op.execute("ALTER TABLE supervision.proposal DROP COLUMN paper_sealed, DROP COLUMN reason_sealed")
