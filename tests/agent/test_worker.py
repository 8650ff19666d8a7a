"""The worker as a process: the test plays the daemon, a script plays the window."""

import json
import os
import re
import select
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from agent import paths
from agent.formats import cms
from agent.journal import Journal
from protocol import accessory, common_utils, messages, pipes, prompts, work
from tests.support import agents, chains, fake_window, own_messages
from tests.support import authority as national
from tests.support.fake_window import crash, expect, hang, key_file, send, wait_for_end
from tests.support.worker_process import WorkerProcess, sign_frame, write_key_file

pytestmark = pytest.mark.process

CANCELLED = {"body": {}, "status": True}
FIRST = ["send", {"type": "approved", "key_id": "first", "remember": False}]


@pytest.fixture
def key(tmp_path: Path) -> Path:
    return write_key_file(tmp_path / "a.p12", chains.person())


def worker(tmp_path: Path, *steps: list[Any], **options: Any) -> WorkerProcess:
    return WorkerProcess(tmp_path, fake_window.command(tmp_path / "window.log", *steps), **options)


def says_yes(key: Path) -> list[list[Any]]:
    return [
        expect("open-key"),
        send(prompts.Shown()),
        *key_file(key, "Qwerty12"),
        expect("choose-key"),
        FIRST,
        expect("finished"),
    ]


def journal_of(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "journal.jsonl")


def events(tmp_path: Path) -> list[str]:
    return [json.loads(line)["event"] for line in journal_of(tmp_path).path.read_text("utf-8").splitlines()]


def signed_contents(reply: dict[str, Any] | None) -> list[bytes | None]:
    assert reply is not None
    assert reply["status"] is True
    contents = []
    for text in reply["body"]["result"]:
        message = cms.read(text.encode())
        assert [evidence.signature for evidence in cms.verify(message)] == ["valid"]
        contents.append(message.content)
    return contents


def test_documents_are_signed_with_one_password(tmp_path: Path, key: Path) -> None:
    with worker(tmp_path, *says_yes(key)) as process:
        process.begin(sign_frame("бір", "екі"), waiting=2)
        assert signed_contents(process.reply()) == ["бір".encode(), "екі".encode()]
        assert process.wait_ended() == 0
    assert process.heard == [
        work.Stage("password"),
        prompts.Shown(),
        work.Stage("approval"),
        work.Progress(1, 2),
        work.Progress(2, 2),
        work.Reply(process.heard[-1].reply_bytes, "done"),
    ]
    assert events(tmp_path) == ["asked", "decided", "signed"]
    assert "1308 INFO agent.operations" in (journal_of(tmp_path).path.parent / "agent.log").read_text()
    asked, _, finished = fake_window.heard(tmp_path / "window.log")
    assert isinstance(asked, prompts.OpenKey)
    assert (asked.waiting, asked.language, asked.caller.site, asked.caller.is_new) == (
        2,
        "kk",
        "kds.example.kz",
        True,
    )
    assert finished == prompts.Finished(count=2)


def test_nothing_secret_or_personal_is_logged(tmp_path: Path, key: Path) -> None:
    with worker(tmp_path, expect("open-key"), *key_file(key, "wrong-one"), *says_yes(key)) as process:
        process.begin(
            sign_frame("the deed", signerParams={"extKeyUsageOids": [], "chain": [], "password": "Qwerty12"})
        )
        assert process.reply() is not None
    record = process.log + journal_of(tmp_path).path.read_text("utf-8")
    for secret in ("Qwerty12", "wrong-one", "the deed"):
        assert secret not in record


def test_a_wrong_password_is_asked_again_and_the_page_hears_nothing_of_it(tmp_path: Path, key: Path) -> None:
    with worker(tmp_path, expect("open-key"), *key_file(key, "wrong"), *says_yes(key)) as process:
        process.begin(sign_frame("a"))
        assert signed_contents(process.reply()) == [b"a"]
    first, second, *_ = fake_window.heard(tmp_path / "window.log")
    assert isinstance(first, prompts.OpenKey)
    assert isinstance(second, prompts.OpenKey)
    assert first.problem is None
    assert second.problem is not None
    assert second.problem.code == "wrong-password"
    assert second.chosen == str(key)


