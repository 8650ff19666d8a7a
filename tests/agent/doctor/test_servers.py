import dataclasses
from datetime import timedelta
from pathlib import Path

import pytest

from agent.config import Config
from agent.doctor import servers
from agent.errors import Unreachable
from agent.fetch import LIMITS, Question, unreachable
from agent.paths import Paths
from tests.support import responders, timestamps
from tests.support.authority import NOW


class Stamping:
    """A timestamp authority whose clock is right at `at`."""

    def __init__(self, at=timestamps.AT, spoil=lambda octets: octets):
        self.at = at
        self.spoil = spoil
        self.asked = []

    def __call__(self, question: Question) -> bytes:
        self.asked.append(question)
        return self.spoil(timestamps.answer(question.body, "gost2015", at=self.at))


def look(fetch, ahead=timedelta(0), took=0.0):
    ticks = iter((0.0, took))
    found = servers.timestamps(fetch, "", lambda: timestamps.AT + ahead, lambda: next(ticks, took))
    return [(each.what, each.code, each.state) for each in found]


def test_a_timestamp_tells_that_the_service_answers_and_that_the_clock_is_right():
    fetch = Stamping()
    assert look(fetch) == [("timestamps", "answered", "ok"), ("clock", "right", "ok")]
    assert fetch.asked[0].url == "http://tsp.pki.gov.kz/"
    look(fetch)
    assert fetch.asked[0].body != fetch.asked[1].body


@pytest.mark.parametrize(
    ("seconds", "code", "state"),
    [
        (59, "right", "ok"), (-59, "right", "ok"), (90, "slightly-ahead", "hint"), (-90, "slightly-behind", "hint"),
        (300, "ahead", "trouble"), (-86400, "behind", "trouble"),
    ],
)  # fmt: skip
def test_a_clock_that_is_off(seconds, code, state):
    assert look(Stamping(), timedelta(seconds=seconds))[1] == ("clock", code, state)


def test_a_slow_answer_makes_no_clock_wrong():
    found = servers.clock(timedelta(seconds=70), timedelta(seconds=15))
    assert found.code == "right"
    assert servers.clock(timedelta(seconds=-70), timedelta(seconds=15)).code == "slightly-behind"
    assert servers.clock(timedelta(minutes=10), timedelta(0)).values == {"count": 10}


def refuse(_question):
    raise unreachable("no-address", "tsp.pki.gov.kz")


def test_without_a_network_the_clock_is_not_known():
    found = servers.timestamps(refuse, "", lambda: NOW)
    assert [(each.code, each.state) for each in found] == [("unreached", "hint"), ("unknown", "hint")]
    assert found[0].values == {"failure": "no-address"}


def test_another_answer_is_no_timestamp():
    assert look(Stamping(spoil=lambda octets: octets[:-1]))[0][1] == "garbled"
    assert look(lambda _: b"<html>please log in</html>")[0][1] == "garbled"
    old = Stamping()(Question("timestamp", "", _request()))
    assert look(lambda _: old) == [("timestamps", "refused", "hint"), ("clock", "unknown", "hint")]


def test_a_timestamp_that_was_tampered_with_tells_no_time():
    def spoil(octets):
        # The signature stands at the end.
        return octets[:-1] + bytes((octets[-1] ^ 1,))

    assert look(Stamping(spoil=spoil), timedelta(days=1))[1][1] == "unknown"


def _request():
    from agent.algorithms import STREEBOG_512
    from agent.formats import tsp

    return tsp.request(bytes(64), STREEBOG_512, policy=tsp.POLICY_GOST_2015, nonce=1)


def test_any_answer_of_a_responder_will_do():
    world = responders.World()
    answers = responders.responder("gost2015", world.register)
    asked = []

    def fetch(question):
        asked.append(question)
        return answers.respond(question.body, at=NOW)

    found = servers.revocation(fetch, "")
    assert (found.code, found.state) == ("answered", "ok")
    assert asked[0].url == servers.OCSP_URL
    servers.revocation(fetch, "http://ocsp.example.kz/")
    assert asked[1].url == "http://ocsp.example.kz/"
    assert asked[0].body != asked[1].body


def test_a_responder_that_is_none():
    assert servers.revocation(lambda _: b"<html>", "").code == "garbled"
    found = servers.revocation(refuse, "")
    assert (found.code, found.values) == ("unreached", {"failure": "no-address"})


def test_offline_says_so_of_each():
    assert {(each.what, each.state) for each in servers.offline()} == {
        ("clock", "hint"), ("timestamps", "hint"), ("revocation", "hint"),
    }  # fmt: skip


def test_it_asks_by_the_list_of_the_settings_and_in_a_hurry():
    settings = Config(paths=Paths(Path(), Path()), timestamp_url="http://tsp.example.kz/", offline=True)
    made = servers.fetcher(settings)
    assert max(each.seconds for each in made._limits.values()) <= servers.SECONDS
    with pytest.raises(Unreachable, match="offline"):
        made(Question("timestamp", "http://tsp.example.kz/"))
    allowed = servers.fetcher(dataclasses.replace(settings, offline=False))
    with pytest.raises(Unreachable, match="not-allowed"):
        allowed(Question("timestamp", "http://elsewhere.example.kz/"))
    assert LIMITS["crl"].seconds > servers.SECONDS
