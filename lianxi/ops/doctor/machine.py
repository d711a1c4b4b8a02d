"""The machine itself: settings, keys, disk, certificates, and the holidays it knows."""

import os
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from lianxi.law.calendar_data import from_directory
from lianxi.ops.calendar import notice_directory
from lianxi.ops.certificates import end_of
from lianxi.ops.doctor.finding import Finding, Patient, fine, warning, wrong
from lianxi.ops.doctor.places import BROKER, DATABASE, FILES, SECRETS, SYSTEM, places
from lianxi.runtime.crypto import KeyRing
from lianxi.runtime.settings import read

GIGABYTE = 2**30
LEAST_FREE, LITTLE_FREE = 1 * GIGABYTE, 5 * GIGABYTE
DO = {
    SECRETS: "make room now: no secret can be written any more",
    SYSTEM: "make room now: logs and temporary files go there",
    FILES: "make room now: files of petitioners are refused when it is full",
    DATABASE: "make room now: PostgreSQL stops when it is full, and nothing can be done until it starts again",
    BROKER: "make room now: the broker stops taking messages below 0.5 GB",
}
"""What to do when there is next to no room left."""
OLD = timedelta(days=60)
NOTICE_MONTH = 11
"""The State Council publishes the next year's holidays in November."""


def settings(patient: Patient) -> Iterator[Finding]:
    """Whether every secret that is a file can be read."""
    files = {name: value for name, value in patient.environment.items() if name.startswith("LIANXI_") and value}
    bad = [
        name
        for name, value in files.items()
        if name.endswith("_FILE") and name != "LIANXI_CLOCK_FILE" and not os.access(value, os.R_OK)
    ]
    for name in sorted(bad):
        yield wrong("settings", f"{name} names a file that cannot be read", "check the path and who owns the file")
    if not bad:
        yield fine("settings", f"{len(files)} settings, every file of them can be read")


def keys(patient: Patient) -> Iterator[Finding]:
    """Whether the key ring opens and seals."""
    ring = KeyRing.from_file(Path(read("KEYRING_FILE", environment=patient.environment)))
    if ring.open(ring.seal("probe", "doctor"), "doctor") != "probe":
        yield wrong("keys", "the key ring does not open what it sealed", "restore keyring.yaml from its safe copy")
    else:
        yield fine("keys", "the key ring seals and opens")


def disk(patient: Patient) -> Iterator[Finding]:
    """Whether there is room where the node writes: secrets, files of cases, and servers on the same machine."""
    for what, where in places(patient):
        try:
            free = shutil.disk_usage(where).free
        except FileNotFoundError:  # a server that went away while we looked
            continue
        says = f"{free / GIGABYTE:.1f} GB free at {where} ({what})"
        if free < LEAST_FREE:
            yield wrong("disk", says, DO[what])
        elif free < LITTLE_FREE:
            yield warning("disk", says, "make room or add a disk; lianxi backup can move older copies away")
        else:
            yield fine("disk", says)


def certificates(patient: Patient) -> Iterator[Finding]:
    """Whether the certificates of the link are still good."""
    files = sorted(patient.certificates.glob("*.pem"))
    if not files:
        yield fine("certificates", f"none in {patient.certificates}: the link speaks no TLS")
    for file in files:
        left = end_of(file) - patient.now
        says = f"{file.name} ends in {left.days} days"
        if left < timedelta():
            yield wrong(
                "certificates", f"{file.name} has run out", "lianxi ca issue at the city office, then copy it here"
            )
        elif left < OLD:
            yield warning("certificates", says, "lianxi ca issue at the city office, then copy it here")
        else:
            yield fine("certificates", says)


def calendar(patient: Patient) -> Iterator[Finding]:
    """Whether the holidays that deadlines are counted by are the published ones."""
    known = from_directory(notice_directory(patient.environment))
    year, month = patient.now.year, patient.now.month
    for wanted in [year, year + 1] if month >= NOTICE_MONTH else [year]:
        if known.years[wanted].provisional:
            says = f"the holidays of {wanted} are a forecast"
            do = (
                "load the notice when it is published: lianxi calendar load FILE (docs/runbooks/CalendarYearMissing.md)"
            )
            yield wrong("calendar", says, do) if wanted == year else warning("calendar", says, do)
        else:
            yield fine("calendar", f"the holidays of {wanted} are the published ones")
