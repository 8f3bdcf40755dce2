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

/// A small good file in every format.
pub(crate) const FILES: &[(Format, &str)] = &[(Format::Swf, SWF)];
