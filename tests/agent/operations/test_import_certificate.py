"""A certificate and its key: joined where they belong together, and never otherwise."""

import dataclasses
import errno
import json
import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from agent.certificate import Certificate
from agent.errors import BadInput, StorageFailed, UserCancelled
from agent.formats import csr
from agent.key_library import KeyLibrary
from agent.keystores import key_file, pkcs12
from agent.operations import import_certificate, new_key
from agent.operations.approval import Approval
from agent.recent_keys import UsedKey
from agent.testca.authority import TestAuthority
from agent.trust import anchors
from agent.user.base import PageLeft
from protocol import prompts
from protocol.messages import CertificateJoined, ImportCertificateRequest, NewKeyRequest
from tests.support import authority, chains, jks_files, people
from tests.support.memory_store import MemoryStore
from tests.support.new_keys import PASSWORD, SUBJECT, make_files_fast, names
from tests.support.people import Step, opens

ISSUER = TestAuthority.load(authority.FOLDER / "ca")


@pytest.fixture(autouse=True)
def _fast(monkeypatch: pytest.MonkeyPatch) -> None:
    make_files_fast(monkeypatch)


def approval_of(folder: Path, *steps: Step, **more: Any) -> Approval:
    (folder / "state").mkdir(exist_ok=True)
    usual = {
        "test_anchors": anchors.from_certificates(authority.roots()),
        "test_authorities": authority.issuing(),
        **more,
    }
    return people.approval(folder / "state", MemoryStore({}), *steps, **usual)


def pending(folder: Path, algorithm: str = "ecdsa-p256", name: str = "new.p12") -> tuple[Path, csr.Request]:
    """A pending key's file, and the request for its certificate."""
    path = folder / name
    made = new_key.make(NewKeyRequest(SUBJECT, algorithm), approval_of(folder, names(path)))
    return path, csr.Request.from_der(made.request_der)


def certificate_for(request: csr.Request, by: TestAuthority = ISSUER, days: int = 365) -> Certificate:
    start = chains.NOW - timedelta(hours=1)
    certificate, _ = by.issue_for(request, not_before=start, not_after=start + timedelta(days=days))
    return certificate


def issued_for(
    folder: Path, algorithm: str = "ecdsa-p256", name: str = "new.p12"
) -> tuple[Path, Certificate, Certificate]:
    """A pending key's file, the certificate for it, and its authority's."""
    path, request = pending(folder, algorithm, name)
    certificate, issuer = ISSUER.issue_for(request, not_before=chains.NOW - timedelta(hours=1))
    return path, certificate, issuer


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> TestAuthority:
    """An authority that nobody knows, unless it is said to be trusted."""
    return TestAuthority.create(tmp_path_factory.mktemp("stranger"), chains.NOW - timedelta(days=1))


def kept_in(path: Path) -> tuple[Certificate, ...]:
    """The certificates in the file, that of its key first."""
    with authority.secret(PASSWORD) as secret:
        (key,) = pkcs12.open(path.read_bytes(), secret)
    return tuple(key.certificates)


def questions(approval: Approval) -> list[prompts.OpenKey]:
    return [prompt for prompt in people.person_of(approval).asked if isinstance(prompt, prompts.OpenKey)]


def joined(folder: Path, path: Path, certificate: Certificate, *chain: Certificate) -> None:
    """Joins the first one to the key in the file."""
    import_certificate.join(request_for(certificate, *chain), approval_of(folder, opens(str(path))))


def request_for(certificate: Certificate, *chain: Certificate) -> ImportCertificateRequest:
    return ImportCertificateRequest(certificate.pem().encode(), tuple(each.der for each in chain), "en")


def events(approval: Approval) -> list[tuple[str, str]]:
    lines = [json.loads(line) for line in approval.journal.path.read_text("utf-8").splitlines()]
    return [
        (line["event"], line.get("decision", line.get("code", "")))
        for line in lines
        if line["action"] == "import_certificate"
    ]


