"""Faults between the sidecar and DynamoDB: a proxy that makes them, and drills with it.

`proxy.fault_proxy` is the way in; `schedules` say which request meets which fault.
"""
