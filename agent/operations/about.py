"""Showing the agent itself at the wish of a page. It is a window like others: it waits its turn, and who opens it too often rests."""

from agent import paths
from agent.errors import TimedOut, UserCancelled
from agent.operations import consent
from agent.operations.approval import Approval
from protocol import accessory, prompts
from protocol.messages import AboutRequest, Done


def show(request: AboutRequest, approval: Approval, port: int) -> Done:
    """Until the person closes the window, which is UserCancelled; a window that nobody closes is taken down as if they had.

    Raises PageLeft, NoOneToAsk, WindowFailed, StorageFailed as well.
    """
    with approval.record("show_agent", ()):
        prompt = prompts.About(
            caller=consent.caller(approval),
            version=accessory.BUNDLES[paths.APPLICATION],
            port=port,
            language=request.language or approval.language,
            waiting=approval.waiting,
        )
        try:
            approval.user.ask(prompt)
        except TimedOut as error:
            raise UserCancelled from error
    return Done()
