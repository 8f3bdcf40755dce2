//! What clouds tell: Borg's collections and instances, virtual machines in a database, functions and requests.

use expect_test::expect;
use fairground_readers::Format;

use crate::common::database::{VMS, database};
use crate::common::{folder, told, write, zstd};
use crate::gpu_clusters::{check, together, wrong};
use crate::shown;

const COLLECTIONS: &str = r#"{"time":"0","type":"0","collection_id":"1","collection_type":"1","user":"u=","collection_logical_name":"a="}
{"time":"700000000","type":"0","collection_id":"2","collection_type":"0","priority":"200","scheduling_class":"2","user":"u=","collection_name":"n=","collection_logical_name":"l=","start_after_collection_ids":["9"],"scheduler":"1"}
{"time":"700000005","type":"3","collection_id":"2","collection_logical_name":"l="}
{"time":"800000000","type":"6","collection_id":"2","collection_logical_name":"l="}
{"time":"700000000","type":"SUBMIT","collection_id":"4","start_after_collection_ids":["2","3"],"scheduler":"SCHEDULER_DEFAULT","user":"v="}
"#;
const INSTANCES: &str = r#"{"time":"0","type":"0","collection_id":"1","instance_index":"0","resource_request":{"cpus":0.5,"memory":0.5}}
{"time":"700000001","type":"0","collection_id":"2","instance_index":"0","resource_request":{"cpus":0.25,"memory":0.125}}
{"time":"700000011","type":"3","collection_id":"2","instance_index":"0"}
{"time":"700000021","type":"4","collection_id":"2","instance_index":"0"}
{"time":"700000031","type":"3","collection_id":"2","instance_index":"0"}
{"time":"800000000","type":"6","collection_id":"2","instance_index":"0"}
{"time":"900000000","type":"0","collection_id":"3","instance_index":"0","collection_type":"0"}
{"time":"900000001","type":"0","collection_id":"5","instance_index":"0","collection_type":"1"}
"#;