def test_a_person_who_says_no_cancels(tmp_path: Path) -> None:
    with worker(tmp_path, expect("open-key"), send(prompts.Cancelled())) as process:
        process.begin(sign_frame("a"))
        assert process.reply() == CANCELLED
    assert process.heard[-1].outcome == "cancelled"
    assert events(tmp_path) == ["asked", "decided"]


@pytest.mark.parametrize(
    ("steps", "code"),
    [
        ([expect("open-key"), send(prompts.Shown()), crash(7)], "window-failed"),
        ([expect("open-key"), ["send", {"type": "nonsense"}], wait_for_end()], "window-failed"),
        ([expect("open-key"), crash(3)], "no-one-to-ask"),
    ],
)
def test_a_window_that_breaks_is_an_error_and_no_cancellation(
    steps: Sequence[list[Any]], code: str, tmp_path: Path
) -> None:
    with worker(tmp_path, *steps) as process:
        process.begin(sign_frame("a"))
        reply = process.reply()
    assert reply is not None
    assert (reply["status"], reply["code"], reply["details"].split(":")[0]) == (
        False,
        "SIGNING_FAILURE",
        code,
    )
    assert process.heard[-1].outcome == "failed"
    assert events(tmp_path) == ["asked", "failed"]


def test_without_a_program_for_windows_there_is_nobody_to_ask(tmp_path: Path) -> None:
    with WorkerProcess(tmp_path) as process:
        process.begin(sign_frame("a"))
        reply = process.reply()
    assert reply is not None
    assert reply["details"].startswith("no-one-to-ask")


def test_a_page_that_leaves_ends_the_window_and_signs_nothing(tmp_path: Path) -> None:
    with worker(tmp_path, expect("open-key"), send(prompts.Shown()), hang()) as process:
        process.begin(sign_frame("a"))
        process.wait_for(prompts.Shown)
        process.leave()
        assert process.next_message() is None
        assert process.process.wait(20) == 0
        # The window inherited standard error: that it is at its end says that the window is gone too.
        assert process.process.stderr is not None
        while True:
            readable, _, _ = select.select([process.process.stderr], [], [], 20)
            assert readable, "the window lives on"
            if not os.read(process.process.stderr.fileno(), 65536):
                break
    assert events(tmp_path) == ["asked", "left"]


def test_a_spare_that_is_not_needed_leaves_quietly(tmp_path: Path) -> None:
    with worker(tmp_path, wait_for_end()) as process:
        process.leave()
        assert process.next_message() is None
        assert process.process.wait(20) == 0
    assert not journal_of(tmp_path).path.exists()


def test_no_signature_leaves_if_the_disk_is_full(tmp_path: Path) -> None:
    journal_of(tmp_path).path.symlink_to("/dev/full")
    with worker(tmp_path, expect("finished")) as process:
        process.begin(sign_frame("a"))
        reply = process.reply()
    assert reply is not None
    assert (reply["code"], reply["details"].split(":")[0]) == ("SIGNING_FAILURE", "storage-failed")


@pytest.mark.parametrize("limits", [(0.5, 60.0), (60.0, 0.5)])
def test_a_person_who_does_nothing_runs_out_of_time(limits: tuple[float, float], tmp_path: Path) -> None:
    steps = [expect("open-key"), send(prompts.Shown()), expect("finished")]
    with worker(tmp_path, *steps, limits=limits) as process:
        process.begin(sign_frame("a"))
        reply = process.reply()
    assert reply is not None
    assert reply["details"].startswith("timed-out")
    assert events(tmp_path) == ["asked", "failed"]


