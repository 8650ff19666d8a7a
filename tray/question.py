"""The prompts that begin something new and introduce a caller; and the one word that picks the texts for each."""

from typing import Literal, TypeAlias

from protocol import prompts

Question: TypeAlias = (
    prompts.OpenKey
    | prompts.ChooseFile
    | prompts.AllowFile
    | prompts.NewKey
    | prompts.ReadKey
    | prompts.ChangePassword
    | prompts.About
)
Wish: TypeAlias = Literal[
    "sign", "identify", "show_key", "log_in", "import_certificate", "choose_file", "choose_key", "choose_folder",
    "allow_file", "new_key", "read_key", "change_password", "about",
]  # fmt: skip
_CHOICES: dict[prompts.FileKind, Wish] = {
    "folder": "choose_folder",
    "key": "choose_key",
    "pkcs12": "choose_key",
    "jks": "choose_key",
}


def question_of(prompt: prompts.ToWindow) -> Question | None:
    """What `prompt` asks anew; None where the one before it stays in force, or nothing is asked."""
    match prompt:
        case prompts.Approve():
            return prompt.request
        case (
            prompts.OpenKey()
            | prompts.ChooseFile()
            | prompts.AllowFile()
            | prompts.NewKey()
            | prompts.ReadKey()
            | prompts.ChangePassword()
            | prompts.About()
        ):
            return prompt
        case _:
            return None


def wish_of(question: Question) -> Wish:
    """What the caller wants."""
    match question:
        case prompts.OpenKey():
            is_proof = question.action == "sign" and question.purpose == "identify"
            return "identify" if is_proof else question.action
        case prompts.ChooseFile():
            return _CHOICES.get(question.kind, "choose_file")
        case prompts.AllowFile():
            return "allow_file"
        case prompts.NewKey():
            return "new_key"
        case prompts.ReadKey():
            return "read_key"
        case prompts.ChangePassword():
            return "change_password"
        case prompts.About():
            return "about"


def count_of(request: prompts.OpenKey) -> int:
    """How many documents it is about, those among them that come after the yes."""
    return len(request.documents) + request.announced
