"""`python -m demo`: prepares the data folder, opens the port, says where it listens, and serves until it is ended."""

import argparse
import logging
import os
import socket
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import uvicorn

from agent.drawing import fonts
from demo import app, authorities, keys, prepare
from demo.evidence import Verifier
from demo.settings import DEFAULT_AGENT_URL, Settings

EXIT_USAGE = 2
EXIT_CANNOT_START = 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Serves the portal; returns when it was ended."""
    options = _parser().parse_args(arguments)
    if (options.tls_cert is None) != (options.tls_key is None):
        return _fail("--tls-cert and --tls-key go together", EXIT_USAGE)
    try:
        fonts.register()
        listener = _listen(options.host, options.port)
    except fonts.NoFont as error:
        return _fail(str(error), EXIT_CANNOT_START)
    except OSError as error:
        return _fail(f"{options.host}:{options.port} can't be opened: {error.strerror}", EXIT_CANNOT_START)
    with listener:
        try:
            settings = Settings(
                data_dir=options.data_dir,
                port=listener.getsockname()[1],
                host=options.host,
                agent_url=options.agent_url,
                public_name=options.public_name,
                is_tls=options.tls_cert is not None,
                authorities_url=options.authorities_url,
            )
        except ValueError as error:
            return _fail(str(error), EXIT_USAGE)
        serve(settings, listener, options.tls_cert, options.tls_key)
    return 0


def serve(settings: Settings, listener: socket.socket, certificate: Path | None, key: Path | None) -> None:
    """Prepares the data and answers requests on the socket until a signal ends it."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    if prepare.data_dir(settings, at=datetime.now(UTC)):
        print(f"prepared {settings.data_dir}", flush=True)  # noqa: T201  # a command prints
    verifier = Verifier(keys.authorities(settings.authority_dir), authorities.fetch(settings))
    portal = app.build(settings, verifier, lambda: datetime.now(UTC))
    # A browser that connects from here on is answered: the socket listens, and the server only has to take over.
    print(f"listening on {settings.url}", flush=True)  # noqa: T201  # a command prints
    config = uvicorn.Config(
        portal,
        log_config=None,
        access_log=False,
        server_header=False,
        lifespan="off",
        ws="none",
        ssl_certfile=certificate,
        ssl_keyfile=key,
        timeout_graceful_shutdown=5,
    )
    uvicorn.Server(config).run(sockets=[listener])


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        if os.name == "posix":
            # On Windows this option would let another program take the port over.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen()
    except OSError:
        listener.close()
        raise
    return listener


def _fail(reason: str, status: int) -> int:
    print(f"error: {reason}", file=sys.stderr)  # noqa: T201  # a command prints
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m demo", description="Demo e-document portal that signs through the agent."
    )
    parser.add_argument(
        "--data-dir",
        type=Path,
        required=True,
        help="database, test authority and demo keys; made when missing",
    )
    parser.add_argument("--port", type=int, default=8080, help="0 takes a free one (default: %(default)s)")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument(
        "--agent-url", default=DEFAULT_AGENT_URL, help="where pages find the agent (default: %(default)s)"
    )
    parser.add_argument(
        "--authorities-url",
        help="simulator of the authorities' servers (qalamsap testca DIR --serve), to ask for revocations; without it nobody is asked",
    )
    parser.add_argument("--tls-cert", type=Path, help="PEM certificate of the portal, for https")
    parser.add_argument("--tls-key", type=Path, help="its PEM key")
    parser.add_argument(
        "--public-name", help="origin under which browsers reach the portal, e.g. https://portal.test:8443"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
