//! Small tables in Arrow.

use std::sync::Arc;

use arrow_array::types::{Int32Type, Int64Type};
use arrow_array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, DictionaryArray, DurationSecondArray,
    Float64Array, Int64Array, LargeStringArray, RecordBatch, StringArray, StringViewArray,
    StructArray, TimestampMillisecondArray, TimestampNanosecondArray, UInt8Array,
};
use arrow_ipc::CompressionType;
use arrow_ipc::writer::{FileWriter, IpcWriteOptions, StreamWriter};

fn batch(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    RecordBatch::try_from_iter(columns).unwrap()
}

/// The two jobs that [`super::parquet::jobs`] has.
pub(crate) fn jobs() -> RecordBatch {
    let submitted = TimestampMillisecondArray::from(vec![1_767_600_000_000, 1_767_600_000_250]);
    batch(vec![
        ("owner", Arc::new(StringArray::from(vec!["ann", "bob"]))),
        ("submitted", Arc::new(submitted)),
        (
            "run_s",
            Arc::new(Float64Array::from(vec![Some(60.5), None])),
        ),
        ("memory_bytes", Arc::new(Int64Array::from(vec![1 << 30, 1]))),
        ("colour", Arc::new(Int64Array::from(vec![7, 8]))),
    ])
}

/// Three jobs whose columns have other types.
pub(crate) fn types() -> RecordBatch {
    let times = vec![Some(1_767_600_000_000_000_499), Some(1_500), None];
    let users = [Some("ann"), None, Some("ann")];
    let colours: DictionaryArray<Int32Type> = users.iter().copied().collect();
    let cpus = Decimal128Array::from(vec![1500, 250, 1000]);
    batch(vec![
        (
            "submit_s",
            Arc::new(TimestampNanosecondArray::from(times).with_timezone("UTC")),
        ),
        ("end", Arc::new(Date32Array::from(vec![20_459, 1, 20_000]))),
        ("run", Arc::new(DurationSecondArray::from(vec![30, 0, 7]))),
        ("user", Arc::new(colours)),
        (
            "cpus",
            Arc::new(cpus.with_precision_and_scale(9, 3).unwrap()),
        ),
        ("gpus", Arc::new(UInt8Array::from(vec![0, 1, 2]))),
        (
            "gang",
            Arc::new(BooleanArray::from(vec![true, false, true])),
        ),
        (
            "queue",
            Arc::new(StringViewArray::from(vec![
                "short",
                "a queue with a long name",
                "",
            ])),
        ),
        ("job", Arc::new(LargeStringArray::from(vec!["a", "b", "c"]))),
    ])
}

/// One job, whose run time is a column of columns.
pub(crate) fn nested() -> RecordBatch {
    let columns: Vec<(&str, ArrayRef)> = vec![("s", Arc::new(Int64Array::from(vec![60])))];
    let run = StructArray::from(batch(columns));
    batch(vec![
        ("job", Arc::new(StringArray::from(vec!["a"]))),
        ("run", Arc::new(run)),
    ])
}

/// So many jobs of the same length, in seconds.
pub(crate) fn alike(jobs: usize, seconds: i64) -> RecordBatch {
    let users: DictionaryArray<Int64Type> =
        (0..jobs).map(|job| Some(["a", "b"][job % 2])).collect();
    batch(vec![
        ("run_s", Arc::new(Int64Array::from(vec![seconds; jobs]))),
        ("user", Arc::new(users)),
    ])
}

fn options(packed: Option<CompressionType>) -> IpcWriteOptions {
    IpcWriteOptions::default()
        .try_with_compression(packed)
        .unwrap()
}

/// The batches as a file.
pub(crate) fn file(batches: &[RecordBatch], packed: Option<CompressionType>) -> Vec<u8> {
    let schema = batches[0].schema();
    let mut bytes = Vec::new();
    let mut writer =
        FileWriter::try_new_with_options(&mut bytes, &schema, options(packed)).unwrap();
    for batch in batches {
        writer.write(batch).unwrap();
    }
    writer.finish().unwrap();
    drop(writer);
    bytes
}

/// The batches as a stream.
pub(crate) fn stream(batches: &[RecordBatch], packed: Option<CompressionType>) -> Vec<u8> {
    let schema = batches[0].schema();
    let mut bytes = Vec::new();
    let mut writer =
        StreamWriter::try_new_with_options(&mut bytes, &schema, options(packed)).unwrap();
    for batch in batches {
        writer.write(batch).unwrap();
    }
    writer.finish().unwrap();
    drop(writer);
    bytes
}
