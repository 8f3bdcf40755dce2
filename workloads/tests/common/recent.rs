//! Small files in the formats of lists of functions, machines, training jobs, Hadoop, Spark and
//! workflows.

use fairground_workloads::Format;

/// A use of a task in the columns of the trace.
pub(crate) const GOOGLE_USAGE: &str = "\
#start time of the measurement period,end
600000000,900000000,3418309,0,4155527081,0.001562,0.06787,0.07568,0.001156,0.001503,0.06787,\
2.861e-06,0.0001869,0.03967,0.0003567,2.445,0.007243,0,1,0
600000000,900000000,3418309,1,,,,,,,,,,,,,,0,1,0
";

/// An event as `BigQuery` exports it, one of a job that a spreadsheet rounded, one without request.
pub(crate) const GOOGLE_2019: &str = r#",time,instance_events_type,collection_id,scheduling_class,collection_type,priority,alloc_collection_id,instance_index,machine_id,resource_request
0,0,2,94591244395,3,1,200,0,144,168846,"{'cpus': 0.0206, 'memory': 0.0144}"
1,2.5E+12,3,2.60698E+11,2,0,360,0,335,,
"#;

/// The same as JSON.
pub(crate) const GOOGLE_2019_JSON: &str = concat!(
    r#"{"time":"0","type":"SUBMIT","collection_id":"94591244395","instance_index":"1","#,
    r#""scheduling_class":3,"resource_request":{"cpus":0.5,"memory":0.25}}"#,
    "\n"
);

/// A request that succeeded and one that failed and lacks its prompt.
pub(crate) const GENAI: &str = "\
gmt_create,predict_type,predict_status,exec_time_seconds,groupId,prompt_length,num_images_per_prompt
2024-11-15 16:57:50,TXT_2_IMG,SUCCEED,32.0,G0000,63.0,1.0
2024-11-15 16:57:51,IMG_2_IMG,FAILED,0.0,G0001,,
";

/// Two nodes.
pub(crate) const SPOT_NODES: &str = "\
gpu_model,gpu_capacity_num,cpu_num,node_name
GPU-series-1,4,192,0
H800,8,192,1
";

/// Two invocations, one begun before the trace.
pub(crate) const INVOCATIONS: &str = "\
app,func,end_timestamp,duration
7b2c,e3cd,0.07949090003967285,0.078
7b2c,337c,0.5,1.5
";

/// Two functions in three minutes.
pub(crate) const MINUTES: &str = "\
HashOwner,HashApp,HashFunction,Trigger,1,2,3
c455,68ba,f1,http,0,5,1
c455,68ba,f2,timer,1,1,1
";

/// How long they take.
pub(crate) const DURATIONS: &str = "\
HashOwner,HashApp,HashFunction,Average,Count,Minimum,Maximum,percentile_Average_50
c455,68ba,f1,32.5,6,1,100,30
c455,68ba,f2,200,3,1,100.5,
";

/// How much memory they have.
pub(crate) const MEMORY: &str = "\
HashOwner,HashApp,SampleCount,AverageAllocatedMb
c455,68ba,12,120.5
";

/// A list of invocations and what the functions need.
pub(crate) const REPLAY: &str = "func_name,invoke_time_ms\nda70,6\n9b63,51\nda70,58\n";
pub(crate) const PROFILES: &str = "\
func_name,cold_dur_ms,warm_dur_ms,mem_mb,mean_iat
da70,1582,34,37,548.0
9b63,10672,23,94,
";

/// A machine of version 1 and one of version 2 in the largest buckets.
pub(crate) const VMS: &str = "\
x/X=,VDU=,Pc2=,0,2591700,99.369869,3.4240942342446719,10.194309,Delay-insensitive,1,1.75
H5C=,BSX=,3J1=,300,600,100,6.18,33.98,Interactive,>24,>64
";
pub(crate) const READINGS: &str = "0,+ZcrO=,2.052803,3.911587,2.86979\n300,+ZcrO=,1,2,2.5\n";

