"""Why a browser trusts wss://127.0.0.1: the local TLS authority and the stores it is put into."""
