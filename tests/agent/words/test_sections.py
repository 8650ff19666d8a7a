import re

import pytest

from agent.words import sections


@pytest.mark.parametrize("reason", sections.SECTIONS)
def test_a_section_names_a_standard_and_a_place_in_it(reason):
    assert re.fullmatch(
        r"(RFC \d{4}|XML-DSig|XML 1\.0|ISO 32000-2|ETSI (EN|TS) \d{3} \d{3}(-\d)?) §\d+(\.\d+)*",
        sections.section(reason),
    )


def test_a_format_with_a_standard_of_its_own_is_asked_first():
    assert sections.section("signature-mismatch") == "RFC 5652 §5.6"
    assert sections.section("signature-mismatch", "jws") == "RFC 7515 §5.2"
    assert sections.section("no-path", "jws") == "RFC 5280 §6.1"


def test_a_new_reason_has_no_section():
    assert sections.section("moon-phase", "cms") == ""