@pytest.mark.parametrize("algorithm", new_key.KEY_TYPES)
def test_the_file_opens_and_signs_with_its_certificate(tmp_path: Path, algorithm: str) -> None:
    path, certificate, issuer = issued_for(tmp_path, algorithm)
    approval = approval_of(tmp_path, opens(str(path)))
    outcome = import_certificate.join(request_for(certificate, *authority.roots(), issuer), approval)
    assert isinstance(outcome, CertificateJoined)
    with authority.secret(PASSWORD) as secret:
        (key,) = pkcs12.open(path.read_bytes(), secret)
    assert key.key_id == outcome.key_id
    assert key.certificate == certificate
    root = next(each for each in authority.roots() if each.subject == issuer.issuer)
    assert list(key.certificates) == [certificate, issuer, root]
    signer = key.signer()
    digest = signer.algorithm.digest(b"act")
    certificate.verify(signer.algorithm, digest, signer.sign_digest(digest))
    assert events(approval) == [("asked", ""), ("decided", "approved")]
    assert sorted(each.name for each in tmp_path.iterdir()) == ["new.p12", "state"]
    if os.name == "posix":
        assert path.stat().st_mode & 0o077 == 0
    assert [used.path for used in approval.recent_keys.read()] == [str(path)]


def test_the_person_sees_whose_certificate_it_is(tmp_path: Path) -> None:
    path, certificate, _ = issued_for(tmp_path)
    approval = approval_of(tmp_path, opens(str(path)))
    import_certificate.join(request_for(certificate), approval)
    prompt = people.person_of(approval).first_prompt()
    assert (prompt.action, prompt.language, prompt.storages) == ("import_certificate", "en", ("PKCS12",))
    facts = prompt.certificate
    assert facts is not None
    assert (facts.owner, facts.iin, facts.is_test) == ("ТЕСТОВ ИВАН", "123456789013", True)
    assert facts.reasons == ("test-authority",)
    assert facts.issuer == certificate.issuer.common_name


def test_the_key_that_was_used_last_is_not_the_one_that_waits(tmp_path: Path) -> None:
    path, certificate, _ = issued_for(tmp_path)
    approval = approval_of(tmp_path, opens(str(path)), key_stores=MemoryStore({"/keys/used.p12": []}))
    approval.recent_keys.add(UsedKey("/keys/used.p12", "ТЕСТОВ", "2049-12-31T00:00:00+00:00"))
    import_certificate.join(request_for(certificate), approval)
    prompt = people.person_of(approval).first_prompt()
    assert [file.path for file in prompt.files] == ["/keys/used.p12"]
    assert prompt.chosen == ""


def test_a_certificate_of_strangers_and_of_other_days_is_joined_with_a_warning(tmp_path: Path) -> None:
    path, certificate, _ = issued_for(tmp_path)
    late = certificate.not_after + timedelta(days=1)
    approval = approval_of(tmp_path, opens(str(path)), test_anchors=(), now=lambda: late)
    import_certificate.join(request_for(certificate), approval)
    facts = people.person_of(approval).first_prompt().certificate
    assert facts is not None
    assert facts.reasons == ("expired", "unknown-authority")


@pytest.mark.parametrize(
    "request_",
    [
        ImportCertificateRequest(b""),
        ImportCertificateRequest(b"no certificate"),
        ImportCertificateRequest(authority.certificate("p256-individual").der[:-1]),
        ImportCertificateRequest(authority.certificate("p256-individual").der, (b"no authority",)),
    ],
)
def test_what_is_no_certificate_is_refused_before_anybody_is_asked(
    tmp_path: Path, request_: ImportCertificateRequest
) -> None:
    approval = approval_of(tmp_path)
    with pytest.raises(BadInput):
        import_certificate.join(request_, approval)
    assert people.person_of(approval).asked == []


def test_a_certificate_of_a_key_that_we_do_not_know_is_refused(tmp_path: Path) -> None:
    der = authority.certificate("p256-individual").der
    other = der.replace(bytes.fromhex("2a8648ce3d030107"), bytes.fromhex("2a8648ce3d030101"))
    with pytest.raises(BadInput, match="not supported"):
        import_certificate.join(ImportCertificateRequest(other), approval_of(tmp_path))


