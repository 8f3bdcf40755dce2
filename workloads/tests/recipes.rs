//! What a recipe may say about work, what is filled in, and how mistakes in it are told.

use std::path::Path;

use expect_test::{Expect, expect};
use fairground_policies::time::Span;
use fairground_workloads::{NoFiles, SpecContext, WorkloadSpec};
use serde::{Deserialize, Serialize};

/// The smallest recipe around a workload.
#[derive(Serialize, Deserialize)]
struct Recipe {
    work: WorkloadSpec,
}

fn check(text: &str, expected: &Expect) {
    let shown = match toml::from_str::<Recipe>(text) {
        Ok(recipe) => toml::to_string(&Recipe {
            work: recipe.work.filled(),
        })
        .unwrap(),
        Err(error) => error.to_string(),
    };
    expected.assert_eq(&shown);
}

/// The recipe reads, but its parameters make no sense.
fn refused(text: &str, expected: &Expect) {
    let recipe: Recipe = toml::from_str(text).unwrap();
    let context = SpecContext {
        agents: 10,
        horizon: Span::from_secs(3600),
        seed: 1,
        name: "test",
    };
    let source = recipe.work.load(Path::new("/nowhere"), &mut NoFiles);
    let error = source.and_then(|source| source.build(&context));
    expected.assert_eq(&error.unwrap_err().to_string());
}

