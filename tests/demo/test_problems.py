from demo.problems import Problem, TextKey


def test_a_problem_carries_what_a_page_needs() -> None:
    problem = Problem("key-expired", (("fact.iin", "1"),), technical="certificate-expired")
    assert (problem.code, problem.status, problem.facts) == ("key-expired", 422, (("fact.iin", "1"),))
    assert str(problem) == "certificate-expired"
    assert str(Problem("act-closed")) == "act-closed"


def test_a_value_that_is_told_in_the_persons_language_is_a_text_key() -> None:
    assert isinstance(TextKey("revocation_reason.superseded"), str)
    assert not isinstance("ТОО", TextKey)
