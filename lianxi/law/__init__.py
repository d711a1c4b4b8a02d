"""The law of deadlines: which clock runs from when to when, and why.

Pure functions and tables; nothing here reads the time, a database or a
message. `clocks` is the table of all clocks, `calendar` knows working days and
rest days, `deadlines` computes a date, `derivation` explains it, `receipts`
says which day an event happened on, `lamps` turns a date into green, yellow
or red. Rule ids (R-34-1, D-4, …) are those of docs/deadline-law.md.
"""
