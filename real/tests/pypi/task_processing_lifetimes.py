"""Tasks that finish, fail and are killed, driven by Yelp's task-processing as it is on PyPI.

Usage: task_processing_lifetimes.py HOST:PORT. Speaks with the test as pymesos_lifetimes.py does.
"""

import sys

from task_processing.plugins.mesos.mesos_task_executor import MesosTaskExecutor
from task_processing.plugins.mesos.task_config import MesosTaskConfig

PATIENCE = 30


def please(what):
    print("please", what, flush=True)
    assert sys.stdin.readline(), "the test went away"


def config(name, command):
    return MesosTaskConfig(name=name, cmd=command, cpus=0.5, mem=32, disk=10, containerizer="MESOS")


def main(master):
    executor = MesosTaskExecutor(
        role="*", mesos_address=master, framework_name="task-processing", secret="any"
    )
    events = executor.get_event_queue()

    def wait_for(task, *types):
        while True:
            event = events.get(timeout=PATIENCE)
            if event.task_id == task.task_id and event.platform_type in types:
                return event

    good, bad, long, lost = (
        config("good", "true"),
        config("bad", "false"),
        config("long", "sleep"),
        config("lost", "sleep"),
    )
    executor.run(good)
    event = wait_for(good, "finished")
    assert event.terminal and event.success, event
    executor.run(bad)
    event = wait_for(bad, "failed")
    assert event.terminal and not event.success, event
    executor.run(long)
    wait_for(long, "running")
    executor.kill(long.task_id)
    event = wait_for(long, "killed")
    assert event.terminal and not event.success, event
    executor.run(lost)
    wait_for(lost, "running")
    please("cut")
    event = wait_for(lost, "lost")
    assert event.terminal and not event.success, event
    please("heal")
    again = config("again", "true")
    executor.run(again)
    wait_for(again, "finished")
    executor.stop()
    print("done", flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
