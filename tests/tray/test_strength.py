import pytest

from tray import strength


@pytest.mark.parametrize(
    ("password", "is_long"), [("", False), ("1234567", False), ("12345678", True), ("құпиясөз", True)]
)
def test_a_password_is_long_from_eight_characters_on(password, is_long):
    assert strength.is_long(password) is is_long


@pytest.mark.parametrize(
    "password",
    ["", "aaaaaaaa", "aAaAaAaA", "abcabcabc", "12345678", "87654321", "qwertyuiop", "abcdefgh", "ЙЦУКЕНГШ"],
)
def test_what_everybody_tries_first_is_not_varied(password):
    assert not strength.is_varied(password)


@pytest.mark.parametrize("password", ["Qwerty12", "correct horse", "құпия сөз", "1122334455", "12345679"])
def test_what_has_four_different_characters_and_is_no_row_is_varied(password):
    assert strength.is_varied(password)
