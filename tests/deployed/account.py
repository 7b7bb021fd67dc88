"""The account that the stack is deployed into, from outside: clients, waiting, logs and queues."""

import json
import time
from collections.abc import Callable
from typing import TypeVar

import boto3
from botocore.config import Config

ACCOUNT = "123456789012"
REGION = "eu-west-1"

Found = TypeVar("Found")


class Failed(Exception):
    """What was expected, and what came instead."""


def until(what: str, ask: Callable[[], Found], seconds: float, told: Callable[[], object] = lambda: None) -> Found:
    """Asks until the answer says something, and fails with what was waited for when the time is over."""
    end = time.monotonic() + seconds
    while not (found := ask()):
        if time.monotonic() > end:
            instead = told()
            raise Failed(f"after {seconds:.0f} s it is still not so that {what}" + (f": {instead}" if instead else ""))
        time.sleep(0.3)
    return found


class Account:
    """Clients of one endpoint."""

    def __init__(self, url: str):
        self.url = url
        self._clients: dict[str, object] = {}

    def client(self, service: str):
        """The client of a service."""
        if service not in self._clients:
            self._clients[service] = boto3.client(
                service,
                endpoint_url=self.url,
                region_name=REGION,
                aws_access_key_id="none",
                aws_secret_access_key="none",
                config=Config(retries={"max_attempts": 3}, read_timeout=60),
            )
        return self._clients[service]

    def lines(self, group: str) -> list[dict]:
        """Every line of JSON in a log group, oldest first."""
        logs, found = self.client("logs"), []
        streams = logs.describe_log_streams(logGroupName=group)["logStreams"]
        for stream in streams:
            events = logs.get_log_events(
                logGroupName=group, logStreamName=stream["logStreamName"], startFromHead=True, limit=10_000
            )["events"]
            for event in events:
                for line in event["message"].splitlines():
                    if line.startswith("{"):
                        found.append((event["timestamp"], json.loads(line)))
        return [line for _, line in sorted(found, key=lambda entry: entry[0])]

    def records(self, group: str, **has: object) -> list[dict]:
        """Records of decisions in a log group that have all of these, oldest first."""
        lines = [line.get("record", line) for line in self.lines(group)]
        records = [line for line in lines if isinstance(line.get("why"), str)]
        return [record for record in records if all(record.get(name) == value for name, value in has.items())]

    def waiting(self, queue_url: str) -> int:
        """How many messages a queue holds, those that somebody has taken too."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        attributes = self.client("sqs").get_queue_attributes(QueueUrl=queue_url, AttributeNames=names)["Attributes"]
        return sum(int(attributes[name]) for name in names)

    def take(self, queue_url: str) -> list[str]:
        """Takes the messages out of a queue."""
        sqs, bodies = self.client("sqs"), []
        while messages := sqs.receive_message(QueueUrl=queue_url, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                bodies.append(message["Body"])
                sqs.delete_message(QueueUrl=queue_url, ReceiptHandle=message["ReceiptHandle"])
        return bodies
