"""The device in the factory: the loop that reads meters and stores every reading before it does anything else.

Small enough for a Raspberry Pi. May import the inner rings; never `entrypoints`, pandas, numpy or pyarrow.
"""
