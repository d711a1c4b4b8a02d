"""What intake is told by its environment, read once; only wiring looks at it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from lianxi.runtime.settings import SettingMissing, read, read_int
from services.intake.domain.attachments import MEGABYTE, USUAL_LIMITS, Kind, Limits

_BESIDE_THE_PACKAGE = Path(__file__).resolve().parents[2] / "deploy"


@dataclass(frozen=True, slots=True)
class Settings:
    """Where intake runs. The address of the database contains a password, so it is not shown."""

    node: str
    database_url: str = field(repr=False)
    key_ring_file: Path
    clock_file: Path | None
    divisions_file: Path
    connections: int
    file_limits: Limits
    upload_hours: int

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> "Settings":
        """Read `LIANXI_NODE`, `LIANXI_DATABASE_URL_INTAKE`, `LIANXI_KEYRING_FILE` and the optional rest."""
        clock_file = read("CLOCK_FILE", "", environment=environment)
        deploy = Path(read("DEPLOY_DIR", str(_BESIDE_THE_PACKAGE), environment=environment))
        return cls(
            node=read("NODE", environment=environment),
            database_url=read("DATABASE_URL_INTAKE", secret=True, environment=environment),
            key_ring_file=Path(read("KEYRING_FILE", environment=environment)),
            clock_file=Path(clock_file) if clock_file else None,
            divisions_file=deploy / "xining" / "divisions.csv",
            connections=read_int("INTAKE_CONNECTIONS", 10, environment=environment),
            file_limits=_file_limits(environment),
            upload_hours=read_int("UPLOAD_HOURS", 24, environment=environment),
        )


def _file_limits(environment: Mapping[str, str] | None) -> Limits:
    """Return the usual limits, changed by what `LIANXI_FILE_MEGABYTES` says of single kinds (`photo=20,video=500`)."""
    usual = USUAL_LIMITS
    of_kind = dict(usual.of_kind)
    try:
        for word in filter(None, read("FILE_MEGABYTES", "", environment=environment).split(",")):
            kind, _, megabytes = word.partition("=")
            of_kind[Kind(kind.strip())] = int(megabytes) * MEGABYTE
    except ValueError:
        raise SettingMissing("LIANXI_FILE_MEGABYTES must read like photo=20,pdf=50,video=500") from None
    return Limits(
        of_kind=of_kind,
        of_case=read_int("CASE_MEGABYTES", usual.of_case // MEGABYTE, environment=environment) * MEGABYTE,
        files_of_case=read_int("CASE_FILES", usual.files_of_case, environment=environment),
    )
