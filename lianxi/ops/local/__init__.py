"""Private servers and node processes on one machine: for the demo, the tests, the benchmarks and a small township.

Everything lives in one state directory, listens on loopback only and is stopped by its own process id; nothing here
touches a service that the machine runs for somebody else.
"""
