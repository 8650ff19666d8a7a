"""The HTTPS interface as a server: connections that say nothing, renewal of TLS, a port that is taken, the end."""

import asyncio
import datetime as dt
import signal
import socket
import ssl
from pathlib import Path

import httpx
import pytest
from cryptography import x509

from agent import instance
from agent.localhost import authority
from agent.server import https_api
from agent.server.https_api import HttpsApi
from agent.server.listener import tls_context
from tests.support import https_pages, stage
from tests.support.https_pages import ORIGIN, Clerk, signature_of, until

pytestmark = pytest.mark.service


def test_a_connection_that_says_nothing_is_closed() -> None:
    async def scenario() -> None:
        async with https_pages.open_api(head_s=0.2) as api:
            reader, _ = await api.connect()
            assert await reader.read() == b""
            reader, writer = await api.connect()
            writer.write(b"GET / HTTP/1.1\r\nHost: ")
            assert await reader.read() == b""

    stage.run(scenario())


def test_a_connection_is_closed_that_dawdles_over_its_second_request() -> None:
    async def scenario() -> None:
        async with https_pages.open_api(head_s=0.2) as api:
            reader, writer = await api.connect()
            writer.write(f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{api.port}\r\n\r\nGET / HT".encode())
            assert (await reader.read()).endswith(b"Qalamsap\n")

    stage.run(scenario())


def test_a_person_may_think_longer_than_a_head_may_take() -> None:
    async def thinks_and_says_no(approval: object) -> bytes:
        await asyncio.sleep(0.5)
        return b"cancelled"

    async def scenario() -> None:
        async with https_pages.open_api(Clerk(thinks_and_says_no), head_s=0.1) as api:
            assert (await (await api.page()).try_begin()).status_code == 409

    stage.run(scenario())


def test_one_connection_carries_several_requests() -> None:
    async def scenario() -> None:
        async with https_pages.open_api() as api:
            page = await api.page()
            page.client._transport = httpx.AsyncHTTPTransport(
                verify=stage.client_context(), limits=httpx.Limits(max_connections=1)
            )
            begun = await page.begin(3)
            for document in (b"one", b"two", b"three"):
                assert (await page.send(begun, document)).content == signature_of(document)

    stage.run(scenario())


def test_a_page_that_does_not_read_its_signature_is_dropped() -> None:
    async def scenario() -> None:
        async with https_pages.open_api(stall_s=0.3) as api:
            begun = await (await api.page()).begin()
            document = b"x" * 30_000_000
            reader, writer = await api.post(begun, len(document), document)
            writer.transport.pause_reading()
            await until(lambda: api.clerk.cancelled)
            del reader

    stage.run(scenario())


def test_connections_are_counted_from_their_first_octet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(https_api, "MAX_CONNECTIONS", 3)

    async def scenario() -> None:
        async with https_pages.open_api() as api:
            silent = [await asyncio.open_connection("127.0.0.1", api.port) for _ in range(2)]
            _, greeted = await api.connect()
            reader, writer = await asyncio.open_connection("127.0.0.1", api.port)
            assert await reader.read() == b""
            writer.close()
            for _, each in silent:
                each.close()
            greeted.close()
            page = await api.page()
            async with asyncio.timeout(5):
                while True:
                    try:
                        assert (await page.ask("GET")).status_code == 200
                        break
                    except httpx.TransportError:
                        await asyncio.sleep(0.05)

    stage.run(scenario())


def test_nonsense_in_place_of_tls_or_http_costs_nothing() -> None:
    async def scenario() -> None:
        async with https_pages.open_api() as api:
            reader, writer = await asyncio.open_connection("127.0.0.1", api.port)
            writer.write(b"GET / HTTP/1.1\r\n\r\n")
            assert await reader.read() == b""
            writer.close()
            reader, writer = await api.connect()
            writer.write(b"\x00\x01 nonsense\r\n\r\n")
            assert (await reader.read()).startswith(b"HTTP/1.1 400 ")
            reader, writer = await api.connect()
            writer.write(b"GET / HTTP/1.1\r\nX: " + b"x" * 100_000)
            assert b" 400 " in await reader.readline()
            assert (await (await api.page()).ask("GET")).status_code == 200

    stage.run(scenario())


def test_both_loopback_addresses_are_served() -> None:
    async def scenario() -> None:
        async with https_pages.open_api() as api:
            context = stage.client_context()
            for host in ("127.0.0.1", "::1"):
                try:
                    _, writer = await asyncio.open_connection(
                        host, api.port, ssl=context, server_hostname=host
                    )
                except OSError:
                    assert host == "::1"
                    continue
                writer.close()

    stage.run(scenario())


def test_a_renewed_identity_counts_from_the_next_handshake(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with https_pages.open_api() as api:
            before = await serial_number(api.port)
            renewed = authority.issue(tmp_path / "tls", dt.datetime.now(dt.UTC))
            api.server.use(tls_context(renewed.certificate_path, renewed.key_path))
            after = await serial_number(api.port)
            assert before != after
            certificate = x509.load_pem_x509_certificate(renewed.certificate_path.read_bytes())
            assert after == certificate.serial_number

    stage.run(scenario())


async def serial_number(port: int) -> int:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
    der = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    writer.close()
    return x509.load_der_x509_certificate(der).serial_number


def test_a_port_that_is_taken_is_a_typed_error() -> None:
    async def scenario() -> None:
        own = stage.identity()
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            api = HttpsApi(Clerk(), None, lambda _: False)  # type: ignore[arg-type]
            api.use(tls_context(own.certificate_path, own.key_path))
            with pytest.raises(instance.PortBusy):
                api.listen(taken.getsockname()[1])
            await api.close()

    stage.run(scenario())


def test_it_leaves_the_signals_of_the_process_alone() -> None:
    async def scenario() -> None:
        before = [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)]
        async with https_pages.open_api() as api:
            await (await api.page()).ask("GET")
            assert [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)] == before

    stage.run(scenario())


def test_at_the_end_whoever_waits_is_told_and_nobody_is_let_in() -> None:
    async def scenario() -> None:
        clerk = Clerk(https_pages.thinks)
        async with https_pages.open_api(clerk, granted=(ORIGIN,)) as api:
            page = await api.page()
            waiting = asyncio.create_task(page.try_begin())
            await until(lambda: clerk.approvals)
            await api.server.close()
            answer = await waiting
            assert (answer.status_code, answer.text) == (503, "stopping\n")
            assert clerk.cancelled == 1
            with pytest.raises(httpx.ConnectError):
                await page.ask("GET")

    stage.run(scenario())


def test_what_pages_send_is_not_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("DEBUG")

    async def scenario() -> None:
        async with https_pages.open_api() as api:
            page = await api.page()
            begun = await page.begin()
            await page.send(begun, b"document of a person")
            await page.ask("GET", "/path?query=person")
            assert begun.identifier not in ours(caplog)
            assert begun.cookie not in ours(caplog)
        assert "person" not in ours(caplog)

    stage.run(scenario())


def ours(caplog: pytest.LogCaptureFixture) -> str:
    """The log without what the test's own client says."""
    return "\n".join(
        each.getMessage() for each in caplog.records if not each.name.startswith(("http", "asyncio"))
    )