def test_another_key_is_asked_for_until_the_right_one_comes(tmp_path: Path) -> None:
    """Every way to name a wrong file is told in the window, and no file changes before the right one."""
    path, certificate, _ = issued_for(tmp_path)
    other, _, _ = issued_for(tmp_path, name="other.p12")
    before = {each: each.read_bytes() for each in (path, other)}
    complete = authority.path("p256-individual")
    store = tmp_path / "java.p12"
    store.write_bytes(jks_files.fixture())
    approval = approval_of(
        tmp_path,
        opens(str(other)),
        opens(str(complete)),
        opens(str(tmp_path / "nowhere.p12")),
        opens(str(path), "wrong password"),
        opens(str(store)),
    )

    def last(prompt: Any) -> Any:
        assert {each: each.read_bytes() for each in (path, other)} == before
        return opens(str(path))(prompt)

    def of_another_kind(prompt: Any) -> Any:
        return dataclasses.replace(opens(str(path))(prompt), storage="JKS")  # type: ignore[type-var]  # it is Opened

    people.person_of(approval).steps += [of_another_kind, last]
    import_certificate.join(request_for(certificate), approval)
    asked = questions(approval)
    codes = [prompt.problem.code if prompt.problem else "" for prompt in asked]
    assert codes[:4] == ["", "key-unsuitable", "key-unsuitable", "broken-file"]
    assert codes[4:] == ["wrong-password", "key-read-only", "broken-file"]
    assert asked[1].chosen == str(other)
    assert other.read_bytes() == before[other]
    assert complete.read_bytes()
    assert events(approval) == [("asked", ""), ("decided", "approved")]


def test_authorities_that_did_not_issue_it_are_left_out(tmp_path: Path) -> None:
    path, certificate, _ = issued_for(tmp_path)
    strangers = [each for each in authority.issuing() if each.subject != certificate.issuer]
    import_certificate.join(request_for(certificate, *strangers), approval_of(tmp_path, opens(str(path))))
    with authority.secret(PASSWORD) as secret:
        (key,) = pkcs12.open(path.read_bytes(), secret)
    assert list(key.certificates) == [certificate]


@pytest.mark.parametrize("error", [UserCancelled(), PageLeft()])
def test_who_says_no_or_leaves_changes_nothing(tmp_path: Path, error: Exception) -> None:
    path, certificate, _ = issued_for(tmp_path)
    before = path.read_bytes()
    with pytest.raises(type(error)):
        import_certificate.join(request_for(certificate), approval_of(tmp_path, people.raises(error)))
    approval = approval_of(tmp_path, opens(str(path)))
    people.person_of(approval).has_left = True
    with pytest.raises(PageLeft):
        import_certificate.join(request_for(certificate), approval)
    assert path.read_bytes() == before


def test_what_can_not_be_noted_is_not_done(tmp_path: Path) -> None:
    path, certificate, _ = issued_for(tmp_path)
    before = path.read_bytes()
    approval = approval_of(tmp_path, opens(str(path)))
    approval.journal.path.unlink()
    approval.journal.path.mkdir()
    with pytest.raises(StorageFailed):
        import_certificate.join(request_for(certificate), approval)
    assert path.read_bytes() == before


def test_a_file_that_can_not_be_written_stays_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, certificate, _ = issued_for(tmp_path)
    before = path.read_bytes()

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(key_file, "_put", full)
    approval = approval_of(tmp_path, opens(str(path)), people.raises(UserCancelled()))
    with pytest.raises(UserCancelled):
        import_certificate.join(request_for(certificate), approval)
    again = people.person_of(approval).asked[1]
    assert isinstance(again, prompts.OpenKey)
    assert again.problem == prompts.Problem(
        "key-not-kept", None, "the key file can't be written: No space left on device"
    )
    assert path.read_bytes() == before


# --- a key that has a certificate ------------------------------------------------------------------------------------------


