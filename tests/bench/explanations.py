"""Why a target may be missed, by row: shown in docs/benchmarks.md only when the row did miss it.

What is said here was found with profilers and with the processor time that the notes of each row give: it is what to
look at first, on a machine that has nothing else to do.
"""

_CORES = (
    "Client, broker, database and services share the cores of this machine: the processor times in the notes, added"
    " up, say how many of these its cores can do at best."
)
_LOAD = (
    "Each call is many small transactions one after the other, so it waits for a turn at a core many times over; on"
    " cores that are busy the waiting is most of the figure."
)

EXPLANATIONS: dict[str, str] = {
    "consumer-nameko": (
        "The bare consumer is held up by the same cores, see the ratio. Beyond that the runner costs one core: eventlet"
        " and kombu parse every delivery in Python in the thread that also works off the batches."
    ),
    "consumer-threads": (
        "The bare consumer is held up by the same cores, see the ratio. Beyond that reading and working off share one"
        " interpreter; the order of cases and the three look-ups it takes for a batch are the rest."
    ),
    "relay": (
        "The bare publisher is held up by the same cores, see the ratio. Beyond that each message is read from and"
        " marked in a table, which the bare publisher does not do."
    ),
    "link": (
        f"{_CORES} An event passes four queues, in parcels, and is written about a dozen times at the parent (link"
        " inbox, history, state, outbox, and the positions and books of two services); both nodes, their broker and"
        " their database are on the same cores."
    ),
    "link-routing": (
        f"{_CORES} An event passes two queues and is written about six times at the parent. Routing takes one batch"
        " after the other: it waits while the database writes, and the database waits while it reads and checks."
    ),
    "arrival": (
        f"{_LOAD} A petition passes four outboxes and relays, two shovels and five consumers, and each batch waits up"
        " to 20 ms for company."
    ),
    "lifecycle": (
        f"{_CORES} Nothing stands out in the profile: the time goes into some 200 statements and about 40 commits for"
        " one lifecycle, most of them in batches of one or two events, and gets smaller as the batches grow. The target"
        " of the architecture is still to be worked for."
    ),
    "filing-steady": (
        f"{_CORES} Twenty clients that never pause take all the node has, so they wait for each other: each of them"
        " twenty times as long as the node takes for one. The paced rows above show what a petitioner sees."
    ),
    "agencies-rate": (
        f"{_CORES} Half of what notify spends on a delivery is keeping the event for that agency and writing down"
        " that it arrived; the receivers share the cores."
    ),
    "agencies-dead": (
        f"{_LOAD} The dead agency holds one of four dozen hands for 15 s, then every few minutes; the rest is noise."
    ),
    "agencies-queue": f"{_LOAD} An event passes one consumer, one outbox and the relay.",
    "lifecycle-file": f"{_LOAD} The numbers of a day are dense, so filings queue for the counter until each commits.",
    "lifecycle-dispatch": f"{_LOAD} Document numbers are dense, so acts queue for the counter until each commits.",
    "lifecycle-reply": _LOAD,
    "lifecycle-look-up": _LOAD,
    "start": "Starting is importing, migrating and waiting for the broker; it is as quick as the cores are free.",
}
