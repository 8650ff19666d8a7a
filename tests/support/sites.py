"""A small public key infrastructure and TLS servers for tests: web sites with names of their own, and an echo over wss."""

import contextlib
import dataclasses
import datetime as dt
import http.server
import ipaddress
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from websockets.sync.server import ServerConnection, serve


def general_name(text: str) -> x509.GeneralName:
    """ "127.0.0.1" and "10.0.0.0/8" are addresses, all else is a DNS name."""
    with contextlib.suppress(ValueError):
        return x509.IPAddress(ipaddress.ip_network(text) if "/" in text else ipaddress.ip_address(text))
    return x509.DNSName(text)


@dataclasses.dataclass(frozen=True)
class ServerCertificate:
    certificate_path: Path
    key_path: Path

    def tls(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate_path, self.key_path)
        return context


@dataclasses.dataclass(frozen=True)
class SiteAuthority:
    """A certificate authority whose key the test keeps, so that it can issue what an honest one would not."""

    folder: Path
    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @property
    def certificate_path(self) -> Path:
        return self.folder / "authority.pem"

    @classmethod
    def create(
        cls, folder: Path, name: str = "Test site authority", permitted: tuple[str, ...] = ()
    ) -> "SiteAuthority":
        """`permitted`: critical name constraints; none of them means an unconstrained authority."""
        folder.mkdir(parents=True, exist_ok=True)
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        builder = _builder(subject, subject, key.public_key()).add_extension(
            x509.BasicConstraints(True, 0), True
        )
        if permitted:
            builder = builder.add_extension(
                x509.NameConstraints([general_name(n) for n in permitted], None), True
            )
        authority = cls(folder, key, builder.sign(key, hashes.SHA256()))
        authority.certificate_path.write_bytes(authority.certificate.public_bytes(serialization.Encoding.PEM))
        return authority

    def issue(self, *names: str, days: int = 90) -> ServerCertificate:
        """A server certificate for exactly these names and addresses."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test server")])
        certificate = (
            _builder(subject, self.certificate.subject, key.public_key(), days)
            .add_extension(x509.BasicConstraints(False, None), True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False)
            .add_extension(x509.SubjectAlternativeName([general_name(name) for name in names]), False)
            .sign(self.key, hashes.SHA256())
        )
        stem = f"{certificate.serial_number:x}"
        paths = ServerCertificate(self.folder / f"{stem}.pem", self.folder / f"{stem}.key")
        paths.certificate_path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        paths.key_path.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        paths.key_path.chmod(0o600)
        return paths


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, days: int = 90
) -> x509.CertificateBuilder:
    now = dt.datetime.now(dt.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=days))
    )


@contextlib.contextmanager
def echo_server(tls: ssl.SSLContext, host: str = "127.0.0.1") -> Iterator[int]:
    """A wss server that greets with "hello"; gives its port."""

    def greet(connection: ServerConnection) -> None:
        connection.send("hello")
        for message in connection:
            connection.send(message)

    with serve(greet, host, 0, ssl=tls, compression=None) as server:
        thread = threading.Thread(target=server.serve_forever, name="echo")
        thread.start()
        try:
            yield server.socket.getsockname()[1]
        finally:
            server.shutdown()
            thread.join(10)


@contextlib.contextmanager
def page_server(
    tls: ssl.SSLContext | None, pages: Mapping[str, str] | None = None, host: str = "127.0.0.1"
) -> Iterator[int]:
    """A web site with these pages (path to HTML; one empty page unless given); gives its port."""
    contents = pages or {"/": "<!doctype html><meta charset=utf-8><title>site</title><p>site"}

    class Handler(Quiet, http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = contents.get(self.path, "").encode()
            self.send_response(200 if body else 404)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    with served(Handler, tls, host) as port:
        yield port


class Quiet:
    """Goes before a handler of requests."""

    timeout = 10  # a browser's speculative connection that never speaks must not hold a thread for ever

    def log_message(self, *arguments: object) -> None:
        """Quiet: a test looks at the browser's side."""


@contextlib.contextmanager
def served(
    handler: Callable[..., http.server.BaseHTTPRequestHandler],
    tls: ssl.SSLContext | None = None,
    host: str = "127.0.0.1",
) -> Iterator[int]:
    """A web server whose requests this handles; gives its port."""

    class Server(http.server.ThreadingHTTPServer):
        daemon_threads = True

        def finish_request(self, request, client_address) -> None:  # type: ignore[no-untyped-def]
            # The handshake belongs to the connection's own thread: a browser opens idle sockets and keeps them.
            with contextlib.suppress(OSError):
                request.settimeout(10)
                wrapped = tls.wrap_socket(request, server_side=True) if tls else request
                with contextlib.closing(wrapped):
                    super().finish_request(wrapped, client_address)

    with Server((host, 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, name="pages")
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join(10)
