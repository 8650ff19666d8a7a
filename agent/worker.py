"""A worker: one process for one approval. It reads a page's frame from the daemon, asks the person, signs, answers and exits.

It speaks frames (protocol.pipes, protocol.work) on its standard input and output, and reads them in one order only: Begin, the page's
frame, then news about the queue until the input ends. End of input before the reply means that nobody waits any more: the window goes,
the journal gets a line, and nothing is signed. A spare worker has its window started and its modules loaded while it waits for
Begin; that is why it is fast when it is needed. One that holds a key (agent.holder) stays after its reply, and gets another Begin.

This process holds keys and passwords, and so it has no network and keeps to itself (agent.hardening). What it must ask of an
authority's server, the daemon asks for it.
"""

import contextlib
import importlib
import logging
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agent import hardening, logs, paths, programs
from agent.config import DEFAULT_TIMESTAMP_URL
from agent.daemon_pipe import Begun, Daemon, Result, take_pipes
from agent.errors import AgentError, BadInput, UnsupportedOperation, UserCancelled
from agent.grants import Grants
from agent.holder import Held, Holder
from agent.journal import Journal
from agent.key_library import KeyLibrary
from agent.origins import Origin
from agent.password_guesses import PasswordGuesses
from agent.recent_keys import RecentKeys
from agent.rules import KeptInFolders, Rules
from agent.system_log import handler as system_log
from agent.user import scripted, showing, window
from agent.user.base import PageLeft, User, failure_of
from protocol import base64_text, codec, flat_messages, messages, pipes, prompts, work
from protocol.errors import BadCall
from protocol.v1 import codec as own

if TYPE_CHECKING:
    from agent.certificate import Certificate


_NEEDED_LATER = (
    "agent.operations.sign",
    "agent.operations.making.cms",
    "agent.operations.key_info",
    "agent.keystores.catalog",
    "agent.previews",
    "publicsuffixlist",
)

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Options:
    """How a worker was started. With `answers` a scripted person is asked, and `test_authorities` are test authorities too.

    Key files in `key_folders` are offered before all others. `authorities` are files and folders with certificates that the
    operator trusts, beside those in the folder for them. An empty `ocsp_url`: whom a certificate names; nobody if `is_offline`.
    The policy may have moved the `journal`; its rules come with each approval.
    """

    answers: Path | None = None
    state_dir: Path | None = None
    test_authorities: tuple[Path, ...] = ()
    key_folders: tuple[Path, ...] = ()
    authorities: tuple[Path, ...] = ()
    timestamp_url: str = DEFAULT_TIMESTAMP_URL
    ocsp_url: str = ""
    is_offline: bool = False
    journal: Path | None = None
    window_command: Sequence[str] = programs.window()
    limits: window.Limits = field(default_factory=window.Limits)


@dataclass(frozen=True, slots=True)
class _Means:
    """What an approval is served with."""

    user: User
    options: Options
    rules: Rules
    daemon: Daemon
    holder: Holder


def main(options: Options) -> int:
    """Serves one approval on standard input and output; the exit code is 0 unless something broke."""
    source, sink = take_pipes()
    hardening.protect()
    hardening.die_with_parent()
    is_usual = options.state_dir in {None, paths.resolve().state_dir}
    file = paths.resolve(options.state_dir).log
    system_log.begin("info", file, is_usual=is_usual and options.answers is None, is_second=True)
    logs.keep_errors_quiet()
    holder = Holder(_hold)
    daemon = Daemon(source, sink, holder.forbid)
    try:
        return _serve(options, daemon, holder)
    except Exception as error:  # noqa: BLE001  # the last fence
        # The texts of errors may quote what a page sent, and stay out of the log; the daemon answers the page.
        logs.note(_log, logging.ERROR, "the worker crashed", error=error)
        return 1


