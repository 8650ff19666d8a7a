"""What the agent has to say about a document and its signatures, in Kazakh, Russian and English."""
