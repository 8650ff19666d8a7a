import typing

import pytest

from protocol import prompts
from tray import question

CALLER = prompts.Caller("site", "https://kds.ismet.kz", "kds.ismet.kz", "ismet.kz")


def test_what_asks_anew_is_told_from_what_goes_on(samples):
    request = samples.open_key()
    assert question.question_of(request) is request
    assert question.question_of(prompts.Approve(request, (samples.key,))) is request
    about = prompts.About(CALLER, "1.0", 13579, "ru")
    assert question.question_of(about) is about
    for prompt in (prompts.ChooseKey(()), prompts.Waiting(1), prompts.Finished(1)):
        assert question.question_of(prompt) is None


@pytest.mark.parametrize(
    ("changes", "wish"),
    [
        ({}, "sign"),
        ({"purpose": "identify"}, "identify"),
        ({"action": "show_key", "purpose": "identify"}, "show_key"),
        ({"action": "log_in", "purpose": "identify"}, "log_in"),
        ({"action": "import_certificate", "purpose": "any"}, "import_certificate"),
    ],
)
def test_the_wish_behind_a_request_for_a_key(samples, changes, wish):
    assert question.wish_of(samples.open_key(**changes)) == wish


def test_every_other_question_has_its_wish(samples):
    asked = [
        *(prompts.ChooseFile(CALLER, kind, "", "ru") for kind in typing.get_args(prompts.FileKind)),
        prompts.AllowFile(CALLER, "/a", "ru"),
        prompts.NewKey(CALLER, (), "", "", "", "ru"),
        prompts.About(CALLER, "1.0", 13579, "ru"),
    ]
    wishes = {question.wish_of(each) for each in asked}
    assert wishes == {"choose_file", "choose_key", "choose_folder", "allow_file", "new_key", "about"}
    assert wishes < set(typing.get_args(question.Wish))


def test_documents_that_come_later_count(samples):
    assert question.count_of(samples.open_key()) == 3
    assert question.count_of(samples.open_key(documents=(), announced=300)) == 300