#[test]
fn tables_of_borg_are_one_trace() {
    let machines = r#"{"time":"0","machine_id":"23","type":"1","capacity":{"cpus":0.5,"memory":0.25},"platform_id":"p="}
{"time":"700000000","machine_id":"23","type":"2"}
{"time":"700000000","machine_id":"24","type":"0"}
"#;
    let files = [
        ("collection_events-000000000000.json", COLLECTIONS),
        ("instance_events-000000000000.json", INSTANCES),
        (
            "instance_usage-000000000000.json",
            "{\"start_time\":\"0\"}\n",
        ),
        ("machine_events-000000000000.json", machines),
    ];
    together(
        Format::Google2019Instances,
        &files,
        &expect![[r"
        2 of u=, submit 700000000, wait 5, priority 200, tasks 1, run 99999969, cpus 250000000, mem 125000000, finish
        4 of v=, submit 700000000
        3 of nobody, submit 900000000, tasks 1, unstarted
        merged: 2 records, another event of the same job
        merged: 4 records, another event of the same task
        passed over: 3 records, alloc sets: what runs in them asks for itself
        passed over: 1 records, events of an unknown kind
        merged: 7 jobs, another event of the same job
        passed over: 3 jobs, alloc sets: what runs in them asks for itself
        merged: 4 tasks, another event of the same task
        passed over: 2 tasks, alloc sets: what runs in them asks for itself
        merged: 1 machines, another event of the same machine
        passed over: 1 machines, events of an unknown kind
        read and not kept: machine_id, alloc_collection_id
        read and not kept of collection_events: alloc_collection_id, collection_name, parent_collection_id, max_per_machine, max_per_switch, vertical_scaling
        read and not kept of machine_events: switch_id
        records passed over: 1: events of an unknown kind
        records passed over: 3: alloc sets: what runs in them asks for itself
        run times: from the last time that a task was scheduled to its end; a task that does not end in the trace has run until its last event, and of one that ran before nobody knows how long
        start_after_collection_ids: 1 jobs wait for several others, which is not kept
        tasks that never started, and add no load: 1 of 2 tasks
        machine 23 500000000/250000000/- p=
        of collection_events-000000000000.json, instance_events-000000000000.json, machine_events-000000000000.json
    "]],
    );
}

#[test]
fn each_table_of_borg_says_what_it_knows() {
    check(
        Format::Google2019Instances,
        INSTANCES,
        &expect![[r"
        1 of nobody, submit 0, tasks 1, cpus 500000000, mem 500000000, unstarted
        2 of nobody, submit 700000001, tasks 1, run 99999969, cpus 250000000, mem 125000000
        3 of nobody, submit 900000000, tasks 1, unstarted
        merged: 4 records, another event of the same task
        passed over: 1 records, alloc sets: what runs in them asks for itself
        merged: 4 jobs, another event of the same job
        passed over: 1 jobs, alloc sets: what runs in them asks for itself
        merged: 4 tasks, another event of the same task
        passed over: 1 tasks, alloc sets: what runs in them asks for itself
        read and not kept: machine_id, alloc_collection_id
        records passed over: 1: alloc sets: what runs in them asks for itself
        run times: from the last time that a task was scheduled to its end; a task that does not end in the trace has run until its last event, and of one that ran before nobody knows how long
        tasks that never started, and add no load: 2 of 3 tasks
    "]],
    );
    check(
        Format::Google2019Collections,
        COLLECTIONS,
        &expect![[r"
        2 of u=, submit 700000000, wait 5, priority 200, finish
        4 of v=, submit 700000000
        merged: 2 records, another event of the same job
        passed over: 1 records, alloc sets: what runs in them asks for itself
        merged: 2 jobs, another event of the same job
        passed over: 1 jobs, alloc sets: what runs in them asks for itself
        read and not kept: alloc_collection_id, collection_name, parent_collection_id, max_per_machine, max_per_switch, vertical_scaling
        records passed over: 1: alloc sets: what runs in them asks for itself
        start_after_collection_ids: 1 jobs wait for several others, which is not kept
        tasks: in another table: import a folder with instance_events, too
    "]],
    );
    let rounded = COLLECTIONS.replace("\"collection_id\":\"2\"", "\"collection_id\":\"2.5E+11\"");
    check(
        Format::Google2019Collections,
        &rounded,
        &expect![[r"
            file:2: column collection_id: expected the number of a collection with all its digits, found `2.5E+11`
              hint: a spreadsheet rounded it: the events of a job cannot be told apart, so the file can be counted but not replayed
        "]],
    );
    wrong(
        Format::Google2019Machines,
        "time,machine_id\n0,1\n",
        &expect![[r"
            file:1: expected a first line that names the column `type`, found `time,machine_id`
              hint: columns: time, machine_id, type, capacity.cpus, capacity.memory, platform_id, ...
            file:2: expected a first line that names the column `time`, found `0,1`
              hint: columns: time, machine_id, type, capacity.cpus, capacity.memory, platform_id, ...
        "]],
    );
    wrong(
        Format::Google2019Usage,
        "start_time,end_time,collection_id,average_usage\n9,1,1,\"{'cpus': 2}\"\n1,2,x,\n",
        &expect![[r"
            file:3: column 3 (collection_id): expected the number of a collection, found `x`
            warning: file:2: column end_time: expected a time not before the start (9), found 1
        "]],
    );
}

fn of_bytes(name: &str, bytes: &[u8]) -> String {
    let folder = folder();
    let path = write(&folder, name, bytes);
    let format = Format::detect(&path);
    let format = match format {
        Ok(format) => format,
        Err(error) => return told(folder.path(), &error.to_string()),
    };
    shown(&folder, &path, format.into())
}

#[test]
fn a_database_of_virtual_machines_is_read() {
    let whole = database(VMS);
    let said = of_bytes("vms.sqlite", &whole);
    expect![[r"
        0 of 8, submit 0, priority 0, tasks 1, run 43200000000, cpus 500000000, mem 250000000, censored
        1 of 8, submit 21600000000, priority 1, tasks 1, run 86400000000, cpus 1000000000, mem 1000000000
        2 of 9, submit 216000000000, priority 1, tasks 1, run 7560000000000, cpus 100000000, censored
        3 of 9, submit 0, priority 1, tasks 1, run 7776000000000, censored
        4 of 9, submit 259200000000, priority 1, tasks 1, cpus 500000000, mem 250000000, damaged
        5 of 9, submit 0, priority 1, tasks 1, run 86400, cpus 500000000, mem 250000000
        job shape: a virtual machine is a task that asks for its part of a machine
        not read: note
        priorities: 1 of high, 0 of low priority, whose lives the publisher's decisions cut short
        read and not kept: hdd, ssd, nic
        run times: from request to end; of a machine that was there before the trace only what is in it, from its beginning; one that was there when the publisher looked last, after 90 days, has run until then
        run times of which the trace holds a part: 3 of 6 tasks
        run times that are damaged: 1 of 6 tasks
        sizes: 1 virtual machines are of types of which none is told
        types: 2 of 3 types take their part of the kind of machine 5, on which the most may run; the others of the kind of the least number that they may run on
    "]].assert_eq(&said);
    assert_eq!(of_bytes("vms.sqlite.zst", &zstd(&whole)), said, "packed");
    // A table as text has the sizes of types in another.
    let text =
        "vmId,tenantId,vmTypeId,priority,starttime,endtime\n0,8,92,1,-785.5,0.5\n2,9,94,,2.5,\n";
    check(
        Format::AzurePacking,
        text,
        &expect![[r"
        0 of 8, submit 0, priority 0, tasks 1, run 43200000000, censored
        2 of 9, submit 216000000000, tasks 1, run 7560000000000, censored
        job shape: a virtual machine is a task that asks for its part of a machine
        priorities: 1 of high, 0 of low priority, whose lives the publisher's decisions cut short
        read and not kept: hdd, ssd, nic
        run times: from request to end; of a machine that was there before the trace only what is in it, from its beginning; one that was there when the publisher looked last, after 90 days, has run until then
        run times of which the trace holds a part: 2 of 2 tasks
        types: what they take stands in the table vmType, of which a database has both
    "]],
    );
    wrong(
        Format::AzurePacking,
        &text.replace("2.5,", "soon,"),
        &expect![[r"
            file:3: column 5 (starttime): expected a number of days, found `soon`
              hint: digits with at most one point and exponent: no sign, blank or unit
        "]],
    );
}

#[test]
fn damaged_databases_are_refused() {
    let whole = database(VMS);
    expect![[r"
        vms: table vmType: expected a database of SQLite, found `database disk image is malformed`
          hint: the file may be truncated or damaged
    "]]
    .assert_eq(&of_bytes("vms", &whole[..whole.len() / 2]));
    expect![[r"
        vms: table vm: expected the table `vm`, found none
    "]]
    .assert_eq(&of_bytes("vms", &database("")));
    expect![[r"
        vms: table vm: expected the column `vmTypeId`, found `vmId`
    "]]
    .assert_eq(&of_bytes(
        "vms",
        &database("CREATE TABLE vm (vmId INTEGER)"),
    ));
    let view =
        "CREATE VIEW vm AS SELECT id AS vmId, vmTypeId, 0 AS starttime, 1 AS endtime FROM vmType";
    expect![[r"
        vms: table vm: expected the table `vm`, found none
    "]]
    .assert_eq(&of_bytes("vms", &database(view)));
    let text = VMS.replace(
        "'a'",
        "'a'); INSERT INTO vm VALUES ('x', 1, 2, 3, 4, 5, ''), (7, 8, 92, 1, 1, 2, 'b'",
    );
    expect![[r"
        vms: table vm, row 2, column 5 (priority): expected a priority, 0 to 1, found `3`
    "]]
    .assert_eq(&of_bytes("vms", &database(&text)));
}

#[test]
fn requests_about_images_are_requests() {
    let text = "TIMESTAMP,NumImages,ContextTokens,GeneratedTokens\n2024-10-15 00:00:00+00:00,2,808,10\n\
                2024-10-15 00:00:01.25+00:00,0,318,8\n";
    check(
        Format::AzureLlm,
        text,
        &expect![[r"
            images: 1 requests are about some, whose numbers are not kept
            requests: single ones, by their tokens; how long they take is not in the source
        "]],
    );
}

#[test]
fn functions_of_huawei_are_services() {
    let text = "day,time,400---418---pool22-300-128,7\n0,0,6.0,\n0,60,,2\n";
    check(
        Format::HuaweiFunctions,
        text,
        &expect![[r"
        read and not kept: day
        requests: how long they take stands in other tables
    "]],
    );
    check(
        Format::HuaweiFunctions,
        &text.replace("6.0", "0.5"),
        &expect![[r"
            file:2: expected a whole number of calls, found `0.5`
              hint: its folder says what a table tells: this is another metric
        "]],
    );
    wrong(
        Format::HuaweiFunctions,
        "day,time,clusterName,funcName\n0,0,1,2\n",
        &expect![[r"
            file:1: expected a first line `day`, `time`, and a function each, found `day,time,clusterName,funcName`
              hint: columns: day, time, a function each
        "]],
    );
    // The folder says what a table tells.
    let folder = folder();
    let path = folder.path().join("instances_minute");
    std::fs::create_dir(&path).unwrap();
    std::fs::write(path.join("day_000.csv"), text).unwrap();
    let said = shown(&folder, &path, Format::HuaweiFunctions.into());
    expect![[r"
        instances_minute: expected how often functions were called, found another metric of them
          hint: its folder says what a table tells: requests_minute, requests_second or requests
    "]]
    .assert_eq(&said);
    let header = "time_worker,time_frontend,requestID,clusterName,funcName,podID,userID,totalCost_worker,cpu_usage,memory_usage,requestBodySize";
    let text = format!(
        "{header}\n10.5,10.75,r,1,296,pool22-300-128-0000618412,224,0.5,0.25,32.3,1018\n11,,r,1,296,x,224,,,5,\n"
    );
    check(
        Format::HuaweiRequests,
        &text,
        &expect![[r"
        296 of 224, submit 10750000, tasks 1, run 500000, cpus 300, mem 128, used 33
        296 of 224, submit 11000000, tasks 1
        memory: a MB is a MiB
        read and not kept: time_worker, requestID, workerCost, runtimeCost, totalCost_frontend, frontendCost, busCost, readBodyCost, writeRspCost
        requests: a job of one task each, that asks for what its pod may use; it comes when its frontend told of it, or else its worker
        run times that the source does not tell: 1 of 2 tasks
    "]],
    );
}

#[test]
fn machines_of_materna_write_numbers_as_germans_do() {
    let text = "\"Timestamp\";\"CPU cores\";\"CPU usage [%]\";\"Memory capacity provisioned [KB]\";\"Memory usage [KB]\"\n\
                \"04.11.2015 20:23:06\";\"2\";\"1,67\";\"6291456\";\"402653,5\"\n\
                04.11.2015 20:28:06;2;1.67;6291456;0\n";
    check(
        Format::Materna,
        text,
        &expect![[r"
        file of nobody, tasks 1, cpus 2000, mem 6144
        merged: 1 jobs, another reading of the same machine
        merged: 1 tasks, another reading of the same machine
        read and not kept: CPU capacity provisioned [MHZ], CPU usage [MHZ], Memory usage [%], Disk read throughput [KB/s], Disk write throughput [KB/s], Disk size [GB], Network received throughput [KB/s], Network transmitted throughput [KB/s]
        run times that the source does not tell: 1 of 1 tasks
        usage: percent of a machine, in the five minutes before its time
    "]],
    );
    let odd = "04.11.2015 20:23;2;1;1;1\n04.11.2015 20:23:06;2;1,2,3;1;1\n";
    wrong(
        Format::Materna,
        &format!("{}{odd}", &text[..=text.find('\n').unwrap()]),
        &expect![[r"
            file:2: column 1 (Timestamp): expected a time of the form 04.11.2015 20:23:06, found `04.11.2015 20:23`
            file:3: column 3 (CPU usage [%]): expected a number of percent, found `1,2,3`
              hint: digits with at most one point and exponent: no sign, blank or unit
        "]],
    );
}