def test_the_queue_is_told_to_the_window(tmp_path: Path) -> None:
    steps = [expect("open-key"), send(prompts.Shown()), expect("waiting"), send(prompts.Cancelled())]
    with worker(tmp_path, *steps) as process:
        process.begin(sign_frame("a"))
        process.wait_for(prompts.Shown)
        process.send(pipes.pack_json(work.to_message(prompts.Waiting(4))))
        assert process.reply() == CANCELLED
    assert fake_window.heard(tmp_path / "window.log")[-1] == prompts.Waiting(4)


def test_what_needs_no_person_is_answered_all_the_same(tmp_path: Path) -> None:
    for frame, expected in (
        ({"module": common_utils.MODULE, "method": "getActiveTokens"}, {"responseObject": [], "code": "200"}),
        ({"module": "no.such.module"}, {"success": False, "errorCode": "MODULE_NOT_FOUND"}),
    ):
        with worker(tmp_path, wait_for_end()) as process:
            process.begin(json.dumps(frame).encode())
            assert process.reply() == expected
    with worker(tmp_path, wait_for_end()) as process:
        process.begin(b"hello")
        assert process.reply() == {"success": False, "code": "COMMON_JSON_WRAPPING_EXCEPTION"}
    assert fake_window.heard(tmp_path / "window.log") == []


def test_key_info_is_told_after_the_person_agreed(tmp_path: Path, key: Path) -> None:
    call = {"module": common_utils.MODULE, "method": "getKeyInfo", "args": ["PKCS12"], "uuid": "u-1"}
    with worker(tmp_path, *says_yes(key)) as process:
        process.begin(json.dumps(call).encode())
        reply = process.reply()
    assert reply is not None
    assert (reply["code"], reply["uuid"]) == ("200", "u-1")
    assert reply["responseObject"]["subjectCn"] == "ТЕСТОВ ТЕСТ"


def test_a_long_document_comes_in_pieces_and_goes_out_in_pieces(tmp_path: Path, key: Path) -> None:
    document = "Қ" * 1_000_000
    with worker(tmp_path, *says_yes(key)) as process:
        process.begin(sign_frame(document))
        assert signed_contents(process.reply()) == [document.encode()]


def test_a_stray_print_does_not_spoil_the_frames(tmp_path: Path) -> None:
    before = """
import os
real = worker._reply_to
def noisy(*args):
    print("stray"); os.write(1, b"louder")
    return real(*args)
worker._reply_to = noisy
"""
    with worker(tmp_path, wait_for_end(), before=before) as process:
        process.begin(b"{}")
        assert process.reply() == {"success": False, "errorCode": "MODULE_NOT_FOUND"}
    assert "stray" in process.log
    assert "louder" in process.log


def test_a_mistake_of_ours_ends_without_reply_and_without_its_text_in_the_log(tmp_path: Path) -> None:
    before = """
def broken(*args):
    raise KeyError("Qwerty12")
worker._perform = broken
"""
    with worker(tmp_path, wait_for_end(), before=before) as process:
        process.begin(sign_frame("a"))
        assert process.reply() is None
        assert process.process.wait(20) == 1
    assert "KeyError" in process.log
    assert "Qwerty12" not in process.log


@pytest.mark.parametrize("octets", [b"X\0\0\0\0", pipes.pack_json({"type": "shown"}), b"D\0\0\0\1a"])
def test_a_daemon_that_talks_nonsense_is_left(octets: bytes, tmp_path: Path) -> None:
    with worker(tmp_path, wait_for_end()) as process:
        process.send(octets)
        assert process.next_message() is None
        assert process.process.wait(20) == 1


def answers(tmp_path: Path, *tables: dict[str, object]) -> Path:
    return agents.write_answers(tmp_path / "answers.toml", tables)


def authority(tmp_path: Path) -> Path:
    path = tmp_path / "test-ca.pem"
    path.write_text(chains.root().certificate.pem())
    return path


