"""The least a door could do: verify the same signature, insert one row, commit. A WSGI application for granian.

`BARE_DATABASE` names the database, `BARE_KEYS` a JSON file of key ids and public keys in PEM.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg

from qinqing.lib.httpsig import Request, SignatureRefused, read_public_key, verify_request

KEYS = {name: read_public_key(name, pem) for name, pem in json.loads(Path(os.environ["BARE_KEYS"]).read_text()).items()}
TABLE = "CREATE TABLE IF NOT EXISTS events (id bigserial PRIMARY KEY, keyid text, body bytea, at timestamptz)"
_here = threading.local()


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
    headers = [(name[5:].replace("_", "-"), value) for name, value in environ.items() if name.startswith("HTTP_")]
    headers.append(("content-type", environ["CONTENT_TYPE"]))
    request = Request("POST", environ["PATH_INFO"], "", environ["HTTP_HOST"], "http", tuple(headers), body)
    now = datetime.now(UTC)
    try:
        verified = verify_request(request, KEYS.get, now)
    except SignatureRefused as refused:
        start_response("401 Unauthorized", [("Content-Type", "text/plain")])
        return [str(refused).encode()]
    if not hasattr(_here, "connection"):
        _here.connection = psycopg.connect(os.environ["BARE_DATABASE"], autocommit=True)
    row = (verified.keyid, body, now)
    _here.connection.execute("INSERT INTO events (keyid, body, at) VALUES (%s, %s, %s)", row)
    start_response("202 Accepted", [("Content-Type", "application/json")])
    return [b'{"state":"waiting"}']
