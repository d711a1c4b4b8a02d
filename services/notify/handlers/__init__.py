"""The use cases of notify, one verb each: tell, send what waits, show an inbox, mark as read, list, send again.

Each receives what it needs: the messages or the question, the open work (one transaction, or the way to open one) and
the ports that outlive it. `ports` names them all.
"""

from services.notify.handlers.look_up import (
    list_dead_letters,
    list_deliveries,
    mark_read,
    send_again,
    show_inbox,
)
from services.notify.handlers.send_waiting import send_waiting
from services.notify.handlers.tell import tell

__all__ = ["list_dead_letters", "list_deliveries", "mark_read", "send_again", "send_waiting", "show_inbox", "tell"]