def simulated(
    tmp_path: Path, key: Path, turn: int, *tables: dict[str, object], frame: bytes | None = None
) -> Any:
    script = answers(tmp_path, *(tables or [{"key": key.name, "password": "Qwerty12"}]))
    with WorkerProcess(tmp_path, answers=script, test_authorities=[authority(tmp_path)]) as process:
        process.begin(frame or sign_frame("a"), turn=turn)
        reply = process.reply()
    return reply, process.log


def test_a_scripted_person_signs_without_display_or_window(tmp_path: Path, key: Path) -> None:
    reply, _ = simulated(tmp_path, key, 1)
    assert signed_contents(reply) == [b"a"]


def test_a_scripted_person_answers_by_turn(tmp_path: Path, key: Path) -> None:
    tables = [{"decision": "cancel"}, {"key": key.name, "password": "Qwerty12", "grant": True}]
    assert simulated(tmp_path, key, 1, *tables)[0] == CANCELLED
    assert signed_contents(simulated(tmp_path, key, 2, *tables)[0]) == [b"a"]
    assert signed_contents(simulated(tmp_path, key, 9, *tables)[0]) == [b"a"]
    assert "kds.example.kz" in (tmp_path / "grants.json").read_text()


@pytest.mark.parametrize(
    ("table", "why"),
    [({"password": "wrong"}, "wrong-password"), ({"key": "none.p12"}, "broken-file")],
)
def test_a_key_that_does_not_open_is_cancelled_and_logged(
    table: dict[str, object], why: str, tmp_path: Path, key: Path
) -> None:
    reply, log = simulated(tmp_path, key, 1, {"key": key.name, "password": "Qwerty12", **table})
    assert reply == CANCELLED
    assert re.search(f"scripted person cancels code={why}", log)


def test_a_key_that_the_request_disables_is_cancelled_and_logged(tmp_path: Path, key: Path) -> None:
    frame = sign_frame("a", signerParams={"extKeyUsageOids": []})  # no chain: national authorities only
    reply, log = simulated(tmp_path, key, 1, frame=frame)
    assert reply == CANCELLED
    assert "untrusted-chain" in log


def test_a_key_of_no_test_authority_is_never_used_by_a_script(tmp_path: Path, key: Path) -> None:
    script = answers(tmp_path, {"key": key.name, "password": "Qwerty12"})
    with WorkerProcess(tmp_path, answers=script) as process:
        process.begin(sign_frame("a"))
        assert process.reply() == CANCELLED
    assert "no-test-key" in process.log


@pytest.mark.parametrize("name", ["gost2015-individual", "rsa-sign-head", "p256-individual"])
def test_one_file_may_hold_all_authorities(name: str, tmp_path: Path) -> None:
    everything = tmp_path / "all.pem"
    files = (*national.root_paths(), *national.issuing_paths())
    everything.write_text("\n".join(path.read_text("ascii") for path in files))
    script = answers(tmp_path, {"key": str(national.path(name)), "password": national.PASSWORD})
    with WorkerProcess(tmp_path, answers=script, test_authorities=[everything]) as process:
        process.begin(sign_frame("a"))
        assert signed_contents(process.reply()) == [b"a"]


def test_a_file_of_authorities_that_is_broken_is_an_error_that_does_not_name_it(tmp_path: Path) -> None:
    broken = tmp_path / "broken.pem"
    broken.write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    script = answers(tmp_path, {"key": "a.p12", "password": "x"})
    with WorkerProcess(tmp_path, answers=script, test_authorities=[broken]) as process:
        process.begin(sign_frame("a"))
        reply = process.reply()
    assert reply is not None
    assert (reply["code"], reply["details"].split(":")[0]) == ("SIGNING_FAILURE", "unsupported")
    assert str(tmp_path) not in json.dumps(reply)


def test_a_window_that_says_what_went_wrong_is_taken_down_when_the_daemon_wants_its_place(
    tmp_path: Path,
) -> None:
    steps = [expect("open-key"), send(prompts.Shown()), expect("finished"), hang()]
    with worker(tmp_path, *steps, limits=(0.5, 60.0)) as process:
        process.begin(sign_frame("a"))
        reply = process.reply()
        assert reply is not None
        assert reply["details"].startswith("timed-out")
        with pytest.raises(subprocess.TimeoutExpired):
            process.process.wait(4)  # it stays for as long as the window is read
        process.leave()
        assert process.process.wait(20) == 0


