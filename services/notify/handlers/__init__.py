"""The use cases of notify, one verb each: tell, send, gather, take receipts and ask for them, choose, print, serve.

Each receives what it needs: the messages or the question, the open work (one transaction, or the way to open one) and
what outlives it (`offices`). Each file names the tables it needs at its top.
"""

from services.notify.handlers.ask_receipts import ask_receipts
from services.notify.handlers.choose import choose, follow_custody, show_choice
from services.notify.handlers.gather import gather
from services.notify.handlers.look_up import (
    list_dead_letters,
    list_deliveries,
    mark_read,
    send_again,
    show_digest,
    show_inbox,
)
from services.notify.handlers.preview import list_rules, preview
from services.notify.handlers.print_room import (
    letter_arrived,
    letter_returned,
    list_letters,
    post_letter,
    print_letters,
)
from services.notify.handlers.send_waiting import send_waiting
from services.notify.handlers.serve import begin_service, list_services, list_unserved, service_failed
from services.notify.handlers.take_receipts import take_receipts
from services.notify.handlers.tell import tell

__all__ = [
    "ask_receipts",
    "begin_service",
    "choose",
    "follow_custody",
    "gather",
    "letter_arrived",
    "letter_returned",
    "list_dead_letters",
    "list_deliveries",
    "list_letters",
    "list_rules",
    "list_services",
    "list_unserved",
    "mark_read",
    "post_letter",
    "preview",
    "print_letters",
    "send_again",
    "send_waiting",
    "service_failed",
    "show_choice",
    "show_digest",
    "show_inbox",
    "take_receipts",
    "tell",
]
