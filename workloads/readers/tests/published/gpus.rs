//! Clusters of GPUs: Philly, openb.

use expect_test::expect;
use fairground_readers::Format;

use crate::check;
use crate::common::published::{OPENB_BRIEF, OPENB_NODES, OPENB_PODS, PHILLY};
use crate::common::{counted, first_rows};

#[test]
fn philly_is_counted() {
    expect![[r"
        jobs 3
        columns 5
        first 2017-10-09 06:13:03
        last 2017-12-31 23:59:59
        sorted_by_time no
        virtual_clusters 11cb48: 1, 6214e9: 2
        jobs_by_num_gpus 1: 1, 2: 1, 8: 1
        gpu_time_s_sum 23699
        gpu_times_not_duration_x_gpus 1
        blank_lines 1
        lines_not_utf8 0
        duration_s [millionths of a second] [3, 10000000, 66000000, 2951500000, 2951500000] 3027500000
    "]].assert_eq(&counted(Format::Philly, PHILLY));
    expect![[r"
        timestamp,duration_s,gpus,cluster
        2017-10-09 07:01:55,66,1,11cb48
        2017-10-09 06:13:03,2951.5,8,6214e9
    "]]
    .assert_eq(&first_rows(Format::Philly, PHILLY));
}

#[test]
fn philly_damage_is_named() {
    let head = "timestamp,duration,num_gpus,gpu_time,cluster\n";
    let row = "2017-10-09 07:01:55,66.0,1,66.0,11cb48\n";
    let files = [
        head.to_owned(),
        row.to_owned(),
        format!(
            "cluster,gpu_time,num_gpus,duration,timestamp,more\na,8,2,4,{},x\n",
            &row[..19]
        ),
        format!("{head}{}", row.replace("-10-", "-13-")),
        format!("{head}{}", row.replace(",1,", ",1.5,")),
        format!("{head}{}", row.replace(",11cb48", "")),
        format!("{head}{}", row.replace("11cb48", "")),
        PHILLY.to_owned(),
    ];
    check(
        Format::Philly,
        &files,
        &expect![[r"
            0 good
            file:1: expected at least one job, found none
              hint: columns: timestamp, duration, num_gpus, gpu_time, cluster

            0 good
            file:1: expected a first line that names the column `timestamp`, found `2017-10-09 07:01:55,66.0,1,66.0,11cb48`
              hint: columns: timestamp, duration, num_gpus, gpu_time, cluster

            1 good

            0 good
            file:2: column 1 (timestamp): expected a time of the form 2017-10-09 07:01:55, found `2017-13-09 07:01:55`

            0 good
            file:2: column 3 (num_gpus): expected a whole number of GPUs, found `1.5`
              hint: digits only: no sign, fraction, blank or unit

            0 good
            file:2: expected 5 columns, as the first line has, found 4 columns

            0 good
            file:2: column 5 (cluster): expected a virtual cluster, found nothing

            3 good
            warning: file:4: column gpu_time: expected 20, duration times GPUs, found 21
              hint: gpu_time is not used
        "]],
    );
}

#[test]
fn openb_is_counted() {
    expect![[r"
        nodes 2
        cpu_milli 96000
        memory_mib 524288
        gpus 2
        model (none): 1, P100: 1
        blank_lines 0
        lines_not_utf8 0
    "]]
    .assert_eq(&counted(Format::OpenbNodes, OPENB_NODES));
    expect![[r"
        sn,cpu_milli,memory_mib,gpu,model
        openb-node-0000,32000,262144,0,
        openb-node-0001,64000,262144,2,P100
    "]]
    .assert_eq(&first_rows(Format::OpenbNodes, OPENB_NODES));
    expect![[r"
        pods 3
        columns 11
        pods_by_num_gpu 0: 1, 1: 1, 8: 1
        sum_num_gpu_x_gpu_milli 8460
        partial_gpu_pods 1
        pod_phase Pending: 1, Running: 1, Succeeded: 1
        qos BE: 1, Guaranteed: 1, LS: 1
        pods_with_gpu_spec 1
        creation_min_s 0
        creation_max_s 427061
        deletion_max_s 12537496
        rows_blank_scheduled_time 1
        sorted_by_creation no
        deletions_before_the_pod 0
        blank_lines 0
        lines_not_utf8 0
        cpu_milli [thousandths of a core] [3, 6000, 6000, 12000, 12000] 24000
        memory_mib [MiB] [3, 0, 12288, 16384, 16384] 28672
        deletion_minus_creation_s [seconds] [3, 100, 100, 12537496, 12537496] 12537696
        deletion_minus_scheduled_s [seconds] [2, 99, 99, 12537491, 12537491] 12537590
    "]]
    .assert_eq(&counted(Format::OpenbPods, OPENB_PODS));
    expect![[r"
        name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec,qos,pod_phase,creation_time,deletion_time,scheduled_time
        openb-pod-0000,12000,16384,1,460,V100M16|V100M32,LS,Running,0,12537496,5
        openb-pod-0001,6000,0,8,1000,,BE,Pending,427061,427161,
    "]].assert_eq(&first_rows(Format::OpenbPods, OPENB_PODS));
    expect![[r"
        name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec,qos,pod_phase,creation_time,deletion_time,scheduled_time
        openb-pod-0000,12000,16384,1,1000,,,,,,
    "]].assert_eq(&first_rows(Format::OpenbPods, OPENB_BRIEF));
}

#[test]
fn openb_damage_is_named() {
    let nodes = [
        "sn,cpu_milli,memory_mib\nx,1,2\n",
        "sn,cpu_milli,memory_mib,gpu\nx,1,2,y\n",
    ];
    check(
        Format::OpenbNodes,
        &nodes,
        &expect![[r"
        0 good
        file:1: expected a first line that names the column `gpu`, found `sn,cpu_milli,memory_mib`
          hint: columns: sn, cpu_milli, memory_mib, gpu

        0 good
        file:2: column 4 (gpu): expected a whole number of GPUs, found `y`
          hint: digits only: no sign, fraction, blank or unit
    "]],
    );
    let pods = [
        OPENB_BRIEF.replace("1,1000", "1,1001"),
        OPENB_BRIEF.replace("1,1000", "2,500"),
        OPENB_BRIEF.replace("openb-pod-0000", ""),
        OPENB_PODS.replace("427161", "427060"),
        OPENB_PODS.replace("12537496", "never"),
    ];
    check(
        Format::OpenbPods,
        &pods,
        &expect![[r"
        0 good
        file:2: column 5 (gpu_milli): expected at most 1000 thousandths of a GPU, found `1001`
          hint: so large a number is taken for damage

        1 good
        warning: file:2: column gpu_milli: expected 1000 with several GPUs, found 500

        0 good
        file:2: column 1 (name): expected the name of a pod, found nothing

        3 good
        warning: file:3: column deletion_time: expected a time not before the pod (427061), found 427060

        2 good
        file:2: column 10 (deletion_time): expected a whole number of seconds, found `never`
          hint: digits only: no sign, fraction, blank or unit
    "]],
    );
}
