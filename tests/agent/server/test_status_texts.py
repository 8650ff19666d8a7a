"""The words of the status pages say the same in three languages."""

import html
import json
import re

from agent.server.status_page import StatusPage
from agent.server.status_texts import EXTENSION_LANGUAGES, EXTENSIONS, WORDS
from protocol import codec


def test_the_three_languages_say_equally_much() -> None:
    shapes = {
        language: [
            (len(section.paragraphs), len(section.steps)) for section in (*words.sections, words.extensions)
        ]
        for language, words in WORDS.items()
    }
    assert shapes["kk"] == shapes["ru"] == shapes["en"]
    typed = {language: re.findall(r"`([^`]+)`", repr(words)) for language, words in WORDS.items()}
    assert typed["kk"] == typed["ru"] == typed["en"]
    for words in WORDS.values():
        assert all(getattr(words, name) for name in words.__slots__)


def test_known_extensions_of_departments_are_named_in_each_language() -> None:
    for column, language in enumerate(EXTENSION_LANGUAGES):
        text = StatusPage("1").body(language).decode()
        for module, users in EXTENSIONS:
            assert f"<td><code>{module}</code></td><td>{html.escape(users[column])}</td>" in text
    modules = [module for module, _ in EXTENSIONS]
    assert len(modules) == len(set(modules))
    assert {
        "kz.gov.pki.cms.CMSSignUtil",
        "kz.uchet.signUtil.commonUtils",
        "NURSign",
        "kz.inessoft.kgd.knp.ncalayer.KNPModuleService",
        "com.osdkz.esf.signer.esfSigner",
        "kz.gov.pki.SampleBundle",
        "kz.sapa.eproc.osgi.EprocModule",
        "kz.ecc.MarketSignBundle",
        "kz.ecc.K2SignBundle",
        "documentolog",
        "idocs",
    } == set(modules)


def test_what_the_page_says_is_not_here_is_answered_as_not_here() -> None:
    for module, _ in EXTENSIONS:
        call = codec.decode(json.dumps({"module": module, "method": "getVersion"}))
        outcome = codec.answer_without_worker(call)
        assert outcome is not None
        assert json.loads(codec.encode(call, outcome)) == {"success": False, "errorCode": "MODULE_NOT_FOUND"}
