"""The emulator and the local world: started here, and ended by their process ids whatever happens."""

import json
import os
import pathlib
import queue
import socket
import subprocess
import threading
import urllib.request

from account import ACCOUNT, REGION, Failed, until

# Whatever is set for another account must not reach anything that is started here.
NEVER_PASSED_ON = ("AWS_", "MINISTACK_", "TIDEGATE_", "SAM_CLI_", "LAMBDA_")


def environment(**more: str) -> dict[str, str]:
    """Our environment without anything of an AWS account, and with credentials of none."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(NEVER_PASSED_ON)}
    none = {
        "AWS_ACCESS_KEY_ID": "none",
        "AWS_SECRET_ACCESS_KEY": "none",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "SAM_CLI_TELEMETRY": "0",
    }
    return kept | none | more


def end(process: subprocess.Popen) -> None:
    """Ends a process that we started, gently first."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)


class Emulator:
    """MiniStack, on loopback."""

    def __init__(self, program: pathlib.Path, log: pathlib.Path):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self.log = log
        variables = environment(
            GATEWAY_PORT=str(port),
            BIND_HOST="127.0.0.1",
            # Names that resolve without a resolver.
            MINISTACK_HOST="127.0.0.1",
            MINISTACK_ACCOUNT_ID=ACCOUNT,
            MINISTACK_REGION=REGION,
            # What the functions are given, too.
            AWS_ENDPOINT_URL=self.url,
        )
        with log.open("w") as out:
            self.process = subprocess.Popen([program], env=variables, stdout=out, stderr=subprocess.STDOUT)

    def wait(self) -> None:
        """Waits until it answers."""

        def answers() -> bool:
            if self.process.poll() is not None:
                raise Failed(f"MiniStack ended with {self.process.returncode}: see {self.log}")
            try:
                with urllib.request.urlopen(f"{self.url}/_ministack/health", timeout=5) as answer:
                    return answer.status == 200
            except OSError:
                return False

        until("MiniStack answers", answers, seconds=60)

    def processes_of(self, function: str) -> list[int]:
        """The processes that run a function."""
        own = f"AWS_LAMBDA_FUNCTION_NAME={function}".encode()
        found = []
        for entry in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
                if parent == self.process.pid and own in (entry / "environ").read_bytes().split(b"\0"):
                    found.append(int(entry.name))
            except (OSError, IndexError, ValueError):
                # It is over, or not ours to look at.
                continue
        return found

    def end(self) -> None:
        """Ends it."""
        end(self.process)


class LocalWorld:
    """The local world's server, and what it has for the stack: hooks to be called, and events."""

    def __init__(self, program: pathlib.Path, log: pathlib.Path):
        self.log = log
        self.hooks: list[dict] = []
        self.events: list[dict] = []
        self._urls: queue.Queue[str] = queue.Queue()
        with log.open("w") as out:
            self.process = subprocess.Popen(
                [program], env=environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=out, text=True
            )
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        for line in self.process.stdout:
            said = json.loads(line)
            if "url" in said:
                self._urls.put(said["url"])
            elif "hook" in said:
                self.hooks.append(said["hook"])
            else:
                self.events.append(said["event"])

    def wait(self) -> str:
        """Its URL, as soon as it listens."""
        try:
            return self._urls.get(timeout=60)
        except queue.Empty:
            raise Failed(f"the local world does not come up: see {self.log}") from None

    def hook_of(self, deployment: str) -> dict | None:
        """The call that a deployment waits for."""
        waiting = [hook for hook in self.hooks if hook["payload"]["DeploymentId"] == deployment]
        return waiting[-1] if waiting else None

    def end(self) -> None:
        """Ends it."""
        self.process.stdin.close()
        end(self.process)
