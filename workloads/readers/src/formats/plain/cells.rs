//! What stands in columns of Parquet and of Arrow, as the text that it would be in CSV.

use arrow_array::cast::AsArray as _;
use arrow_array::types::{
    Decimal32Type, Decimal64Type, Decimal128Type, Decimal256Type, DurationMicrosecondType,
    DurationMillisecondType, DurationNanosecondType, DurationSecondType, Float16Type, Float32Type,
    Float64Type,
};
use arrow_array::{
    Array, downcast_dictionary_array, downcast_integer_array, downcast_temporal_array,
};
use arrow_schema::{DataType, TimeUnit};
use parquet::record::Field;

use super::names::ColumnUnit;

/// A cell, and the unit that a column has by its type.
#[derive(Clone, Default)]
pub(super) struct PlainCell {
    pub(super) text: String,
    pub(super) scale: Option<ColumnUnit>,
}

impl PlainCell {
    pub(super) const fn text(text: String) -> Self {
        Self { text, scale: None }
    }

    fn bytes(bytes: &[u8]) -> Self {
        Self::text(String::from_utf8_lossy(bytes).into_owned())
    }

    /// A field of Parquet.
    pub(super) fn of_field(field: &Field) -> Self {
        let (text, scale) = match field {
            Field::Null => (String::new(), None),
            Field::Str(text) => (text.clone(), None),
            Field::Bytes(bytes) => return Self::bytes(bytes.data()),
            Field::TimestampMicros(time) | Field::TimeMicros(time) => {
                (time.to_string(), Some(ColumnUnit::MICROSECONDS))
            }
            Field::TimestampMillis(time) => (time.to_string(), Some(ColumnUnit::MILLISECONDS)),
            // Rust writes floats without exponents, and as shortly as can be.
            Field::Double(number) => (number.to_string(), None),
            Field::Float(number) => (number.to_string(), None),
            other => (other.to_string(), None),
        };
        Self { text, scale }
    }

    /// What stands in a row of a column of Arrow, whose type is one of those that are read.
    pub(super) fn of_array(array: &dyn Array, row: usize) -> Self {
        if array.is_null(row) || array.data_type().is_null() {
            return Self::default();
        }
        let text = match array.data_type() {
            DataType::Boolean => array.as_boolean().value(row).to_string(),
            DataType::Utf8 => array.as_string::<i32>().value(row).to_owned(),
            DataType::LargeUtf8 => array.as_string::<i64>().value(row).to_owned(),
            DataType::Utf8View => array.as_string_view().value(row).to_owned(),
            DataType::Binary => return Self::bytes(array.as_binary::<i32>().value(row)),
            DataType::LargeBinary => return Self::bytes(array.as_binary::<i64>().value(row)),
            DataType::BinaryView => return Self::bytes(array.as_binary_view().value(row)),
            DataType::FixedSizeBinary(_) => {
                return Self::bytes(array.as_fixed_size_binary().value(row));
            }
            DataType::Float16 => array.as_primitive::<Float16Type>().value(row).to_string(),
            DataType::Float32 => array.as_primitive::<Float32Type>().value(row).to_string(),
            DataType::Float64 => array.as_primitive::<Float64Type>().value(row).to_string(),
            DataType::Decimal32(..) => array.as_primitive::<Decimal32Type>().value_as_string(row),
            DataType::Decimal64(..) => array.as_primitive::<Decimal64Type>().value_as_string(row),
            DataType::Decimal128(..) => array.as_primitive::<Decimal128Type>().value_as_string(row),
            DataType::Decimal256(..) => array.as_primitive::<Decimal256Type>().value_as_string(row),
            DataType::Dictionary(..) => return of_dictionary(array, row),
            unit => match unit_of(unit) {
                Some((scale, thousandths)) => return of_time(array, row, scale, thousandths),
                None => return of_integer(array, row),
            },
        };
        Self::text(text)
    }
}

/// Whether columns of such a type are read: a value a row, and no more.
pub(super) fn reads(kind: &DataType) -> bool {
    match kind {
        DataType::Dictionary(_, values) => reads(values),
        DataType::Interval(_) => false,
        kind => {
            kind.is_null() || kind.is_primitive() || is_text(kind) || *kind == DataType::Boolean
        }
    }
}

fn is_text(kind: &DataType) -> bool {
    kind.is_string() || kind.is_binary()
}

/// The unit of numbers of a type that has one, and whether they are thousandths of it.
fn unit_of(kind: &DataType) -> Option<(ColumnUnit, bool)> {
    let unit = match kind {
        DataType::Date32 => return Some((ColumnUnit::DAYS, false)),
        DataType::Date64 => &TimeUnit::Millisecond,
        DataType::Timestamp(unit, _)
        | DataType::Duration(unit)
        | DataType::Time32(unit)
        | DataType::Time64(unit) => unit,
        _ => return None,
    };
    Some(match unit {
        TimeUnit::Second => (ColumnUnit::SECONDS, false),
        TimeUnit::Millisecond => (ColumnUnit::MILLISECONDS, false),
        TimeUnit::Microsecond => (ColumnUnit::MICROSECONDS, false),
        TimeUnit::Nanosecond => (ColumnUnit::MICROSECONDS, true),
    })
}

