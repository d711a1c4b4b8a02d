"""Refused input, each in a transaction of its own: the use case that refused it is rolled back."""

from collections.abc import Callable

from sqlalchemy import Engine
from sqlalchemy.dialects.postgresql import insert as upsert

from services.intake.domain.records import RefusedInput
from services.intake.storage.tables import reject


class SqlRejects:
    """The table reject. It has connections of its own, so that refusals never wait for the transactions they end."""

    def __init__(self, engine: Engine, new_id: Callable[[], str], count: Callable[[str], None]) -> None:
        self._engine = engine
        self._new_id = new_id
        self._count = count

    def keep(self, refused: RefusedInput) -> str:
        """Insert the input, or count it once more; return its id."""
        statement = upsert(reject).values(
            id=self._new_id(),
            fingerprint=refused.fingerprint,
            origin=refused.origin.value,
            field=refused.field,
            rule=refused.rule,
            reason=refused.reason,
            content_sealed=refused.content_sealed,
            times=1,
            first_at=refused.at,
            last_at=refused.at,
        )
        again = statement.on_conflict_do_update(
            index_elements=["fingerprint"], set_={"times": reject.c.times + 1, "last_at": refused.at}
        ).returning(reject.c.id)
        with self._engine.begin() as connection:
            kept = str(connection.execute(again).scalar_one())
        self._count(refused.rule)
        return kept
