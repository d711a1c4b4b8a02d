"""Nodes join, leave and move while the network runs: `lianxi node join|leave|move`.

Each command is a plan: a row of steps that know whether they are done already (`steps`). A dry run prints the plan as
it stands; the real run carries out what is left of it, so an interrupted command is simply given again. `site` says
what a plan works on: the parent's broker, its routing, the folder of secrets, the topology. `joining`, `leaving` and
`handing_over` make the plans, `commands` is what people type.
"""
