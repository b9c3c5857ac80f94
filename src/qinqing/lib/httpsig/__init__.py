"""报文签名: HTTP message signatures after RFC 9421 with content digests after RFC 9530. Pure: no I/O, no clock.

For a server: `verify_request` (`door.py`), which refuses everything but a fresh, whole request signed with a known key;
for a client `sign_request`. Below them: `message.py` what is signed, `components.py` how a message is written down for
signing, `fields.py` structured header fields, `keys.py` keys and the table of algorithms, `digest.py` the body's
fingerprint, `refusals.py` the one exception.
"""

from __future__ import annotations

from qinqing.lib.httpsig.door import (
    DOOR_ALGORITHMS,
    TAG,
    TOLERANCE,
    Verified,
    door_components,
    new_nonce,
    sign_request,
    verify_request,
)
from qinqing.lib.httpsig.keys import Key, read_private_key, read_public_key
from qinqing.lib.httpsig.message import Request, Response
from qinqing.lib.httpsig.refusals import Reason, SignatureRefused

__all__ = [
    "DOOR_ALGORITHMS",
    "TAG",
    "TOLERANCE",
    "Key",
    "Reason",
    "Request",
    "Response",
    "SignatureRefused",
    "Verified",
    "door_components",
    "new_nonce",
    "read_private_key",
    "read_public_key",
    "sign_request",
    "verify_request",
]
