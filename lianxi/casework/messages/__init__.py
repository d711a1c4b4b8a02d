"""Every command and event that crosses a service border, each defined once, frozen.

`facts` holds the values they are made of, `commands` what people and nodes ask for, `events` what happened to a
case; `sorting` and `dispute` hold both for the acts that find out where a case belongs; `catalogue` has all of them by
name; `hearing`, `mediation` and `final_review` those of hearings, settlements and the last instance. `notices` is what
services tell each other beside the case, `custody` what travels between nodes.
A class with a `MESSAGE` is a message of the wire; `lianxi.contracts` derives its schema from the class.
"""
