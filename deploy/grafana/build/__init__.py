"""Builds the Grafana dashboards of Lianxi; a development tool, `python -m deploy.grafana.build --write`.

The dashboards are written in Python, because five of them share their columns, colours and words, and committed as
JSON, because Grafana reads JSON and an office installs no tool to build it. A test compares the two. One module per
dashboard; `panels` has what they share, `queries` the expressions that need a word of explanation.
"""
