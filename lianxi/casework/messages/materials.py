"""What is told about the materials (材料) of a case: photos, papers, recordings that somebody handed in with it.

No message carries a file. It carries what a file is known by (its SHA-256, size and type) and its name, sealed with
the city's transport key, because people put names and numbers into the names of their files. The bytes travel between
nodes over HTTP and are checked against the SHA-256 told here.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from lianxi.casework.messages.wire import Message


@dataclass(frozen=True, kw_only=True, slots=True)
class Material:
    """One file of a case. `node` is where it was handed in, `added_by` who did it: `petitioner` or `officer`."""

    material_id: str
    sha256: str
    size: int
    media_type: str
    name_sealed: str
    added_at: datetime
    added_by: str
    node: str


@dataclass(frozen=True, kw_only=True, slots=True)
class MaterialsKept:
    """Intake → routing: this node keeps these files of a case; if another node holds the case, it is to be told."""

    MESSAGE: ClassVar[Message] = Message("materials-kept")
    case_no: str
    materials: tuple[Material, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class MaterialsSent:
    """Between nodes: the files of a case that `from_node` keeps, for the node that holds the case now."""

    MESSAGE: ClassVar[Message] = Message("materials-sent")
    case_no: str
    from_node: str
    to_node: str
    materials: tuple[Material, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class MaterialsArrived:
    """Routing → intake: another node told of these files; what is not here yet is to be fetched from it."""

    MESSAGE: ClassVar[Message] = Message("materials-arrived")
    case_no: str
    from_node: str
    materials: tuple[Material, ...]
