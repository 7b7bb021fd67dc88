"""Narrows a bill of materials by cargo-cyclonedx down to what one package is built from.

cargo-cyclonedx asks for the features of the whole workspace, and so names crates that a function, which is built by itself,
does not have. What `cargo tree` lists for the package is right. Paths of this machine go, too.
"""

import argparse
import json
import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent


def built_from(package: str, triple: str) -> set[tuple[str, str]]:
    """Names and versions of the crates that a package is built from, without those of build scripts and tests."""
    command = ["cargo", "tree", "--locked", "--package", package, "--target", triple, "--edges", "normal"]
    tree = subprocess.run([*command, "--prefix", "none"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return set(re.findall(r"^(\S+) v(\S+)", tree, flags=re.M))


def narrow(bill: dict, crates: set[tuple[str, str]]) -> dict:
    """The bill with these crates only, and what they need of each other."""
    components = [one for one in bill["components"] if (one["name"], one["version"]) in crates]
    # Its own package stands in the metadata.
    named = {(one["name"], one["version"]) for one in components}
    own = (bill["metadata"]["component"]["name"], bill["metadata"]["component"]["version"])
    if missing := crates - named - {own}:
        raise SystemExit(f"the bill of {own[0]} has nothing of {sorted(missing)}")
    kept = {one["bom-ref"] for one in components} | {bill["metadata"]["component"]["bom-ref"]}
    edges = [
        edge | {"dependsOn": [ref for ref in edge.get("dependsOn", []) if ref in kept]}
        for edge in bill["dependencies"]
        if edge["ref"] in kept
    ]
    return bill | {"components": components, "dependencies": edges}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--package", required=True)
    parser.add_argument("--target", required=True)
    parser.add_argument("bill", type=pathlib.Path)
    arguments = parser.parse_args()
    bill = json.loads(arguments.bill.read_text().replace(f"file://{ROOT}/", "file:///"))
    narrowed = narrow(bill, built_from(arguments.package, arguments.target))
    arguments.bill.write_text(json.dumps(narrowed, indent=2) + "\n")


if __name__ == "__main__":
    main()
