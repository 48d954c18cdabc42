"""The outside world, one thing a module and named after it: a file format, a database, a stream, a simulated factory.

What comes in is parsed strictly here; what a vendor raises becomes one of the ports' few errors, its cause kept.
May import `application.ports`, `domain` and one vendor a module; of each other only `adapters.event_codec`.
"""
