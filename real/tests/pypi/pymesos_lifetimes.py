"""Whole lifetimes of tasks and a framework, driven by pymesos as it is on PyPI.

Usage: pymesos_lifetimes.py HOST:PORT. Speaks with the test over standard output and input: a line
`please X` asks the test to do X, which it confirms with a line. Ends with `done`.
"""

import queue
import sys

from pymesos import MesosSchedulerDriver, Scheduler

PATIENCE = 30


class Recorder(Scheduler):
    """Keeps everything it is told in the order it comes."""

    def __init__(self):
        self.events = queue.Queue()
        self.passed = []

    def registered(self, driver, framework_id, master_info):
        self.events.put(("registered", framework_id["value"]))

    def reregistered(self, driver, master_info):
        self.events.put(("reregistered", None))

    def resourceOffers(self, driver, offers):
        for offer in offers:
            self.events.put(("offer", offer))

    def offerRescinded(self, driver, offer_id):
        self.events.put(("rescinded", offer_id["value"]))

    def statusUpdate(self, driver, status):
        self.events.put(("status", status))

    def slaveLost(self, driver, agent_id):
        self.events.put(("agent lost", agent_id["value"]))

    def error(self, driver, message):
        self.events.put(("error", message))

    def next(self, kind, accept=lambda value: True):
        """The next event of a kind; others are passed over."""
        while True:
            found, value = self.events.get(timeout=PATIENCE)
            if found == kind and accept(value):
                return value
            if found == "offer":
                self.passed.append(value)

    def whole_offer(self, driver):
        """An offer of all the agent has; smaller ones are given back so that they grow."""
        while True:
            offer = self.passed.pop(0) if self.passed else self.next("offer")
            cpus = [r["scalar"]["value"] for r in offer["resources"] if r["name"] == "cpus"]
            if cpus == [2.0]:
                return offer
            driver.declineOffer(offer["id"], {"refuse_seconds": 0})

    def status(self, task_id, *states):
        return self.next(
            "status",
            lambda status: status["task_id"]["value"] == task_id and status["state"] in states,
        )

    def is_quiet(self, kind, seconds):
        try:
            while True:
                found, _ = self.events.get(timeout=seconds)
                if found == kind:
                    return False
        except queue.Empty:
            return True


def task(offer, task_id, command):
    return {
        "name": task_id,
        "task_id": {"value": task_id},
        "agent_id": offer["agent_id"],
        "command": {"value": command},
        "resources": [
            {"name": "cpus", "type": "SCALAR", "scalar": {"value": 0.5}},
            {"name": "mem", "type": "SCALAR", "scalar": {"value": 32}},
        ],
    }


def please(what):
    print("please", what, flush=True)
    assert sys.stdin.readline(), "the test went away"


def start(master, framework):
    recorder = Recorder()
    driver = MesosSchedulerDriver(recorder, framework, master)
    driver.start()
    return recorder, driver


def finished_failed_killed(recorder, driver):
    offer = recorder.next("offer")
    driver.launchTasks(
        offer["id"],
        [task(offer, "good", "true"), task(offer, "bad", "false"), task(offer, "long", "sleep 1000")],
        {"refuse_seconds": 0},
    )
    seen = {}
    while set(seen.values()) != {"TASK_FINISHED", "TASK_FAILED", "TASK_RUNNING"} or len(seen) < 3:
        status = recorder.next("status")
        seen[status["task_id"]["value"]] = status["state"]
    assert seen == {"good": "TASK_FINISHED", "bad": "TASK_FAILED", "long": "TASK_RUNNING"}, seen
    driver.killTask({"value": "long"})
    recorder.status("long", "TASK_KILLED")


def declined_suppressed_revived(recorder, driver):
    offer = recorder.whole_offer(driver)
    driver.declineOffer(offer["id"], {"refuse_seconds": 1000})
    assert recorder.is_quiet("offer", 1), "a refusal holds"
    driver.reviveOffers()
    offer = recorder.next("offer")
    driver.suppressOffers()
    driver.declineOffer(offer["id"], {"refuse_seconds": 0})
    assert recorder.is_quiet("offer", 1), "nothing is offered to who wants nothing"
    driver.reviveOffers()


def lost(recorder, driver):
    offer = recorder.next("offer")
    driver.launchTasks(offer["id"], [task(offer, "lost", "sleep 1000")], {"refuse_seconds": 0})
    recorder.status("lost", "TASK_RUNNING")
    please("cut")
    status = recorder.status("lost", "TASK_LOST")
    assert status["reason"] == "REASON_AGENT_REMOVED", status
    assert recorder.next("agent lost") == offer["agent_id"]["value"]
    please("heal")
    stale = offer["id"]
    offer = recorder.next("offer")
    driver.launchTasks(stale, [task(offer, "stale", "true")], {"refuse_seconds": 0})
    status = recorder.status("stale", "TASK_LOST")
    assert status["reason"] == "REASON_INVALID_OFFERS", status
    driver.launchTasks(offer["id"], [task(offer, "stays", "sleep 1000")], {"refuse_seconds": 0})
    recorder.status("stays", "TASK_RUNNING")


def main(master):
    framework = {"user": "nobody", "name": "pymesos", "failover_timeout": 60}
    recorder, driver = start(master, framework)
    framework_id = recorder.next("registered")
    finished_failed_killed(recorder, driver)
    declined_suppressed_revived(recorder, driver)
    lost(recorder, driver)

    # Fail-over: another driver with the framework's id finds its task running.
    driver.stop(failover=True)
    driver.join()
    framework = dict(framework, id={"value": framework_id})
    recorder, driver = start(master, framework)
    recorder.next("reregistered")
    assert driver.framework_id == framework_id, driver.framework_id
    driver.reconcileTasks([])
    status = recorder.status("stays", "TASK_RUNNING")
    assert status["reason"] == "REASON_RECONCILIATION", status
    driver.reconcileTasks([{"task_id": {"value": "unknown"}}])
    recorder.status("unknown", "TASK_LOST")

    # The master is killed and comes back; the driver finds it by itself.
    please("restart")
    recorder.next("reregistered")
    driver.reconcileTasks([])
    recorder.status("stays", "TASK_RUNNING")
    driver.stop()
    driver.join()
    print("done", flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