/// Two jobs of Cook, one before the beginning, and a host.
pub(crate) const COOK_JOBS: &str = r#"[ {
  "run-time-ms" : 1157730, "submit-time-ms" : -855, "job/user" : "a", "job/uuid" : "1",
  "job/resource" : [ { "resource/type" : "resource.type/cpus", "resource/amount" : 2.0 },
    { "resource/type" : "resource.type/mem", "resource/amount" : 2817.5 } ]
}, {
  "run-time-ms" : 10000, "submit-time-ms" : 5, "job/user" : "b", "job/uuid" : "2",
  "job/resource" : [ ]
} ]
"#;
pub(crate) const COOK_HOSTS: &str = r#"[ {
  "hostname" : "0",
  "resources" : { "cpus" : { "*" : 10 }, "mem" : { "*" : 10000, "web" : 5 },
    "ports" : { "*" : [ { "begin" : 1, "end" : 100 } ] } }
} ]
"#;

/// Two jobs of Gavel and how fast they are.
pub(crate) const GAVEL: &str = "\
Transformer (batch size 128)\tcd %s && python3 train.py\t-step\t1\t95121\t0.000000\t1
ResNet-18 (batch size 32)\tpython3 main.py\t--num_steps\t1\t10000\t6.5\t4
";
pub(crate) const THROUGHPUTS: &str = r#"{
    "k80": {
        "('ResNet-18 (batch size 16)', 1)": {
            "null": 4.795, "('ResNet-18 (batch size 32)', 1)": [2.5, 3.1]
        }
    },
    "v100": {}
}
"#;

/// Two jobs of Muri.
pub(crate) const MURI: &str = "\
job_id,num_gpu,submit_time,iterations,model_name,batch_size,duration,interval,iteration_time,\
resource_time_0,priority
0,1,0,5853661,dqn,128,2868294000,46122000,490,446,1
1,8,201694000,8787693,dqn,128,4472936000,201694000,509.5,435,0
";

/// Run times.
pub(crate) const RUNTIMES: &str = "runtime\n0.0\n1.5\n";

/// A job with a map that was killed once, and a reduce that never ended.
pub(crate) const RUMEN: &str = r#"{
  "jobID" : "job_1", "user" : "jenkins", "queue" : null, "outcome" : "SUCCESS",
  "submitTime" : 1371222054499, "finishTime" : -1, "jobMapMB" : 200,
  "mapTasks" : [ { "taskID" : "m_0", "inputBytes" : 82, "attempts" : [
    { "result" : "KILLED", "startTime" : 1371222059053, "finishTime" : 1371222060053 },
    { "result" : "SUCCESS", "startTime" : 1371222061163, "finishTime" : 1371222078206,
      "hostName" : "/default-rack/a" } ] } ],
  "reduceTasks" : [ { "taskID" : "r_0", "attempts" : [ { "startTime" : 1371222061163 } ] } ]
}
{ "jobID" : "job_2", "submitTime" : 1371222159703, "finishTime" : 1371222251755 }
"#;

/// A job of three containers.
pub(crate) const SLS: &str = r#"{ "am.type" : "mapreduce", "job.start.ms" : 0, "job.end.ms" : "95375",
  "job.queue.name" : "q", "job.id" : "job_1", "job.user" : "default",
  "job.tasks" : [
    { "container.host" : "/rack/a", "container.start.ms" : 6664, "container.end.ms" : 23707,
      "container.type" : "map" },
    { "duration.ms" : 5000, "count" : 2, "container.type" : "reduce" } ] }
"#;

/// Two racks, one without hosts.
pub(crate) const TOPOLOGY: &str = r#"{ "name" : "<root>", "children" : [
  { "name" : "10\\.0", "children" : [ { "name" : "a", "children" : null }, { "name" : "b" } ] },
  { "name" : "10\\.1", "children" : null } ] }
"#;

