"""Public properties: one for each setting, and the conditions that hold their values to the table of settings."""

import pytest

from agent.settings import SETTINGS
from installer.windows import properties
from installer.windows.properties import Property


def test_the_machine_s_package_has_a_property_for_every_setting_but_tables() -> None:
    found = {prop.setting.name for prop in properties.public("machine") if prop.setting}
    assert found == {name for name, setting in SETTINGS.items() if setting.kind != "table"}
    assert not any(prop.setting for prop in properties.public("user"))


@pytest.mark.parametrize("scope", ["machine", "user"])
def test_names_are_public_and_stand_once(scope) -> None:
    names = [prop.name for prop in properties.public(scope)]
    assert len(set(names)) == len(names)
    assert all(name == name.upper() and len(f"Default_{name}") <= 72 for name in names)
    # Windows Installer, and Windows' own environment, have these for something else.
    assert not set(names) & {
        "ALLUSERS",
        "PATH",
        "TEMP",
        "INSTALLLEVEL",
        "REINSTALL",
        "REMOVE",
        "TARGETDIR",
        "ADDLOCAL",
        "VERSION",
    }


def test_a_default_is_a_value_that_is_allowed() -> None:
    for scope in ("machine", "user"):
        for prop in properties.public(scope):
            assert not prop.default or prop.default in prop.allowed, prop.name


def test_conditions_hold_values_to_their_settings() -> None:
    by_name = {prop.name: prop for prop in properties.public("machine")}
    assert properties.condition(by_name["PORT"]) == "NOT PORT OR (PORT >= 0 AND PORT <= 65535)"
    assert properties.condition(by_name["OFFLINE"]) == 'NOT OFFLINE OR OFFLINE = "0" OR OFFLINE = "1"'
    assert properties.condition(by_name["PROXY"]) is None
    assert properties.expectation(by_name["PORT"]) == "PORT must be a number from 0 to 65535."
    assert properties.expectation(by_name["LOCK"]) == "LOCK must be 0 or 1."
    assert properties.condition(Property("ANYTHING", "")) is None
