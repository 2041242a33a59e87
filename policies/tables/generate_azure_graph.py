#!/usr/bin/env python3
"""Writes azure_graph.json: the permissions of Microsoft Graph by id.

usage: generate_azure_graph.py GraphAppRoles.json GraphDelegateRoles.json

Both files are lists of objects with Id and Value, as the repository merill/microsoft-info publishes them from the service
principal of Microsoft Graph. What a permission means is read from its name: see lib/grants_azure_graph.rego.
"""

import json
import pathlib
import sys


def entries(path):
    text = pathlib.Path(path).read_text(encoding="utf-8-sig")
    return [(entry["Id"].lower(), entry["Value"]) for entry in json.loads(text)]


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    permissions = {}
    for identifier, name in entries(sys.argv[1]) + entries(sys.argv[2]):
        if permissions.setdefault(identifier, name) != name:
            sys.exit(f"{identifier} has two names")
    table = {"permissions": dict(sorted(permissions.items()))}
    out = pathlib.Path(__file__).with_name("azure_graph.json")
    out.write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")


main()
