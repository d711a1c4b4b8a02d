"""`lianxi-agency events`: print the events of an agency as JSON lines; `lianxi-agency act`: answer a case.

Addresses and secrets come from the environment, where they do not show in the list of processes: LIANXI_AGENCY_AMQP
(address of the broker with user and password), LIANXI_AGENCY_PORTAL (address of the portal), LIANXI_AGENCY_TOKEN; or,
for the door that wants a certificate, LIANXI_AGENCY_CERTIFICATE and LIANXI_AGENCY_KEY (PEM files). LIANXI_AGENCY_CA is
the authority to believe (PEM), of broker and portal; without it those of the system are believed.
"""

import argparse
import json
import logging
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from lianxi_agency.cursors import FileCursor
from lianxi_agency.events import Events
from lianxi_agency.portal import Portal, PortalRefused
from lianxi_agency.tls import trusting, with_certificate


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its status."""
    given = _parser().parse_args(arguments)
    logging.basicConfig(format="lianxi-agency: %(message)s", level=logging.WARNING)
    try:
        return int(given.run(given))
    except PortalRefused as refused:
        sys.stderr.write(f"lianxi-agency: {refused}\n")
        return 1
    except ValueError as wrong:
        sys.stderr.write(f"lianxi-agency: {wrong}\n")
        return 2
    except KeyError as missing:
        sys.stderr.write(f"lianxi-agency: set {missing.args[0]}\n")
        return 2
    except OSError as wrong:
        sys.stderr.write(f"lianxi-agency: {wrong}\n")
        return 2
    except KeyboardInterrupt:
        return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="lianxi-agency", description=__doc__)
    verbs = parser.add_subparsers(required=True)
    events = verbs.add_parser("events", help="print events as JSON lines")
    events.add_argument("--cursor", type=Path, default=Path("lianxi-agency.cursor"), help="file that keeps the place")
    events.add_argument("--idle", type=float, help="end after so many seconds without an event")
    events.add_argument("--by-portal", action="store_true", help="read up to now over HTTPS, without the broker")
    events.set_defaults(run=_events)
    act = verbs.add_parser("act", help="answer a case")
    act.add_argument("case_no")
    act.add_argument("act", help="accept-case, object-to-transfer, extend-handling, submit-opinion, …")
    act.add_argument("--fields", type=json.loads, default={}, help="the fields of the act, as JSON")
    act.add_argument("--key", required=True, help="your key for this answer, at least 16 characters")
    act.set_defaults(run=_act)
    return parser


def _events(given: argparse.Namespace) -> int:
    cursor = FileCursor(given.cursor)
    for event in _source(given, cursor):
        sys.stdout.write(json.dumps(event, ensure_ascii=False) + "\n")
        sys.stdout.flush()
        if given.by_portal:
            cursor.write(event["agencycursor"])
    return 0


def _source(given: argparse.Namespace, cursor: FileCursor) -> Iterator[dict[str, Any]]:
    if given.by_portal:
        return _portal().events(cursor.read())
    uri = os.environ["LIANXI_AGENCY_AMQP"]
    place = urlsplit(uri)
    if place.scheme not in {"amqp", "amqps"} or not place.username:
        raise ValueError("LIANXI_AGENCY_AMQP is to be amqps://agency.NAME:…@host:port/vhost, as the operator gave it")
    portal = _portal() if "LIANXI_AGENCY_PORTAL" in os.environ else None
    authority = os.environ.get("LIANXI_AGENCY_CA")
    context = trusting(authority) if authority else None
    return iter(Events(uri, unquote(place.username), cursor, portal, idle=given.idle, context=context))


def _act(given: argparse.Namespace) -> int:
    done = _portal().act(given.case_no, given.act, given.fields, given.key)
    sys.stdout.write(json.dumps(done, ensure_ascii=False) + "\n")
    return 0


def _portal() -> Portal:
    if "LIANXI_AGENCY_CERTIFICATE" not in os.environ:
        authority = os.environ.get("LIANXI_AGENCY_CA")
        context = trusting(authority) if authority else None
        return Portal(os.environ["LIANXI_AGENCY_PORTAL"], os.environ["LIANXI_AGENCY_TOKEN"], context=context)
    files = (os.environ[f"LIANXI_AGENCY_{name}"] for name in ("CERTIFICATE", "KEY", "CA"))
    return Portal(os.environ["LIANXI_AGENCY_PORTAL"], context=with_certificate(*files))


if __name__ == "__main__":
    sys.exit(main())
