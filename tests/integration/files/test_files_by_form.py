"""A petitioner hands files in by an ordinary form: after filing and on the progress page, each file on its own."""

import re
import secrets
from dataclasses import replace

import pytest
import requests

from services.portal.service import create_app
from services.portal.web import handing_in
from tests.support.files import PDF, digest, photo
from tests.unit.portal.offices import usual_answers

pytestmark = pytest.mark.database
CHUNK = 512 * 1024


class Calls:
    """Intake for real; how far a case has come is played."""

    def __init__(self, calls):
        self._calls = calls

    def call(self, service, method, body, *, command_id):
        if (service, method) == ("routing", "track"):
            return usual_answers()["routing.track"]
        return self._calls.call(service, method, body, command_id=command_id)


@pytest.fixture
def client(node):
    return create_app(replace(node.ports, calls=Calls(node.calls)), https=False).test_client()


@pytest.fixture
def filed(node, client):
    """A petition, and what its progress page puts into the form."""
    number, code = node.register()
    return number, ticket_on(client.post("/track", data={"query_code": code}).text)


def ticket_on(text):
    form = re.search(r'<form method="post" action="/track/files".*?</form>', text, re.DOTALL)[0]
    assert 'enctype="multipart/form-data"' in form
    return re.search(r'name="ticket" value="([^"]+)"', form)[1]


def send(client, ticket, *files):
    given = [("files", (name, content)) for name, content in files] or [("files", ("", b""))]
    form = requests.Request("POST", "http://portal/", data={"ticket": ticket}, files=given).prepare()
    return client.post("/track/files", data=form.body, content_type=form.headers["Content-Type"])


def test_files_of_a_form_are_kept_whole_and_shown(client, filed, node):
    number, ticket = filed
    long = PDF + secrets.token_bytes(2 * CHUNK + 7)

    answer = send(client, ticket, ("合同.pdf", long), ("现场.jpg", photo()))

    assert answer.status_code == 200
    assert "已收到2个文件。" in answer.text
    assert "合同.pdf" in answer.text
    node.settle()
    kept = node.files(number)
    assert kept["合同.pdf"]["sha256"] == digest(long)
    assert {row["state"] for row in kept.values()} == {"here"}
    assert {row["added_by"] for row in kept.values()} == {"petitioner"}


def test_a_form_sent_twice_leaves_one_file(client, filed, node):
    number, ticket = filed
    send(client, ticket, ("合同.pdf", PDF))
    assert send(client, ticket, ("合同.pdf", PDF)).status_code == 200

    assert len(node.files(number)) == 1


def test_one_file_is_refused_by_name_and_the_others_are_taken(client, filed, node):
    number, ticket = filed

    answer = send(client, ticket, ("程序.exe", b"MZ" + bytes(200)), ("<b>.pdf", b""), ("合同.pdf", PDF))

    assert answer.status_code == 422
    assert "“程序.exe”没有收下" in answer.text
    assert "“&lt;b&gt;.pdf”没有收下：文件是空的" in answer.text
    assert "已收到1个文件。" in answer.text
    assert list(node.files(number)) == ["合同.pdf"]


def test_nothing_chosen_too_many_and_too_large_are_said_in_words(client, filed, node, monkeypatch):
    number, ticket = filed
    nothing = send(client, ticket)
    many = send(client, ticket, *((f"{each}.pdf", PDF) for each in range(11)))
    monkeypatch.setattr(handing_in, "LARGEST_FORM", 1000)
    large = send(client, ticket, ("照片.jpg", bytes(5000)))

    assert (nothing.status_code, many.status_code, large.status_code) == (422, 422, 413)
    assert "请先选择文件。" in nothing.text
    assert "每次最多10个文件" in many.text
    assert "文件合计超过50兆字节" in large.text
    assert node.files(number) == {}


def test_a_forged_ticket_takes_no_file(client):
    answer = send(client, "k1:nonsense", ("合同.pdf", PDF))

    assert answer.status_code == 422
    assert "请重新查询" in answer.text


def test_the_receipt_offers_the_form_in_a_page_of_its_own(client, node):
    form = {"subject": "小区供暖温度不达标", "text": "室内只有14度。", "petitioner.name": "马秀兰"}
    form |= {"petitioner.address": "西关大街12号", "form_id": secrets.token_hex(8)}
    receipt = client.post("/petition", data=form)
    assert receipt.status_code == 201, receipt.text
    number = re.search(r"\d{17}W\d{5}", receipt.text)[0]

    assert 'target="_blank"' in receipt.text
    assert send(client, ticket_on(receipt.text), ("合同.pdf", PDF)).status_code == 200
    assert list(node.files(number)) == ["合同.pdf"]


def test_a_node_without_a_store_shows_no_form(node):
    bare = create_app(replace(node.ports, calls=Calls(node.calls), files=None), https=False).test_client()
    _, code = node.register()

    assert "/track/files" not in bare.post("/track", data={"query_code": code}).text
