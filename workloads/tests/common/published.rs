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

/// A small good file in every format.
pub(crate) const FILES: &[(Format, &str)] = &[
    (Format::Swf, SWF),
    (Format::Google2011Machines, GOOGLE_MACHINES),
    (Format::Google2011Jobs, GOOGLE_JOBS),
    (Format::Google2011Tasks, GOOGLE_TASKS),
];
