"""Whole lifetimes of tasks, driven by Yelp's task-processing as it is on PyPI.

Usage: task_processing_lifetimes.py HOST:PORT. Speaks with the test as pymesos_lifetimes.py does.
"""

import sys
import time

from task_processing.plugins.mesos.mesos_task_executor import MesosTaskExecutor
from task_processing.plugins.mesos.task_config import MesosTaskConfig

PATIENCE = 30


def please(what):
    print("please", what, flush=True)
    assert sys.stdin.readline(), "the test went away"


def until(condition):
    begun = time.monotonic()
    while not condition():
        assert time.monotonic() < begun + PATIENCE, "in vain"
        time.sleep(0.05)


def config(name, command):
    return MesosTaskConfig(name=name, cmd=command, cpus=0.5, mem=32, disk=10, containerizer="MESOS")


class Lifetimes:
    def __init__(self, master, **more):
        self.executor = MesosTaskExecutor(
            role="*",
            mesos_address=master,
            framework_name="task-processing",
            secret="any",
            initial_decline_delay=0.1,
            **more,
        )
        self.events = self.executor.get_event_queue()

    def run(self, name, command):
        task = config(name, command)
        self.executor.run(task)
        return task

    def wait_for(self, task, *types):
        while True:
            event = self.events.get(timeout=PATIENCE)
            if event.task_id == task.task_id and event.platform_type in types:
                return event

    def ends(self, task, how):
        event = self.wait_for(task, how)
        assert event.terminal and event.success == (how == "finished"), event

    def is_suppressed(self):
        """With nothing to run it declines what it is offered and wants no more."""
        until(lambda: self.executor.execution_framework.are_offers_suppressed)

    def is_connected(self):
        until(lambda: self.executor.driver.connected)


def main(master):
    first = Lifetimes(master, failover=True)
    first.is_suppressed()
    # It revives its offers, also those it refused for ten seconds.
    first.ends(first.run("good", "true"), "finished")
    first.ends(first.run("bad", "false"), "failed")
    long = first.run("long", "sleep 1000")
    first.wait_for(long, "running")
    first.executor.kill(long.task_id)
    first.ends(long, "killed")
    lost = first.run("lost", "sleep 1000")
    first.wait_for(lost, "running")
    please("cut")
    first.ends(lost, "lost")
    please("heal")
    first.ends(first.run("again", "true"), "finished")
    stays = first.run("stays", "sleep 1000")
    first.wait_for(stays, "running")
    please("restart")
    framework_id = first.executor.driver.framework_id
    first.executor.stop()

    # Fail-over: another one with the framework's id is told of its task, and ends it.
    second = Lifetimes(master, framework_id=framework_id)
    # It asks after five minutes at the earliest.
    second.executor.execution_framework._reconcile_tasks_at = 0
    second.is_connected()
    assert second.executor.driver.framework_id == framework_id
    second.executor.reconcile(stays)
    second.wait_for(stays, "running")
    second.executor.kill(stays.task_id)
    second.ends(stays, "killed")
    second.executor.stop()
    print("done", flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
