"""What can go wrong while trust is given or taken back, beside the errors of the whole agent.

AgentError
 +-- MissingTool     missing-tool    a program of the system is not installed; `package` names Debian's package
 +-- ForeignFile     foreign-file    a file of somebody else that can't be changed safely: it is left as it is
 +-- NeedsRoot       needs-root      only root may change what the whole machine trusts
 +-- StoreFailed     store-failed    a browser's store did not take the change
"""

from agent.errors import AgentError


class MissingTool(AgentError):
    code = "missing-tool"

    def __init__(self, tool: str, package: str) -> None:
        super().__init__(f"{tool} is not installed; on Debian and Ubuntu it is in the package {package}")
        self.tool = tool
        self.package = package


class ForeignFile(AgentError):
    code = "foreign-file"


class NeedsRoot(AgentError):
    code = "needs-root"


class StoreFailed(AgentError):
    code = "store-failed"
