"""Firefox's one policies.json: extended where Firefox reads it, never so that it hides IT's."""

import json
import ssl
from pathlib import Path

import pytest

from agent.localhost import firefox_policies, identity
from agent.localhost.record import Record
from agent.localhost.report import State
from tests.support.trusting import tree

SYSTEM = "etc/firefox/policies/policies.json"
DISTRIBUTION = "usr/lib/firefox/distribution"


@pytest.fixture
def texts(issued: identity.Identity) -> firefox_policies.Texts:
    pair = ("3f9c01ab", identity.authority_der(issued))
    return firefox_policies.wanted([pair], ["https://portal.example.kz:8443", "https://portal.example.kz"])


@pytest.fixture
def record(tmp_path: Path) -> Record:
    return Record(tmp_path / "state")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "root/etc").mkdir(parents=True)
    return tmp_path / "root"


OURS = {
    "Certificates": {"Install": ["/etc/firefox/policies/qalamsap-3f9c01ab.pem"]},
    "LocalNetworkAccess": {"SkipDomains": ["portal.example.kz"]},
}


def read(path: Path) -> object:
    return json.loads(path.read_bytes())


def test_the_policy_names_a_certificate_beside_it_that_everybody_can_read(
    root: Path, record: Record, texts: firefox_policies.Texts, issued: identity.Identity
) -> None:
    reports = firefox_policies.install(root, texts, record)
    assert [(report.path, report.state, report.changed) for report in reports] == [
        (str(root / SYSTEM), State.TRUSTED, True)
    ]
    assert read(root / SYSTEM) == {"policies": OURS}
    certificate = root / "etc/firefox/policies/qalamsap-3f9c01ab.pem"
    assert ssl.PEM_cert_to_DER_cert(certificate.read_text()) == identity.authority_der(issued)
    assert certificate.stat().st_mode & 0o777 == 0o644
    assert firefox_policies.status(root, texts)[0].state is State.TRUSTED
    firefox_policies.remove(root, record)
    record.tidy()
    assert tree(root) == {"etc": "folder"}


def test_its_own_policies_get_their_octets_back(
    root: Path, record: Record, texts: firefox_policies.Texts
) -> None:
    path = root / SYSTEM
    path.parent.mkdir(parents=True)
    path.write_bytes(b'{ "policies": {"Certificates": {"Install": ["/it.pem"]}, "DisableTelemetry": true} }')
    before = tree(root)
    firefox_policies.install(root, texts, record)
    assert read(path) == {
        "policies": {
            "Certificates": {"Install": ["/it.pem", *OURS["Certificates"]["Install"]]},
            "DisableTelemetry": True,
            "LocalNetworkAccess": OURS["LocalNetworkAccess"],
        }
    }
    firefox_policies.remove(root, record)
    record.tidy()
    assert tree(root) == before


def test_policies_in_the_distribution_folder_are_extended_there_and_not_hidden(
    root: Path, record: Record, texts: firefox_policies.Texts
) -> None:
    path = root / DISTRIBUTION / "policies.json"
    path.parent.mkdir(parents=True)
    path.write_text('{"policies": {"DisableTelemetry": true}}')
    (root / "opt/firefox/distribution").mkdir(parents=True)
    before = tree(root)
    firefox_policies.install(root, texts, record)
    assert not (root / SYSTEM).exists()
    assert read(path) == {"policies": {"DisableTelemetry": True, **OURS}}
    assert read(root / "opt/firefox/distribution/policies.json") == {"policies": OURS}
    assert {report.state for report in firefox_policies.status(root, texts)} == {State.TRUSTED}
    firefox_policies.remove(root, record)
    record.tidy()
    assert tree(root) == before


def test_a_folder_that_is_a_link_to_another_is_one_place(
    root: Path, record: Record, texts: firefox_policies.Texts
) -> None:
    path = root / "usr/share/firefox-esr/distribution/policies.json"
    path.parent.mkdir(parents=True)
    path.write_text("{}")
    (root / "usr/lib/firefox-esr").mkdir(parents=True)
    (root / "usr/lib/firefox-esr/distribution").symlink_to(path.parent)
    assert [report.path for report in firefox_policies.install(root, texts, record)] == [str(path)]


def test_our_file_in_etc_moves_out_of_the_way_of_its_later_one(
    root: Path, record: Record, texts: firefox_policies.Texts
) -> None:
    firefox_policies.install(root, texts, record)
    path = root / DISTRIBUTION / "policies.json"
    path.parent.mkdir(parents=True)
    path.write_text('{"policies": {"DisableTelemetry": true}}')
    firefox_policies.install(root, texts, record)
    assert not (root / SYSTEM).exists()
    assert read(path) == {"policies": {"DisableTelemetry": True, **OURS}}


def test_a_file_that_can_not_be_read_is_left_and_reported(
    root: Path, record: Record, texts: firefox_policies.Texts
) -> None:
    path = root / SYSTEM
    path.parent.mkdir(parents=True)
    path.write_bytes(b"{broken")
    reports = firefox_policies.install(root, texts, record)
    assert [report.state for report in reports] == [State.FAILED]
    assert str(path) in reports[0].detail
    assert path.read_bytes() == b"{broken"
    assert firefox_policies.status(root, texts)[0].state is State.FAILED
    firefox_policies.remove(root, record)
    assert list(tree(path.parent)) == ["policies.json"]


def test_a_renewal_takes_the_old_certificate_away_last(
    root: Path, record: Record, texts: firefox_policies.Texts, issued: identity.Identity
) -> None:
    firefox_policies.install(root, texts, record)
    later = firefox_policies.wanted([("00000001", identity.authority_der(issued))], [])
    firefox_policies.install(root, later, record)
    assert read(root / SYSTEM) == {
        "policies": {"Certificates": {"Install": ["/etc/firefox/policies/qalamsap-00000001.pem"]}}
    }
    assert sorted(tree(root / "etc/firefox/policies")) == ["policies.json", "qalamsap-00000001.pem"]
    firefox_policies.remove(root, record)
    record.tidy()
    assert tree(root) == {"etc": "folder"}


def test_a_lost_certificate_file_shows_in_the_status(
    root: Path, record: Record, texts: firefox_policies.Texts
) -> None:
    firefox_policies.install(root, texts, record)
    (root / "etc/firefox/policies/qalamsap-3f9c01ab.pem").unlink()
    found = firefox_policies.status(root, texts)[0]
    assert (found.state, found.detail) == (State.PARTLY, "lacks qalamsap-3f9c01ab.pem")
    assert firefox_policies.install(root, texts, record)[0].changed
    assert firefox_policies.status(root, texts)[0].state is State.TRUSTED
