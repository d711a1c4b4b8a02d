"""The use cases of supervision, each a function named by its verb; their ports are the Protocols at the top of a file.

`follow` takes case events into the books, `raise_alerts` is the sweep, `orders` signs and dismisses, `look_up` answers
questions, `recompute` moves clocks to a newly loaded calendar.
"""