# The operation is replaced by one that asks, and tells the page what it heard.
ASKS = """
from concurrent.futures import ThreadPoolExecutor
from agent.fetch import Question
from agent.operations import sign
from protocol import messages
def ask(request, approval):
    def of(url):
        return approval.fetch(Question("ocsp", url, b"question")) if approval.fetch else b"nobody"
    with ThreadPoolExecutor() as threads:
        answers = list(threads.map(of, request.names or ("http://ocsp.pki.gov.kz/",)))
    return messages.Failed("internal", f"{[(len(answer), answer[:8]) for answer in answers]}")
sign.sign = ask
"""
TELLS = """
from agent.operations import sign
from protocol import messages
def tell(request, approval):
    approval.cache.put("key", b"kept", approval.now().replace(year=2100))
    names = sorted(each.common_name for each in approval.authorities)
    return messages.Failed("internal", f"{approval.timestamp_url} {approval.ocsp_url} {names} {approval.cache.get('key')}")
sign.sign = tell
"""


def details(reply: dict[str, Any] | None) -> str:
    assert reply is not None
    return str(reply["details"])


def test_a_server_is_asked_by_the_daemon(tmp_path: Path) -> None:
    with worker(tmp_path, wait_for_end(), before=ASKS) as process:
        process.begin(sign_frame("a"))
        question, body = process.question()
        assert (question.kind, question.url, body) == ("ocsp", "http://ocsp.pki.gov.kz/", b"question")
        process.send(pipes.pack_json(work.to_message(prompts.Waiting(1))))
        process.answer(question.number, b"answer" * 100_000)
        assert details(process.reply()) == "internal: [(600000, b'answeran')]"


def test_a_server_that_gives_no_answer_is_an_error_with_its_word(tmp_path: Path) -> None:
    with worker(tmp_path, wait_for_end(), before=ASKS) as process:
        process.begin(sign_frame("a"))
        process.answer(process.question()[0].number, failure="too-slow: ocsp.pki.gov.kz")
        assert details(process.reply()) == "unreachable: too-slow: ocsp.pki.gov.kz"


def test_several_servers_are_asked_at_once_and_each_answer_finds_who_asked(tmp_path: Path) -> None:
    before = ASKS.replace("request.names or (", "[f'http://{name}/' for name in 'abc'] or (")
    with worker(tmp_path, wait_for_end(), before=before) as process:
        process.begin(sign_frame("a"))
        questions = [process.question()[0] for _ in range(3)]
        process.answer(99, b"nobody asked for this")
        for question in reversed(questions):
            process.answer(question.number, question.url.encode())
        heard = [f"(9, {f'http://{name}/'[:8].encode()})" for name in "abc"]
        assert details(process.reply()) == f"internal: [{', '.join(heard)}]"


def test_a_page_that_leaves_while_a_server_is_asked_ends_the_operation(tmp_path: Path) -> None:
    with worker(tmp_path, wait_for_end(), before=ASKS) as process:
        process.begin(sign_frame("a"))
        process.question()
        process.leave()
        assert process.next_message() is None
        assert process.process.wait(20) == 0
    assert "the page left" in process.log


@pytest.mark.parametrize(
    "octets",
    [
        pipes.pack_json(work.to_message(work.Fetched(1, -1))),
        pipes.pack_json(work.to_message(work.Fetched(1, work.MAX_ANSWER_BYTES + 1))),
        pipes.pack_json(work.to_message(work.Fetched(1, 4)))
        + pipes.pack_json({"type": "waiting", "count": 1}),
    ],
)
def test_an_answer_that_makes_no_sense_ends_the_operation(octets: bytes, tmp_path: Path) -> None:
    with worker(tmp_path, wait_for_end(), before=ASKS) as process:
        process.begin(sign_frame("a"))
        process.question()
        process.send(octets)
        assert process.next_message() is None
    assert "the pipe from the daemon broke" in process.log


