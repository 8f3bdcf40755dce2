//! What the laboratory prints of policies, and what it leaves behind.

use expect_test::expect;

use crate::place::Place;

#[test]
fn the_matrix_of_two_divisions() {
    expect![[r#"
        exit 1
        --- stdout
        divisible: what theorems are about
          yes: nothing was found, in brackets where of fewer than a hundred; no: it does not hold; -: nothing to judge; everybody needs some of everything, and is alike; of ceei, which is solved, a thousandth is nothing
          property                  drf  asset
          sharing-incentive         yes  no
          strategy-proofness        yes  yes
          envy-freeness             yes  yes
          pareto-efficiency         yes  yes
          single-resource-fairness  yes  yes
          bottleneck-fairness       yes  no
          population-monotonicity   yes  yes
          resource-monotonicity     no   no

        drf, divisible: resource-monotonicity does not hold (nobody runs fewer tasks because there is more)
          a cluster of <1, 1>; then <1, 2>
          tenant  a task needs  tasks  of more
          1       <1, 2>        1/3    1/2
          2       <2, 1>        1/3    1/4

        asset, divisible: sharing-incentive does not hold (nobody runs fewer tasks than in an n-th of the cluster of its own)
          a cluster of <1, 1>
          tenant  a task needs  tasks  with its part alone
          1       <2, 1>        2/7    1/4
          2       <1, 1>        3/7    1/2

        asset, divisible: bottleneck-fairness does not hold (of a resource that everybody needs most of everybody has as much)
          a cluster of <1, 1>
          tenant  a task needs  tasks  of the first resource
          1       <2, 1>        2/7    4/7
          2       <1, 1>        3/7    3/7

        asset, divisible: resource-monotonicity does not hold (nobody runs fewer tasks because there is more)
          a cluster of <1, 1>; then <1, 2>
          tenant  a task needs  tasks  of more
          1       <2, 1>        2/7    3/11
          2       <1, 1>        3/7    5/11
    "#]]
        .assert_eq(&Place::empty().fairground("audit drf asset --form divisible --instances 300"));
}

#[test]
fn a_wrong_tree_is_shown() {
    expect![[r#"
        exit 1
        --- stdout
        running: clusters on which tasks come and go
          yes: nothing was found, in brackets where of fewer than a hundred; no: it does not hold; -: nothing to judge; a policy that gives whole agents away has six of them where shares are asked for
          property       drf[offers=task]
          no-starvation  no

        drf[offers=task], running: no-starvation does not hold (who waits gets some of the room that becomes free)
          1 agent of <4, 8>; one starts nothing while all wait and others start 28 tasks where it had room
          tenant  a task needs  runs for s  tasks  at s  role
          1       <0, 2>        3 to 6      60     0
          2       <1, 0>        3 to 6      60     0     r1
          3       <0, 1>        1 to 4      60     0     r1
    "#]].assert_eq(
        &Place::empty()
            .fairground("audit drf[offers=task] --properties no-starvation --instances 3000"),
    );
}

#[test]
fn what_holds_is_no_error() {
    expect![[r#"
        exit 0
        --- stdout
        {"policy":"drf","property":"envy-freeness","form":"divisible","judged":300,"holds":true,"beyond":null,"counterexample":null}
    "#]].assert_eq(&Place::empty().fairground(
        "audit drf --form divisible --properties envy-freeness --instances 300 --json",
    ));
}

#[test]
fn findings_are_a_folder_whose_recipes_run() {
    let place = Place::empty();
    let audited = place.fairground(
        "audit asset --properties sharing-incentive --form divisible --instances 300 --out found",
    );
    assert!(audited.starts_with("exit 1\n"), "{audited}");
    expect![[r#"
        # What policies break

        Made by `fairground audit 'asset' --properties sharing-incentive --form divisible --instances 300 --seed 1`.

        ```text
        divisible: what theorems are about
          yes: nothing was found, in brackets where of fewer than a hundred; no: it does not hold; -: nothing to judge; everybody needs some of everything, and is alike; of ceei, which is solved, a thousandth is nothing
          property           asset
          sharing-incentive  no
        ```

        What is asked, and behind the semicolon what is let pass where tasks come and go:

        - **sharing-incentive**: nobody runs fewer tasks than in an n-th of the cluster of its own; but for as many as the largest task of anybody is.

        ## Counterexamples

        ```text
        asset, divisible: sharing-incentive does not hold (nobody runs fewer tasks than in an n-th of the cluster of its own)
          a cluster of <1, 1>
          tenant  a task needs  tasks  with its part alone
          1       <2, 1>        2/7    1/4
          2       <1, 1>        3/7    1/2
        ```
    "#]].assert_eq(&place.read("found/README.md"));
    expect![[r#"
        policy,form,property,judged,holds
        "asset",divisible,sharing-incentive,2,no
    "#]]
    .assert_eq(&place.read("found/findings.csv"));
    expect![[r##"
        # Found by `fairground audit`: under asset this does not hold: nobody runs fewer tasks than in an n-th of the cluster of its own.
        #   fairground run divisible-sharing-incentive.toml --policy 'asset' --tasks
        name = "divisible-sharing-incentive"
        title = "asset: sharing-incentive"
        duration = "1s"
        policies = ["asset"]
        tasks = true

        [[cluster]]
        agents = 1
        cpus = 70
        mem = "70GiB"

        [[framework]]
        name = "t1"
        [framework.workload.trace]
        file = "divisible-sharing-incentive.csv"
        tenants = ["t1"]

        [[framework]]
        name = "t2"
        [framework.workload.trace]
        file = "divisible-sharing-incentive.csv"
        tenants = ["t2"]
    "##]].assert_eq(&place.read("found/asset/divisible-sharing-incentive.toml"));
    let ran = place.fairground("run found/asset/divisible-sharing-incentive.toml --policy asset");
    assert!(ran.starts_with("exit 0\n"), "{ran}");
}

#[test]
fn what_cannot_be_asked_is_said() {
    let place = Place::empty();
    expect![[r#"
        exit 2
        --- stderr
        error: no policy is called `drff`; did you mean `drf`? known are static, drf, fair, fifo, priority, borg, random, lottery, slots, asset, choosy, hdrf, karma, slurm, tiresias, yarn-fair, yarn-capacity, kueue, kai, armada, volcano, ceei, gavel, mesos-like, omega-like, slurm-like, yarn-capacity-like, yarn-fair-like, kueue-like, kai-like, armada-like, volcano-like
    "#]].assert_eq(&place.fairground("audit drff"));
    expect![[r#"
        exit 2
        --- stderr
        error: invalid value 'envy' for '--properties <NAME>...': no property is called `envy`; did you mean `envy-freeness`? known are sharing-incentive, strategy-proofness, envy-freeness, pareto-efficiency, single-resource-fairness, bottleneck-fairness, population-monotonicity, resource-monotonicity, work-conservation, no-starvation, bounded-waiting, limits-hold, useful-preemption, no-oscillation, capacity-monotonicity

        For more information, try '--help'.
    "#]].assert_eq(&place.fairground("audit drf --properties envy"));
    expect![[r#"
        exit 2
        --- stderr
        error: nothing is asked: no division is known of fifo, or no property of one
    "#]]
    .assert_eq(&place.fairground("audit fifo --form divisible"));
    expect![[r#"
        exit 2
        --- stderr
        error: the following required arguments were not provided:
          <POLICY>...

        Usage: fairground audit <POLICY>...

        For more information, try '--help'.
    "#]]
    .assert_eq(&place.fairground("audit"));
}

#[test]
fn what_lying_gains_is_a_table() {
    expect![[r#"
        exit 0
        --- stdout
        what lying gains: useful work of the liar, and of the others together
          means over clusters by chance, with 95 % intervals; theory is of what can be divided at will
          policy  the first tenant    clusters  gains            others lose      wins > 1 task  at most  theory
          static  asks for double     2         -50.0 % ± 211.8  +0.0 % ± 0.0     0 %            0.0      gains nothing (NSDI 2011, table 2)
          static  asks for half       2         -16.7 % ± 423.5  +0.0 % ± 0.0     0 %            1.0      gains nothing (NSDI 2011, table 2)
          static  hoards offers       2         +0.0 % ± 0.0     +0.0 % ± 0.0     0 %            0.0
          static  declines after 5 s  2         +0.0 % ± 0.0     +0.0 % ± 0.0     0 %            0.0
          static  refuses for 1 h     2         +0.0 % ± 0.0     +0.0 % ± 0.0     0 %            0.0
          static  comes as two        2         +50.0 % ± 0.0    +16.9 % ± 102.8  100 %          3.0
    "#]].assert_eq(&Place::empty().fairground("audit --lies static --instances 2"));
}
