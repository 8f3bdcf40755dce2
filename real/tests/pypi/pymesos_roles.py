"""A framework in two roles, driven by pymesos as it is on PyPI.

Usage: pymesos_roles.py HOST:PORT. Ends with `done`.
"""

import queue
import sys

from pymesos_lifetimes import start, task


def role(offer):
    return offer["allocation_info"]["role"]


def next_offer(recorder):
    """The next offer, also one that came while something else was waited for."""
    return recorder.passed.pop(0) if recorder.passed else recorder.next("offer")


def decline_all(recorder, driver, filters):
    """Declines offers until none comes any more; their roles."""
    roles = []
    while True:
        try:
            kind, offer = "offer", recorder.passed.pop(0)
        except IndexError:
            try:
                kind, offer = recorder.events.get(timeout=1)
            except queue.Empty:
                return roles
        if kind == "offer":
            driver.declineOffer(offer["id"], filters)
            roles.append(role(offer))


def main(master):
    framework = {
        "user": "nobody",
        "name": "pymesos in two roles",
        "roles": ["web", "db/main"],
        "capabilities": [{"type": "MULTI_ROLE"}],
    }
    recorder, driver = start(master, framework)
    recorder.next("registered")
    # What is left of a role's offer goes to the other, which has nothing.
    roles = []
    for name in ["one", "two"]:
        offer = next_offer(recorder)
        roles.append(role(offer))
        assert all(r["allocation_info"]["role"] == roles[-1] for r in offer["resources"]), offer
        driver.launchTasks(offer["id"], [task(offer, name, "sleep 1000")], {"refuse_seconds": 0})
        recorder.status(name, "TASK_RUNNING")
    assert sorted(roles) == ["db/main", "web"], roles

    # A role wants nothing, and then only that role again.
    driver.suppressOffers(["web"])
    refused = {"refuse_seconds": 1000}
    declined = decline_all(recorder, driver, refused)
    assert declined[-1] == "db/main", declined
    driver.reviveOffers(["web"])
    offer = next_offer(recorder)
    assert role(offer) == "web", offer
    driver.declineOffer(offer["id"], refused)
    assert recorder.is_quiet("offer", 1), "what db/main refused, it refuses still"

    # A task of another role than its offer's is refused.
    driver.reviveOffers()
    offer = next_offer(recorder)
    wrong = task(offer, "wrong", "true")
    other = "web" if role(offer) == "db/main" else "db/main"
    for resource in wrong["resources"]:
        resource["allocation_info"] = {"role": other}
    driver.launchTasks(offer["id"], [wrong], refused)
    assert "is of role" in recorder.status("wrong", "TASK_ERROR")["message"]
    for name in ["one", "two"]:
        driver.killTask({"value": name})
        recorder.status(name, "TASK_KILLED")
    driver.stop()
    driver.join()
    print("done", flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