def test_what_a_stranger_made_for_the_key_does_not_keep_the_real_one_out(
    tmp_path: Path, stranger: TestAuthority
) -> None:
    path, request = pending(tmp_path)
    false, real = certificate_for(request, stranger), certificate_for(request)
    joined(tmp_path, path, false, *stranger.issuing)
    assert len(kept_in(path)) == 2
    before = path.read_bytes()

    def again(prompt: Any) -> Any:
        assert path.read_bytes() == before
        return opens(str(path))(prompt)

    approval = approval_of(tmp_path, opens(str(path)), again)
    import_certificate.join(request_for(real, *authority.issuing()), approval)
    first, second = questions(approval)
    assert first.replaced is None
    assert (second.chosen, second.problem) == (str(path), None)
    assert second.replaced is not None
    assert second.replaced.reasons == ("unknown-authority",)
    assert second.replaced.serial_number == f"{false.serial_number:x}"
    own, *chain = kept_in(path)
    assert own == real
    assert [each.subject for each in chain] == [real.issuer]  # nothing of the stranger is left
    last = json.loads(approval.journal.path.read_text("utf-8").splitlines()[-1])
    assert (last["certificate"], last["replaced"]) == (real.fingerprint, false.fingerprint)


def test_a_renewed_certificate_takes_the_place_of_the_old_one_and_keeps_its_authorities(
    tmp_path: Path,
) -> None:
    path, request = pending(tmp_path)
    old, new = certificate_for(request), certificate_for(request, days=700)
    joined(tmp_path, path, old, *authority.issuing())
    approval = approval_of(tmp_path, opens(str(path)), opens(str(path)))
    import_certificate.join(request_for(new), approval)
    own, *chain = kept_in(path)
    assert own == new
    assert [each.subject for each in chain] == [new.issuer]


def test_a_no_to_the_second_question_leaves_the_key_its_certificate(tmp_path: Path) -> None:
    path, request = pending(tmp_path)
    joined(tmp_path, path, certificate_for(request))
    before = path.read_bytes()
    approval = approval_of(tmp_path, opens(str(path)), people.raises(UserCancelled()))
    with pytest.raises(UserCancelled):
        import_certificate.join(request_for(certificate_for(request)), approval)
    assert path.read_bytes() == before


def refused(folder: Path, path: Path, certificate: Certificate, **more: Any) -> prompts.OpenKey:
    """The question after the key in the file was named for a certificate that does not get into it, whatever the person agreed to."""
    before = path.read_bytes()
    for may_replace in (False, True):
        approval = approval_of(folder, opens(str(path)), people.raises(UserCancelled()), **more)
        with pytest.raises(UserCancelled):
            import_certificate.join(request_for(certificate), approval, may_replace=may_replace)
        assert path.read_bytes() == before
    last = questions(approval)[-1]
    assert last.problem is not None
    assert last.problem.code == "key-unsuitable"
    return last


def test_a_certificate_of_nobody_known_never_takes_the_place_of_a_valid_one_of_somebody_known(
    tmp_path: Path, stranger: TestAuthority
) -> None:
    path, request = pending(tmp_path)
    real = certificate_for(request)
    joined(tmp_path, path, real)
    last = refused(tmp_path, path, certificate_for(request, stranger))
    assert last.problem is not None
    assert "counts for more" in last.problem.detail
    assert last.replaced is not None
    assert last.replaced.serial_number == f"{real.serial_number:x}"


def test_what_is_over_does_not_take_the_place_of_what_is_valid(tmp_path: Path) -> None:
    path, request = pending(tmp_path)
    joined(tmp_path, path, certificate_for(request, days=700))
    later = chains.NOW + timedelta(days=400)
    refused(tmp_path, path, certificate_for(request), now=lambda: later)


def test_what_is_over_is_replaced_by_anything_after_a_yes(tmp_path: Path, stranger: TestAuthority) -> None:
    path, request = pending(tmp_path)
    joined(tmp_path, path, certificate_for(request))
    later, new = chains.NOW + timedelta(days=400), certificate_for(request, stranger, days=700)
    approval = approval_of(tmp_path, opens(str(path)), opens(str(path)), now=lambda: later)
    import_certificate.join(request_for(new), approval)
    assert kept_in(path) == (new,)


