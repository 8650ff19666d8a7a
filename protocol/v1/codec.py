"""The dialect of kz.qalamsap.v1 (docs/api/v1.md): a page's frame to a message and a request, what comes of it to frames.

is_own(frame)                  whether a frame is for this module
decode(frame)                  the message; BadRequest with the reply where there is none
request_of(message, uploads)   what a worker is asked for
encode(message, outcome)       the reply, and what is too long to stand in it
result_text, event_text, error_text   what the daemon says by itself
"""

from protocol.v1.asking import request_of
from protocol.v1.message import Message, handles_of, language_of, needs_worker
from protocol.v1.reading import BadChunk, BadRequest, Chunk, decode, failure_text, is_own, unpack_chunk
from protocol.v1.writing import (
    Encoded,
    capabilities,
    encode,
    error_text,
    event_text,
    pack_chunk_header,
    result_text,
)

__all__ = [
    "BadChunk",
    "BadRequest",
    "Chunk",
    "Encoded",
    "Message",
    "capabilities",
    "decode",
    "encode",
    "error_text",
    "event_text",
    "failure_text",
    "handles_of",
    "is_own",
    "language_of",
    "needs_worker",
    "pack_chunk_header",
    "request_of",
    "result_text",
    "unpack_chunk",
]
