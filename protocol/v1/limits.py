"""What the interface is called, and how much goes through it. Pages learn the numbers from `capabilities`."""

from protocol import messages

MODULE = "kz.qalamsap.v1"
API_VERSION = "1.0"

FRAME_BYTES = 4 * 1024 * 1024  # of a page's text frame; what is longer is uploaded
MEMORY_BYTES = 256 * 1024 * 1024  # of a request's documents in memory, each as often as it is named
INLINE_BYTES = 192 * 1024  # of all signatures in one reply, before base64; what is longer is downloaded
CHUNK_BYTES = 256 * 1024  # in one binary frame
CHUNK_HEADER_BYTES = 12  # before them: transfer number in 4 octets, offset in 8
WINDOW_BYTES = 4 * 1024 * 1024  # that a page may send before it hears that they were received
MAX_UPLOAD_BYTES = 2 * 1024 * 1024 * 1024
MAX_UPLOADS = 20_000  # that a socket holds, downloads counted

MAX_DOCUMENTS = messages.MAX_DOCUMENTS
MAX_AUTHORITIES = messages.MAX_AUTHORITIES
MAX_DIGEST_BYTES = 96  # half as much again as the longest digest that we know
MAX_FACTS = 32  # about one document
WORDS_BYTES = 512 * 1024  # of all titles and facts in one request: what one prompt can carry
FACT_BYTES = 32  # that a fact counts for beside its words