def test_a_test_authority_counts_for_less_than_one_that_is_trusted(
    tmp_path: Path, stranger: TestAuthority
) -> None:
    path, request = pending(tmp_path)
    trusting = {"authorities": (*stranger.roots, *stranger.issuing)}
    of_test, trusted = certificate_for(request), certificate_for(request, stranger)
    joined(tmp_path, path, of_test)
    approval = approval_of(tmp_path, opens(str(path)), opens(str(path)), **trusting)
    import_certificate.join(request_for(trusted), approval)
    assert kept_in(path)[0] == trusted
    refused(tmp_path, path, of_test, **trusting)


def test_the_same_certificate_again_asks_nothing_more_and_may_bring_its_authorities(tmp_path: Path) -> None:
    path, certificate, issuer = issued_for(tmp_path)
    joined(tmp_path, path, certificate)
    joined(tmp_path, path, certificate, issuer)
    assert kept_in(path) == (certificate, issuer)
    joined(tmp_path, path, certificate)
    assert kept_in(path) == (certificate, issuer)


def test_the_second_yes_is_for_one_file_and_one_certificate(tmp_path: Path) -> None:
    path, request = pending(tmp_path)
    old, older, new = certificate_for(request), certificate_for(request), certificate_for(request)
    joined(tmp_path, path, old)
    copy = tmp_path / "copy.p12"
    copy.write_bytes(path.read_bytes())
    before = path.read_bytes()

    def after_it_changed(prompt: Any) -> Any:
        approval = approval_of(tmp_path, opens(str(copy)))
        import_certificate.join(request_for(older), approval, may_replace=True)
        return opens(str(copy))(prompt)

    approval = approval_of(
        tmp_path,
        opens(str(path)),
        opens(str(copy)),  # asked about the one, they name the other
        after_it_changed,
        opens(str(copy), "wrong password"),
        opens(str(copy)),
    )
    import_certificate.join(request_for(new), approval)
    asked = questions(approval)
    serials = [each.replaced.serial_number if each.replaced else "" for each in asked]
    assert serials == ["", *(f"{each.serial_number:x}" for each in (old, old, older, older))]
    assert [each.problem.code if each.problem else "" for each in asked] == ["", "", "", "", "wrong-password"]
    assert kept_in(copy) == (new,)
    assert path.read_bytes() == before


def test_whoever_agreed_beforehand_is_asked_once(tmp_path: Path) -> None:
    path, request = pending(tmp_path)
    joined(tmp_path, path, certificate_for(request))
    new = certificate_for(request)
    import_certificate.join(request_for(new), approval_of(tmp_path, opens(str(path))), may_replace=True)
    assert kept_in(path) == (new,)


@pytest.mark.parametrize(
    ("name", "why"), [("p256-individual", "programs of its kind"), ("two-keys", "several keys")]
)
def test_a_file_that_would_lose_more_than_a_certificate_stays(tmp_path: Path, name: str, why: str) -> None:
    """Files of other programs, in the encryption that only they may know, and those of several keys."""
    path = tmp_path / "theirs.p12"
    path.write_bytes(authority.path(name).read_bytes())
    with authority.secret() as secret:
        certificate = pkcs12.open(path.read_bytes(), secret)[0].certificate
    last = refused(tmp_path, path, certificate)
    assert last.problem is not None
    assert why in last.problem.detail
    assert last.replaced is None


def test_the_key_library_learns_of_the_certificate(tmp_path: Path) -> None:
    path, request = pending(tmp_path)
    certificate = certificate_for(request)
    library = KeyLibrary(tmp_path / "key-library.json")
    approval = approval_of(tmp_path, opens(str(path)), key_library=library)
    import_certificate.join(ImportCertificateRequest(certificate.pem().encode(), ()), approval)
    (file,) = library.read().files
    assert library.read().at(path) == file
    assert [(key.certificate_der, key.is_test) for key in file.keys] == [(certificate.der, True)]
