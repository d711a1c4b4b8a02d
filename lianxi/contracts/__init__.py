"""The wire: what a message looks like when it leaves a service, and what is accepted when one comes in.

The message classes of ``lianxi.casework.messages`` are the only definition. ``shapes`` reads their type hints,
``schemas`` derives a marshmallow schema from each (the contract, with precise errors), ``compiled`` a fast reader for
what is already right, ``registry`` knows the class of every type, ``envelope`` is CloudEvents 1.0, ``asyncapi``
writes all of it down for others, and ``agency_document`` what agencies outside get of it.
"""
