"""What intake knows by itself: what a contact must contain, who its petitioner is, which places exist.

`filing` holds the values, `reading` the checks at the door and `fields` how one value is read, `petitioner` how a
person is recognised again, `divisions` the list of places, `records` what is kept about a contact and about input
that was refused. Plain Python throughout.
"""
