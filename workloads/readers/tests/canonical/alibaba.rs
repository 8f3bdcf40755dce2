//! Tables of Alibaba's clusters of GPUs: those of one folder are one trace, each alone says what it knows.

use expect_test::expect;
use fairground_readers::Format;

use crate::gpu_clusters::{check, together, wrong};

const PAI_JOBS: &str = "\
j1,i1,ann,Terminated,1000.0,1100.0
j2,i2,bob,Running,1000.0,0.0
j3,i3,,Waiting,1000.0,
j1,i1,ann,Terminated,1000.0,1100.0
";
const PAI_TASKS: &str = "\
j1,ps,1.0,Terminated,1010.0,1100.0,600.0,29.296875,,CPU
j1,worker,2.0,Terminated,1020.0,1100.0,400.0,10.0,50.0,T4
j2,tensorflow,1.0,Running,1005.0,,150.5,0.5,100.0,MISC
j3,worker,4.0,Waiting,,,100.0,1,800.0,V100
j9,worker,,Failed,1500.0,1400.0,,,,
";
const PAI_INSTANCES: &str = "\
j1,ps,a,w1,i1,Terminated,1030.0,1100.0,m1
j1,worker,b,w2,i1,Terminated,1040.0,1100.0,m1
j1,worker,c,w3,i1,Failed,1035.0,1036.0,m1
j1,worker,c,w3,i1,Terminated,1041.0,1099.0,m2
j2,tensorflow,d,w4,i2,Running,1006.0,,m2
j8,odd,e,,i8,Failed,0.0,0.0,
";
const PAI_TAGS: &str = "i1,ann,T4,g1,bert\ni2,bob,,g2,\ni7,eve,V100,g3,\n";

