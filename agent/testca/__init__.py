"""A certification authority of our own, for tests and demonstrations: keys with the national profile that nobody trusts."""