/// A job that was submitted and ended.
pub(crate) const JHIST: &str = r#"Avro-Json
{"type":"record","name":"Event"}
{"type":"JOB_SUBMITTED","event":{"x.JobSubmitted":{"jobid":"job_1","submitTime":1526555642677}}}

{"type":"JOB_FINISHED","event":{"x.JobFinished":{"jobid":"job_1","finishTime":1526555658299}}}
"#;

/// A job with settings in front and the report of a failure over two lines.
pub(crate) const JOBTRACKER: &str = r#"!!FILE=job_1_conf.xml!!
<?xml version="1.0"?><configuration>
</configuration>
Meta VERSION="1" .
Job JOBID="job_1" USER="geek1" SUBMIT_TIME="1240335960685" JOBCONF="hdfs://nn\.x/job\.xml" .
MapAttempt TASKID="task_1" TASK_STATUS="FAILED" FINISH_TIME="1240336743094" ERROR="exit \"15\"
	at x\.y" .
"#;

/// An application with a job of two stages.
pub(crate) const SPARK: &str = r#"{"Event":"SparkListenerLogStart","Spark Version":"3.1.1"}
{"Event":"SparkListenerApplicationStart","App Name":"x","Timestamp":1000,"User":"u"}
{"Event":"SparkListenerExecutorAdded","Timestamp":1100,"Executor ID":"1","Executor Info":{"Host":"h","Total Cores":12}}
{"Event":"SparkListenerJobStart","Job ID":0,"Submission Time":1200,"Stage Infos":[{"Stage ID":0,"Number of Tasks":1,"Parent IDs":[]},{"Stage ID":1,"Number of Tasks":1,"Parent IDs":[0]}]}
{"Event":"SparkListenerTaskEnd","Stage ID":0,"Stage Attempt ID":0,"Task Info":{"Launch Time":1300,"Finish Time":1350,"Failed":false,"Killed":false}}
{"Event":"SparkListenerStageCompleted","Stage Info":{"Stage ID":0,"Stage Attempt ID":0,"Number of Tasks":1,"Parent IDs":[]}}
{"Event":"org.apache.spark.sql.execution.ui.SparkListenerSQLExecutionEnd","executionId":0}
{"Event":"SparkListenerTaskEnd","Stage ID":1,"Task Info":{"Launch Time":1350,"Finish Time":1360,"Failed":true}}
{"Event":"SparkListenerApplicationEnd","Timestamp":2000}
"#;

/// A query of two stages.
pub(crate) const JOBLOG: &str = "\
CREATE TABLE result AS SELECT x: y FROM t
STAGE_ID=4 RDD_DEP=(26,25) STAGE_DEP=(5,1)
STAGE_ID=5 RDD_DEP=(21) STAGE_DEP=
STAGE_ID=4 RESULT_STAGE
2014/04/16 04:52:38: JOB_ID=1 STATUS=STARTED
2014/04/16 04:52:38: STAGE_ID=5 STATUS=SUBMITTED TASK_SIZE=1
2014/04/16 04:52:42: TASK_TYPE=SHUFFLE_MAP_TASK STATUS=SUCCESS TID=1 STAGE_ID=5 \
START_TIME=1397623958667 FINISH_TIME=1397623962029 EXECUTOR_ID=2 HOST=h METRICS=
2014/04/16 04:52:49: JOB_ID=1 STATUS=SUCCES
";

/// A fork: two tasks wait for one.
pub(crate) const WORKFLOW: &str = r#"{ "name": "fork", "schemaVersion": "1.5", "workflow": {
  "specification": {
    "tasks": [ { "id": "a", "children": ["b", "c"], "parents": [] },
      { "id": "b", "parents": ["a"], "inputFiles": ["f"] }, { "id": "c", "parents": ["a"] } ],
    "files": [ { "id": "f", "sizeInBytes": 1371 } ] },
  "execution": { "makespanInSeconds": 12.5,
    "tasks": [ { "id": "a", "runtimeInSeconds": 0.471, "coreCount": 1, "memoryInBytes": 3000000 },
      { "id": "b", "runtimeInSeconds": 10, "avgCPU": 166.4 }, { "id": "c", "runtimeInSeconds": 0 } ],
    "machines": [ { "nodeName": "w" } ] } } }