#[expect(clippy::useless_conversion, reason = "types of 32 bits are among them")]
fn of_time(array: &dyn Array, row: usize, scale: ColumnUnit, thousandths: bool) -> PlainCell {
    let number = match array.data_type() {
        DataType::Duration(unit) => match unit {
            TimeUnit::Second => array.as_primitive::<DurationSecondType>().value(row),
            TimeUnit::Millisecond => array.as_primitive::<DurationMillisecondType>().value(row),
            TimeUnit::Microsecond => array.as_primitive::<DurationMicrosecondType>().value(row),
            TimeUnit::Nanosecond => array.as_primitive::<DurationNanosecondType>().value(row),
        },
        _ => downcast_temporal_array!(
            array => i64::from(array.value(row)),
            kind => return unread(kind)
        ),
    };
    let text = if thousandths {
        let (sign, number) = (if number < 0 { "-" } else { "" }, number.unsigned_abs());
        format!("{sign}{}.{:03}", number / 1000, number % 1000)
    } else {
        number.to_string()
    };
    let scale = Some(scale);
    PlainCell { text, scale }
}

fn of_integer(array: &dyn Array, row: usize) -> PlainCell {
    downcast_integer_array!(
        array => PlainCell::text(array.value(row).to_string()),
        kind => unread(kind)
    )
}

/// What is in a column of another type, which [`reads`] refuses: a text that is no number.
fn unread(kind: &DataType) -> PlainCell {
    PlainCell::text(format!("a value of {kind}"))
}

/// What the key in a row stands for.
fn of_dictionary(array: &dyn Array, row: usize) -> PlainCell {
    downcast_dictionary_array!(
        array => {
            let values = array.values().as_ref();
            array.key(row).map(|key| PlainCell::of_array(values, key)).unwrap_or_default()
        }
        kind => unread(kind)
    )
}

#[cfg(test)]
mod tests {
    use arrow_array::types::{Int8Type, UInt64Type};
    use arrow_array::{
        BinaryArray, BooleanArray, Date32Array, Date64Array, Decimal32Array, Decimal256Array,
        DictionaryArray, DurationMicrosecondArray, DurationMillisecondArray,
        DurationNanosecondArray, DurationSecondArray, FixedSizeBinaryArray, Float32Array,
        Float64Array, Int8Array, Int64Array, IntervalDayTimeArray, LargeStringArray, NullArray,
        StringViewArray, Time32SecondArray, Time64NanosecondArray, TimestampMicrosecondArray,
        TimestampSecondArray, UInt64Array,
    };

    use super::*;

    /// The text in the first row, and the unit.
    fn check(array: impl Array, text: &str, unit: &str) {
        assert!(reads(array.data_type()), "{}", array.data_type());
        let cell = PlainCell::of_array(&array, 0);
        let scale = cell.scale.map_or("", ColumnUnit::name);
        assert_eq!(
            (cell.text.as_str(), scale),
            (text, unit),
            "{}",
            array.data_type()
        );
    }

    #[test]
    fn every_type_that_is_read_has_its_text() {
        check(NullArray::new(1), "", "");
        check(Int64Array::from(vec![None]), "", "");
        check(BooleanArray::from(vec![true]), "true", "");
        check(Int8Array::from(vec![-7]), "-7", "");
        check(
            UInt64Array::from(vec![u64::MAX]),
            "18446744073709551615",
            "",
        );
        check(Float32Array::from(vec![0.1]), "0.1", "");
        check(Float64Array::from(vec![1e21]), "1000000000000000000000", "");
        let small = Decimal32Array::from(vec![1_234]).with_precision_and_scale(9, 3);
        check(small.unwrap(), "1.234", "");
        let large = Decimal256Array::from_iter_values([arrow_buffer::i256::from_i128(-5)]);
        check(large.with_precision_and_scale(40, 0).unwrap(), "-5", "");
        check(LargeStringArray::from(vec!["a"]), "a", "");
        check(
            StringViewArray::from(vec!["longer than is kept in place"]),
            "longer than is kept in place",
            "",
        );
        check(BinaryArray::from_vec(vec![b"a\xff"]), "a\u{fffd}", "");
        let fixed = FixedSizeBinaryArray::try_from_iter([b"ab"].into_iter());
        check(fixed.unwrap(), "ab", "");
        check(Date32Array::from(vec![20_459]), "20459", "d");
        check(Date64Array::from(vec![86_400_000]), "86400000", "ms");
        check(TimestampSecondArray::from(vec![-1]), "-1", "s");
        check(
            TimestampMicrosecondArray::from(vec![5]).with_timezone("+01:00"),
            "5",
            "us",
        );
        check(Time32SecondArray::from(vec![5]), "5", "s");
        check(Time64NanosecondArray::from(vec![5]), "0.005", "us");
        check(DurationSecondArray::from(vec![30]), "30", "s");
        check(DurationMillisecondArray::from(vec![30]), "30", "ms");
        check(DurationMicrosecondArray::from(vec![30]), "30", "us");
        check(
            DurationNanosecondArray::from(vec![-30_001]),
            "-30.001",
            "us",
        );
        check(DictionaryArray::<Int8Type>::from_iter(["a", "b"]), "a", "");
        check(
            DictionaryArray::<UInt64Type>::from_iter([None, Some("b")]),
            "",
            "",
        );
    }

    #[test]
    fn other_types_are_never_empty() {
        let array =
            IntervalDayTimeArray::from(vec![Some(arrow_buffer::IntervalDayTime::new(1, 0))]);
        assert!(!reads(array.data_type()));
        assert_eq!(
            PlainCell::of_array(&array, 0).text,
            "a value of Interval(DayTime)"
        );
    }
}
