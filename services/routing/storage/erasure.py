"""Blanking the texts of cases; taking away what recognises their petitioner or near-copies, and acts never decided on.

An act that was prepared for somebody's decision is no document: its words may speak of the petitioner, so it goes. A
directive stays as a line of the case's way, with its nodes, times and whether it was carried out, but says nothing any
more: its order may repeat the petitioner's words, and so may the reason of its answer. So does what was said of a case
in transfer.
"""

from collections.abc import Sequence

from sqlalchemy import Connection

from lianxi.runtime.crypto import KeyRing

_BLANK = "UPDATE routing.case_text SET subject = %s, text = %s, petitioner_sealed = '' WHERE case_no = %s"
_TRACES = ("case_person", "case_fingerprint", "repeat_search", "repeat_proposal", "proposed_act")
_DIRECTIVES = "SELECT directive_id FROM routing.directive WHERE case_no = %s ORDER BY directive_id"
_SILENCE = "UPDATE routing.directive SET command = %s, reason = '' WHERE directive_id = %s"
_SILENCE_WISHES = "UPDATE routing.wish SET command = '', reason = '' WHERE case_no = %s"
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
        connection.exec_driver_sql(_SILENCE_WISHES, (case_no,))
        _silence_directives(connection, keys, case_no)
    return erased


def _silence_directives(connection: Connection, keys: KeyRing, case_no: str) -> None:
    for directive_id in connection.exec_driver_sql(_DIRECTIVES, (case_no,)).scalars().all():
        connection.exec_driver_sql(_SILENCE, (keys.seal("{}", directive_id), directive_id))
