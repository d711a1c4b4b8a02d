"""What clerks write about a proposed act is sealed: the note of who proposes, the reason of who decides.

A migration has no key, so it seals nothing. The clear words of acts that are settled are taken away; who proposed and
decided what, and when, stays. Acts that wait keep their clear note, to be decided on; deciding seals it.
The clear columns stay for that, and for a process of the former version that still runs; no words are written there.
"""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
ALTER TABLE routing.proposed_act
    ALTER COLUMN note SET DEFAULT '',
    ADD COLUMN note_sealed text NOT NULL DEFAULT '',
    ADD COLUMN reason_sealed text NOT NULL DEFAULT ''
""")
    op.execute("UPDATE routing.proposed_act SET note = '', reason = '' WHERE state <> 'open'")


def downgrade() -> None:
    op.execute("""
ALTER TABLE routing.proposed_act
    ALTER COLUMN note DROP DEFAULT,
    DROP COLUMN note_sealed,
    DROP COLUMN reason_sealed
""")
