"""The e-document portal of the reference scenario: a web application that uses the agent as pages do."""