#[test]
fn tables_of_pai_are_one_trace() {
    let header = "job_name,task_name,inst_num,status,start_time,end_time,plan_cpu,plan_mem,plan_gpu,gpu_type";
    let tasks = format!("{header}\n{PAI_TASKS}");
    let sensors = "j1,worker,w1,i1,m1,,1,1,1,1,1,1,1,1,1,1\n";
    let files = [
        ("pai_group_tag_table.csv", PAI_TAGS),
        ("pai_instance_table.csv", PAI_INSTANCES),
        ("pai_job_table.csv", PAI_JOBS),
        ("pai_machine_spec.csv", "m1,T4,96,512,2\nm2,CPU,96,512,0\n"),
        ("pai_sensor_table.csv", sensors),
        ("pai_task_table.csv", &tasks),
        ("pai_task_table.header", header),
    ];
    together(
        Format::PaiTasks,
        &files,
        &expect![[r"
            j1 of ann together, submit 1000000000, wait 30000000, tasks 1, run 70000000, cpus 6000, mem 30000, tasks 1, run 60000000, cpus 4000, mem 10240, gpus 500, tasks 1, run 58000000, cpus 4000, mem 10240, gpus 500, Terminated
            j2 of bob, submit 1000000000, wait 6000000, tasks 1, cpus 1505, mem 512, gpus 1000, censored, Running
            j3 of nobody together, submit 1000000000, tasks 4, cpus 1000, mem 1024, gpus 8000, unstarted, Waiting
            j9 of nobody, submit 1500000000, tasks 1, damaged, Failed
            j8 of nobody, tasks 1, unstarted
            merged: 1 records, another row of the same job
            merged: 2 records, what a job asks for and has in common with others
            passed over: 1 records, of jobs that the table of jobs does not have
            merged: 10 jobs, another row of the same job
            merged: 2 jobs, what a job asks for and has in common with others
            passed over: 1 jobs, of jobs that the table of jobs does not have
            merged: 1 tasks, another row of the same instance
            merged: 4 tasks, instances that a task should have: those that it had stand in another table
            GPU models: the type that a job asked for, where it asked for one
            groups: the group of jobs that do the same stands for what they execute
            job shape: a task an instance; where a job has several, all at the same time, which the tables do not say
            memory: a GB is 1024 MiB
            read and not kept of pai_group_tag_table: user, workload
            read and not kept of pai_instance_table: inst_name, inst_id, machine
            read and not kept of pai_job_table: inst_id, end_time
            read and not kept of pai_task_table: gpu_type
            records passed over: 1: of jobs that the table of jobs does not have
            run times: of each instance, from its launch to its end
            run times of which the trace holds a part: 1 of 10 tasks
            run times that are damaged: 1 of 10 tasks
            tasks that never started, and add no load: 5 of 10 tasks
            machine m1 96000/524288/2000 T4
            machine m2 96000/524288/0 CPU
            of pai_group_tag_table.csv, pai_instance_table.csv, pai_job_table.csv, pai_machine_spec.csv, pai_task_table.csv
        "]],
    );
    // Without instances a task runs from its launch to its end.
    let files = [
        ("pai_job_table.csv", PAI_JOBS),
        ("pai_task_table.csv", PAI_TASKS),
    ];
    together(
        Format::PaiTasks,
        &files,
        &expect![[r"
            j1 of ann together, submit 1000000000, wait 10000000, tasks 1, run 90000000, cpus 6000, mem 30000, tasks 2, run 80000000, cpus 4000, mem 10240, gpus 500, Terminated
            j2 of bob, submit 1000000000, wait 5000000, tasks 1, cpus 1505, mem 512, gpus 1000, censored, Running
            j3 of nobody together, submit 1000000000, tasks 4, cpus 1000, mem 1024, gpus 8000, unstarted, Waiting
            j9 of nobody, submit 1500000000, tasks 1, damaged, Failed
            merged: 1 records, another row of the same job
            merged: 5 jobs, another row of the same job
            GPU models: the type that a task was given; what it asked for stands in pai_group_tag_table
            job shape: a task an instance; where a job has several, all at the same time, which the tables do not say
            memory: a GB is 1024 MiB
            read and not kept of pai_job_table: inst_id, end_time
            run times: from the launch of a task to its end
            run times of which the trace holds a part: 1 of 9 tasks
            run times that are damaged: 1 of 9 tasks
            tasks that never started, and add no load: 4 of 9 tasks
            of pai_job_table.csv, pai_task_table.csv
        "]],
    );
}

#[test]
fn each_table_of_pai_says_what_it_knows() {
    check(
        Format::PaiJobs,
        PAI_JOBS,
        &expect![[r"
        j1 of ann, submit 1000000000, Terminated
        j2 of bob, submit 1000000000, Running
        j3 of nobody, submit 1000000000, Waiting
        merged: 1 records, another row of the same job
        merged: 1 jobs, another row of the same job
        job shape: a task an instance; where a job has several, all at the same time, which the tables do not say
        read and not kept: inst_id, end_time
        tasks: in other tables: import a folder with pai_task_table, too
    "]],
    );
    check(
        Format::PaiTasks,
        PAI_TASKS,
        &expect![[r"
        j1 of nobody together, submit 1010000000, tasks 1, run 90000000, cpus 6000, mem 30000, tasks 2, run 80000000, cpus 4000, mem 10240, gpus 500, Terminated
        j2 of nobody, submit 1005000000, tasks 1, cpus 1505, mem 512, gpus 1000, censored, Running
        j3 of nobody together, tasks 4, cpus 1000, mem 1024, gpus 8000, unstarted, Waiting
        j9 of nobody, submit 1500000000, tasks 1, damaged, Failed
        merged: 1 jobs, another row of the same job
        GPU models: the type that a task was given; what it asked for stands in pai_group_tag_table
        job shape: a task an instance; where a job has several, all at the same time, which the tables do not say
        memory: a GB is 1024 MiB
        run times: from the launch of a task to its end
        run times of which the trace holds a part: 1 of 9 tasks
        run times that are damaged: 1 of 9 tasks
        tasks that never started, and add no load: 4 of 9 tasks
    "]],
    );
    check(
        Format::PaiInstances,
        PAI_INSTANCES,
        &expect![[r"
        j1 of nobody together, submit 1030000000, tasks 1, run 70000000, tasks 1, run 60000000, tasks 1, run 58000000
        j2 of nobody, submit 1006000000, tasks 1, censored
        j8 of nobody, tasks 1, unstarted
        merged: 3 jobs, another row of the same job
        merged: 1 tasks, another row of the same instance
        job shape: a task an instance; where a job has several, all at the same time, which the tables do not say
        read and not kept: inst_name, inst_id, machine
        requests: in another table: import a folder with pai_task_table, too
        run times: of each instance, from its launch to its end
        run times of which the trace holds a part: 1 of 5 tasks
        tasks that never started, and add no load: 1 of 5 tasks
    "]],
    );
    wrong(
        Format::PaiTasks,
        "j,t,one,Failed,1,0.5,100,1,100,T4\nj,t,1\nj,t,1.0,Failed,1,0.5,1,1,1,T4\n",
        &expect![[r"
        file:1: column 3 (inst_num): expected a whole number of instances, found `one`
          hint: digits only: no sign, fraction, blank or unit
        file:2: expected 10 columns separated by commas, found 3 columns
          hint: job_name, task_name, inst_num, status, start_time, end_time, plan_cpu, plan_mem, plan_gpu, gpu_type
        warning: file:3: column end_time: expected an end not before the start, found an earlier one
    "]],
    );
}

#[test]
fn workers_of_spot_jobs_are_gangs() {
    let header = "job_name,organization,gpu_model,cpu_request,gpu_request,worker_num,submit_time,duration,job_type";
    let rows = [
        "1,13,A10,20,1,1,0,2764799,HP",
        "2,57,A100-SXM4-80GB,15,8,16,9589663,41060,Spot",
        "3,57,A10,1.5,0.25,1,9589663.5,,Spot",
        "4,,,,,1,5,10,",
    ];
    let jobs = format!("{header}\n{}\n", rows.join("\n"));
    check(
        Format::SpotGpuJobs,
        &jobs,
        &expect![[r"
        1 of 13, submit 0, priority 1, tasks 1, run 2764799000000, cpus 20000, gpus 1000
        2 of 57 together, submit 9589663000000, priority 0, tasks 16, run 41060000000, cpus 15000, gpus 8000
        3 of 57, submit 9589663500000, priority 0, tasks 1, cpus 1500, gpus 250
        4 of nobody, submit 5000000, tasks 1, run 10000000
        job shape: a task a worker, with the cores and GPUs that the job asks for; all workers of a job at the same time
        priorities: 1 of a job that is never interrupted (HP), 0 of one on spot GPUs
        run times that the source does not tell: 1 of 19 tasks
    "]],
    );
    let nodes = "gpu_model,gpu_capacity_num,cpu_num,node_name\nA10,1,128,0\nH800,8,192,1\n";
    let files = [
        ("job_info_df.csv", jobs.as_str()),
        ("node_info_df.csv", nodes),
    ];
    together(
        Format::SpotGpuJobs,
        &files,
        &expect![[r"
        1 of 13, submit 0, priority 1, tasks 1, run 2764799000000, cpus 20000, gpus 1000
        2 of 57 together, submit 9589663000000, priority 0, tasks 16, run 41060000000, cpus 15000, gpus 8000
        3 of 57, submit 9589663500000, priority 0, tasks 1, cpus 1500, gpus 250
        4 of nobody, submit 5000000, tasks 1, run 10000000
        job shape: a task a worker, with the cores and GPUs that the job asks for; all workers of a job at the same time
        priorities: 1 of a job that is never interrupted (HP), 0 of one on spot GPUs
        run times that the source does not tell: 1 of 19 tasks
        machine 0 128000/-/1000 A10
        machine 1 192000/-/8000 H800
        of job_info_df.csv, node_info_df.csv
    "]],
    );
    wrong(
        Format::SpotGpuJobs,
        &jobs.replace("20,1,1,0", "20,-1,1,0"),
        &expect![[r"
            file:2: column 5 (gpu_request): expected a number of GPUs, found `-1`
              hint: digits with at most one point and exponent: no sign, blank or unit
        "]],
    );
}