def _serve(options: Options, daemon: Daemon, holder: Holder) -> int:
    answers = scripted.load(options.answers) if options.answers else ()
    waiting_window = None if answers else _start_window(options, daemon)
    try:
        for module in _NEEDED_LATER:
            importlib.import_module(module)
        begun = daemon.begin()
        while begun is not None:
            rules = Rules.received(begun.begin.rules)  # without them nothing is done
            user: User = waiting_window or scripted.ScriptedUser(
                scripted.answer_of_turn(answers, begun.begin.turn), _tokens(options)
            )
            holder.minutes = 0 if answers else begun.begin.unlock_minutes
            if not holder.minutes:
                holder.forbid()  # nobody watches the session any more
            daemon.listen(user)
            reply, result = _reply_to(begun, _Means(user, options, rules, daemon, holder))
            left_s, owner = holder.seconds_left(), holder.owner
            daemon.reply(reply, result, holds_s=left_s, holds_owner=owner)
            if waiting_window is None or not left_s:
                return 0
            # It stays for the key that it holds; the next approval gets a window of its own.
            waiting_window.close()
            waiting_window = _start_window(options, daemon)
            holder.watch(daemon.wake)
            begun = daemon.begin_again()
    except PageLeft:
        logs.note(_log, logging.INFO, "the page left")
    finally:
        holder.let_go()
        if waiting_window is not None:
            waiting_window.close()
    return 0


def _hold(key: Any) -> Held:
    from agent.keystores.held import HeldKey  # noqa: PLC0415  # few people keep keys open

    return HeldKey.of(key)


def _start_window(options: Options, daemon: Daemon) -> window.WindowUser:
    user = window.WindowUser(
        options.window_command, limits=options.limits, notice=daemon.pass_on, render=_previews
    )
    with contextlib.suppress(AgentError):  # asking tries once more, and says what is wrong
        user.start()
    return user


def _previews(
    documents: Sequence[bytes | memoryview], names: Sequence[str], on_answer: showing.Write
) -> showing.Previews:
    from agent.previews import Previews  # noqa: PLC0415  # loaded while the worker waits

    return Previews(documents, names, on_answer)


def _reply_to(begun: Begun, means: _Means) -> tuple[own.Encoded, Result]:
    """The reply in the page's dialect; of a series, the code of what went wrong. Raises PageLeft."""
    begin = begun.begin
    context = codec.Context(
        readings=begin.readings,
        is_flat_on=begin.is_flat_on,
        attachments=begun.attachments,
        language=begin.language,
        port=begin.port,
        tokens=tuple(token.storage for token in _tokens(means.options)),
        hashed=_hashed,
        new_name=lambda: secrets.token_hex(16),
    )
    if begin.announced is not None:
        request = messages.SeriesRequest(begin.announced.count, begin.announced.is_detached)
        call = messages.Call("series", "", request)
    else:
        try:
            call = codec.decode(begun.frame, context)
        except BadCall as bad:
            return own.Encoded(bad.reply), "failed"
        finally:
            _forget(begun.frame)
    outcome = codec.answer_without_worker(call, context.tokens) or _carry_out(call.request, begin, means)
    match outcome:
        case messages.Cancelled():
            result: Result = "cancelled"
        case messages.Failed():
            result = "failed"
        case _:
            result = "done"
    return codec.encode_whole(call, outcome, context), result


def _forget(frame: bytearray) -> None:
    """Overwrites what may hold a password, and gives the room back."""
    zeros = bytes(pipes.CHUNK_BYTES)
    for start in range(0, len(frame), len(zeros)):
        end = min(start + len(zeros), len(frame))
        frame[start:end] = zeros[: end - start]
    frame.clear()


def _hashed(octets: bytes) -> messages.LargeDocument:
    from agent.operations import large  # noqa: PLC0415  # see _perform

    return large.held(octets)


def _carry_out(request: messages.Request, begin: work.Begin, means: _Means) -> messages.Outcome:
    """Performs the operation, and tells the window how it ended."""
    try:
        outcome = _perform(request, begin, means)
    except UserCancelled:
        return messages.Cancelled()
    except AgentError as error:
        logs.note(_log, logging.WARNING, "the operation failed", error=error, code=error.code)
        # Of a series, the signature of each document had left before the next one came; else nothing of what failed leaves.
        given = (error.document or 0) if isinstance(request, messages.SeriesRequest) else 0
        means.user.tell(failure_of(error, given=given))
        return messages.Failed(error.code, error.detail)
    lacking = outcome.lacking if isinstance(outcome, messages.Signed) else ()
    means.user.tell(prompts.Finished(count=_signatures(request, outcome), lacking=lacking))
    return outcome


def _signatures(request: messages.Request, outcome: messages.Outcome) -> int:
    """How many signatures the page got."""
    if isinstance(request, messages.SeriesRequest):
        return request.count
    return len(outcome.signatures) if isinstance(outcome, messages.Signed) else 0


def _out_of_base64(octets: bytes) -> bytes:
    """The document of a series that came as text. Raises BadInput."""
    try:
        return base64_text.decode(octets.decode("latin-1"))
    except base64_text.NotBase64 as error:
        raise BadInput("a document is not base64") from error


