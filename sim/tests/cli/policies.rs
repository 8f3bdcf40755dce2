//! What the program says of policies: all of them, with their parameters and where they come from.

use expect_test::expect;

use crate::place::Place;

#[test]
#[expect(clippy::too_many_lines, reason = "one list")]
fn policies() {
    expect![[r#"
        exit 0
        --- stdout
        Policies: which framework is offered free resources

          static         no sharing; every framework owns a block of agents [own scripts]
              source  static partitioning: Hindman et al., Mesos, NSDI 2011, section 6.1
              split   agents or parts a framework, as in 4:3:2 (default: the declared shares)
              data    own: what a framework reads lies on its own agents (default); all: on anybody's
          static-best    static with the split that treats frameworks best, found over all seeds
                         [own scripts]
              source  static partitioning: Hindman et al., Mesos, NSDI 2011, section 6.1
              best    mean: of the frameworks' own changes (default); unharmed: the same where nobody loses
          drf            shared pool; the framework with the smallest weighted dominant share goes first
                         [exact]
              source   Ghodsi et al., Dominant Resource Fairness, NSDI 2011, section 4.1, with weights of
                       section 4.3; Mesos' sorter
              tie      equals: first, last, allocations (Mesos) or random (default first)
              exclude  kinds whose shares do not count, as in gpus or disk:gpus (default none)
          fair           shared pool; the framework with the smallest weighted share of one resource goes
                         first [own scripts]
              source  max-min fairness on one resource: Ghodsi et al., Dominant Resource Fairness, NSDI
                      2011, section 6
              on      the resource: cpus, mem, disk or gpus (default cpus)
              tie     equals: first, last, allocations (Mesos) or random (default first)
          fifo           shared pool; the framework that joined first takes all it wants [own scripts]
              source  first come, first served among frameworks
          priority       shared pool; the framework with the largest weight takes all it wants [own scripts]
              source  strict priority among frameworks
              tie     equals: first, last, allocations (Mesos) or random (default first)
          borg           shared pool; the largest weight (a priority) takes all it wants, from smaller ones
                         too, but within the band of production nothing is taken back [own scripts]
              source      Verma et al., Large-scale cluster management at Google with Borg, EuroSys 2015,
                          sections 2.5 and 3.2
              production  the least priority of the band of production (default 120, as in Google's trace of
                          2019)
              monitoring  the least priority above that band (default 360)
              grace       how long a victim is left (default 0s)
              tie         equals: first, last, allocations (Mesos) or random (default first)
          random         shared pool; a seeded draw by weight among those who want the offer [own scripts]
              source  lottery scheduling: Waldspurger and Weihl, OSDI 1994, a ticket a unit of weight
          lottery        shared pool; a seeded draw by weight over the size of the next task, so that shares
                         follow weights [own scripts]
              source  Waldspurger and Weihl, Lottery Scheduling, OSDI 1994, sections 2 and 3.4
          slots          agents are divided in slots; the framework that has the fewest goes first
                         [own scripts]
              source     Hadoop's slots: Ghodsi et al., Dominant Resource Fairness, NSDI 2011, section 7.2
              per-agent  how many slots an agent is (default 4)
              tie        equals: first, last, allocations (Mesos) or random (default first)
          asset          shared pool; the framework whose shares of all resources add up to the least goes
                         first [own scripts]
              source  Ghodsi et al., Dominant Resource Fairness, NSDI 2011, section 5.1
              tie     equals: first, last, allocations (Mesos) or random (default first)
          choosy         shared pool; of those who may have an agent, the framework with the fewest tasks
                         goes first [own scripts]
              source  Ghodsi et al., Choosy, EuroSys 2013, section 4
              tie     equals: first, last, allocations (Mesos) or random (default first)
          hdrf           shared pool; DRF in the tree of roles so that no leaf starves (H-DRF) [exact]
              source  Bhattacharya et al., Hierarchical Scheduling for Diverse Datacenter Workloads, SoCC
                      2013, section 5
              rules   of its rules: all, unblocked (1 and 2), scaled (the same for blocked ones), none
                      (default all)
              tie     equals: first, last, allocations (Mesos) or random (default first)
          karma          shared pool in slices; who leaves its part to others earns credits and borrows with
                         them later [exact]
              source   Vuppalapati et al., Karma, OSDI 2023, section 3
              on       what is divided in slices: cpus, mem, disk or gpus (default mem)
              slices   how many (default 100)
              shared   the percentage of them that is nobody's own (default 50; alpha)
              quantum  how long slices are lent for (default 1m)
              credits  what everybody begins with (default 100)
              tie      equals: first, last, allocations (Mesos) or random (default first)
          slurm          shared pool; from the top of the tree, whoever used the least of what it is due
                         goes first (fair tree) [own scripts]
              source     Slurm 284c3b9, priority/multifactor: fair tree; PriorityDecayHalfLife
              half-life  after so long half of a use is forgotten (default 7d, PriorityDecayHalfLife)
              every      how often use is brought up to date (default 5m, PriorityCalcPeriod)
              on         what is charged: cpus, mem, disk or gpus (default cpus)
              tie        equals: first, last, allocations (Mesos) or random (default first)
          tiresias       shared pool; whoever was served less than a threshold goes first, in order of
                         arrival, and takes back from those who were served more (discretised LAS)
                         [own scripts]
              source     Gu et al., Tiresias: A GPU Cluster Manager for Distributed Deep Learning, NSDI
                         2019, section 3.2
              queues     for how long one unit is held until the next queue begins, as in 1h:10h (default
                         1h)
              on         what is counted: cpus, mem, disk or gpus (default cpus; Tiresias gpus)
              preempt    whether earlier queues take back from later ones: yes or no (default yes)
              grace      how long a victim is left (default 0s)
              every      how often service is brought up to date (default 1m)
              half-life  after so long half of a service is forgotten (default never)
              tie        equals: first, last, allocations (Mesos) or random (default first)
          yarn-fair      shared pool; who is below its minimum goes first, then the least weighted use
                         (YARN's fair scheduler) [own scripts]
              source   Hadoop YARN 3.1 to 3.3: FairSharePolicy, DominantResourceFairnessPolicy,
                       ComputeFairShares, FSPreemptionThread
              on       what counts: cpus, mem, disk or gpus, or dominant, of each what it has the largest
                       part of (default mem)
              preempt  takes back for who is below its fair share, and leaves victims so long (default:
                       nothing is)
              tie      equals: first, last, allocations (Mesos) or random (default first)
          yarn-capacity  shared pool; the queue that uses the least of its capacity goes first (YARN's
                         capacity scheduler) [own scripts]
              source      Hadoop YARN 3.1 to 3.3: CapacityScheduler, ProportionalCapacityPreemptionPolicy
              calculator  how use is compared: memory or dominant (default memory)
              preempt     takes back what is above a guarantee, and leaves victims so long (default: nothing
                          is)
              at-once     the percentage of the cluster that is taken at once (default 10)
              tie         equals: first, last, allocations (Mesos) or random (default first)
          kueue          cohorts of queues; who borrows the least beyond its quota (by weight) goes first,
                         and reclaims [own scripts]
              source  kubernetes-sigs/kueue ff69552e, fair sharing with preemption, keps/1714
              grace   how long a victim is left (default 0s)
              tie     equals: first, last, allocations (Mesos) or random (default first)
          kai            fair shares by quota, weight and past use; who is furthest below its own goes
                         first, and reclaims [own scripts]
              source     kai-scheduler/KAI-Scheduler d5bc503a, plugin proportion
              quota      hundredths of the cluster that quotas are of, the rest being shared by weight
                         (default 100)
              k          how much past use counts (default 0; 1 in the original's time-based shares)
              half-life  after so long half of a use is forgotten, with k (default 1d)
              every      how often the past is brought up to date, with k (default 1m)
              grace      how long a victim is left (default 0s)
              tie        equals: first, last, allocations (Mesos) or random (default first)
          armada         the least weighted cost goes first; who holds more than its demand-capped share
                         makes room [own scripts]
              source     armadaproject/armada 207cc9e0, internal/scheduler/scheduling
              protected  up to this part of its share a queue is left alone (default 1)
              grace      how long a victim is left (default 0s)
              tie        equals: first, last, allocations (Mesos) or random (default first)
          volcano        queues at the top by what they hold of what they deserve, jobs in them by dominant
                         share; reclaims [own scripts]
              source  volcano-sh/volcano ed72c7c8, plugins proportion, capacity and drf
              queues  proportion (by weight and demand, the default), capacity (by weight) or drf (jobs
                      alone)
              beyond  whether under proportion more than is deserved may be held where it is idle: no
                      (default) or yes
              grace   how long a victim is left (default 0s)
              tie     equals: first, last, allocations (Mesos) or random (default first)
          ceei           shared pool; whoever holds the least of its share in the competitive equilibrium
                         goes first (CEEI) [own scripts]
              source  Ghodsi et al., Dominant Resource Fairness, NSDI 2011, section 5.2; solved by Clarabel
              tie     equals: first, last, allocations (Mesos) or random (default first)
          gavel          shared pool; whoever has the least of what it is due of such agents goes first, by
                         how fast its work is on which [own scripts]
              source  Narayanan et al., Heterogeneity-Aware Cluster Scheduling Policies (Gavel), OSDI 2020,
                      sections 4.1 and 4.2
              tie     equals: first, last, allocations (Mesos) or random (default first)

          with every policy
              round     offers at multiples of this; 0s when something happens (default 0s, Mesos 1s)
              offers    agent: all that is free, as Mesos; task: what one task takes, as the DRF paper;
                        shared: all that is free, to everybody at once, as Omega (default agent)
              conflict  of shared offers, fit: refused is what no longer fits; sequence: whatever comes
                        after another start or end on the agent (default fit)
              commit    of shared offers, each: refused is what is in conflict; all: everything launched by
                        the same answer (default each)
              timeout   unanswered offers are taken back after this (default never)

        Schedulers: which of its tasks a framework runs on what it is offered

          fifo          jobs in order of submission, first fit; with `wait`, delay scheduling [own scripts]
              source     Zaharia et al., Delay Scheduling, EuroSys 2010, section 4
              wait       how long a job lets offers pass that do not hold its data (default 0s)
              hold       how long offers are held for tasks that start together, up to twice that (default
                         30s)
              speculate  a task that runs so many times as long as the median of its stage's tasks that are
                         done has a copy on another agent; the first to be done counts (Spark: 1.5, since
                         its version 4 3; default never)
              quantile   what part of a stage must be done before that (default 0.75 as Spark, since its
                         version 4 0.9)
              tie        equal jobs: first, last or random (default first)
          fair          the job with the fewest running tasks first, first fit; with `wait`, delay
                        scheduling [own scripts]
              source     Zaharia et al., Delay Scheduling, EuroSys 2010, section 4
              wait       how long a job lets offers pass that do not hold its data (default 0s)
              hold       how long offers are held for tasks that start together, up to twice that (default
                         30s)
              speculate  a task that runs so many times as long as the median of its stage's tasks that are
                         done has a copy on another agent; the first to be done counts (Spark: 1.5, since
                         its version 4 3; default never)
              quantile   what part of a stage must be done before that (default 0.75 as Spark, since its
                         version 4 0.9)
              tie        equal jobs: first, last or random (default first)
          sjf           the job first that says it is done soonest (by `estimate`, those that say nothing
                        last), first fit; with `wait`, delay scheduling [own scripts]
              source     Conway, Maxwell and Miller, Theory of Scheduling, 1967
              wait       how long a job lets offers pass that do not hold its data (default 0s)
              hold       how long offers are held for tasks that start together, up to twice that (default
                         30s)
              speculate  a task that runs so many times as long as the median of its stage's tasks that are
                         done has a copy on another agent; the first to be done counts (Spark: 1.5, since
                         its version 4 3; default never)
              quantile   what part of a stage must be done before that (default 0.75 as Spark, since its
                         version 4 0.9)
              tie        equal jobs: first, last or random (default first)
          gang          all tasks of a stage start together or not at all; offers are held until they can
                        [own scripts]
              source  all or nothing: Feitelson and Rudolph, JPDC 16, 1992; Mesos' holding of offers, NSDI
                      2011, section 3.3
              hold    how long offers are held for tasks that start together, up to twice that (default 30s)
              tie     equal jobs: first, last or random (default first)
          easy          EASY backfilling: stages start whole and in order; later ones pass if by their
                        estimates the first that waits starts no later; for a framework that has the pool to
                        itself [own scripts]
              source  Mu'alem and Feitelson, IEEE TPDS 12(6), 2001, section 2.1; SJBF: Tsafrir et al., IEEE
                      TPDS 18(6), 2007
              order   whose turn it is: an order of jobs (default fcfs; `fairground policies` lists them)
              among   the order in which those behind the first are looked through (default that of
                      submission; sjf is EASY-SJBF)
              gather  how long offers are gathered before it decides on all of them (default 0s, enough
                      where messages take no time, or all as long)
              tie     equal jobs: first, last or random (default first)
          conservative  conservative backfilling: stages start whole, each at the time that was planned for
                        it or earlier; for a framework that has the pool to itself [own scripts]
              source  Mu'alem and Feitelson, IEEE TPDS 12(6), 2001, section 2.2
              gather  how long offers are gathered before it decides on all of them (default 0s, enough
                      where messages take no time, or all as long)
              tie     equal jobs: first, last or random (default first)
          fit           tasks one by one where a placement scores highest, jobs by an order; GPUs are single
                        devices; for a framework that has the pool to itself [own scripts]
              source  the placements' own; Tetris: place=tetris,order=sjf (Grandl et al., SIGCOMM 2014)
              place   where tasks go: a placement, as in fgd (default best; `fairground policies` lists
                      them)
              order   whose turn it is: an order of jobs (default fcfs; `fairground policies` lists them)
              tie     nodes of equal score: first (lowest number), last or random (default first; of
                      `random` random)
              gpu     the GPU a task shares: first, tightest, emptiest or random (default the policy's own)
              round   scores are cut to so many parts of one, as in 100 (default not at all)
              on      the kinds that count, as in cpus:gpus (default all)
              types   the most frequent kinds of tasks count until they are so many percent of all (default
                      100, the original 95)
          tetris        the task that fits an agent best and whose job has least left to do, among the jobs
                        with the smallest shares; for a framework that has the pool to itself [prototype]
              source    Grandl et al., Multi-resource Packing for Cluster Schedulers (Tetris), SIGCOMM 2014,
                        sections 3.2 to 3.4
              fairness  which part of the jobs is left out, the richest, in thousandths (default 250)
              barrier   stages of which so many thousandths are done go first (default 900)
              weight    how much what is left to do counts against packing, in thousandths (default 1000, 0
                        only packs)
              tie       equal jobs: first, last or random (default first)
          carbyne       jobs take of their fair share what they need now to be done no later, and what is
                        left goes to those that are done soonest; for a framework that has the pool to
                        itself [prototype]
              source    Grandl et al., Altruistic Scheduling in Multi-Resource Clusters (Carbyne), OSDI
                        2016, section 3
              patience  stages that may start later by less than this count as needed now (default 0s)
              tie       equal jobs: first, last or random (default first)
          themis        finish-time fairness: jobs furthest from what an equal part of the pool would give
                        them bid, and the product of their gains is the largest; for a framework that has
                        the pool to itself [prototype]
              source  Mahajan et al., Themis: Fair and Efficient GPU Cluster Scheduling, NSDI 2020, sections
                      3 and 5
              f       which part of the jobs does not bid, those treated best, in thousandths (default 800)
              tie     equal jobs: first, last or random (default first)

        Pool: which rigid job starts next on one pool of processors (fairground pool)

          list          jobs start in order, nobody before their turn [exact with instant=each]
              source   list scheduling; orders of Tang et al., Cluster 2009, and Carastan-Santos and de
                       Camargo, SC 2017
              order    whose turn it is: an order of jobs (default fcfs; `fairground policies` lists them)
              tie      equal jobs: first, last or random (default first)
              seed     of draws among equal jobs, with tie=random (default 0)
              instant  together: all of an instant happens, and then who starts (default); each: a look
                       after every fact, as published numbers have it
          easy          EASY backfilling: those behind the first start if by all estimates it starts no
                        later for it [exact with instant=each]
              source   Mu'alem and Feitelson, IEEE TPDS 12(6), 2001; SJBF and EASY++: Tsafrir, Etzion and
                       Feitelson, IEEE TPDS 18(6), 2007
              order    whose turn it is: an order of jobs (default fcfs; `fairground policies` lists them)
              among    the order in which those behind the first are looked through (default that of
                       submission; sjf is EASY-SJBF)
              tie      equal jobs: first, last or random (default first)
              seed     of draws among equal jobs, with tie=random (default 0)
              instant  together: all of an instant happens, and then who starts (default); each: a look
                       after every fact, as published numbers have it
          conservative  conservative backfilling: every job has a start planned, and whoever comes later
                        delays none of them [exact with instant=each]
              source   Mu'alem and Feitelson, IEEE TPDS 12(6), 2001, section 2.2
              instant  together: all of an instant happens, and then who starts (default); each: a look
                       after every fact, as published numbers have it
          pick          the job that is first when the last one started is the next one, whoever comes; the
                        engine of RLScheduler's tables [exact with instant=each]
              source    Zhang et al., RLScheduler, SC 2020, and its artefact
              order     whose turn it is: an order of jobs (default fcfs; `fairground policies` lists them)
              backfill  yes: jobs in order of submission that end before the first is expected to start,
                        start (default no)
              tie       equal jobs: first, last or random (default first)
              seed      of draws among equal jobs, with tie=random (default 0)
              instant   together: all of an instant happens, and then who starts (default); each: a look
                        after every fact, as published numbers have it

        Orders: whose turn it is: order= of list, easy and pick, and of the schedulers easy and fit

          fcfs              the one that was submitted first [exact with pick[instant=each]]
              source  first come, first served
          sjf               the shortest by estimate [exact with pick[instant=each]]
              source  Conway, Maxwell and Miller, Theory of Scheduling, 1967
          ljf               the longest by estimate [own scripts]
              source  longest processing time first: Graham, SIAM Journal on Applied Mathematics 17(2), 1969
          smallest          the one on the fewest processors [own scripts]
              source  Majumdar, Eager and Bunt, SIGMETRICS 1988
          largest           the one on the most processors [own scripts]
              source  Majumdar, Eager and Bunt, SIGMETRICS 1988
          saf               the smallest area, processors times estimate [own scripts]
              source  Carastan-Santos et al., CCGrid 2019 (smallest area first)
          laf               the largest area, processors times estimate [own scripts]
              source  Carastan-Santos et al., CCGrid 2019 (smallest area first)
          srtf              the least time expected until all stages are done; sjf where there is one
                            [own scripts]
              source  shortest remaining time first: Schrage, Operations Research 16(3), 1968
          critical          the longest chain of stages still to run (critical path first) [own scripts]
              source  Kelley and Walker, Critical-Path Planning and Scheduling, 1959
          edf               the earliest deadline; of a job without one, its submission and what its user
                            says that it runs for [own scripts]
              source  Liu and Layland, JACM 20(1), 1973
          expansion         the largest expansion factor, (wait + estimate) / estimate [own scripts]
              source  Maui's XFactor: Jackson, Snell and Clement, JSSPP 2001
          wfp3              the largest (wait/estimate)^3 x processors [own scripts]
              source  Tang et al., Cluster 2009
          unicep            the largest wait / (log2(processors) x estimate) [own scripts]
              source  Tang et al., Cluster 2009
          wfp3-published    wfp3 as the tables of RLScheduler have it, whose wait is -(1 + time of
                            submission) [exact with pick[instant=each]]
              source  Zhang et al., RLScheduler, SC 2020, its artefact
          unicep-published  unicep as the tables of RLScheduler have it, whose wait is -(1 + time of
                            submission) [exact with pick[instant=each]]
              source  Zhang et al., RLScheduler, SC 2020, its artefact
          f1                the least log10(r) n + 870 log10(s) (r estimate, n processors, s time of
                            submission, in seconds) [exact with pick[instant=each]]
              source  Carastan-Santos and de Camargo, SC 2017, table 3
          f2                the least sqrt(r) n + 25600 log10(s) (r estimate, n processors, s time of
                            submission, in seconds) [own scripts]
              source  Carastan-Santos and de Camargo, SC 2017, table 3
          f3                the least r n + 6860000 log10(s) (r estimate, n processors, s time of
                            submission, in seconds) [own scripts]
              source  Carastan-Santos and de Camargo, SC 2017, table 3
          f4                the least r sqrt(n) + 530000 log10(s) (r estimate, n processors, s time of
                            submission, in seconds) [own scripts]
              source  Carastan-Santos and de Camargo, SC 2017, table 3

        Placements: on which node and GPU a task runs (fairground pack)

          first    the first node with room [own scripts]
              source  first fit: Johnson, Near-Optimal Bin Packing Algorithms, 1973
          random   a draw among the nodes with room [in band]
              source  Weng et al., Beware of Fragmentation, USENIX ATC 2023, section 6 (Random)
          best     the node with the least left, on average over kinds, as a part of the largest node
                   [in band with on=cpus:gpus,round=100]
              source  best fit; Weng et al., USENIX ATC 2023, section 6 (BestFit)
              on      the kinds that count, as in cpus:gpus (default all)
          worst    the node with the most left, on average over kinds, as a part of the largest node
                   [own scripts]
              source  worst fit: Johnson, Near-Optimal Bin Packing Algorithms, 1973
              on      the kinds that count, as in cpus:gpus (default all)
          dot      the node where what is asked for and what is free point the same way, as parts of the
                   largest node [own scripts]
              source  dot product: Panigrahy et al., Heuristics for Vector Bin Packing, 2011
          tetris   the node where what is asked for and what is free point the same way, as parts of that
                   node [own scripts]
              source  alignment: Grandl et al., Tetris, SIGCOMM 2014, section 3.2
          fgd      the node and GPU where the GPUs that the mix of tasks cannot use grow least
                   [in band with types=95,round=100]
              source  Weng et al., Beware of Fragmentation, USENIX ATC 2023: fgd[types=95,round=100]
              types   the most frequent kinds of tasks count until they are so many percent of all (default
                      100, the original 95)
          binpack  Nomad's default: 20 - (10^c + 10^m) with the parts c of CPU and m of memory that are left
                   [exact]
              source  Nomad, nomad/structs/funcs.go
          spread   Nomad's other choice: 10^c + 10^m - 2 [exact]
              source  Nomad, nomad/structs/funcs.go

          with every placement
              tie    nodes of equal score: first (lowest number), last or random (default first; of `random`
                     random)
              gpu    the GPU a task shares: first, tightest, emptiest or random (default the policy's own)
              round  scores are cut to so many parts of one, as in 100 (default not at all)

        Sampling: into which worker's queue a task goes where nobody knows all of them (fairground sample)

          random    every task goes to any worker [in band]
              source  Ousterhout et al., Sparrow, SOSP 2013, sections 3 and 5, and the simulator beside it
          per-task  every task asks a few workers, and goes to the shortest queue [in band]
              source  Ousterhout et al., Sparrow, SOSP 2013, sections 3 and 5, and the simulator beside it
              probes  how many workers are asked for every task of a job (default 2)
              tie     queues of equal length: first (lowest number), last or random (default random)
          batch     a job asks a few workers a task, and its tasks go to the shortest of all these queues
                    [in band]
              source  Ousterhout et al., Sparrow, SOSP 2013, sections 3 and 5, and the simulator beside it
              probes  how many workers are asked for every task of a job (default 2)
              tie     queues of equal length: first (lowest number), last or random (default random)
          late      a job has places in a few queues a task, and its tasks go to those whose turn comes
                    first (late binding) [in band]
              source  Ousterhout et al., Sparrow, SOSP 2013, sections 3 and 5, and the simulator beside it
              probes  how many workers are asked for every task of a job (default 2)
              cancel  yes: once the last task has a worker, the places left in queues are given up
                      (default); no: each has its turn
          central   one queue for all workers, by somebody who knows at once what is free: what the others
                    are held against [own scripts]
              source  Ousterhout et al., Sparrow, SOSP 2013, sections 3 and 5, and the simulator beside it

        Personalities: what another system chooses together: a policy and the scheduler of every framework,
                       by one name (--policies)

          mesos-like          all that is free on an agent is offered once a second, by DRF; frameworks
                              share and wait for their data [prototype]
              source  Mesos 1.11: hierarchical allocator, allocation_interval; Zaharia et al., EuroSys 2010,
                      of its Hadoop
              policy  drf[offers=agent,round=1s,tie=allocations]
              inside  fair[wait=5s]
              more    parameters are those of its policy
          omega-like          every framework sees all that is free and takes of it what it places at
                              random; what is gone by then is placed anew [prototype]
              source  Omega: Schwarzkopf et al., EuroSys 2013, section 3.4: resource fit, incremental
                      transactions
              policy  fifo[offers=shared]
              inside  fit[place=random]
              more    parameters are those of its policy
          slurm-like          fair tree over accounts with a half-life of a week; jobs start whole,
                              backfilled by their time limits [prototype]
              source  Slurm 284c3b9: priority/multifactor (of its factors fair share alone), sched/backfill
              policy  slurm[offers=agent]
              inside  conservative
              more    parameters are those of its policy
          yarn-capacity-like  queues with capacities, a heartbeat a second, jobs in order inside a queue,
                              preemption after 15 seconds [prototype]
              source  Hadoop YARN: CapacityScheduler, ProportionalCapacityPreemptionPolicy
                      (max_wait_before_kill), which is off unless switched on
              policy  yarn-capacity[offers=task,preempt=15s,round=1s]
              inside  fifo
              more    parameters are those of its policy
          yarn-fair-like      fair shares of queues, a heartbeat a second, fair shares of jobs inside a
                              queue [prototype]
              source  Hadoop YARN: FairScheduler
              policy  yarn-fair[offers=task,round=1s]
              inside  fair
              more    parameters are those of its policy
          kueue-like          workloads are admitted whole within nominal quotas, what others leave is
                              borrowed and taken back [prototype]
              source  Kueue: fair sharing with preemption, both off unless switched on
              policy  kueue[offers=task]
              inside  gang
              more    parameters are those of its policy
          kai-like            queues by deserved quotas and weights beyond them, pod groups start whole
                              [prototype]
              source  NVIDIA KAI d5bc503: plugins/proportion
              policy  kai[offers=task]
              inside  gang
              more    parameters are those of its policy
          armada-like         queues by cost of what they hold, over-served ones are evicted; jobs in order,
                              those that are gangs start whole [prototype]
              source  Armada 207cc9e: internal/scheduler/scheduling
              policy  armada[offers=task]
              inside  fifo
              more    parameters are those of its policy
          volcano-like        queues by proportion, a session a second, pod groups start whole [prototype]
              source  Volcano ed72c7c: plugins/proportion, schedule-period; with the action reclaim, which
                      is not among its default ones
              policy  volcano[offers=task,round=1s]
              inside  gang
              more    parameters are those of its policy

        drf is that of Apache Mesos: offers of whole agents; the paper's is drf[offers=task]

        In brackets: how far it is proven.
        Parameters go into the name: drf[round=1s,offers=task], fair[on=mem]
    "#]].assert_eq(&Place::empty().fairground("policies"));
}
