"""Signing with a key that the page opened: its password opens the file, and does no more. Without the person's yes nothing is signed.

The window is the one of every signature, and so is all that is checked and written down; what it does not ask for is file and password.
"""

import dataclasses
from pathlib import Path

from agent.operations import choose_key, named_file, sign
from agent.operations.approval import Approval
from agent.operations.choose_key import Choice, Judge
from agent.operations.flat import key_file
from agent.secret import Secret
from agent.user.base import Opened
from protocol import prompts
from protocol.flat_messages import SignWithKeyRequest
from protocol.messages import Signed, SignRequest


def sign_with_key(request: SignWithKeyRequest, approval: Approval) -> Signed:
    """The signatures. Raises what sign.sign, named_file.chosen and key_file raise."""
    place = request.place
    path = key_file.admitted(place, approval)

    def choose(approval: Approval, judge: Judge, prompt: prompts.OpenKey) -> Choice:
        keys = key_file.opened(place, path, approval)
        opened = Opened(str(path), place.storage, Secret(bytearray()))  # its password is gone
        question = dataclasses.replace(prompt, files=(), chosen=str(path), storages=(place.storage,))
        return choose_key.approve(approval, judge, question, opened, keys)

    return sign.sign(request.signing, approval, choose, _chosen)


def _chosen(signing: SignRequest, approval: Approval) -> Path:
    """Where the file lies that is to be signed."""
    return named_file.chosen(signing.file, "chosen-file", approval)
