"""What the portal is told by its environment, read once; only wiring looks at it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from lianxi.runtime.settings import read, read_int
from services.portal.domain.limits import Limits

_BESIDE_THE_PACKAGE = Path(__file__).resolve().parents[2] / "deploy"


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSettings:
    """Where files lie, who scans them, and how they reach the node above. `place` is "" where there is no store."""

    place: str
    key_ring_file: Path
    store_options: dict[str, str] = field(repr=False)
    scanner: str
    seconds: int
    parent_url: str
    parent_authority: str
    plain_allowed: bool
    link_secrets_file: Path | None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> "FileSettings":
        """Read `LIANXI_BLOBS` and what belongs to it."""
        secrets_file = read("LINK_SECRETS_FILE", "", environment=environment)
        options = {
            "endpoint": read("BLOBS_ENDPOINT", "", environment=environment),
            "region": read("BLOBS_REGION", "", environment=environment),
            "access_key_id": read("BLOBS_ACCESS_KEY", "", environment=environment),
            "secret_access_key": read("BLOBS_SECRET_KEY", "", secret=True, environment=environment),
        }
        return cls(
            place=read("BLOBS", "", environment=environment),
            key_ring_file=Path(read("KEYRING_FILE", environment=environment)),
            store_options={name: value for name, value in options.items() if value},
            scanner=read("CLAMD", "", environment=environment),
            seconds=read_int("FILES_SECONDS", 5, environment=environment),
            parent_url=read("PARENT_PORTAL", "", environment=environment),
            parent_authority=read("PARENT_CA_FILE", "", environment=environment),
            plain_allowed=read("PARENT_PLAIN_HTTP", "no", environment=environment) == "yes",
            link_secrets_file=Path(secrets_file) if secrets_file else None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Where the portal runs. Addresses with a password are not shown."""

    node: str
    database_url: str = field(repr=False)
    amqp_uri: str = field(repr=False)
    key_ring_file: Path
    clock_file: Path | None
    topology_file: Path
    host: str
    port: int
    threads: int
    https: bool
    trusted_proxy: str
    agency_port: int
    agency_tls: Path
    metrics_port: int
    call_timeout: float
    limits: Limits
    files: FileSettings

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> "Settings":
        """Read `LIANXI_NODE`, `LIANXI_DATABASE_URL_PORTAL`, `LIANXI_AMQP_URI`, `LIANXI_KEYRING_FILE` and the rest."""
        clock_file = read("CLOCK_FILE", "", environment=environment)
        deploy = Path(read("DEPLOY_DIR", str(_BESIDE_THE_PACKAGE), environment=environment))
        return cls(
            node=read("NODE", environment=environment),
            database_url=read("DATABASE_URL_PORTAL", secret=True, environment=environment),
            amqp_uri=read("AMQP_URI", secret=True, environment=environment),
            key_ring_file=Path(read("KEYRING_FILE", environment=environment)),
            clock_file=Path(clock_file) if clock_file else None,
            topology_file=deploy / "xining" / "topology.yaml",
            host=read("PORTAL_HOST", "127.0.0.1", environment=environment),
            port=read_int("PORTAL_PORT", 8080, environment=environment),
            threads=read_int("PORTAL_THREADS", 16, environment=environment),
            https=read("PORTAL_HTTPS", "no", environment=environment) == "yes",
            trusted_proxy=read("PORTAL_TRUSTED_PROXY", "", environment=environment),
            agency_port=read_int("PORTAL_AGENCY_PORT", 0, environment=environment),
            agency_tls=Path(read("PORTAL_AGENCY_TLS", "/etc/lianxi/tls", environment=environment)),
            metrics_port=read_int("METRICS_PORT", -1, environment=environment),
            call_timeout=read_int("PORTAL_CALL_TIMEOUT_SECONDS", 5, environment=environment),
            limits=_limits(environment),
            files=FileSettings.from_environment(environment),
        )


def _limits(environment: Mapping[str, str] | None) -> Limits:
    usual = Limits()
    return Limits(
        account=read_int("PORTAL_LIMIT_ACCOUNT", usual.account, environment=environment),
        address=read_int("PORTAL_LIMIT_ADDRESS", usual.address, environment=environment),
        filing=read_int("PORTAL_LIMIT_FILING", usual.filing, environment=environment),
        tracking=read_int("PORTAL_LIMIT_TRACKING", usual.tracking, environment=environment),
        sign_in=read_int("PORTAL_LIMIT_SIGN_IN", usual.sign_in, environment=environment),
    )
