"""Signed mail: who looks the public key up can tell it from a forged one."""

import base64

import dkim
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from lianxi.runtime.settings import SettingMissing
from services.notify.domain.letters import DkimKey, Letter
from services.notify.senders.mail import compose, signed
from services.notify.settings import Settings
from tests.unit.notify.post_room import NOW
from tests.unit.notify.test_notify_wiring import ENVIRONMENT


@pytest.fixture(scope="module")
def key():
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def private_of(key):
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )


def published(key):
    """Answer the look-up of the public key as the DNS would."""
    public = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)

    def look_up(name, **_more):
        assert name.rstrip(b".") == b"office._domainkey.example.org"
        return b"v=DKIM1; k=rsa; p=" + base64.b64encode(public)

    return look_up


@pytest.fixture
def mail():
    letter = Letter(
        id="d1", sender="城西区信访部门", to="b@example.org", title="信访事项登记回执", body="已登记。", at=NOW
    )
    return compose(letter, "a@example.org", "630104")


def test_a_signed_mail_is_recognised_and_a_changed_one_is_not(key, mail):
    sent = signed(mail, DkimKey(domain="example.org", selector="office", private_key=private_of(key)))

    assert dkim.verify(sent, dnsfunc=published(key))
    assert not dkim.verify(sent.replace(b"b@example.org", b"c@example.org"), dnsfunc=published(key))


def test_without_a_key_a_mail_stays_as_it_is(mail):
    assert signed(mail, None) == mail


def test_the_key_is_read_from_its_file_and_never_shown(key, tmp_path):
    (tmp_path / "dkim.pem").write_bytes(private_of(key))
    names = {"LIANXI_SMTP_HOST": "mail", "LIANXI_DKIM_DOMAIN": "example.org"}
    settings = Settings.from_environment({**ENVIRONMENT, **names, "LIANXI_DKIM_KEY_FILE": str(tmp_path / "dkim.pem")})

    assert (settings.mail.dkim.domain, settings.mail.dkim.selector) == ("example.org", "lianxi")
    assert "PRIVATE" not in repr(settings)
    with pytest.raises(SettingMissing, match="belong together"):
        Settings.from_environment({**ENVIRONMENT, **names})
