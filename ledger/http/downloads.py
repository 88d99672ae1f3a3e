"""Files that were made for one answer and go with it."""

from __future__ import annotations

import os
from typing import IO

from flask import Response, send_file


def download(file: IO[bytes], *, name: str, kind: str) -> Response:
    """Send an open file to be kept under a name; its length is said, and it is closed at the end."""
    answer = send_file(file, kind, as_attachment=True, download_name=name, max_age=0)
    answer.content_length = os.fstat(file.fileno()).st_size
    return answer
