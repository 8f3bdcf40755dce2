"""The common workload as a model on SimPy: simpy_peer.py FILE MACHINES ROWS

Reads the file of tasks, simulates first come, first served on the first machine with room, writes a
row a task and prints the placements as one number. Callbacks on events instead of a process a task:
the faster of SimPy's two idioms.
"""

import csv
import sys
from collections import deque

import simpy

# Microseconds simulated for a millisecond of the file; the rest is filled up with the task's number,
# so that hardly any two things happen at one time.
STRETCH = 1_000_000


class Cluster:
    def __init__(self, env, machines, rows):
        self.env = env
        self.free = [(16, 32)] * machines
        self.waiting = deque()
        self.rows = rows
        self.placements = 0

    def arrive(self, task):
        self.waiting.append(task)
        self.start()

    def start(self):
        free = self.free
        while self.waiting:
            number, cpus, mem, runs = self.waiting[0]
            for machine, (cpus_free, mem_free) in enumerate(free):
                if cpus <= cpus_free and mem <= mem_free:
                    break
            else:
                return
            self.waiting.popleft()
            free[machine] = (cpus_free - cpus, mem_free - mem)
            self.placements = (self.placements ^ machine) * 0x100000001B3 % 2**64
            now = self.env.now
            self.rows.writerow((0, number, machine, now, now + runs))
            end = self.env.timeout(runs, (machine, cpus, mem))
            end.callbacks.append(self.finish)

    def finish(self, event):
        machine, cpus, mem = event.value
        cpus_free, mem_free = self.free[machine]
        self.free[machine] = (cpus_free + cpus, mem_free + mem)
        self.start()


def arrivals(env, cluster, lines):
    for number, (arrival, _user, cpus, mem, runs) in enumerate(lines):
        at = int(arrival) * STRETCH + number % STRETCH
        runs = int(runs) * STRETCH + number * 104_729 % STRETCH
        yield env.timeout(at - env.now)
        cluster.arrive((number, int(cpus), int(mem), runs))


def main(path, machines, output):
    with open(path, newline="") as lines, open(output, "w", newline="") as rows:
        env = simpy.Environment()
        cluster = Cluster(env, int(machines), csv.writer(rows))
        env.process(arrivals(env, cluster, csv.reader(lines)))
        env.run()
    print(f"{cluster.placements:016x}")


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__.strip())
    main(*sys.argv[1:])
