"""The bytes of files: sealed and kept by their content, recognised, scanned, made small, exchanged with other nodes.

`store` keeps them in a directory or an S3-compatible store, `sealing` encrypts them piece by piece, `kinds` says what a
file is, `scanning` asks the virus scanner, `thumbnails` draws small pictures, `peers` speaks with the node above.
What a file belongs to, only intake knows.
"""

from services.portal.blobs.kinds import media_type_of
from services.portal.blobs.peers import ParentNode, reason, sign_request, signature_holds
from services.portal.blobs.scanning import Clamd, NoScanner
from services.portal.blobs.store import BlobStore, open_store
from services.portal.blobs.thumbnails import draw_thumbnail

__all__ = [
    "BlobStore",
    "Clamd",
    "NoScanner",
    "ParentNode",
    "draw_thumbnail",
    "media_type_of",
    "open_store",
    "reason",
    "sign_request",
    "signature_holds",
]
