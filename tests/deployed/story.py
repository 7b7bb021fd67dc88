"""What a user does with the stack, and what has to come of it. Each step says what it does and sees, and fails by itself."""

import json
import os
import signal
import time

from account import Account, Failed, until
from load import CLUSTER, Load
from processes import Emulator, LocalWorld
from stack import Stack

POLICY = "/tidegate/scan-policy"

# The repository of the local world whose image is vulnerable.
POLICY_DOCUMENT = """\
version: 1
repositories:
  - names: [shop]
    mode: shadow
"""

# The schedule runs once a minute. Lambda's process may have to start, and the machine may be busy.
A_MINUTE = 100.0
SOON = 60.0

# Kinds of things that the stack consists of, as far as they are looked for after it is deleted.
KINDS = 11

# A process of deploy-hook that is there for longer waits for something.
HOLDS = 2.0

SCALER = "/aws/lambda/tidegate-cost-scaler"
CANARY = "/aws/lambda/CodeDeployHook_tidegate-canary-gate"
SCANS = "/aws/lambda/tidegate-scan-gate"
HOOK = "/aws/lambda/CodeDeployHook_tidegate-deploy-hook"
HOOK_NAME = "CodeDeployHook_tidegate-deploy-hook"


class Story:
    """The steps, in their order."""

    def __init__(self, account: Account, world: Account, emulator: Emulator, local: LocalWorld, stack: Stack):
        self.account, self.world, self.emulator, self.local, self.stack = account, world, emulator, local, stack
        self.begun = time.monotonic()
        self.mailbox = ""
        self.mail: list[str] = []
        self.load: Load | None = None
        # Looked up before anything happens, as a roll-back is a deployment of its own.
        self.releases = {name: self.deployment_of(name) for name in ("shop", "mail", "cart", "pay")}

    # ---- telling -----------------------------------------------------------------------------------------------------

    def say(self, line: str) -> None:
        """A line of the story, with its second."""
        print(f"{time.monotonic() - self.begun:4.0f} s  {line}", flush=True)

    @staticmethod
    def see(line: str) -> None:
        """What is seen."""
        print(f"          {line}", flush=True)

    def see_record(self, record: dict) -> None:
        """A record of a decision."""
        mode = record["mode"]
        self.see(f"{record['verdict']}, {record['reason']} ({mode}): {record['why']}")

    def see_the_record(self, group: str, **has: object) -> None:
        """The newest record in a log group that has all of these. It comes when the invocation is over."""
        what = f"{group} has a record with {has}"
        records = until(what, lambda: self.account.records(group, **has), SOON, lambda: self.account.lines(group)[-4:])
        self.see_record(records[-1])

    # ---- the account -------------------------------------------------------------------------------------------------

    def prepare(self) -> None:
        """What is there before Tidegate: a cluster, two services under load, and a policy."""
        ecs = self.account.client("ecs")
        ecs.create_cluster(clusterName=CLUSTER)
        image = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/web:v1"
        ecs.register_task_definition(
            family="web",
            requiresCompatibilities=["FARGATE"],
            networkMode="awsvpc",
            # Large enough for the scaler to read them every minute.
            cpu="4096",
            memory="8192",
            containerDefinitions=[{"name": "web", "image": image, "essential": True}],
        )
        for name in ("web", "api"):
            ecs.create_service(
                cluster=CLUSTER,
                serviceName=name,
                taskDefinition="web",
                desiredCount=2,
                launchType="FARGATE",
                networkConfiguration={"awsvpcConfiguration": {"subnets": ["subnet-1"]}},
            )
        until("ECS runs two tasks of each service", lambda: all(self.counts(name) == (2, 2) for name in ("web", "api")), SOON)
        self.load = Load(self.account, ["web", "api"])
        self.account.client("ssm").put_parameter(Name=POLICY, Type="String", Value=POLICY_DOCUMENT)
        self.say("ECS: prod/web and prod/api run two tasks each, at 92 % CPU")

    def counts(self, name: str) -> tuple[int, int]:
        """Desired and running tasks of a service."""
        service = self.account.client("ecs").describe_services(cluster=CLUSTER, services=[name])["services"][0]
        return service["desiredCount"], service["runningCount"]

    def tag(self, name: str, **tags: str) -> None:
        """Tags a service, as `aws ecs tag-resource` does."""
        ecs = self.account.client("ecs")
        arn = ecs.describe_services(cluster=CLUSTER, services=[name])["services"][0]["serviceArn"]
        ecs.tag_resource(resourceArn=arn, tags=[{"key": f"tidegate:{key}", "value": value} for key, value in tags.items()])

    # ---- deploying ---------------------------------------------------------------------------------------------------

    def deploy(self) -> None:
        """`sam deploy`, and a queue that hears what people would."""
        self.stack.deploy(NotificationEmail="ops@example.com", ScanGatePolicy=POLICY, ScalerQueryPercent="100")
        states = {resource["ResourceStatus"] for resource in self.stack.resources}
        if states != {"CREATE_COMPLETE"}:
            raise Failed(f"resources of the stack are in {states}")
        self.say(f"sam deploy: the stack tidegate, {len(self.stack.resources)} resources")
        sqs, sns = self.account.client("sqs"), self.account.client("sns")
        self.mailbox = sqs.create_queue(QueueName="ops-mailbox")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=self.mailbox, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        sns.subscribe(TopicArn=self.stack.outputs["NotificationTopicArn"], Protocol="sqs", Endpoint=arn)

    def heard(self, *words: str) -> dict | None:
        """A message of the notification topic whose subject or body has all of these."""
        self.mail += self.account.take(self.mailbox)
        messages = [json.loads(body) for body in self.mail]
        for message in messages:
            text = f"{message.get('Subject', '')}\n{message.get('Message', '')}"
            if all(word in text for word in words):
                return message
        return None

    def hear(self, *words: str) -> None:
        """Waits for such a message, and shows its subject."""
        what = f"the notification topic has told of {' and '.join(words)}"
        message = until(what, lambda: self.heard(*words), SOON, lambda: [json.loads(body).get("Subject") for body in self.mail])
        self.see(f"message: {message.get('Subject')}")

    # ---- cost-scaler -------------------------------------------------------------------------------------------------

    def enrol_in_shadow(self) -> None:
        """One service takes part, in shadow."""
        self.tag("web", scale="shadow", min="2", max="10")
        self.say("prod/web is tagged tidegate:scale=shadow, with bounds; now the schedule has to fire")

    def read_the_decision(self) -> None:
        """The schedule fires, and the decision is in the log; nothing has changed."""
        asked = lambda: self.account.records(SCALER, service="prod/web", mode="shadow")  # noqa: E731
        records = until("the schedule has fired and prod/web has a decision in the log", asked, A_MINUTE, self.scaler_said)
        self.say("cost-scaler: rate(1 minute) fired, and the log has its decision")
        self.see_record(records[-1])
        self.expect(records[-1]["acted"] is False, "a decision in shadow has acted")
        self.expect(self.counts("web") == (2, 2), f"prod/web is in shadow, and was changed to {self.counts('web')}")
        self.see("prod/web still runs 2 of 2 tasks")

    def scaler_said(self) -> object:
        """The scaler's last lines, for a failure."""
        return self.load.fault or self.account.lines(SCALER)[-2:]

    def switch_on(self) -> None:
        """The service is switched on."""
        self.tag("web", scale="on")
        self.say("prod/web is tagged tidegate:scale=on")

    def see_it_scaled(self) -> None:
        """The next run of the schedule scales it."""
        until("prod/web has been scaled", lambda: self.counts("web")[0] > 2, A_MINUTE, self.scaler_said)
        asked = lambda: self.account.records(SCALER, service="prod/web", mode="on", acted=True)  # noqa: E731
        records = until("the log has a record of it", asked, SOON, self.scaler_said)
        self.say(f"cost-scaler: the schedule raised prod/web from 2 to {self.counts('web')[0]} tasks")
        self.see_record(records[0])
        self.hear("prod/web")

    def alarm(self) -> None:
        """An alarm of the user's own wakes the scaler through SNS."""
        self.tag("api", scale="on", min="2", max="10", alarms="api-busy")
        cloudwatch = self.account.client("cloudwatch")
        cloudwatch.put_metric_alarm(
            AlarmName="api-busy",
            AlarmActions=[self.stack.outputs["AlarmTopicArn"]],
            Namespace="AWS/ECS",
            MetricName="CPUUtilization",
            Dimensions=[{"Name": "ClusterName", "Value": CLUSTER}, {"Name": "ServiceName", "Value": "api"}],
            Statistic="Average",
            Period=60,
            EvaluationPeriods=1,
            Threshold=80.0,
            ComparisonOperator="GreaterThanThreshold",
        )
        cloudwatch.set_alarm_state(AlarmName="api-busy", StateValue="ALARM", StateReason="as `make deployed` sets it")
        self.say("the alarm api-busy goes into ALARM; its action is the stack's AlarmTopicArn")

    def see_the_alarm_answered(self) -> None:
        """The service that the alarm concerns is raised."""
        until("the alarm has prod/api raised", lambda: self.counts("api")[0] > 2, SOON, self.scaler_said)

        def by_alarm() -> bool:
            runs = [line["summary"] for line in self.account.lines(SCALER) if "summary" in line]
            return any(run["trigger"] == "alarm" and run["changed"] == 1 for run in runs)

        until("it was a run that the alarm caused", by_alarm, SOON, self.scaler_said)
        self.say(f"cost-scaler: SNS woke it, and prod/api went from 2 to {self.counts('api')[0]} tasks")
        self.see_the_record(SCALER, service="prod/api", acted=True)

    def fail_an_invocation(self) -> None:
        """An event that can't be read ends in the on-failure queue."""
        event = {"Records": [{"EventSource": "aws:sns", "Sns": {"Message": "no JSON"}}]}
        self.account.client("lambda").invoke(
            FunctionName=self.stack.outputs["CostScalerName"], InvocationType="Event", Payload=json.dumps(event)
        )
        url = self.stack.outputs["CostScalerFailuresUrl"]
        bodies = until("the event that can't be read is in the on-failure queue", lambda: self.account.take(url), SOON)
        failure = json.loads(bodies[0])
        self.expect(failure["requestPayload"] == event, f"the on-failure queue has something else: {failure}")
        self.say("cost-scaler: an event that nobody can read is in its on-failure queue, with the error")
        self.see(failure["responsePayload"].get("errorMessage", "")[:160])

    # ---- deployments -------------------------------------------------------------------------------------------------

    def deployment_of(self, service: str) -> str:
        """The last deployment of a service of the local world."""
        codedeploy = self.world.client("codedeploy")
        named = {"applicationName": f"AppECS-{service}", "deploymentGroupName": f"DgpECS-{service}"}
        return codedeploy.list_deployments(**named)["deployments"][0]

    def status(self, deployment: str) -> str:
        """The status of a deployment."""
        return self.world.client("codedeploy").get_deployment(deploymentId=deployment)["deploymentInfo"]["status"]

    def event_status(self, deployment: str, name: str) -> str:
        """The status of one lifecycle event of a deployment."""
        codedeploy = self.world.client("codedeploy")
        ids = codedeploy.list_deployment_targets(deploymentId=deployment)["targetIds"]
        targets = codedeploy.batch_get_deployment_targets(deploymentId=deployment, targetIds=ids)["deploymentTargets"]
        events = targets[0]["ecsTarget"]["lifecycleEvents"]
        return next((event["status"] for event in events if event["lifecycleEventName"] == name), "none")

    def call_hook(self, deployment: str) -> dict:
        """Calls the function that a deployment waits for, as CodeDeploy would."""
        hook = until(f"{deployment} calls a hook", lambda: self.local.hook_of(deployment), SOON)
        self.account.client("lambda").invoke(
            FunctionName=hook["function"], InvocationType="Event", Payload=json.dumps(hook["payload"])
        )
        return hook["payload"]

    def hold_up_a_deployment(self) -> None:
        """deploy-hook fails a deployment that brings a vulnerable image, before anything is installed."""
        deployment = self.releases["shop"]
        self.call_hook(deployment)
        answered = lambda: self.event_status(deployment, "BeforeInstall") == "Failed"  # noqa: E731
        until("deploy-hook has failed BeforeInstall of prod/shop", answered, SOON, lambda: self.account.lines(HOOK)[-2:])
        self.say("deploy-hook: CodeDeploy called it before it installs prod/shop, and was answered Failed")
        self.see_the_record(HOOK, service="prod/shop")

    def pass_a_deployment(self) -> None:
        """canary-gate lets a deployment end that has proved itself."""
        deployment = self.releases["pay"]
        self.call_hook(deployment)
        answered = lambda: self.event_status(deployment, "AfterAllowTraffic") == "Succeeded"  # noqa: E731
        until("canary-gate has passed AfterAllowTraffic of prod/pay", answered, SOON, lambda: self.account.lines(CANARY)[-2:])
        self.say("canary-gate: CodeDeploy called it at the end of the bake of prod/pay, and was answered Succeeded")
        self.see_the_record(CANARY, service="prod/pay")

    def see_a_bad_release_stopped(self) -> None:
        """The schedule finds a release that is worse than what it replaces, and stops it."""
        deployment = self.releases["cart"]
        stopped = lambda: self.status(deployment) == "Stopped"  # noqa: E731
        until("the schedule has stopped the release of prod/cart", stopped, A_MINUTE, lambda: self.account.lines(CANARY)[-2:])
        self.say("canary-gate: rate(1 minute) fired, and CodeDeploy was told to stop and roll back prod/cart")
        self.see_the_record(CANARY, service="prod/cart", acted=True)
        self.hear("prod/cart")

    def lose_a_hook(self) -> None:
        """The process of a hook is killed each time it is tried, so that nobody answers; the last door does."""
        deployment = self.releases["mail"]
        self.call_hook(deployment)
        status = lambda: self.event_status(deployment, "BeforeInstall")  # noqa: E731
        seen: dict[int, float] = {}
        killed: set[int] = set()

        def answered() -> bool:
            # Only those that hold the hook: who takes it out of the queue is over long before.
            for pid in self.emulator.processes_of(HOOK_NAME):
                if time.monotonic() - seen.setdefault(pid, time.monotonic()) > HOLDS and pid not in killed:
                    self.expect(status() == "InProgress", f"deploy-hook was to wait, and answered {status()}")
                    os.kill(pid, signal.SIGKILL)
                    killed.add(pid)
            return status() == "Failed"

        until("the last door has failed the hook of prod/mail", answered, A_MINUTE, lambda: self.account.lines(HOOK)[-2:])
        self.expect(len(killed) >= 3, f"deploy-hook was killed {len(killed)} times, and is tried 3 times")
        self.say("deploy-hook: killed in each of 3 tries; the event went to its on-failure queue, and was answered Failed from there")
        self.see_the_record(HOOK, reason="answer_failed", acted=True)
        self.expect(self.account.waiting(self.stack.outputs["DeployHookFailuresUrl"]) == 0, "the on-failure queue is not empty")

    # ---- images ------------------------------------------------------------------------------------------------------

    def judge_an_image(self) -> None:
        """The event of a scan gets a verdict, through its rule and its queue."""
        scans = [event for event in self.local.events if event["detail-type"] == "ECR Image Scan"]
        scans = [event for event in scans if event["detail"].get("image-tags") == ["bad"]]
        self.expect(bool(scans), "the local world has sent no event of the scan of shop:bad")
        rule, queue = self.stack.rule_that_takes(scans[-1])
        sqs = self.account.client("sqs")
        url = sqs.get_queue_url(QueueName=queue.rsplit(":", 1)[-1])["QueueUrl"]
        self.expect(url == self.stack.outputs["ScanGateEventsUrl"], f"the rule {rule} sends to {queue}")
        sqs.send_message(QueueUrl=url, MessageBody=json.dumps(scans[-1]))
        asked = lambda: [r for r in self.account.records(SCANS) if r["verdict"] == "fail"]  # noqa: E731
        records = until("scan-gate has blocked shop:bad", asked, SOON, lambda: self.account.lines(SCANS)[-2:])
        self.say("scan-gate: the rule takes the event of the scan of shop:bad, its queue brings it, and the log has the verdict")
        self.see_record(records[-1])
        self.hear("CVE-2026-1001")

    # ---- the end -----------------------------------------------------------------------------------------------------

    def remove(self) -> None:
        """`sam delete` leaves nothing of the stack."""
        self.load.end()
        messages = {name: self.account.waiting(url) for name, url in self.stack.of_type("AWS::SQS::Queue").items()}
        left = {name: many for name, many in messages.items() if many}
        self.expect(not left, f"messages are left in queues: {left}")
        self.say(f"none of the {len(messages)} queues of the stack has a message left")
        kinds = {one.split(":")[0] for one in self.stack.left()}
        self.expect(len(kinds) == KINDS, f"of the stack, only {sorted(kinds)} can be seen before it is deleted")
        self.stack.delete()
        kept = self.stack.left()
        self.expect(not kept, f"sam delete left {kept}")
        self.say("sam delete: nothing of the stack is left; the services run on as they were left")
        self.see(f"prod/web {self.counts('web')[0]} tasks, prod/api {self.counts('api')[0]} tasks")

    @staticmethod
    def expect(so: bool, otherwise: str) -> None:
        """Fails with what is not as it should be."""
        if not so:
            raise Failed(otherwise)
