#!/usr/bin/env bash
# Lints template.yaml and the examples; any finding fails. Asks neither AWS nor anybody else.
set -euo pipefail
cd "$(dirname "$0")/.."
tools/install.sh

export AWS_DEFAULT_REGION=us-east-1 AWS_ACCESS_KEY_ID=none AWS_SECRET_ACCESS_KEY=none AWS_EC2_METADATA_DISABLED=true
export SAM_CLI_TELEMETRY=0
bin=.tools/venv/bin
failed=0

run() {
    echo "+ $*"
    "$@" || failed=1
}

# What CloudFormation will see. The linters read the short form only, and so miss a dependency that goes in a circle
# through the rules and permissions that SAM adds, or a permission without a source.
expanded=.tools/template.expanded.json
expand() {
    "$bin/python" - template.yaml "$expanded" <<'PYTHON'
import json
import pathlib
import sys

from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse


class NoManagedPolicies:
    def load(self):
        return {}


source, target = map(pathlib.Path, sys.argv[1:])
template = yaml_parse(source.read_text())
for resource in template["Resources"].values():
    if resource["Type"] == "AWS::Serverless::Function":
        # Where sam deploy will have put the code.
        resource["Properties"]["CodeUri"] = "s3://bucket/key"
target.write_text(json.dumps(transform(template, {}, NoManagedPolicies()), indent=1))
PYTHON
}

# Whether Terraform could read the examples. It needs no provider for that; `terraform validate` would, from its registry.
# checkov alone passes over what it can't read.
read_terraform() {
    .tools/venv-checkov/bin/python - examples/*/*.tf <<'PYTHON'
import sys

import hcl2

for path in sys.argv[1:]:
    with open(path) as file:
        content = hcl2.load(file)
    if not any(content.get(block) for block in ("terraform", "variable", "resource", "output")):
        sys.exit(f"{path} has nothing in it")
print(f"{len(sys.argv) - 1} files of Terraform can be read")
PYTHON
}

checkov() {
    .tools/venv-checkov/bin/checkov --framework "$1" --skip-download --compact --quiet "${@:2}"
}

run "$bin/sam" validate --lint
run expand
run "$bin/cfn-lint" --append-rules cfn_lint_serverless.rules -- template.yaml "$expanded" examples/*/template.yaml
for file in template.yaml "$expanded"; do
    run checkov cloudformation -f "$file"
done
run checkov cloudformation -d examples
run checkov terraform -d examples
run read_terraform
if command -v terraform >/dev/null; then
    run terraform fmt -check -diff -recursive examples
fi
exit "$failed"
