"""What notify is told by its environment and by the files in deploy/xining/notify; only wiring looks at it."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from lianxi.runtime.settings import SettingMissing, read, read_int, read_path
from services.notify.domain.gateways import Gateway, read_gateways
from services.notify.domain.letters import DkimKey, MailAccount
from services.notify.domain.rules import Rules, RulesRefused
from services.notify.domain.texts import Texts

_BESIDE_THE_PACKAGE = Path(__file__).resolve().parents[2] / "deploy"
_YES = frozenset({"yes", "true", "on", "1"})
_NO = frozenset({"", "no", "false", "off", "0"})
LEAST_AGENCY_DAYS = 90
"""So long every agency can rely on finding its events."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Where notify runs, by which rules and texts, and how it sends mail; None sends none."""

    node: str
    database_url: str = field(repr=False)
    amqp_uri: str = field(repr=False)
    clock_file: Path | None
    rules: Rules
    texts: Texts
    divisions: Mapping[str, str] = field(repr=False)
    categories: frozenset[str] = field(repr=False)
    portal_address: str
    mail: MailAccount | None
    gateways: tuple[Gateway, ...]
    key_ring_file: Path | None
    connections: int
    webhooks_allowed: frozenset[str]
    webhook_ca_file: Path | None
    agency_days: int

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> "Settings":
        """Read `LIANXI_NODE`, `LIANXI_DATABASE_URL_NOTIFY`, `LIANXI_AMQP_URI` and the optional rest."""
        data = read_path("DEPLOY_DIR", _BESIDE_THE_PACKAGE, environment=environment) / "xining"
        rules, texts = read_rules_and_texts(data / "notify")
        return cls(
            node=read("NODE", environment=environment),
            database_url=read("DATABASE_URL_NOTIFY", secret=True, environment=environment),
            amqp_uri=read("AMQP_URI", secret=True, environment=environment),
            clock_file=_path("CLOCK_FILE", environment),
            rules=rules,
            texts=texts,
            divisions=_divisions(data / "divisions.csv"),
            categories=_categories(data / "categories.csv"),
            portal_address=read("PORTAL_ADDRESS", "", environment=environment),
            mail=_mail(environment),
            gateways=_gateways(environment),
            key_ring_file=_path("KEYRING_FILE", environment),
            connections=read_int("NOTIFY_CONNECTIONS", 6, environment=environment),
            webhooks_allowed=_names(read("WEBHOOK_ALLOW_PRIVATE", "", environment=environment)),
            webhook_ca_file=_path("WEBHOOK_CA_FILE", environment),
            agency_days=max(LEAST_AGENCY_DAYS, read_int("AGENCY_EVENT_DAYS", 100, environment=environment)),
        )


def read_rules_and_texts(directory: Path) -> tuple[Rules, Texts]:
    """Read `rules.yaml` and `templates.yaml`; refuse what does not fit together."""
    rules = Rules.parse(_yaml(directory / "rules.yaml"))
    texts = Texts.parse(_yaml(directory / "templates.yaml"))
    texts.check(rules.rules)
    return rules, texts


def _yaml(path: Path) -> Any:
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise RulesRefused(path.name, [f"is not readable as YAML: {error}"]) from error


def _divisions(path: Path) -> dict[str, str]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return {row["code"]: row["name"] for row in csv.DictReader(file)}


def _categories(path: Path) -> frozenset[str]:
    """Read the catalogue of contents: every category as its path, with the levels above it."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        paths = [[level for level in row.values() if level] for row in csv.DictReader(file)]
    return frozenset("/".join(path[:depth]) for path in paths for depth in range(1, len(path) + 1))


def _mail(environment: Mapping[str, str] | None) -> MailAccount | None:
    host = read("SMTP_HOST", "", environment=environment)
    if not host:
        return None
    return MailAccount(
        host=host,
        port=read_int("SMTP_PORT", 25, environment=environment),
        address=read("SMTP_FROM", "no-reply@localhost", environment=environment),
        user=read("SMTP_USER", "", environment=environment),
        password=read("SMTP_PASSWORD", "", secret=True, environment=environment),
        starttls=_flag("SMTP_STARTTLS", environment),
        ca_file=_path("SMTP_CA_FILE", environment),
        timeout=float(read_int("SMTP_TIMEOUT", 10, environment=environment)),
        dkim=_dkim(environment),
    )


def _dkim(environment: Mapping[str, str] | None) -> DkimKey | None:
    """Read the key that signs mail: all three settings, or none."""
    domain = read("DKIM_DOMAIN", "", environment=environment)
    key_file = _path("DKIM_KEY_FILE", environment)
    if not domain and key_file is None:
        return None
    if not domain or key_file is None:
        raise SettingMissing("DKIM_DOMAIN and DKIM_KEY_FILE belong together")
    return DkimKey(
        domain=domain,
        selector=read("DKIM_SELECTOR", "lianxi", environment=environment),
        private_key=key_file.read_bytes(),
    )


def _gateways(environment: Mapping[str, str] | None) -> tuple[Gateway, ...]:
    """Read the gateways for text messages from the file that describes them; secrets lie in files beside it."""
    path = _path("SMS_FILE", environment)
    return () if path is None else gateways_in(path)


def gateways_in(path: Path) -> tuple[Gateway, ...]:
    """Read the file at `path`; refuse it with every mistake."""
    return read_gateways(_yaml(path), lambda name: (path.parent / name).read_text("utf-8").strip(), path.name)


def _names(text: str) -> frozenset[str]:
    return frozenset(name.strip().lower() for name in text.split(",") if name.strip())


def _path(name: str, environment: Mapping[str, str] | None) -> Path | None:
    given = read(name, "", environment=environment)
    return Path(given) if given else None


def _flag(name: str, environment: Mapping[str, str] | None) -> bool:
    given = read(name, "", environment=environment).lower()
    if given not in _YES | _NO:
        raise SettingMissing(f"{name} must be yes or no")
    return given in _YES
