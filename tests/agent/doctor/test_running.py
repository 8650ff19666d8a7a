import hashlib
import ssl
from datetime import timedelta

import pytest

from agent import control, daemon
from agent.config import Config
from agent.doctor import running
from agent.instance import Holder
from agent.localhost import authority
from agent.paths import Paths
from protocol.control import Refused, State
from protocol.errors import ProtocolError
from tests.support.trusting import NOW

READY = State("ready", "ru", daemon.version(), 13579)


def saying(answer):
    def ask():
        if isinstance(answer, Exception):
            raise answer
        return answer

    return ask


def state(**changes):
    import dataclasses

    return dataclasses.replace(READY, **changes)


@pytest.mark.parametrize(
    ("answer", "code", "worst", "repair"),
    [
        (READY, "ready", "ok", ""),
        (state(state="signing"), "ready", "ok", ""),
        (state(state="paused"), "paused", "trouble", "resume-agent"),
        (state(version="0.0.1"), "older", "hint", "restart-agent"),
        (state(is_simulation=True), "simulation", "hint", ""),
        (state(state="trouble", trouble="identity-renewal"), "identity-renewal", "trouble", "renew-trust"),
        (state(state="trouble", trouble="https-api-port"), "https-api-port", "trouble", "restart-agent"),
        (state(state="trouble", trouble="bad-policy"), "bad-policy", "trouble", ""),
        (state(state="trouble", trouble="bad-settings"), "bad-settings", "trouble", ""),
        (state(state="trouble", trouble="broker"), "broker", "trouble", ""),
        (state(state="trouble", trouble="something-new"), "trouble", "trouble", "restart-agent"),
        (Refused("no"), "refuses", "trouble", ""),
        (control.NotRunning("no agent answers"), "stopped", "trouble", "start-agent"),
        (ProtocolError("nonsense"), "stranger", "trouble", ""),
    ],
)
def test_what_the_agent_says_of_itself(answer, code, worst, repair):
    found, known = running.agent(saying(answer))
    assert (found.code, found.state, found.repair) == (code, worst, repair)
    assert (known is not None) == isinstance(answer, State)


def test_nobody_answers_where_there_is_no_agent(tmp_path):
    ask = running.asker(Config(paths=Paths(tmp_path, tmp_path)))
    assert running.agent(ask)[0].code == "stopped"


def test_who_holds_the_port(tmp_path):
    (tmp_path / "4711").mkdir()
    (tmp_path / "4711/cmdline").write_bytes(b"java\0-jar\0/opt/NCALayer/ncalayer.jar\0")
    (tmp_path / "4712").mkdir()
    (tmp_path / "4712/cmdline").write_bytes(b"java\0-jar\0other.jar\0")

    def port(known, holder):
        found = running.port(13579, known, holder, tmp_path)
        return found.code, found.state

    assert port(READY, Holder(1000, 1, "python")) == ("ours", "ok")
    assert port(None, None) == ("free", "ok")
    assert port(state(port=5), None) == ("another", "hint")
    assert port(None, Holder(1000, 4711, "java")) == ("ncalayer", "trouble")
    assert port(None, Holder(1000, 4712, "java")) == ("held", "trouble")
    assert port(None, Holder(1000, 4713, "NCALayer")) == ("ncalayer", "trouble")
    assert port(None, Holder(1000, 4714, "gone")) == ("held", "trouble")
    assert port(state(port=5), Holder(1001)) == ("another-user", "trouble")


def test_a_broker_may_hold_the_port_and_a_program_that_took_it_is_told_all_the_same():
    def port(known, holder):
        found = running.port(13579, known, holder, is_brokered=True)
        return found.code, found.state

    # The system holds it for the broker, or the broker itself: a person can't see which process that is.
    for known in (READY, None):
        assert port(known, Holder(0)) == ("broker", "ok")
        assert port(known, None) == ("broker", "ok")
    assert port(None, Holder(1000, 4714, "gone")) == ("held", "trouble")


def test_the_machines_certificate_is_good_where_it_is_what_is_served(tmp_path):
    present = authority.issue(tmp_path / "tls", NOW)
    leaf = ssl.PEM_cert_to_DER_cert(present.certificate_path.read_text())

    def found(known, served):
        return running.machines_certificate(present, known, lambda _: served).code

    assert found(READY, hashlib.sha256(leaf).hexdigest()) == "good"
    assert found(READY, "00") == "another"
    assert found(None, "") == "good"


def test_a_port_of_no_number_has_no_holder():
    assert running.holder_of(0) is None


def certificate(folder, known=None, serves=lambda _: "", at=NOW):
    found = running.certificate(folder, known, serves, at)
    return found.code, found.state, found.repair


def test_the_certificate_from_its_beginning_to_its_end(tmp_path):
    assert certificate(tmp_path) == ("missing", "trouble", "install-trust")
    issued = authority.issue(tmp_path, NOW)
    assert certificate(tmp_path) == ("good", "ok", "")
    assert certificate(tmp_path, at=issued.not_after - timedelta(days=40)) == (
        "ending", "hint", "renew-trust",
    )  # fmt: skip
    assert certificate(tmp_path, at=issued.not_after) == ("ended", "trouble", "renew-trust")


def test_an_agent_that_serves_another_certificate_is_to_be_restarted(tmp_path):
    issued = authority.issue(tmp_path, NOW)
    leaf = ssl.PEM_cert_to_DER_cert(issued.certificate_path.read_text())
    assert certificate(tmp_path, READY, lambda _: hashlib.sha256(leaf).hexdigest())[0] == "good"
    assert certificate(tmp_path, READY) == ("another", "trouble", "restart-agent")

    def refuse(_):
        raise ConnectionRefusedError

    assert certificate(tmp_path, READY, refuse)[0] == "another"


def test_a_key_that_others_can_read_can_be_closed_to_them(tmp_path):
    issued = authority.issue(tmp_path, NOW)
    issued.key_path.chmod(0o644)
    found = running.certificate(tmp_path, None, lambda _: "", NOW)
    assert (found.code, found.repair, found.path) == ("open-key", "make-private", str(issued.key_path))


def test_a_broken_identity_can_not_be_read(tmp_path):
    issued = authority.issue(tmp_path, NOW)
    issued.certificate_path.unlink()
    assert certificate(tmp_path) == ("unreadable", "trouble", "")


def test_a_certificate_is_read_from_where_tls_is_served(tmp_path):
    import socket
    import threading

    issued = authority.issue(tmp_path, NOW)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(issued.certificate_path, issued.key_path)
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve():
            connection, _ = listener.accept()
            with context.wrap_socket(connection, server_side=True) as secured:
                secured.recv(1)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        number = listener.getsockname()[1]
        assert certificate(tmp_path, state(port=number), running.served)[0] == "good"
        thread.join(5)
    with pytest.raises(OSError):
        running.served(number)
