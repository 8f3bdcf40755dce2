//! Helios, 2020: jobs of four of `SenseTime`'s clusters, by virtual cluster.
//!
//! Source: github.com/S-Lab-System-Group/HeliosData, `cluster_log.csv` of Earth, Saturn, Uranus and Venus (Hu
//! et al., SC 2021). Local times. A folder with `cluster_gpu_number.csv` in it is read together with that.

use super::{Record, capacity, replay};
use crate::formats::prelude::*;
use crate::formats::tables;

pub(crate) const FORM: Form = Form {
    about: "jobs of a cluster with GPUs by virtual cluster; a folder with the machines beside them \
            (SenseTime Helios 2020, cluster_log)",
    signs: &[
        Begins("job_id,user,vc,"),
        Named("cluster_log"),
        Holding("cluster_log"),
    ],
    tables: &["cluster_log", capacity::TABLE],
    unkept: &["user", "duration", "queue"],
    import: Ok(import),
    samples: &["\
job_id,user,vc,jobname,gpu_num,cpu_num,node_num,state,submit_time,start_time,end_time,duration,queue
1425511,uXBbc,vcJkd,train,1,1,1,COMPLETED,2020-06-09 18:41:01,2020-06-09 18:41:01,2020-06-10 04:55:09,36848,0
1425512,uVMrF,vchbv,x,16,64,2,FAILED,2020-06-09 18:41:27,2020-06-09 18:41:30,2020-06-09 18:45:36,246,3
1425513,uzqls,vcpDC,x,0,1,1,CANCELLED,2020-06-09 18:41:28,,2020-06-09 18:42:00,0,32
"],
    ..Form::of::<Rows<Record>>()
};

fn import(import: &mut Import<'_>, path: &Path) -> Done {
    replay(import, path)?;
    if tables::has(path, capacity::TABLE) {
        capacity::machines(import, path)?;
        tables::joined(import, capacity::TABLE, capacity::FORM.unkept);
    }
    Ok(())
}