#[test]
fn mpi_is_filled_in_with_its_defaults() {
    check(
        "work.mpi = {}",
        &expect![[r#"
        [work.mpi]
        gap = "200s"
        tasks = [24, 24]
        cpus = 1
        mem = "1GiB"
        run = "260s"
        spread = 0.5
    "#]],
    );
}

#[test]
fn hadoop_is_filled_in_with_its_defaults() {
    let one_bin = "[[work.hadoop.bins]]\nname = 'x'\njobs = 1\nmaps = 1";
    check(
        one_bin,
        &expect![[r#"
        [work.hadoop]
        gap = "14s"
        cpus = 1
        mem = "1GiB"
        reduce_cpus = 1
        reduce_mem = "2GiB"
        map = "23s"
        copy = "15s"
        work = "40s"
        spread = 0.3
        away = 1.83
        replicas = 3
        slow_start = 0.05

        [work.hadoop.day]
        swing = 0.3
        peak = "14h"
        start = "8h"

        [[work.hadoop.bins]]
        name = "x"
        jobs = 1
        maps = 1
        reduces = 0
    "#]],
    );
}

#[test]
fn spark_is_filled_in_with_its_defaults() {
    check(
        "work.spark = {}",
        &expect![[r#"
        [work.spark]
        gap = "25s"
        stages = [2, 8]
        tasks = [4, 200]
        joins = 0.3
        task = "1500ms"
        stage_spread = 0.8
        spread = 0.3
        first = 1.5
        fresh = "2s"

        [work.spark.executors]
        cpus = 1
        mem = "4GiB"
        max = 50
        idle = "1m"

        [work.spark.day]
        swing = 0.3
        peak = "14h"
        start = "8h"
    "#]],
    );
}

#[test]
fn rails_is_filled_in_with_its_defaults() {
    check(
        "work.rails = {}",
        &expect![[r#"
            [work.rails]
            rate = 100
            start = "8h"
            night = 0.2
            noise = 0.1
            crowd_gap = "1d"
            crowd = 3
            crowd_length = "20m"
            step = "10s"

            [work.rails.service]
            cpus = 1
            mem = "1GiB"
            workers = 5
            time = "150ms"
            compute = 0.2
            startup = "20s"
            warmup = "0s"
            cold_speed = 0.5
            routing = "least-work"
            slo = "1s"

            [work.rails.autoscaler]
            target = 0.6
            period = "15s"
            window = "5m"
            min = 2
            max = 100
        "#]],
    );
}

#[test]
fn swim_is_filled_in_with_its_defaults() {
    check(
        "work.swim = { file = 'fb.tsv' }",
        &expect![[r#"
            [work.swim]
            file = "fb.tsv"
            from = "0s"
            scale = 1
            block = "64MiB"
            reduce = "1GiB"
            startup = "3s"
            map_rate = "3200KiB"
            copy_rate = "20MiB"
            reduce_rate = "20MiB"
            write_rate = "20MiB"
            cpus = 1
            mem = "1GiB"
            reduce_mem = "2GiB"
            away = 1.83
            replicas = 3
            slow_start = 0.05
        "#]],
    );
}

#[test]
fn tpch_is_filled_in_with_its_defaults() {
    check(
        "work.tpch = { files = ['a', 'b'] }",
        &expect![[r#"
        [work.tpch]
        files = ["a", "b"]
        gap = "25s"
        level = 20
        warmup = "1s"

        [work.tpch.executors]
        cpus = 1
        mem = "4GiB"
        max = 50
        idle = "1m"
    "#]],
    );
}

#[test]
fn requests_is_filled_in_with_its_defaults() {
    check(
        "work.requests = { file = 'nasa.tbz2' }",
        &expect![[r#"
            [work.requests]
            file = "nasa.tbz2"
            from = "0s"
            scale = 1
            step = "10s"

            [work.requests.service]
            cpus = 1
            mem = "1GiB"
            workers = 5
            time = "150ms"
            compute = 0.2
            startup = "20s"
            warmup = "0s"
            cold_speed = 0.5
            routing = "least-work"
            slo = "1s"

            [work.requests.autoscaler]
            target = 0.6
            period = "15s"
            window = "5m"
            min = 2
            max = 100
        "#]],
    );
}

#[test]
fn amounts_have_units() {
    check(
        "[work.swim]\nfile = 'x'\ncpus = 0.25\nmem = '512MiB'\nreduce_mem = '1.5GiB'\n\
         block = '128MiB'\naway = 2\nscale = 0.125\nstartup = '250ms'\njobs = 3\nmost_tasks = 9",
        &expect![[r#"
            [work.swim]
            file = "x"
            from = "0s"
            jobs = 3
            scale = 0.125
            block = "128MiB"
            reduce = "1GiB"
            most_tasks = 9
            startup = "250ms"
            map_rate = "3200KiB"
            copy_rate = "20MiB"
            reduce_rate = "20MiB"
            write_rate = "20MiB"
            cpus = 0.25
            mem = "512MiB"
            reduce_mem = "1536MiB"
            away = 2
            replicas = 3
            slow_start = 0.05
        "#]],
    );
}

#[test]
fn mistakes_are_shown_where_they_are() {
    check(
        "[work.hadop]",
        &expect![[r"
            TOML parse error at line 1, column 7
              |
            1 | [work.hadop]
              |       ^^^^^
            unknown variant `hadop`, expected one of `hadoop`, `spark`, `rails`, `mpi`, `swim`, `tpch`, `requests`, `swf`, `trace`
        "]],
    );
    check(
        "[work.mpi]\ntask = [1, 2]",
        &expect![[r"
        TOML parse error at line 2, column 1
          |
        2 | task = [1, 2]
          | ^^^^
        unknown field `task`, expected one of `gap`, `jobs`, `closed`, `tasks`, `cpus`, `mem`, `run`, `spread`
    "]],
    );
    check(
        "[work.mpi]\ntasks = 'many'",
        &expect![[r#"
        TOML parse error at line 2, column 9
          |
        2 | tasks = 'many'
          |         ^^^^^^
        invalid type: string "many", expected an array of length 2
    "#]],
    );
    check(
        "[work.mpi]\nrun = '5 parsecs'",
        &expect![[r"
        TOML parse error at line 2, column 7
          |
        2 | run = '5 parsecs'
          |       ^^^^^^^^^^^
        `5 parsecs` is not a length of time; expected a number and a unit (us, ms, s, m, h, d), as in `250ms` or `1.5h`
    "]],
    );
}

#[test]
fn bad_amounts_are_shown_where_they_are() {
    check(
        "[work.mpi]\ncpus = -1",
        &expect![[r"
            TOML parse error at line 2, column 8
              |
            2 | cpus = -1
              |        ^^
            invalid value: integer `-1`, expected a number of cores of at most three decimal places, as in 0.5
        "]],
    );
    check(
        "[work.mpi]\ncpus = 0.0001",
        &expect![[r"
            TOML parse error at line 2, column 8
              |
            2 | cpus = 0.0001
              |        ^^^^^^
            invalid value: floating point `0.0001`, expected a number of cores of at most three decimal places, as in 0.5
        "]],
    );
    check(
        "[work.mpi]\nmem = '4GB'",
        &expect![[r#"
            TOML parse error at line 2, column 7
              |
            2 | mem = '4GB'
              |       ^^^^^
            invalid value: string "4GB", expected memory as text with a unit, as in "4GiB"
        "#]],
    );
    check(
        "[work.mpi]\nmem = '1KiB'",
        &expect![[r"
        TOML parse error at line 2, column 7
          |
        2 | mem = '1KiB'
          |       ^^^^^^
        expected whole MiB of memory, found 1KiB
    "]],
    );
    check(
        "[work.mpi]\n[work.spark]",
        &expect![[r"
        TOML parse error at line 1, column 2
          |
        1 | [work.mpi]
          |  ^^^^
        wanted exactly 1 element, more than 1 element
    "]],
    );
    check(
        "[work.spark.executors]\ncores = 2",
        &expect![[r"
        TOML parse error at line 2, column 1
          |
        2 | cores = 2
          | ^^^^^
        unknown field `cores`, expected one of `cpus`, `mem`, `max`, `idle`
    "]],
    );
}

#[test]
fn nonsense_is_refused_with_its_name() {
    refused(
        "[work.mpi]\ntasks = [0, 2]",
        &expect!["parameter `tasks`: expected [least, most], the least at least 1, found [0, 2]"],
    );
    refused(
        "[work.mpi]\ncpus = 0\nmem = 0",
        &expect!["parameter `cpus`: expected some processor or memory, found none of either"],
    );
    refused(
        "[work.mpi]\ngap = '0s'",
        &expect![[r"
        parameter `gap`: expected a mean gap that gives at most 10000000 jobs in 1h, found 0s
          hint: make it longer, or limit the number of `jobs`"]],
    );
    refused(
        "[work.mpi]\ngap = '1us'",
        &expect![[r"
        parameter `gap`: expected a mean gap that gives at most 10000000 jobs in 1h, found 1us
          hint: make it longer, or limit the number of `jobs`"]],
    );
    refused(
        "[work.mpi]\ntasks = [1, 20000000]",
        &expect!["parameter `tasks`: expected at most 10000000 tasks in a stage, found 20000000"],
    );
    refused(
        "[work.mpi]\ntasks = [9000000, 9000000]\ngap = '9s'",
        &expect![[r"
            expected at most 50000000 tasks, found more
              hint: shorten the horizon, limit the jobs or make them smaller"]],
    );
}

#[test]
fn nonsense_about_models_is_refused_with_its_name() {
    refused(
        "[work.hadoop]\naway = 0.5",
        &expect!["parameter `away`: expected at least 1, found 0.5"],
    );
    refused(
        "[work.hadoop]\nslow_start = 1.5",
        &expect!["parameter `slow_start`: expected at most 1, found 1.5"],
    );
    refused(
        "[work.hadoop]\nbins = []",
        &expect!["parameter `bins`: expected 1 to 1000000 jobs in all bins together, found 0"],
    );
    refused(
        "[work.hadoop]\nday.swing = 2",
        &expect!["parameter `day.swing`: expected at most 1, found 2"],
    );
    refused(
        "[[work.hadoop.bins]]\nname = 'x'\njobs = 1\nmaps = 5\nmost = 3",
        &expect!["bin `x` parameter `most`: expected at least 5, found 3"],
    );
    refused(
        "[work.spark]\nstages = [1, 5000]",
        &expect!["parameter `stages`: expected at most 1000, found 5000"],
    );
    refused(
        "[work.rails]\nstep = '0s'",
        &expect!["parameter `step`: expected more than zero, found 0"],
    );
    refused(
        "[work.rails]\nstep = '1us'",
        &expect![
            "parameter `step`: expected a step that divides 1h into at most 20000000, found 1us"
        ],
    );
    refused(
        "[work.rails.autoscaler]\nmin = 5\nmax = 4",
        &expect!["parameter `autoscaler.max`: expected at least 5, found 4"],
    );
    refused(
        "[work.swim]",
        &expect!["parameter `file`: expected the path of a file, found nothing"],
    );
    refused(
        "[work.tpch]",
        &expect!["parameter `files`: expected at least one file, found none"],
    );
    refused(
        "[work.swim]\nfile = 'x.tsv'",
        &expect![[r"
            expected work and machines that need no file, found a workload of the kind `swim`
              hint: this program reads no traces; draw them with `fairground draw RECIPE --seed N >drawn.json` and say --drawn drawn.json"]],
    );
    refused(
        "[work.requests]\nfile = 'x'\nstep = '1500ms'",
        &expect!["parameter `step`: expected whole seconds, found 1500ms"],
    );
}