def test_what_is_too_long_to_be_asked_is_not_sent(tmp_path: Path) -> None:
    for before, word in (
        (ASKS.replace('b"question"', "bytes(65537)"), "too-long"),
        (ASKS.replace("http://ocsp.pki.gov.kz/", "http://a.kz/" + "x" * 2000), "bad-url"),
    ):
        with worker(tmp_path, wait_for_end(), before=before) as process:
            process.begin(sign_frame("a"))
            assert details(process.reply()) == f"unreachable: {word}"


def test_offline_there_is_nobody_to_ask(tmp_path: Path) -> None:
    with worker(tmp_path, wait_for_end(), before=ASKS, is_offline=True) as process:
        process.begin(sign_frame("a"))
        assert details(process.reply()) == "internal: [(6, b'nobody')]"


def test_an_operation_knows_whom_to_ask_and_which_authorities_the_operator_trusts(tmp_path: Path) -> None:
    urls = {"timestamp_url": "http://tsa.kz/", "ocsp_url": "http://ocsp.kz/"}
    (tmp_path / "authorities").mkdir()
    (tmp_path / "authorities" / "one.pem").write_text(chains.issue("One", "p256", ca=True).certificate.pem())
    (tmp_path / "authorities" / "README.txt").write_text("what lies here")
    (tmp_path / "two.cer").write_bytes(chains.issue("Two", "p256", ca=True).certificate.der)
    given = [tmp_path / "two.cer"]
    with worker(tmp_path, wait_for_end(), before=TELLS, authorities=given, **urls) as process:
        process.begin(sign_frame("a"))
        heard = details(process.reply())
    assert heard == "internal: http://tsa.kz/ http://ocsp.kz/ ['One', 'Two'] b'kept'"


@pytest.mark.parametrize("content", [b"junk", chains.person().certificate.der])
def test_an_authority_that_is_none_is_an_error_that_does_not_name_the_file(
    tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "authorities").mkdir()
    (tmp_path / "authorities" / "leaf.cer").write_bytes(content)
    with worker(tmp_path, wait_for_end(), before=TELLS) as process:
        process.begin(sign_frame("a"))
        heard = details(process.reply())
    assert heard.startswith("unsupported: ")
    assert "leaf.cer" not in heard


