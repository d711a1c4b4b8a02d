"""Read the rules of the sorting desk and the directory of organs from the files of `deploy/xining`.

The domain applies them and reads no file; here the files are read, checked against each other and handed over as
values. A mistake in a file stops the start of the node with the file, the entry and the field in the error.
"""

from services.routing.storage.rulebook.live import LiveRulebook, Standing
from services.routing.storage.rulebook.reading import BadRulebook
from services.routing.storage.rulebook.rules import load_rulebook
from services.routing.storage.rulebook.units import load_directory

__all__ = ["BadRulebook", "LiveRulebook", "Standing", "load_directory", "load_rulebook"]
