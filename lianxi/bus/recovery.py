"""What the relay does after the broker lost its disk: everything it had confirmed is sent again.

A confirmed message is safe from a crash of the broker, not from the loss of its directory: what waited there for a
consumer of this node is gone, although the outbox says it was sent. So the relay leaves a mark on the broker, an empty
durable queue that no definitions file knows. Where the mark is missing, the broker is new or was wiped, and every kept
row of the outboxes becomes unsent. Consumers pass over what they have seen, for which they remember ids far longer
than sent rows are kept (`housekeeping.Retention`). Messages that expire are left out: they are of no use any more.
"""

from collections.abc import Iterable

from psycopg2.extensions import connection

from lianxi.bus.amqp import BROKEN, connect
from lianxi.bus.messages import EXPIRATION

MARK = "relay.mark"
NOT_FOUND = 404

_SENT = "sent_at > now() - %s * interval '1 hour' AND NOT jsonb_exists(headers, %s)"
_ANY = f"SELECT 1 FROM {{schema}}.outbox WHERE {_SENT} LIMIT 1"
_AGAIN = f"UPDATE {{schema}}.outbox SET sent_at = NULL WHERE {_SENT}"


def send_again_if_wiped(amqp_uri: str, database: connection, schemas: Iterable[str], hours: int) -> int:
    """Return how many messages become unsent because the broker does not know the relay's mark; leave it there then.

    These are the messages sent in so many last hours. `database` commits each statement. A relay that dies before the
    mark is made does all of it once more.
    """
    if _marked(amqp_uri):
        return 0
    messages = 0
    with database.cursor() as cursor:
        for schema in schemas:
            cursor.execute(_ANY.format(schema=schema), (hours, EXPIRATION))
            if cursor.fetchone():
                cursor.execute(_AGAIN.format(schema=schema), (hours, EXPIRATION))
                messages += cursor.rowcount
    with connect(amqp_uri, name="relay mark") as broker:
        broker.channel().queue_declare(MARK, durable=True)
    return messages


def _marked(amqp_uri: str) -> bool:
    with connect(amqp_uri, name="relay mark") as broker:
        try:
            broker.channel().queue_declare(MARK, passive=True)
        except BROKEN as answer:
            if getattr(answer, "reply_code", None) != NOT_FOUND:
                raise
            return False
    return True
