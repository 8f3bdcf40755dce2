//! Short lists: jobs of a year, machines, instances, training jobs, requests to language models.

use expect_test::expect;
use fairground_readers::Format;
use fairground_readers::formats::rows::Rows;
use fairground_readers::formats::{gaia, stat};

use crate::check;
use crate::common::published::{AZURE_LLM, DLRM, ELASTICFLOW, GAIA, MOONCAKE, PAI};
use crate::common::{counted, first_rows, folder, write};

#[test]
fn jobs_of_a_year_are_counted() {
    expect![[r"
        jobs 2
        columns 3
        first_arrival_h 0
        last_arrival_h 147.736389
        arrival_nondecreasing yes
        cpu_hours 532.923056
        blank_lines 0
        lines_not_utf8 0
        length_h [trillionths of an hour] [2, 123055555556, 123055555556, 4162500000000, 4162500000000] 4285555555556
        cpus [CPUs] [2, 1, 1, 128, 128] 129
    "]].assert_eq(&counted(Format::Gaia, GAIA));
    expect![[r"
        arrival_h,length_h,cpus
        0,4.1625,128
        147.736388888889,0.123055555556,1
    "]]
    .assert_eq(&first_rows(Format::Gaia, GAIA));
    let folder = folder();
    let mut jobs = Rows::<gaia::Record>::open(&write(&folder, "file", GAIA)).unwrap();
    let last = jobs.nth(1).unwrap().unwrap();
    assert_eq!(last.arrival_micros(), 531_851_000_000);
    assert_eq!(last.length_micros(), 443_000_000);
    check(
        Format::Gaia,
        &[
            GAIA.replace("128", "128.5"),
            GAIA.replace("0.0,", "900000,"),
        ],
        &expect![[r"
            1 good
            file:2: column 3 (cpus): expected a whole number of CPUs, found `128.5`
              hint: digits only: no sign, fraction, blank or unit

            1 good
            file:2: column 1 (arrival_time): expected at most 876600 hours, found `900000`
              hint: so large a number is taken for damage
        "]],
    );
}

#[test]
fn machines_of_pai_are_counted() {
    expect![[r"
        machines 2
        cpu_cores 160
        mem_GB 1024
        gpus 2
        shapes_type_cpu_mem_gpu CPU/96/512/0: 1, P100/64/512/2: 1
        blank_lines 0
        lines_not_utf8 0
    "]]
    .assert_eq(&counted(Format::PaiMachines, PAI));
    expect![[r"
        machine,gpu_type,cap_cpu,cap_mem,cap_gpu
        7399a758eb02,CPU,96,512,0
        75c536d5ba60,P100,64,512,2
    "]]
    .assert_eq(&first_rows(Format::PaiMachines, PAI));
    check(
        Format::PaiMachines,
        &["", "m,,96,512,0\nm,CPU,96,512,-1\n"],
        &expect![[r"
            0 good
            file:1: expected at least one machine, found none
              hint: columns: machine, gpu_type, cap_cpu, cap_mem, cap_gpu

            0 good
            file:1: column 2 (gpu_type): expected a type of GPU, or CPU, found nothing
            file:2: column 5 (cap_gpu): expected a whole number of GPUs, found `-1`
              hint: digits only: no sign, fraction, blank or unit
        "]],
    );
}

#[test]
fn instances_are_counted() {
    expect![[r"
        instances 2
        columns 17
        role CN: 1, HN: 1
        apps 1
        gpu_request_sum 1
        blank_creation_time 1
        blank_deletion_time 1
        both_times_present 1
        blank_lines 0
        lines_not_utf8 0
        cpu_request [millionths of a core] [2, 12000000, 12000000, 64000000, 64000000] 76000000
        memory_request_GiB [millionths of a GiB] [2, 120000000, 120000000, 475000000, 475000000] 595000000
        creation_time_s [millionths of a second] [1, 475000000, 475000000, 475000000, 475000000] 475000000
        lifetime_s_both_present [millionths of a second] [1, 8525000000, 8525000000, 8525000000, 8525000000] 8525000000
    "]].assert_eq(&counted(Format::Dlrm, DLRM));
    expect![[r"
        instance,role,app,cpus,gpus,rdma,mem_gib,disk_gib,created_s,deleted_s
        instance_0,HN,app_0,12,1,25,120,640,,
        instance_1,CN,app_0,64,0,1,475,0,475,9000
    "]]
    .assert_eq(&first_rows(Format::Dlrm, DLRM));
    let files = [
        DLRM.replace(",HN,", ",XN,"),
        DLRM.replace(",9000.0", ",400"),
        DLRM.replace(",role,", ",rolle,"),
        DLRM.replace("475.00000000000006", "plenty"),
    ];
    check(
        Format::Dlrm,
        &files,
        &expect![[r"
        1 good
        file:2: column 2 (role): expected CN or HN, found `XN`

        2 good
        warning: file:3: column 17 (deletion_time): expected a time not before 475, found 400

        0 good
        file:1: expected a first line that names the column `role`, found `instance_sn,rolle,app_name,cpu_request,c…`
          hint: columns: instance_sn, role, app_name, cpu_request, cpu_limit, gpu_request, gpu_limit, rdma_request, rdma_limit, memory_request, memory_limit, disk_request, disk_limit, max_instance_per_node, creation_time, scheduled_time, deletion_time

        1 good
        file:3: column 10 (memory_request): expected a number of GiB, found `plenty`
          hint: digits with at most one point and exponent: no sign, blank or unit
    "]],
    );
}

#[test]
fn training_jobs_are_counted() {
    expect![[r"
        jobs 2
        gpu_s 10664
        gpu_hours 2.962222
        blank_lines 0
        lines_not_utf8 0
        submission_time_s [seconds] [2, 2266600, 2266600, 2266647, 2266647] 4533247
        duration_s [seconds] [2, 604, 604, 1000, 1000] 1604
        num_gpu [GPUs] [2, 1, 1, 16, 16] 17
    "]]
    .assert_eq(&counted(Format::ElasticFlow, ELASTICFLOW));
    expect![[r"
        job_id,submission_time,duration,num_gpu
        5a1d-01,2266647,604,16
        5a1d-02,2266600,1000,1
    "]]
    .assert_eq(&first_rows(Format::ElasticFlow, ELASTICFLOW));
    let files = [
        ELASTICFLOW.replace(",604,", ",10 min,"),
        ELASTICFLOW.replace("5a1d-01", ""),
    ];
    check(
        Format::ElasticFlow,
        &files,
        &expect![[r"
        1 good
        file:2: column 3 (duration): expected a whole number of seconds, found `10 min`
          hint: digits only: no sign, fraction, blank or unit

        1 good
        file:2: column 1 (job_id): expected a job, found nothing
    "]],
    );
}

#[test]
fn every_part_of_a_folder_has_its_header() {
    let folder = folder();
    write(&folder, "cluster01.csv", ELASTICFLOW);
    write(
        &folder,
        "cluster02.csv",
        "\nnum_gpu,duration,submission_time,job_id\n2,10,5,x\n",
    );
    let stat = stat(folder.path(), Format::ElasticFlow).unwrap();
    assert_eq!(stat.facts[0], ("jobs", "3".to_owned()));
    assert_eq!(stat.facts[1], ("gpu_s", (604 * 16 + 1000 + 20).to_string()));
}

#[test]
fn requests_to_language_models_are_counted() {
    expect![[r"
        requests 2
        columns 3
        first 2023-11-16 18:17:03.9799600
        last 2023-11-16 18:17:04.009930+00:00
        time_nondecreasing yes
        blank_lines 0
        lines_not_utf8 0
        context_tokens [tokens] [2, 3180, 3180, 4808, 4808] 7988
        generated_tokens [tokens] [2, 8, 8, 10, 10] 18
    "]]
    .assert_eq(&counted(Format::AzureLlm, AZURE_LLM));
    expect![[r"
        timestamp,context_tokens,generated_tokens
        2023-11-16 18:17:03.9799600,4808,10
        2023-11-16 18:17:04.009930+00:00,3180,8
    "]]
    .assert_eq(&first_rows(Format::AzureLlm, AZURE_LLM));
    let files = [
        AZURE_LLM.replace("9799600", "9799600123"),
        AZURE_LLM.replace("+00:00", "+02:00"),
        AZURE_LLM.replace("18:17:04", "18:17:02"),
        AZURE_LLM.replace("4808", "-1"),
    ];
    check(
        Format::AzureLlm,
        &files,
        &expect![[r"
        1 good
        file:2: column 1 (TIMESTAMP): expected a time of the form 2023-11-16 18:17:03.9799600, found `2023-11-16 18:17:03.9799600123`

        1 good
        file:3: column 1 (TIMESTAMP): expected a time of the form 2023-11-16 18:17:03.9799600, found `2023-11-16 18:17:04.009930+02:00`

        2 good
        warning: file:3: column TIMESTAMP: expected a time not before the row above (2023-11-16 18:17:03.9799600), found 2023-11-16 18:17:02.009930+00:00

        1 good
        file:2: column 2 (ContextTokens): expected a whole number of tokens, found `-1`
          hint: digits only: no sign, fraction, blank or unit
    "]],
    );
}

#[test]
fn requests_with_prefixes_are_counted() {
    expect![[r"
        requests 2
        time_nondecreasing yes
        blank_lines 0
        lines_not_utf8 0
        timestamp_ms [milliseconds] [2, 0, 0, 3000, 3000] 3000
        input_length [tokens] [2, 322, 322, 758, 758] 1080
        output_length [tokens] [2, 490, 490, 500, 500] 990
    "]]
    .assert_eq(&counted(Format::Mooncake, MOONCAKE));
    expect![[r"
        timestamp_ms,input_length,output_length,blocks
        0,758,500,2
        3000,322,490,1
    "]]
    .assert_eq(&first_rows(Format::Mooncake, MOONCAKE));
    let files = [
        String::new(),
        MOONCAKE.replace("3000", "-5"),
        MOONCAKE.replace("3000", "9223372036854775808"),
        MOONCAKE.replace("output_length", "out"),
        MOONCAKE.replace("[0]}", ""),
        format!("{MOONCAKE}{MOONCAKE}"),
    ];
    check(
        Format::Mooncake,
        &files,
        &expect![[r"
            0 good
            file:1: expected at least one request, found none
              hint: a request is a line of JSON with timestamp and lengths

            1 good
            file:2: column 16: expected a request; invalid value: integer `-5`, expected u64
              hint: keys: timestamp, input_length, output_length, hash_ids

            1 good
            file:2: key `timestamp`: expected at most 3155760000000 milliseconds, found 9223372036854775808
              hint: so large a number is taken for damage

            0 good
            file:1: column 69: expected a request; missing field `output_length`
              hint: keys: timestamp, input_length, output_length, hash_ids
            file:2: column 69: expected a request; missing field `output_length`
              hint: keys: timestamp, input_length, output_length, hash_ids

            1 good
            file:2: column 75: expected a request; EOF while parsing a value
              hint: keys: timestamp, input_length, output_length, hash_ids

            4 good
            warning: file:3: key `timestamp`: expected a time not before the line above (3000), found 0
        "]],
    );
}
