"""Agencies with a certificate: a real handshake lets in whom the authority vouches for, the book says who may stay."""

import ssl
import urllib.error
import urllib.request
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from lianxi.casework.errors import Conflict
from lianxi.ops.certificates import AGENCY, CHILD, SERVER, Authority, fingerprint_and_end
from lianxi.ops.local.processes import free_ports
from lianxi.runtime.clock import SystemClock
from services.portal.handlers import agencies
from services.portal.service import agency_door

HOST = "127.0.0.1"
CLIENT = Path(__file__).resolve().parents[3] / "clients" / "agency"
EVENTS = {"rows": [], "next": 0, "last": 0, "oldest": 1}


@pytest.fixture(scope="module")
def city(tmp_path_factory):
    made = Authority(tmp_path_factory.mktemp("city") / "ca")
    made.make("630100", SystemClock().now() - timedelta(days=30))
    return made


@pytest.fixture
def door(app, offices, city, ports, tmp_path):
    """The portal's door for agencies, open; the agency police is registered."""
    server = city.issue("630104", SERVER, [HOST], SystemClock().now())
    (tmp_path / "ca.pem").write_bytes(city.certificate_file.read_bytes())
    (tmp_path / "server.pem").write_bytes(server.path.read_bytes())
    (tmp_path / "server.key").write_bytes(server.path.with_suffix(".key").read_bytes())
    offices.answers["notify.agency_events"] = EVENTS
    agencies.new_token("police", ["630104.housing"], 30, ports)
    settings = SimpleNamespace(host=HOST, agency_port=free_ports(1)[0], agency_tls=tmp_path)
    opened = agency_door(app, settings)
    yield opened
    opened.shutdown()
    opened.server_close()


def known(issued, ports):
    """Write a certificate into the book of the agency police."""
    fingerprint, _ = fingerprint_and_end(issued.path)
    agencies.trust("police", fingerprint, 30, ports)
    return fingerprint


def ask(door, city, issued, path="/api/v1/agency/events?after=0", **headers):
    """Ask under a certificate; return the status, or what the handshake came to."""
    context = ssl.create_default_context(cafile=str(city.certificate_file))
    if issued is not None:
        context.load_cert_chain(issued.path, issued.path.with_suffix(".key"))
    request = urllib.request.Request(f"https://{HOST}:{door.port}{path}", headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=30, context=context) as answer:  # noqa: S310
            return answer.status, answer.read()
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, refused.read()
    except (urllib.error.URLError, OSError):
        return "no handshake", b""


def test_an_agency_comes_under_its_certificate_and_goes_when_it_is_revoked(door, city, ports):
    issued = city.issue("agency-police", AGENCY, [], SystemClock().now())
    stranger, _ = ask(door, city, issued)
    fingerprint = known(issued, ports)
    admitted, body = ask(door, city, issued)
    ended = agencies.distrust("police", fingerprint, ports)
    revoked, _ = ask(door, city, issued)

    with pytest.raises(Conflict):
        known(issued, ports)
    assert (stranger, admitted, ended, revoked) == (401, 200, True, 401)
    assert b'"oldest"' in body


def test_the_client_of_an_agency_reads_its_events_under_its_certificate(door, city, ports, monkeypatch):
    monkeypatch.syspath_prepend(str(CLIENT))
    from lianxi_agency import Portal, PortalRefused, with_certificate  # noqa: PLC0415  (it lies beside the project)

    issued = city.issue("agency-police", AGENCY, [], SystemClock().now())
    files = (issued.path, issued.path.with_suffix(".key"), city.certificate_file)
    portal = Portal(f"https://{HOST}:{door.port}", context=with_certificate(*map(str, files)))
    with pytest.raises(PortalRefused):
        list(portal.events(0))
    known(issued, ports)

    assert list(portal.events(0)) == []


def test_the_handshake_refuses_what_the_authority_does_not_vouch_for(door, city, ports, tmp_path):
    now = SystemClock().now()
    other = Authority(tmp_path / "other")
    other.make("630200", now)
    forged = other.issue("agency-police", AGENCY, [], now)
    old = city.issue("agency-police", AGENCY, [], now - timedelta(days=20), days=10)
    for issued in (forged, old):
        known(issued, ports)

    assert [ask(door, city, issued)[0] for issued in (forged, old, None)] == ["no handshake"] * 3


def test_the_certificate_of_a_node_opens_nothing_here(door, city):
    assert ask(door, city, city.issue("630104001", CHILD, [], SystemClock().now()))[0] == 401


def test_the_door_leads_to_the_paths_of_agencies_only(door, city, ports):
    issued = city.issue("agency-police", AGENCY, [], SystemClock().now())
    known(issued, ports)
    paths = ("/", "/metrics", "/api/v1/cases", "/desk", "/api/v1/agency/../cases")

    assert [ask(door, city, issued, path)[0] for path in paths] == [404] * len(paths)


def test_nobody_passes_for_a_certificate_by_naming_it(app, door, city, ports):
    issued = city.issue("agency-police", AGENCY, [], SystemClock().now())
    fingerprint = known(issued, ports)
    client = app.test_client()
    named = [
        {"Authorization": f"Bearer certificate:{fingerprint}"},
        {"Authorization": f"Bearer {fingerprint}"},
        {"Lianxi.Certificate": fingerprint},
        {"X-Client-Cert": fingerprint},
    ]

    for headers in named:
        assert client.get("/api/v1/agency/events?after=0", headers=headers).status_code == 401
    unknown = city.issue("agency-other", AGENCY, [], SystemClock().now())
    assert ask(door, city, unknown, **named[0])[0] == 401


def test_a_certificate_opens_what_a_token_of_the_agency_opens_and_no_more(app, door, city, ports):
    issued = city.issue("agency-police", AGENCY, [], SystemClock().now())
    known(issued, ports)
    token = agencies.new_token("police", ["630104.housing"], 30, ports)  # new secrets end the certificates, too
    after, _ = ask(door, city, issued)
    by_token = app.test_client().get("/api/v1/cases", headers={"Authorization": f"Bearer {token}"})

    assert (after, by_token.status_code) == (401, 403)
