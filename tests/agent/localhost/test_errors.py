"""The errors of trust say what is missing in words that help."""

from agent.errors import AgentError
from agent.localhost import errors


def test_a_missing_tool_names_its_package() -> None:
    error = errors.MissingTool("certutil", "libnss3-tools")
    assert (error.code, error.tool, error.package) == ("missing-tool", "certutil", "libnss3-tools")
    assert str(error).endswith("in the package libnss3-tools")


def test_each_has_a_code_of_its_own() -> None:
    kinds = (errors.MissingTool, errors.ForeignFile, errors.NeedsRoot, errors.StoreFailed)
    codes = {kind.code for kind in kinds}
    assert len(codes) == 4
    assert AgentError.code not in codes
