"""The status page says what it is, in three languages, and gives other sites nothing."""

import base64
import hashlib
import re

from agent.server import status_page
from agent.server.status_page import StatusPage


def test_it_names_the_program_and_its_version_in_three_languages() -> None:
    text = StatusPage("1.2.3").body().decode()
    assert "Qalamsap 1.2.3" in text
    assert re.findall(r'<p lang="(\w\w)">', text) == ["kk", "ru", "en"]
    assert "simulation" not in text.replace("simulation{", "")


def test_a_simulation_says_so_in_three_languages() -> None:
    text = StatusPage("1.2.3", is_simulation=True).body().decode()
    assert "This is a simulation" in text
    assert "Это симуляция" in text
    assert "Бұл симуляция" in text


def test_nothing_may_run_or_frame_and_the_style_is_the_only_thing_allowed() -> None:
    headers = dict(status_page.headers())
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    text = StatusPage("1").body().decode()
    assert "<script" not in text
    found = re.search(r"<style>(.*)</style>", text)
    assert found is not None
    digest = base64.b64encode(hashlib.sha256(found[1].encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in policy
