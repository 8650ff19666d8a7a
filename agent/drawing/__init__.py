"""Documents that the agent draws: the stamp on a signed page, the card of a signed document. Values in, PDF octets out."""
