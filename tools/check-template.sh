#!/usr/bin/env bash
# Lints template.yaml; any finding fails. Asks neither AWS nor anybody else.
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

run "$bin/sam" validate --lint
run expand
run "$bin/cfn-lint" --append-rules cfn_lint_serverless.rules -- template.yaml "$expanded"
for file in template.yaml "$expanded"; do
    run .tools/venv-checkov/bin/checkov --framework cloudformation --skip-download --compact --quiet -f "$file"
done
exit "$failed"
