"""docs/api/trying-out.md, followed to the letter."""

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

from agent.formats import cms
from agent.user import scripted
from tests.conformance.protocol import asking
from tests.support import agents

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "api" / "trying-out.md"
TEXT = GUIDE.read_text("utf-8")
PATIENCE_S = 60


def block(kind: str) -> str:
    (found,) = re.findall(rf"^```{kind}\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
    return str(found)


def command(kind: str) -> list[str]:
    """The words to type, of the program that is tested."""
    program, *words = shlex.split(block(kind))
    assert program == "qalamsap"
    return [sys.executable, "-m", "agent", *words]


def answers(folder: Path) -> str:
    (key,) = (folder / "keys" / "individual").glob("GOST512_*.p12")
    return block("toml").replace("GOST512_….p12", key.name)


def test_a_page_in_earnest_signs_and_is_refused_as_the_script_says(tmp_path: Path) -> None:
    environment = {"HOME": str(tmp_path), "PATH": os.environ["PATH"], "PYTHONPATH": str(GUIDE.parents[2])}
    made = subprocess.run(
        command("sh"), cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    assert (tmp_path / "keys" / "manifest.json").exists()
    (tmp_path / "answers.toml").write_text(answers(tmp_path), encoding="utf-8")
    in_folder = [
        str(tmp_path / word) if "/" in word or "." in word else word for word in command("sh agent")[3:]
    ]
    served = [sys.executable, "-m", "agent", *in_folder, "--port", "0"]
    with agents.running(served, tmp_path / "state", environment) as agent:
        assert (tmp_path / "state" / "ca.pem").read_bytes() == agent.authority_path.read_bytes()
        frame = asking.basics_frame(signer={"extKeyUsageOids": ["1.3.6.1.5.5.7.3.4"]})
        (signature,) = asking.result_of(json.loads(asking.ask(agent, frame)))
        assert json.loads(asking.ask(agent, frame)) == {"body": {}, "status": True}
        cancelled = asking.common(agent, "getKeyInfo", "PKCS12")
    assert [each.signature for each in cms.verify(cms.read(asking.der_of(signature)))] == ["valid"]
    assert cancelled == {"code": "500", "message": "action.canceled"}


def test_the_table_names_every_member_of_an_answer() -> None:
    rows = re.findall(r"^\| (`.*?) \|", TEXT, re.MULTILINE)
    assert {name for row in rows for name in re.findall(r"`(\w+)`", row)} == scripted._TYPES.keys()
    for name in scripted._TOKEN_MEMBERS:
        assert f"`{name}`" in TEXT


def test_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", TEXT):
        assert (GUIDE.parent / target).exists(), target
