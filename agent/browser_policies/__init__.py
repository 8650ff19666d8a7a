"""What IT deploys to browsers so that the pages of named sites reach the agent without a question: made, merged, taken out again."""
