//! Small files in the formats of published traces, one for each reader that reads rows.

use fairground_workloads::Format;

/// Four jobs: completed, cancelled before it ran, without processors, and with a fraction too many.
pub(crate) const SWF: &str = "\
; Version: 2.2
;Computer: Cray: the one of 1990
; Note: two lines
;       where: here
; MaxProcs: 64
;
   1   100    5   60   4  58.25 2048   4   90 4096 1 1 1 -1 0 1 -1 -1
   2   160   -1    0  -1     -1   -1   8   -1   -1 5 2 1 -1 0 1  1  60
   3   160    3   10  -1     -1   -1   2   20   -1 1 1 1  7 1 1 -1 -1
   4   170  2.5   30   3     -1   -1  -1   -2   -1 0 2 1  7 1 1 -1 -1
";

/// A machine that is there from the beginning, one that is changed, one that goes.
pub(crate) const GOOGLE_MACHINES: &str = "\
#time,machine,event,platform,cpus,memory
0,5,0,HofLGzk1Or/8=,0.5,0.2493
0,6,0,HofLGzk1Or/8=,1,1
600000000,6,2,HofLGzk1Or/8=,0.5,1
700000000,5,1,HofLGzk1Or/8=,,
";

/// A job from before the trace, and one that is killed and comes again.
pub(crate) const GOOGLE_JOBS: &str = "\
0,,3418309,0,70s3v5q/w+5CK=,3,IHgtoxEBuU=,wAmgn2H74c=
600000000,,3418310,0,userB=,0,nameB=,logicalB=
600000001,,3418310,1,userB=,0,nameB=,logicalB=
600500001,,3418310,5,userB=,0,nameB=,logicalB=
600500009,1,3418310,0,userB=,,nameB=,
";

/// A task from before the trace that never ends, and one that is evicted and comes again.
pub(crate) const GOOGLE_TASKS: &str = "\
0,2,3418309,0,4155527081,0,70s3v5q=,3,9,,,,
0,,3418314,0,3938719206,1,70s3v5q=,3,9,0.125,0.07446,0.0004244,0
600000000,,3418320,1,,0,userB=,0,0,3.815e-06,0.0159,0,1
600000100,,3418320,1,5,1,userB=,0,0,3.815e-06,0.0159,0,1
601500100,,3418320,1,5,2,userB=,0,0,3.815e-06,0.0159,0,1
601500101,,3418320,1,,0,userB=,0,0,3.815e-06,0.0159,0,1
";

/// Two jobs as published: a map with a reduce, and a task for itself that is still running.
pub(crate) const ALIBABA_TASKS: &str = "\
M1,10,j_1,1,Terminated,100,160,100.0,0.3
R2_1,1,j_1,1,Terminated,160,161,50,0.39
task_Nzg=,3,j_2,2,Running,170,,,
";

/// A join in the columns of the sample.
pub(crate) const ALIBABA_SAMPLE: &str = "\
0,j_7,J3_1_2,382,50.0,0.39,9
0,j_7,M1,5,100.0,0.3,2
";

/// Two instances, one that lost its machine.
pub(crate) const ALIBABA_INSTANCES: &str = "\
i_1,M1,j_1,1,Terminated,100,160,m_2,1,1,74.5,99,0.1,0.2
,R2_1,j_1,1,Failed,160,0,,1,2,,,,
";

/// The same in the columns of the sample.
pub(crate) const ALIBABA_SAMPLE_INSTANCES: &str = "0,j_7,J3_1_2,ins_1,52,74.0,0.1\n";

/// Three rows of two machines.
pub(crate) const ALIBABA_MACHINES: &str = "\
m_1,0,219,17,96,100,USING
m_1,148984,219,17,96,100,IMPORT_INSTALLING
m_2,10,15,,96,100,USING
";

/// Three tasks under a header, one created before the trace.
pub(crate) const ALIBABA_2017: &str = "\
task_create_time, task_end_time, job_id, task_id,instances, status, cpus,memory\r
6459,6524,3,4,15740,Terminated,50,0.007956928\r
-1078,5,3,5,1,Terminated,50.5,0.004395206\r
7,8,4,6,2,Waiting,,\r
";

/// Three jobs of two virtual clusters and an empty line.
pub(crate) const PHILLY: &str = "\
timestamp,duration,num_gpus,gpu_time,cluster
2017-10-09 07:01:55,66.0,1,66.0,11cb48
2017-10-09 06:13:03,2951.5,8,23612.0,6214e9
2017-12-31 23:59:59,10,2,21,6214e9

";

/// A node with GPUs and one without.
pub(crate) const OPENB_NODES: &str = "\
sn,cpu_milli,memory_mib,gpu,model
openb-node-0000,32000,262144,0,
openb-node-0001,64000,262144,2,P100
";

