"""The case: an act in, events out; replaying the events gives the state. Knows no table, no clock, no wire.

`state` is the value, `evolve` what each event makes of it, `acts` how a command becomes events by the table of
transitions, `builders` what each event says.
"""

from lianxi.casework.case.state import Case, final_reviewing_node, reviewing_node

__all__ = ["Case", "final_reviewing_node", "reviewing_node"]
