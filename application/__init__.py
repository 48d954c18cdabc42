"""The verbs of the business: one use case a file, and the ports through which they reach the world.

A port is a small `Protocol` in `application.ports`; its docstring is the contract that every adapter is tested against.
May import `domain` and the standard library, no third-party package.
"""
