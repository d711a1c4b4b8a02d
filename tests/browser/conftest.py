"""A browser, and people with accounts at the three nodes."""

import os
import secrets
from contextlib import closing

import pytest

from services.portal.wiring import AccountDesk
from tests.browser.chromium import Browser, installed

PASSWORD = "correct-horse-9"


@pytest.fixture(scope="module")
def browser():
    assert installed() is not None, "Chromium is not installed: make browser installs it"
    browser = Browser()
    yield browser
    browser.close()


@pytest.fixture(scope="module")
def account(three_nodes):
    """Make an account at a node and return its login."""

    def make(node, role, unit=""):
        login = f"{role.lower()}-{secrets.token_hex(4)}"
        with closing(AccountDesk({**os.environ, **three_nodes.node(node).environment})) as desk:
            desk.add(login, PASSWORD, role, unit)
        return login

    return make


@pytest.fixture(scope="module")
def desk(browser, account, three_nodes):
    """Open a page of somebody who is signed in at a node."""

    def open_desk(node, role, unit="", **size):
        page = browser.page(**size)
        page.open(f"{three_nodes.node(node).portal_url}/sign-in")
        page.fill(login=account(node, role, unit), password=PASSWORD)
        page.click("登录")
        assert "退出" in page.text, page.text
        return page

    return open_desk
