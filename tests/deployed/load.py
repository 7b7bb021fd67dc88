"""The load on two services of the emulator's ECS, which publishes no metrics itself."""

import datetime
import threading

from account import Account

CLUSTER = "prod"

# Percent of one task's CPU. Two tasks are at 92 % with it, and four at 46 %.
LOAD = 184.0

# The scaler looks at the quarter of an hour before.
BEFORE = 20


class Load:
    """Publishes the CPU of services once a minute, with one value for each task, as ECS does."""

    def __init__(self, account: Account, services: list[str]):
        self.account, self.services = account, services
        self.fault: Exception | None = None
        self._over = threading.Event()
        self._published: set[datetime.datetime] = set()
        now = self._this_minute()
        for minutes in range(BEFORE, -1, -1):
            self._publish(now - datetime.timedelta(minutes=minutes))
        self._thread = threading.Thread(target=self._go_on, daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Ends it."""
        self._over.set()
        self._thread.join(10)

    @staticmethod
    def _this_minute() -> datetime.datetime:
        return datetime.datetime.now(datetime.timezone.utc).replace(second=0, microsecond=0)

    def _go_on(self) -> None:
        while not self._over.wait(0.5):
            minute = self._this_minute()
            if minute not in self._published:
                try:
                    self._publish(minute)
                except Exception as fault:  # noqa: BLE001 - told where the load is missed
                    self.fault = fault
                    return

    def _publish(self, minute: datetime.datetime) -> None:
        described = self.account.client("ecs").describe_services(cluster=CLUSTER, services=self.services)["services"]
        data = []
        for service in described:
            tasks = max(service["runningCount"], 1)
            dimensions = [
                {"Name": "ClusterName", "Value": CLUSTER},
                {"Name": "ServiceName", "Value": service["serviceName"]},
            ]
            # One by one: MiniStack forgets the count of values that come together.
            data += [
                {
                    "MetricName": "CPUUtilization",
                    "Dimensions": dimensions,
                    "Timestamp": minute,
                    "Value": min(LOAD / tasks, 100.0),
                    "Unit": "Percent",
                }
            ] * tasks
        self.account.client("cloudwatch").put_metric_data(Namespace="AWS/ECS", MetricData=data)
        self._published.add(minute)