/// A pod that shares a GPU, one with eight that is pending, one without any.
pub(crate) const OPENB_PODS: &str = "\
name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec,qos,pod_phase,creation_time,deletion_time,\
scheduled_time
openb-pod-0000,12000,16384,1,460,V100M16|V100M32,LS,Running,0,12537496,5
openb-pod-0001,6000,0,8,1000,,BE,Pending,427061,427161,
openb-pod-0002,6000,12288,0,0,,Guaranteed,Succeeded,427060.0,427160.0,427061.0
";

/// The same without times.
pub(crate) const OPENB_BRIEF: &str = "\
name,cpu_milli,memory_mib,num_gpu,gpu_milli
openb-pod-0000,12000,16384,1,1000
";

/// Two jobs of a year.
pub(crate) const GAIA: &str =
    "arrival_time,length,cpus\n0.0,4.1625,128\n147.73638888888888,0.12305555555555556,1\n";

/// A machine without GPUs and one with two.
pub(crate) const PAI: &str = "7399a758eb02,CPU,96,512,0\n75c536d5ba60,P100,64,512,2\n";

/// An instance from before the trace that outlives it, and one that does not.
pub(crate) const DLRM: &str = "\
instance_sn,role,app_name,cpu_request,cpu_limit,gpu_request,gpu_limit,rdma_request,rdma_limit,\
memory_request,memory_limit,disk_request,disk_limit,max_instance_per_node,creation_time,\
scheduled_time,deletion_time
instance_0,HN,app_0,12,12,1,1,25,25,120.0,120.0,640.0,800.0,8,,,
instance_1,CN,app_0,64,64,0,0,1,1,475.00000000000006,480,0,0,-1,475.0,476.5,9000.0
";

/// Two jobs of a cluster.
pub(crate) const ELASTICFLOW: &str = "\
job_id,submission_time,duration,num_gpu
5a1d-01,2266647,604,16
5a1d-02,2266600,1000,1
";

/// Two requests, with and without a zone.
pub(crate) const AZURE_LLM: &str = "\
TIMESTAMP,ContextTokens,GeneratedTokens\r
2023-11-16 18:17:03.9799600,4808,10\r
2023-11-16 18:17:04.009930+00:00,3180,8\r
";

/// Two requests that begin alike.
pub(crate) const MOONCAKE: &str = concat!(
    r#"{"timestamp": 0, "input_length": 758, "output_length": 500, "hash_ids": [0, 1]}"#,
    "\n",
    r#"{"timestamp": 3000, "input_length": 322, "output_length": 490, "hash_ids": [0]}"#,
    "\n"
);

/// Two coflows between three racks.
pub(crate) const COFLOW: &str = "3 2\n1 0 1 2 1 0:8.0\n2 35 2 0 1 2 2:1.5 1:3\n";

/// Two requests, with an escaped quote and without referer.
pub(crate) const ACCESS_LOG: &str = concat!(
    r#"83.149.9.216 - - [17/May/2015:10:05:03 +0000] "GET /a\"b HTTP/1.1" 200 2030 "-" "Mozilla""#,
    "\n",
    r#"host - bob [01/Jan/1996:00:00:59 -0130] "GET /" 304 -"#,
    "\n"
);

/// A small good file in every format.
pub(crate) const FILES: &[(Format, &str)] = &[
    (Format::Swf, SWF),
    (Format::Google2011Machines, GOOGLE_MACHINES),
    (Format::Google2011Jobs, GOOGLE_JOBS),
    (Format::Google2011Tasks, GOOGLE_TASKS),
    (Format::Alibaba2017, ALIBABA_2017),
    (Format::Alibaba2018Tasks, ALIBABA_TASKS),
    (Format::Alibaba2018Tasks, ALIBABA_SAMPLE),
    (Format::Alibaba2018Instances, ALIBABA_INSTANCES),
    (Format::Alibaba2018Instances, ALIBABA_SAMPLE_INSTANCES),
    (Format::Alibaba2018Machines, ALIBABA_MACHINES),
    (Format::Philly, PHILLY),
    (Format::OpenbNodes, OPENB_NODES),
    (Format::OpenbPods, OPENB_PODS),
    (Format::OpenbPods, OPENB_BRIEF),
    (Format::Gaia, GAIA),
    (Format::PaiMachines, PAI),
    (Format::Dlrm, DLRM),
    (Format::ElasticFlow, ELASTICFLOW),
    (Format::AzureLlm, AZURE_LLM),
    (Format::Mooncake, MOONCAKE),
    (Format::Coflow, COFLOW),
    (Format::AccessLog, ACCESS_LOG),
];
