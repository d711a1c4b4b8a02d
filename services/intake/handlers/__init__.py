"""The use cases of intake, one verb each: register, take over, keep a dossier, find, show, reach, bring.

`drafts` holds what is not finished, `export` what goes out to a file. Each receives what it needs: the input, the open
work (one transaction) and the desk, which holds the ports that outlive a transaction. `ports` names them all.
"""

from services.intake.handlers.bring import bring
from services.intake.handlers.keep_dossiers import keep_dossiers
from services.intake.handlers.look_up import find, reach_petitioner, show_contact
from services.intake.handlers.register import register
from services.intake.handlers.take_over import take_over

__all__ = ["bring", "find", "keep_dossiers", "reach_petitioner", "register", "show_contact", "take_over"]