"#;

/// Tables of `OpenDC` as CSV.
pub(crate) const TASKS: &str = "\
id,submission_time,duration,cpu_count,cpu_capacity,mem_capacity
2132819,1665093600000,2100000,16,33600.0,100000
2132820,1665093600001,870000,1,2100.5,100000
";
pub(crate) const FRAGMENTS: &str = "id,duration,cpu_usage\n116,300000,19.5\n116,300000,0.25\n";
pub(crate) const WTA: &str = "\
id,workflow_id,ts_submit,runtime,resource_amount_requested,parents
0,0,0,7184,1.0,
1,0,5,9171,-1.0,0
2,0,5,9171,2,0;1
";

/// A workflow in which one task waits for two.
pub(crate) const GWF: &str = "\
WorkflowID, JobID     , SubmitTime, RunTime   , NProcs    , ReqNProcs , Dependencies
0         , 1         , 16        , 11        , 1         , 1         ,
0         , 2         , 40        , 11.5      , -1        , 1         ,
0         , 3         , 64        , -1        , 2         , 2         , 1 2
";

/// Two rows of a machine.
pub(crate) const BITBRAINS: &str = "\
Timestamp [ms];\tCPU cores;\tCPU capacity provisioned [MHZ];\tCPU usage [MHZ];\tCPU usage [%];\t\
Memory capacity provisioned [KB];\tMemory usage [KB]
1376314846;\t1;\t2599.999309;\t19.06666159933333;\t0.7333333333333333;\t2097152.0;\t110448.53333333334
1376315146;\t1;\t2599.999309;\t19;\t0.73;\t2097152.0;\t106254.1
";

/// A machine in three periods.
pub(crate) const PLANETLAB: &str = "47\n4\n38\n";

/// Two hours of a service, and one that was taken out.
pub(crate) const LOAD: &str = "\
Time\treq/s\tbytes/req\tRT0
####
# 0:00
0\t6112\t8327\t0.04
#3600\t1\t1\t1
7200\t3056.5\t11553\t0.04
";

/// A small good file in every format.
pub(crate) const FILES: &[(Format, &str)] = &[
    (Format::Google2011Usage, GOOGLE_USAGE),
    (Format::Google2019Instances, GOOGLE_2019),
    (Format::Google2019Instances, GOOGLE_2019_JSON),
    (Format::GenAi, GENAI),
    (Format::SpotGpuNodes, SPOT_NODES),
    (Format::AzureInvocations, INVOCATIONS),
    (Format::AzureMinutes, MINUTES),
    (Format::AzureDurations, DURATIONS),
    (Format::AzureMemory, MEMORY),
    (Format::FunctionReplay, REPLAY),
    (Format::FunctionProfiles, PROFILES),
    (Format::AzureVms, VMS),
    (Format::AzureReadings, READINGS),
    (Format::CookJobs, COOK_JOBS),
    (Format::CookHosts, COOK_HOSTS),
    (Format::GavelJobs, GAVEL),
    (Format::GavelThroughputs, THROUGHPUTS),
    (Format::Muri, MURI),
    (Format::PhillyRuntimes, RUNTIMES),
    (Format::Rumen, RUMEN),
    (Format::Sls, SLS),
    (Format::Topology, TOPOLOGY),
    (Format::Jhist, JHIST),
    (Format::JobTracker, JOBTRACKER),
    (Format::SparkEvents, SPARK),
    (Format::SparkJobLog, JOBLOG),
    (Format::WfCommons, WORKFLOW),
    (Format::OpenDcTasks, TASKS),
    (Format::OpenDcFragments, FRAGMENTS),
    (Format::Wta, WTA),
    (Format::Gwf, GWF),
    (Format::Bitbrains, BITBRAINS),
    (Format::PlanetLab, PLANETLAB),
    (Format::Loads, LOAD),
];
