//! A small table in Parquet.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use parquet::data_type::{ByteArrayType, DoubleType, Int64Type};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::parser::parse_message_type;

/// Writes fragments as Parquet.
pub(crate) fn fragments(path: &Path, durations: &[i64], used: &[f64]) {
    let schema = "message fragments { required int64 id; required int64 duration; \
                  required double cpu_usage; }";
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let properties = Arc::new(WriterProperties::default());
    let file = File::create(path).unwrap();
    let mut writer = SerializedFileWriter::new(file, schema, properties).unwrap();
    let mut group = writer.next_row_group().unwrap();
    for values in [&vec![116; durations.len()], durations] {
        let mut column = group.next_column().unwrap().unwrap();
        column
            .typed::<Int64Type>()
            .write_batch(values, None, None)
            .unwrap();
        column.close().unwrap();
    }
    let mut column = group.next_column().unwrap().unwrap();
    column
        .typed::<DoubleType>()
        .write_batch(used, None, None)
        .unwrap();
    column.close().unwrap();
    group.close().unwrap();
    writer.close().unwrap();
}

/// Writes two jobs as Parquet: a name, a time in the type's unit, seconds that may be missing, bytes.
pub(crate) fn jobs(path: &Path) {
    let schema = "message jobs { required binary owner (UTF8); \
                  required int64 submitted (TIMESTAMP_MILLIS); optional double run_s; \
                  required int64 memory_bytes; required int64 colour; }";
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let file = File::create(path).unwrap();
    let mut writer = SerializedFileWriter::new(file, schema, Arc::default()).unwrap();
    let mut group = writer.next_row_group().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    let names = ["ann".into(), "bob".into()];
    let typed = column.typed::<ByteArrayType>();
    typed.write_batch(&names, None, None).unwrap();
    column.close().unwrap();
    let whole = |group: &mut SerializedRowGroupWriter<'_, File>, values: &[i64; 2]| {
        let mut column = group.next_column().unwrap().unwrap();
        let typed = column.typed::<Int64Type>();
        typed.write_batch(values, None, None).unwrap();
        column.close().unwrap();
    };
    whole(&mut group, &[1_767_600_000_000, 1_767_600_000_250]);
    let mut column = group.next_column().unwrap().unwrap();
    let typed = column.typed::<DoubleType>();
    typed.write_batch(&[60.5], Some(&[1, 0]), None).unwrap();
    column.close().unwrap();
    whole(&mut group, &[1 << 30, 1]);
    whole(&mut group, &[7, 8]);
    group.close().unwrap();
    writer.close().unwrap();
}
