"""One store as a line and as JSON."""

import json

from agent.localhost.report import State, StoreReport


def test_a_line_tells_state_browser_place_and_reason() -> None:
    report = StoreReport(
        "nss", "Firefox", "/home/x", State.FAILED, detail="a main password protects this database"
    )
    assert report.line() == "failed   Firefox: /home/x - a main password protects this database"
    assert (
        StoreReport("nss", "Firefox", "/x", State.TRUSTED, changed=True).line()
        == "trusted  Firefox: /x (changed)"
    )


def test_json_has_every_field() -> None:
    document = json.loads(json.dumps(StoreReport("nss", "Firefox", "/x", State.PARTLY).to_json()))
    assert document == {
        "store": "nss",
        "browser": "Firefox",
        "path": "/x",
        "state": "partly",
        "changed": False,
        "detail": "",
    }
