"""The petition case as plain values and rules: what it may do next, how it is numbered, checked, masked and chained.

Nothing here reads a clock, a file or a socket; everything may import ``lianxi.law``, the standard library, and
nothing else. A rule stands here when more than one service needs it; what only one service needs stands in that
service's ``domain.py``.
"""
