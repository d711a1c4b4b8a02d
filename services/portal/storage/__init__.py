"""What the portal keeps: accounts, sessions, tokens, failed sign-ins, request counts, answers to repeated requests.

One `Books` is one transaction. Every time here is real time from the database's own clock: a node whose calendar is
run ahead must not sign everybody out. Secrets are kept as digests, so a copy of the database opens nothing.
"""

from services.portal.storage.books import Books, each_alone, open_books
from services.portal.storage.tables import SCHEMA, metadata

__all__ = ["SCHEMA", "Books", "each_alone", "metadata", "open_books"]
