"""What a service wants to tell, written in the transaction of the facts it tells of.

`add` is one statement whatever the number of messages, with the notification that PostgreSQL delivers at the commit,
so the relay never looks before there is something to see. Reading the outbox is the relay's business.
"""

import json
from collections.abc import Sequence

from sqlalchemy import Connection

from lianxi.bus.engine import run_soon
from lianxi.bus.messages import OUTBOX_CHANNEL, Outgoing

_ADD = """
INSERT INTO {schema}.outbox (message_id, type, exchange, routing_key, headers, body)
SELECT id, type, exchange, routing_key, headers::jsonb, body
FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::bytea[]) WITH ORDINALITY
     AS message (id, type, exchange, routing_key, headers, body, place)
ORDER BY place;
SELECT pg_notify(%s, %s)
"""


def add(
    connection: Connection, schema: str, messages: Sequence[Outgoing], *, last: bool = False, soon: bool = False
) -> None:
    """Write `messages` in their order and wake the relay when the transaction commits.

    `last` commits with them; `soon` lets them wait for the next statement or the commit.
    """
    if not messages:
        return
    columns = (
        [message.id for message in messages],
        [message.type for message in messages],
        [message.exchange for message in messages],
        [message.routing_key for message in messages],
        [json.dumps(message.headers) if message.headers else "{}" for message in messages],
        [message.body for message in messages],
        OUTBOX_CHANNEL,
        schema,
    )
    if soon:
        run_soon(connection, _ADD.format(schema=schema), columns)
    else:
        connection.exec_driver_sql(_ADD.format(schema=schema) + (";COMMIT" if last else ""), columns)