def _perform(request: messages.Request, begin: work.Begin, means: _Means) -> messages.Outcome:
    # Loaded by now, unless the process was started for this very approval and the window is already on its way.
    from agent.authority_cache import AuthorityCache  # noqa: PLC0415  # see above
    from agent.chosen_files import ChosenFiles  # noqa: PLC0415  # see above
    from agent.keystores import simulated  # noqa: PLC0415  # see above
    from agent.operations import (  # noqa: PLC0415  # see above
        about,
        choose_file,
        import_certificate,
        key_info,
        login,
        new_key,
        series,
        sign,
        timestamp,
        verify_for_page,
    )
    from agent.operations.approval import Approval  # noqa: PLC0415  # see above
    from agent.trust import anchors  # noqa: PLC0415  # see above

    places = paths.resolve(means.options.state_dir)
    test_authorities = _authorities(means.options.test_authorities)
    tokens = tuple(token.storage for token in _tokens(means.options))
    approval = Approval(
        kind=begin.kind,
        origin=Origin.parse(begin.origin)
        if begin.origin
        else Origin("file" if begin.kind == "file" else "program"),
        language=begin.language,
        user=means.user,
        key_stores=KeptInFolders(
            simulated.KeyStores(tokens), means.rules, lambda storage: storage not in tokens
        ),
        journal=Journal(means.options.journal or places.journal),
        grants=Grants(places.grants),
        recent_keys=RecentKeys(places.key_folders),
        now=lambda: datetime.now(UTC),
        test_anchors=(*anchors.test(), *anchors.from_certificates(test_authorities)),
        test_authorities=test_authorities,
        authorities=_authorities((*places.authority_folders(), *means.options.authorities)),
        key_folders=paths.usual_key_folders(),
        first_folders=means.options.key_folders,
        waiting=begin.waiting,
        fetch=None if means.options.is_offline else means.daemon.fetch,
        cache=AuthorityCache(places.authority_cache, lambda: datetime.now(UTC)),
        timestamp_url=means.options.timestamp_url,
        ocsp_url=means.options.ocsp_url,
        notice=means.daemon.notice,
        chosen_files=ChosenFiles(places.chosen_files),
        guesses=PasswordGuesses(places.password_guesses),
        holder=means.holder,
        key_library=KeyLibrary(places.key_library),
        rules=means.rules,
        storages=(*messages.OPENABLE_STORAGES, *tokens),
    )
    match request:
        case messages.SignRequest():
            return sign.sign(request, approval)
        case _ if isinstance(request, flat_messages.Request):
            from agent.operations.flat import perform  # noqa: PLC0415  # few agents need it

            return perform.perform(request, approval)
        case messages.TimestampRequest():
            return timestamp.apply(request, approval)
        case messages.KeyInfoRequest():
            return key_info.show(request, approval)
        case messages.ChooseFileRequest():
            return choose_file.choose(request, approval)
        case messages.SeriesRequest():
            documents = means.daemon.documents(request.count, means.user.still_there)
            if begin.announced is not None and begin.announced.is_base64:
                documents = map(_out_of_base64, documents)
            return series.sign(request, approval, documents, means.daemon.give_signature)
        case messages.AboutRequest():
            return about.show(request, approval, begin.port)
        case messages.NewKeyRequest():
            return new_key.make(request, approval)
        case messages.ImportCertificateRequest():
            return import_certificate.join(request, approval)
        case messages.LoginRequest():
            return login.log_in(request, approval)
        case messages.VerifyRequest():
            return verify_for_page.report(request, approval)
        case _:
            raise ValueError(f"{type(request).__name__} needs no worker")


def _tokens(options: Options) -> tuple[scripted.ScriptedToken, ...]:
    """Those that a script plugs in; a real one is never there, for no token module is read yet."""
    return scripted.load_tokens(options.answers) if options.answers else ()


def _authorities(files: Sequence[Path]) -> "tuple[Certificate, ...]":
    """The certificates in these files and folders, all of them of authorities. Raises UnsupportedOperation."""
    from agent import authority_files  # noqa: PLC0415  # see _perform

    try:
        return authority_files.read_authorities(files)
    except BadInput as error:
        # Whose mistake it is, the page need not know; where the file lies, it must not.
        logs.note(_log, logging.ERROR, "a file of authorities can't be read", error=error)
        raise UnsupportedOperation("a file with certificates of authorities can't be read") from error
