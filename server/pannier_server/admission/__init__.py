"""The rules of overload control: who is let through, who waits, who is refused.

Nothing here knows a store, a protocol or an event loop; the time is passed in.
"""
