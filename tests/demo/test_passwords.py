from demo import passwords


def test_only_the_right_password_matches() -> None:
    kept = passwords.digest("Қаламсап-2026")
    assert passwords.matches("Қаламсап-2026", kept)
    assert not passwords.matches("қаламсап-2026", kept)
    assert not passwords.matches("", kept)


def test_the_same_password_is_kept_differently_each_time() -> None:
    assert passwords.digest("one") != passwords.digest("one")
    assert "one" not in passwords.digest("one")


def test_nobody_has_no_password() -> None:
    assert not passwords.matches("", passwords.NOBODY)
