"""`make deployed`: the stack in MiniStack, an emulator that nobody here wrote, driven from outside. It needs no account.

The binaries are those of `make functions`, the template is template.yaml with the zips as code, and `sam` deploys it. What
MiniStack lacks comes from the local world, to which AWS_ENDPOINT_URL_<SERVICE> points in the functions' environment.
"""

import argparse
import pathlib
import shutil
import signal
import sys
import time

from botocore.exceptions import BotoCoreError, ClientError

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from account import Account, Failed
from processes import Emulator, LocalWorld
from stack import LACKING, OF_DEPLOYMENTS, ROOT, Stack
from story import Story


def tell(story: Story) -> None:
    """The whole story. What waits for the schedule is begun first, and looked at when the rest is done."""
    story.prepare()
    story.deploy()
    story.enrol_in_shadow()
    story.fail_an_invocation()
    story.alarm()
    story.see_the_alarm_answered()
    story.judge_an_image()
    story.hold_up_a_deployment()
    story.pass_a_deployment()
    story.read_the_decision()
    story.switch_on()
    story.lose_a_hook()
    story.see_a_bad_release_stopped()
    story.see_it_scaled()
    story.remove()


NOT_SHOWN = """\
What this does not show, as MiniStack has nothing of it:
- IAM: everybody may do everything. The roles are held to the calls by the tests of the template
- {lacking} are the local world's; for canary-gate and deploy-hook
  {of_deployments}, too
- events of AWS services: each is given to the queue of the rule that takes it, as TestEventPattern says
- metrics out of logs: alarms on them, and the dashboard, are there and see nothing
docs/try.md has more of it.
"""


def absolute(path: str) -> pathlib.Path:
    """A path that means the same in every folder."""
    return pathlib.Path(path).absolute()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binaries", type=absolute, required=True, help="the functions' release binaries")
    parser.add_argument("--world", type=absolute, required=True, help="the local world's server")
    parser.add_argument("--sam", type=absolute, required=True)
    parser.add_argument("--ministack", type=absolute, required=True)
    arguments = parser.parse_args()

    # Whatever ends this has to end what it started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    folder = ROOT / "target" / "deployed"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    begun = time.monotonic()
    emulator = Emulator(arguments.ministack, folder / "ministack.log")
    local = story = None
    try:
        local = LocalWorld(arguments.world, folder / "world.log")
        emulator.wait()
        url = local.wait()
        account = Account(emulator.url)
        stack = Stack(arguments.sam, account, folder / "package", folder / "sam.log")
        stack.package(arguments.binaries, url)
        story = Story(account, Account(url), emulator, local, stack)
        story.say("MiniStack and the local world are up")
        tell(story)
    except (Failed, BotoCoreError, ClientError) as fault:
        print(f"\nNOT AS IT SHOULD BE: {fault}\nThe logs are in {folder}", file=sys.stderr)
        return 1
    finally:
        if story and story.load:
            story.load.end()
        if local:
            local.end()
        emulator.end()
    names = {"lacking": ", ".join(LACKING), "of_deployments": ", ".join(OF_DEPLOYMENTS)}
    print(f"\nEverything is as it should be, after {time.monotonic() - begun:.0f} s.\n\n{NOT_SHOWN.format(**names)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
