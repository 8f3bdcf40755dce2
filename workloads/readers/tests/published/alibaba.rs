//! Alibaba's clusters of 2017 and 2018.

use expect_test::expect;
use fairground_readers::Format;

use crate::check;
use crate::common::published::{
    ALIBABA_2017, ALIBABA_INSTANCES, ALIBABA_MACHINES, ALIBABA_SAMPLE, ALIBABA_SAMPLE_INSTANCES,
    ALIBABA_TASKS,
};
use crate::common::{counted, first_rows};

#[test]
fn tasks_are_counted() {
    expect![[r"
        tasks 3
        columns 9
        jobs 2
        status Running: 1, Terminated: 2
        arrival_min_s 100
        arrival_max_s 170
        ends_before_starts 0
        dag_named_tasks 2
        independent_named_task_ 1
        dependency_edges 1
        dangling_dependencies 0
        sum_duration_x_cpu_x_instances_core_s 600.5
        blank_lines 0
        lines_not_utf8 0
        tasks_per_job [tasks] [2, 1, 1, 2, 2] 3
        duration_s [seconds] [2, 1, 1, 60, 60] 61
        plan_cpu_percent_of_core [millionths of a percent of a core] [2, 50000000, 50000000, 100000000, 100000000] 150000000
        plan_mem_percent_of_machine [millionths of a percent of a machine] [2, 300000, 300000, 390000, 390000] 690000
        instances [instances] [3, 1, 3, 10, 10] 14
    "]].assert_eq(&counted(Format::Alibaba2018Tasks, ALIBABA_TASKS));
    expect![[r"
        job,task,instances,status,start_s,duration_s,cpu_percent,mem_percent
        j_1,M1,10,Terminated,100,60,100,0.3
        j_1,R2_1,1,Terminated,160,1,50,0.39
    "]]
    .assert_eq(&first_rows(Format::Alibaba2018Tasks, ALIBABA_TASKS));
    expect![[r"
        tasks 2
        columns 7
        jobs 1
        status : 2
        arrival_min_s 0
        arrival_max_s 0
        ends_before_starts 0
        dag_named_tasks 2
        independent_named_task_ 0
        dependency_edges 2
        dangling_dependencies 1
        sum_duration_x_cpu_x_instances_core_s 1729
        blank_lines 0
        lines_not_utf8 0
        tasks_per_job [tasks] [1, 2, 2, 2, 2] 2
        duration_s [seconds] [2, 5, 5, 382, 382] 387
        plan_cpu_percent_of_core [millionths of a percent of a core] [2, 50000000, 50000000, 100000000, 100000000] 150000000
        plan_mem_percent_of_machine [millionths of a percent of a machine] [2, 300000, 300000, 390000, 390000] 690000
        instances [instances] [2, 2, 2, 9, 9] 11
    "]].assert_eq(&counted(Format::Alibaba2018Tasks, ALIBABA_SAMPLE));
}

#[test]
fn instances_are_counted() {
    expect![[r"
        instances 2
        columns 14
        jobs 1
        tasks 2
        machines 1
        status Failed: 1, Terminated: 1
        used_core_s 44.7
        blank_lines 0
        lines_not_utf8 0
        duration_s [seconds] [1, 60, 60, 60, 60] 60
        cpu_percent_of_core [millionths of a percent of a core] [1, 74500000, 74500000, 74500000, 74500000] 74500000
        mem_percent_of_machine [millionths of a percent of a machine] [1, 100000, 100000, 100000, 100000] 100000
    "]].assert_eq(&counted(Format::Alibaba2018Instances, ALIBABA_INSTANCES));
    expect![[r"
        job,task,instance,status,machine,start_s,duration_s,cpu_percent,mem_percent
        j_1,M1,i_1,Terminated,m_2,100,60,74.5,0.1
        j_1,R2_1,,Failed,,160,,,
    "]]
    .assert_eq(&first_rows(Format::Alibaba2018Instances, ALIBABA_INSTANCES));
    let sample = ALIBABA_SAMPLE_INSTANCES;
    expect![[r"
        job,task,instance,status,machine,start_s,duration_s,cpu_percent,mem_percent
        j_7,J3_1_2,ins_1,,,0,52,74,0.1
    "]]
    .assert_eq(&first_rows(Format::Alibaba2018Instances, sample));
}

#[test]
fn machines_are_counted() {
    expect![[r"
        rows 3
        columns 7
        machines 2
        status IMPORT_INSTALLING: 1, USING: 2
        cpu_mem 96/100: 3
        time_min_s 0
        time_max_s 148984
        failure_domains_1 2
        failure_domains_2 2
        rows_with_a_blank_field 1
        blank_lines 0
        lines_not_utf8 0
    "]]
    .assert_eq(&counted(Format::Alibaba2018Machines, ALIBABA_MACHINES));
    expect![[r"
        machine,time_s,domain_1,domain_2,cores,memory,status
        m_1,0,219,17,96,100,USING
        m_1,148984,219,17,96,100,IMPORT_INSTALLING
    "]]
    .assert_eq(&first_rows(Format::Alibaba2018Machines, ALIBABA_MACHINES));
}

#[test]
fn tasks_of_2017_are_counted() {
    expect![[r"
        rows 3
        columns 8
        jobs 2
        status Terminated: 2, Waiting: 1
        create_time_min_s -1078
        create_time_max_s 6459
        end_time_max_s 6524
        sorted_by_create_time no
        terminated_instances_sum 15741
        terminated_negative_duration 0
        terminated_zero_duration 0
        rows_blank_cpu_and_mem 1
        terminated_blank_cpu 0
        blank_lines 0
        lines_not_utf8 0
        instances [instances] [3, 1, 2, 15740, 15740] 15743
        terminated_duration_not_negative_s [seconds] [2, 65, 65, 1083, 1083] 1148
        plan_cpu_percent_of_core [millionths of a percent of a core] [2, 50000000, 50000000, 50500000, 50500000] 100500000
        plan_mem_normalised [billionths of the largest machine] [2, 4395206, 4395206, 7956928, 7956928] 12352134
    "]].assert_eq(&counted(Format::Alibaba2017, ALIBABA_2017));
    expect![[r"
        create_s,end_s,job,task,instances,status,cpu_percent,memory
        6459,6524,3,4,15740,Terminated,50,0.007956928
        -1078,5,3,5,1,Terminated,50.5,0.004395206
    "]]
    .assert_eq(&first_rows(Format::Alibaba2017, ALIBABA_2017));
    let bare = ALIBABA_2017.split_once('\n').unwrap().1;
    assert_eq!(
        counted(Format::Alibaba2017, bare),
        counted(Format::Alibaba2017, ALIBABA_2017)
    );
}

#[test]
fn damage_is_named() {
    let files = [
        "M1,10,j_1,1,Terminated,160,100,100.0,0.3\n",
        "M1,10,j_1,1,Terminated,160\n",
        ",10,j_1,1,Terminated,100,160,100.0,0.3\n",
        "M1,10,,1,Terminated,100,160,100.0,0.3\n",
        "M1,ten,j_1,1,Terminated,100,160,100.0,0.3\n",
        "M1,10,j_1,1,Terminated,100,160,-3,0.3\n",
        "0,j_7,M1,5,100.0,0.3,2\n0,j_7,M1,5,100.0,0.3\n",
    ];
    check(
        Format::Alibaba2018Tasks,
        &files,
        &expect![[r"
        1 good
        warning: file:1: column 7 (end_time): expected an end not before the start, found an earlier one
          hint: such a task counts as one without an end

        0 good
        file:1: expected 9 columns separated by commas, found 6 columns
          hint: task_name, instance_num, job_name, task_type, status, start_time, end_time, plan_cpu, plan_mem

        0 good
        file:1: column 1 (task_name): expected a task name, found nothing

        0 good
        file:1: column 3 (job_name): expected a job name, found nothing

        0 good
        file:1: column 2 (instance_num): expected a whole number of instances, found `ten`
          hint: digits only: no sign, fraction, blank or unit

        0 good
        file:1: column 8 (plan_cpu): expected a number of percent, found `-3`
          hint: digits with at most one point and exponent: no sign, blank or unit

        1 good
        file:2: expected 7 columns separated by commas, found 6 columns
          hint: arrival, job_name, task_name, duration, plan_cpu, plan_mem, instance_num
    "]],
    );
    check(
        Format::Alibaba2018Instances,
        &["", "0,j_7,M1,i,5,x,0.3\n"],
        &expect![[r"
            0 good
            file:1: expected at least one instance, found none
              hint: a row of this table is CSV without a header, see the schema of the trace

            0 good
            file:1: column 6 (cpu_avg): expected a number of percent, found `x`
              hint: digits with at most one point and exponent: no sign, blank or unit
        "]],
    );
    check(
        Format::Alibaba2018Machines,
        &["m_1,-1,2,17,96,100,USING\n"],
        &expect![[r"
            0 good
            file:1: column 2 (time_stamp): expected a whole number of seconds, found `-1`
              hint: digits only: no sign, fraction, blank or unit
        "]],
    );
}

#[test]
fn damage_of_2017_is_named() {
    let files = [
        "a,b,c,d,e,f,g,h\n",
        "1,2,3,4,5,Ready,6,7\na,b,c,d,e,f,g,h\n",
        "9,8,3,4,5,Terminated,6,0.5\n",
        "1--,8,3,4,5,Terminated,6,0.5\n",
    ];
    check(
        Format::Alibaba2017,
        &files,
        &expect![[r"
            0 good
            file:1: expected at least one task, found none
              hint: columns: create_time, end_time, job_id, task_id, instance_num, status, plan_cpu, plan_mem

            1 good
            file:2: column 1 (create_time): expected a whole number of seconds, found `a`
              hint: digits only: no sign, fraction, blank or unit

            1 good
            warning: file:1: column 2 (end_time): expected an end not before the creation (9), found 8
              hint: such a task is not counted among the durations

            0 good
            file:1: column 1 (create_time): expected a whole number of seconds, found `1--`
              hint: digits only: no sign, fraction, blank or unit
        "]],
    );
}
