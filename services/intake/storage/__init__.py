"""What intake keeps in its own schema: contacts, running numbers, unmaskings, refused input, and the bus tables."""

from services.intake.storage.books import IntakeWork
from services.intake.storage.rejects import SqlRejects
from services.intake.storage.tables import SCHEMA, metadata

__all__ = ["SCHEMA", "IntakeWork", "SqlRejects", "metadata"]
