//! Acme, 2023: jobs of two clusters on which language models are developed, Seren and Kalos.
//!
//! Source: github.com/InternLM/AcmeTrace, `trace_seren.csv` and `trace_kalos.csv` (Hu et al., NSDI 2024). Times
//! have a zone. Kalos also tells the memory of each pod, and when jobs failed and were stopped; its
//! durations are from submission to end, whatever its description says.

use super::{Record, replay};
use crate::formats::prelude::*;

pub(crate) const FORM: Form = Form {
    about: "jobs of a cluster on which language models are developed (Acme 2023, trace_seren, trace_kalos)",
    signs: &[
        Begins("job_id,user,node_num,gpu_num,cpu_num"),
        Named("trace_seren"),
        Named("trace_kalos"),
    ],
    unkept: &[
        "shared_mem_per_pod",
        "fail_time",
        "stop_time",
        "duration",
        "queue",
        "gpu_time",
    ],
    import: Ok(replay),
    samples: &[
        "\
job_id,user,node_num,gpu_num,cpu_num,type,state,submit_time,start_time,end_time,duration,queue,gpu_time
5778432,u5907,1,8,128,Other,FAILED,2023-03-01 00:18:22+08:00,2023-03-01 00:18:54+08:00,\
2023-03-01 00:20:51+08:00,117,32,936.0
5778469,u5907,4,32,512,Pretrain,COMPLETED,2023-03-01 00:23:58+08:00,2023-03-01 00:24:11+08:00,\
2023-03-01 01:09:04+08:00,2693,13,21544.0
",
        "\
job_id,user,node_num,gpu_num,cpu_num,mem_per_pod_GB,shared_mem_per_pod,type,state,submit_time,start_time,\
end_time,fail_time,stop_time,duration,queue,gpu_time
dlctk696,uf794,8,64,960,1000,100.0,Other,FAILED,2023-05-17 11:00:58+00:00,2023-05-17 11:01:08+00:00,\
2023-05-17 11:01:16+00:00,2023-05-17 11:01:16+00:00,,18,10.0,1152.0
",
    ],
    ..Form::of::<Rows<Record>>()
};
