"""The front doors: the commands of `wattledger`, each a thin layer over a use case, and their visible composition.

What a user types is checked here and what went wrong is said here, in one line and without a traceback.
May import every inner ring, and `edge` to run the device in this process; nothing imports it.
"""
