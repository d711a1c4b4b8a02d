"""Blanking the texts of cases; taking away what recognises their petitioner or near-copies, and acts never decided on.

An act that was prepared for somebody's decision is no document: its words may speak of the petitioner, so it goes.
"""

from collections.abc import Sequence

from sqlalchemy import Connection

from lianxi.runtime.crypto import KeyRing

_BLANK = "UPDATE routing.case_text SET subject = %s, text = %s, petitioner_sealed = '' WHERE case_no = %s"
_TRACES = ("case_person", "case_fingerprint", "repeat_search", "repeat_proposal", "proposed_act")
_PROPOSED_FOR_OTHERS = "DELETE FROM routing.repeat_proposal WHERE earlier = %s"


def erase_texts(connection: Connection, keys: KeyRing, case_nos: Sequence[str]) -> int:
    """Put nothing, sealed, in the place of each text; return how many there were."""
    erased = 0
    for case_no in case_nos:
        nothing = tuple(keys.seal("", f"{case_no}/{part}") for part in ("subject", "text"))
        erased += connection.exec_driver_sql(_BLANK, (*nothing, case_no)).rowcount
        for table in _TRACES:
            connection.exec_driver_sql(f"DELETE FROM routing.{table} WHERE case_no = %s", (case_no,))
        connection.exec_driver_sql(_PROPOSED_FOR_OTHERS, (case_no,))
    return erased
