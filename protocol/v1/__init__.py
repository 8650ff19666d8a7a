"""The interface for new pages: the module kz.qalamsap.v1. What its messages are is written once, and checks, describes and documents them."""
