"""Packages the functions' release binaries with the template, so that `sam deploy` needs no Rust.

Writes into a folder: one zip for each function, the same to the byte whenever the binary is the same; the template, whose
code is these zips; and the settings of `sam deploy`. `make dist` and `make deployed` both deploy what this writes.
"""

import argparse
import pathlib
import re
import zipfile

ROOT = pathlib.Path(__file__).resolve().parent.parent

# The first moment that a zip can name.
LONG_AGO = (1980, 1, 1, 0, 0, 0)


def functions(root: pathlib.Path = ROOT) -> list[str]:
    """Names of the functions, which are those of their folders."""
    return sorted(path.parent.name for path in root.glob("functions/*/Cargo.toml"))


def zip_function(binary: pathlib.Path, target: pathlib.Path) -> None:
    """Zips a binary as Lambda wants it: one executable file that is called bootstrap."""
    entry = zipfile.ZipInfo("bootstrap", date_time=LONG_AGO)
    entry.compress_type = zipfile.ZIP_DEFLATED
    # Whoever zips, it was made on Unix and anybody may run it.
    entry.create_system = 3
    entry.external_attr = 0o100755 << 16
    with zipfile.ZipFile(target, "w", compresslevel=9) as archive:
        archive.writestr(entry, binary.read_bytes())


def template_for_zips(template: str, architecture: str, names: list[str]) -> str:
    """The template, with the zips as the code of its functions. Nothing else is changed but what follows from that:
    there is nothing to build, and no other architecture."""
    text, of_functions = re.subn(r"^(      CodeUri: )functions/(\S+)$", r"\1\2.zip", template, flags=re.M)
    built = len(re.findall(r"^      BuildMethod: rust-cargolambda\n", text, flags=re.M))
    # A Metadata of which nothing is left goes, too.
    text = re.sub(r"^    Metadata:\n      BuildMethod: rust-cargolambda\n(?!      )", "", text, flags=re.M)
    text = re.sub(r"^      BuildMethod: rust-cargolambda\n", "", text, flags=re.M)
    if of_functions == 0 or of_functions != built:
        raise SystemExit(f"template.yaml has {of_functions} functions with CodeUri under functions/, and {built} with BuildMethod")
    named = set(re.findall(r"^      CodeUri: (\S+)\.zip$", text, flags=re.M))
    if named != set(names):
        raise SystemExit(f"template.yaml deploys {sorted(named)}, and functions/ has {names}")
    pattern = r"(  Architecture:\n    Type: String\n    Default: )x86_64(\n    AllowedValues: )\[x86_64, arm64\]"
    text, found = re.subn(pattern, rf"\g<1>{architecture}\g<2>[{architecture}]", text)
    if found != 1:
        raise SystemExit("template.yaml has no parameter Architecture with x86_64 and arm64")
    return text


def settings_for_zips(settings: str) -> str:
    """samconfig.toml without what is about building."""
    return re.sub(r"^\[default\.build\.parameters\]\n(?:(?!\[).*\n)*", "", settings, flags=re.M)


def package(binaries: pathlib.Path, into: pathlib.Path, architecture: str) -> list[pathlib.Path]:
    """Writes everything that `sam deploy` needs, and gives the paths of the zips."""
    into.mkdir(parents=True, exist_ok=True)
    names = functions()
    missing = [name for name in names if not (binaries / name).is_file()]
    if missing:
        raise SystemExit(f"{binaries} has no {', '.join(missing)}: make functions")
    zips = [into / f"{name}.zip" for name in names]
    for name, target in zip(names, zips, strict=True):
        zip_function(binaries / name, target)
    template = template_for_zips((ROOT / "template.yaml").read_text(), architecture, names)
    (into / "template.yaml").write_text(template)
    (into / "samconfig.toml").write_text(settings_for_zips((ROOT / "samconfig.toml").read_text()))
    return zips


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binaries", type=pathlib.Path, required=True, help="where cargo has put them")
    parser.add_argument("--into", type=pathlib.Path, required=True, help="the folder to write")
    parser.add_argument("--architecture", default="x86_64", choices=["x86_64", "arm64"])
    arguments = parser.parse_args()
    for path in package(arguments.binaries, arguments.into, arguments.architecture):
        print(f"{path.stat().st_size / 1e6:6.2f} MB  {path.name}")


if __name__ == "__main__":
    main()
