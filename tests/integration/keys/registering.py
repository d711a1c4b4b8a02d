"""The command under test, and petitions of one person to try it on."""

import os
from pathlib import Path

from click.testing import CliRunner

from lianxi.ops.__main__ import lianxi
from services.intake import handlers
from tests.unit.intake.desk import a_web_petition

PHONE = "13897412356"


def keys(*arguments):
    return CliRunner().invoke(lianxi, ["keys", *arguments])


def register(intake, times=1):
    numbers = []
    for _ in range(times):
        with intake.open_work() as work:
            body = a_web_petition(petitioner={"name": "马桂兰", "phone": PHONE, "address": "西宁市城西区"})
            numbers.append(handlers.register(body, work, intake.desk))
    return numbers


def ring_file():
    return Path(os.environ["LIANXI_KEYRING_FILE"])