def test_a_worker_loads_nothing_that_speaks_http() -> None:
    program = (
        "import importlib, sys; from agent import worker, authority_cache;"
        "[importlib.import_module(name) for name in worker._NEEDED_LATER]; print('\\n'.join(sys.modules))"
    )
    printed = subprocess.run(
        [sys.executable, "-c", program], cwd=paths.CODE_ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    assert "agent.operations.sign" in printed
    assert [name for name in printed if name in ("agent.http_fetch", "agent.http_exchange", "urllib3")] == []


def test_the_storages_that_are_promised_are_those_that_can_be_opened() -> None:
    from agent.keystores import catalog

    assert catalog.STORAGES == messages.OPENABLE_STORAGES


def common_frame(method: str, *args: object) -> bytes:
    return json.dumps({"module": common_utils.MODULE, "method": method, "args": args}).encode()


def test_a_file_is_chosen_in_the_window_and_signed_later(tmp_path: Path, key: Path) -> None:
    act = tmp_path.resolve() / "акт.pdf"
    act.write_bytes(b"deed")
    steps = [
        expect("choose-file"),
        send(prompts.Shown()),
        send(prompts.FileChosen(str(act))),
        expect("finished"),
    ]
    with worker(tmp_path, *steps) as process:
        process.begin(common_frame("showFileChooser", "ALL", str(tmp_path)))
        assert process.reply() == {"responseObject": str(act), "code": "200"}
        assert process.wait_ended() == 0
    asked, finished = fake_window.heard(tmp_path / "window.log")
    assert isinstance(asked, prompts.ChooseFile)
    assert (asked.kind, asked.folder, asked.caller.site) == ("any", str(tmp_path), "kds.example.kz")
    assert finished == prompts.Finished()

    (tmp_path / "window.log").unlink()
    with worker(tmp_path, *says_yes(key)) as process:
        process.begin(common_frame("createCAdESFromFile", "PKCS12", "", str(act), True))
        reply = process.reply()
    assert reply is not None
    assert cms.read(reply["responseObject"].encode()).content == b"deed"
    question = fake_window.heard(tmp_path / "window.log")[0]
    assert isinstance(question, prompts.OpenKey)
    assert (question.documents[0].name, question.documents[0].path) == ("акт.pdf", str(act))
    assert str(act) not in process.log


def test_a_file_that_a_page_names_is_asked_about_in_the_same_window(tmp_path: Path, key: Path) -> None:
    act = tmp_path.resolve() / "act.pdf"
    act.write_bytes(b"deed")
    steps = [expect("allow-file"), send(prompts.Shown()), send(prompts.Allowed()), *says_yes(key)]
    with worker(tmp_path, *steps) as process:
        process.begin(common_frame("createCAdESFromFile", "PKCS12", "", str(act), True))
        reply = process.reply()
    assert reply is not None
    assert reply["code"] == "200"
    assert events(tmp_path) == ["asked", "decided", "asked", "decided", "signed"]


@pytest.mark.parametrize("name", ["shadow", "nothing-of-this-name"])
def test_a_no_to_a_file_tells_the_page_nothing_of_it(tmp_path: Path, name: str) -> None:
    with worker(tmp_path, expect("allow-file"), send(prompts.Cancelled())) as process:
        process.begin(common_frame("createCAdESFromFile", "PKCS12", "", f"/etc/{name}", True))
        assert process.reply() == {"code": "500", "message": "action.canceled"}


def test_the_window_about_the_agent_counts_as_turned_away(tmp_path: Path) -> None:
    frame = json.dumps({"module": accessory.MODULE, "method": "showSettings"}).encode()
    with worker(tmp_path, expect("about"), send(prompts.Shown()), send(prompts.Cancelled())) as process:
        process.begin(frame)
        assert process.reply() == {"success": True}
    assert process.heard[-1].outcome == "cancelled"  # so that a page that opens it again and again rests


def test_a_token_of_the_script_opens_without_a_key_of_the_answer(tmp_path: Path, key: Path) -> None:
    token = {"storage": "AKKaztokenStore", "key": key.name, "password": "Qwerty12"}
    script = agents.write_answers(tmp_path / "answers.toml", [{"allow": True}], [token])
    with WorkerProcess(tmp_path, answers=script, test_authorities=[authority(tmp_path)]) as process:
        process.begin(common_frame("getKeyInfo", "AKKaztokenStore"))
        reply = process.reply()
    assert reply is not None
    assert reply["responseObject"]["subjectCn"] == "ТЕСТОВ ТЕСТ"


@pytest.mark.parametrize(
    ("method", "params", "member"),
    [
        ("sign", {"format": "jws", "documents": [{"content": {"text": "deed"}}]}, "signatures"),
        ("login", {"nonce": "q83vEjRWeJCrze8SNFZ4kA"}, "login"),
        ("describeKey", {}, "certificate"),
    ],
)
def test_a_token_serves_our_own_interface_as_well(
    method: str, params: dict[str, Any], member: str, tmp_path: Path
) -> None:
    name = "gost2015-individual"
    token = {"storage": "AKKaztokenStore", "key": national.path(name), "password": national.PASSWORD}
    script = agents.write_answers(tmp_path / "answers.toml", [{"storage": token["storage"]}], [token])
    files = [*national.root_paths(), *national.issuing_paths()]
    with WorkerProcess(tmp_path, answers=script, test_authorities=files) as process:
        process.begin(own_messages.frame(method, key={"authorities": []}, **params))
        reply = process.reply()
    assert reply is not None
    assert reply["result"][member], process.log
