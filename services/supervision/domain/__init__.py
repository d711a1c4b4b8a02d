"""What supervision alone decides: which clock a case event moves, when a lamp turns, whom a late clock is told to.

`rules` are the office's settings, `clocks` the rows and what an event does to them, `schedule` the alerts a row sets
off, `ledger` the one row a case has in the books, `files` both together, `figures` the performance indices, `orders`
the supervision order from proposal to answer. Everything is plain Python over `lianxi.casework` and `lianxi.law`.
"""
