"""The stack: packaged, deployed by `sam` as a user would, and deleted."""

import json
import pathlib
import re
import subprocess
import sys

from account import ACCOUNT, REGION, Account, Failed
from processes import environment

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))
import package  # noqa: E402

STACK = "tidegate"

# MiniStack has no CodeDeploy, no Application Auto Scaling and no findings of ECR's scans, so that every function asks the
# local world for these.
LACKING = ("CODEDEPLOY", "APPLICATION_AUTO_SCALING", "ECR", "INSPECTOR2")

# A deployment of CodeDeploy's is task sets, target groups and their metrics as well. For the two functions that look at
# deployments, all that is where the deployment is.
OF_DEPLOYMENTS = ("ECS", "ELASTIC_LOAD_BALANCING_V2", "CLOUDWATCH", "CLOUDWATCH_LOGS", "RESOURCE_GROUPS_TAGGING_API")


def with_variables(template: str, function: str, variables: dict[str, str]) -> str:
    """The template with more variables in the environment of a function, or in everybody's."""
    head = r"^Globals:$" if function == "Globals" else rf"^  {function}:$"
    lines = "".join(f"INDENT  {name}: {value}\n" for name, value in variables.items())
    start = re.search(head, template, flags=re.M)
    place = start and re.search(r"^( +)Variables:\n", template[start.end() :], flags=re.M)
    if not place:
        raise Failed(f"template.yaml has no Variables in {function}")
    at = start.end() + place.end()
    return template[:at] + lines.replace("INDENT", place.group(1)) + template[at:]


class Stack:
    """The stack in an account."""

    def __init__(self, sam: pathlib.Path, account: Account, folder: pathlib.Path, log: pathlib.Path):
        self.sam, self.account, self.folder, self.log = sam, account, folder, log
        self.outputs: dict[str, str] = {}
        self.resources: list[dict] = []

    def package(self, binaries: pathlib.Path, world_url: str) -> None:
        """Writes what `make dist` would, and says to the functions where the local world is."""
        package.package(binaries, self.folder, "x86_64")
        path = self.folder / "template.yaml"
        template = path.read_text()
        template = with_variables(template, "Globals", {f"AWS_ENDPOINT_URL_{name}": world_url for name in LACKING})
        for function in ("CanaryGate", "DeployHook"):
            more = {f"AWS_ENDPOINT_URL_{name}": world_url for name in OF_DEPLOYMENTS}
            template = with_variables(template, function, more)
        path.write_text(template)

    def deploy(self, **parameters: str) -> None:
        """`sam deploy`."""
        overrides = [f"{name}={value}" for name, value in parameters.items()]
        self._sam("deploy", "--no-confirm-changeset", "--parameter-overrides", *overrides)
        formation = self.account.client("cloudformation")
        described = formation.describe_stacks(StackName=STACK)["Stacks"][0]
        self.outputs = {output["OutputKey"]: output["OutputValue"] for output in described["Outputs"]}
        self.resources = formation.describe_stack_resources(StackName=STACK)["StackResources"]

    def delete(self) -> None:
        """`sam delete`."""
        self._sam("delete", "--no-prompts", "--stack-name", STACK, "--region", REGION)

    def _sam(self, command: str, *arguments: str) -> None:
        with self.log.open("a") as out:
            print(f"+ sam {command} {' '.join(arguments)}", file=out, flush=True)
            variables = environment(AWS_ENDPOINT_URL=self.account.url, PYTHONWARNINGS="ignore")
            done = subprocess.run(
                [self.sam, command, *arguments],
                cwd=self.folder,
                env=variables,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                timeout=120,
                check=False,
            )
        if done.returncode != 0:
            last = self.log.read_text().strip().splitlines()[-1]
            raise Failed(f"sam {command} failed: {last} ({self.log})")

    def of_type(self, kind: str) -> dict[str, str]:
        """The resources of a type such as AWS::SQS::Queue: what they are called by their names in the template."""
        of_it = [resource for resource in self.resources if resource["ResourceType"] == kind]
        return {resource["LogicalResourceId"]: resource["PhysicalResourceId"] for resource in of_it}

    def rule_that_takes(self, event: dict) -> tuple[str, str]:
        """The rule of the stack that matches an event, and the ARN of the queue that it goes to."""
        events = self.account.client("events")
        for rule in events.list_rules()["Rules"]:
            pattern = rule.get("EventPattern")
            if pattern and events.test_event_pattern(EventPattern=pattern, Event=json.dumps(event))["Result"]:
                targets = events.list_targets_by_rule(Rule=rule["Name"])["Targets"]
                return rule["Name"], targets[0]["Arn"]
        raise Failed(f"no rule of the stack takes {event['detail-type']}")

    def left(self) -> list[str]:
        """Whatever of the stack is still there."""
        client = self.account.client
        account = f":{ACCOUNT}:"
        here = {
            "functions": [one["FunctionName"] for one in client("lambda").list_functions()["Functions"]],
            "event source mappings": [
                one["FunctionArn"] for one in client("lambda").list_event_source_mappings()["EventSourceMappings"]
            ],
            "queues": client("sqs").list_queues(QueueNamePrefix=STACK).get("QueueUrls", []),
            "topics": [one["TopicArn"] for one in client("sns").list_topics()["Topics"] if account in one["TopicArn"]],
            "subscriptions": [one["SubscriptionArn"] for one in client("sns").list_subscriptions()["Subscriptions"]],
            "rules": [one["Name"] for one in client("events").list_rules()["Rules"]],
            "alarms": [one["AlarmName"] for one in client("cloudwatch").describe_alarms()["MetricAlarms"]],
            "dashboards": [one["DashboardName"] for one in client("cloudwatch").list_dashboards()["DashboardEntries"]],
            "log groups": [one["logGroupName"] for one in client("logs").describe_log_groups()["logGroups"]],
            "roles": [one["RoleName"] for one in client("iam").list_roles()["Roles"]],
        }
        kept = [f"{kind}: {name}" for kind, names in here.items() for name in names if STACK in name]
        keys = client("kms").list_keys()["Keys"]
        states = [client("kms").describe_key(KeyId=key["KeyId"])["KeyMetadata"] for key in keys]
        # A key is deleted when its window is over.
        ours = [key["KeyId"] for key in states if key["KeyManager"] == "CUSTOMER" and key["KeyState"] != "PendingDeletion"]
        kept += [f"keys: {key}" for key in ours]
        return kept
