"""The garbage collector of a process that lives long and answers much."""

import gc

RARELY = (20_000, 20, 20)


def spare_what_stays() -> None:
    """Let the collector pass over what the process consists of, and come when there is something to collect.

    Call it once everything is built. It would otherwise go through every module and table over and over, while
    requests and batches make and drop values by the thousand.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*RARELY)
