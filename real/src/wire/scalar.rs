//! Values without members: numbers, text, bytes, ids.

use base64::Engine as _;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use base64::engine::{DecodePaddingMode, general_purpose};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Number, Value};

use super::proto::{Bad, Members, Wire};

/// `{"value": "..."}`: how the API writes an id.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Serialize, Deserialize)]
pub struct Id {
    /// The id.
    pub value: String,
}

impl From<&str> for Id {
    fn from(value: &str) -> Self {
        Self {
            value: value.to_owned(),
        }
    }
}

impl Wire for Id {
    fn expected() -> String {
        r#"an id as in {"value": "..."}"#.to_owned()
    }

    fn read(value: Value) -> Result<Self, Bad> {
        if !value.is_object() {
            return Err(Bad::found(&Self::expected(), &value));
        }
        let value = Members::of(value)?.take("value")?;
        Ok(Self { value })
    }
}

impl Wire for String {
    fn expected() -> String {
        "text".to_owned()
    }

    fn read(value: Value) -> Result<Self, Bad> {
        match value {
            Value::String(text) => Ok(text),
            other => Err(Bad::found("text", &other)),
        }
    }

    fn is_default(&self) -> bool {
        self.is_empty()
    }
}

impl Wire for bool {
    fn expected() -> String {
        "true or false".to_owned()
    }

    fn read(value: Value) -> Result<Self, Bad> {
        let flag = match &value {
            Value::Bool(flag) => Some(*flag),
            Value::String(text) => serde_json::from_str(text).ok(),
            _ => None,
        };
        flag.ok_or_else(|| Bad::found("true or false", &value))
    }

    fn is_default(&self) -> bool {
        !self
    }
}

/// A number, or text that is one.
fn number(value: &Value) -> Option<Number> {
    match value {
        Value::Number(number) => Some(number.clone()),
        Value::String(text) => serde_json::from_str(text).ok(),
        _ => None,
    }
}

/// A whole number, however it is written: `3`, `"3"`, `3.0`, `3e2`.
fn whole(value: &Value) -> Option<i128> {
    let number = number(value)?;
    let exact = number.as_i64().map(i128::from);
    let exact = exact.or_else(|| number.as_u64().map(i128::from));
    exact.or_else(|| {
        let float = number.as_f64()?;
        // Beyond that no whole number of 64 bits is.
        (float.fract() == 0.0 && float.abs() < 2e19).then_some(float as i128)
    })
}

macro_rules! whole_numbers {
    ($($type:ty, $expected:literal;)*) => {$(
        impl Wire for $type {
            fn expected() -> String {
                $expected.to_owned()
            }

            fn read(value: Value) -> Result<Self, Bad> {
                let read = whole(&value).and_then(|number| Self::try_from(number).ok());
                read.ok_or_else(|| Bad::found($expected, &value))
            }

            fn is_default(&self) -> bool {
                *self == 0
            }
        }
    )*};
}

whole_numbers! {
    i32, "a whole number of 32 bits";
    u32, "a whole number from 0 to 4294967295";
    i64, "a whole number of 64 bits";
    u64, "a whole number of 64 bits, not below zero";
}

/// A number that may be a fraction, `Infinity`, `-Infinity` or `NaN`.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Double(pub f64);

impl Wire for Double {
    fn expected() -> String {
        "a number".to_owned()
    }

    fn read(value: Value) -> Result<Self, Bad> {
        let special = match value.as_str() {
            Some("Infinity") => Some(f64::INFINITY),
            Some("-Infinity") => Some(f64::NEG_INFINITY),
            Some("NaN") => Some(f64::NAN),
            _ => None,
        };
        let read = special.or_else(|| number(&value)?.as_f64());
        read.map(Self).ok_or_else(|| Bad::found("a number", &value))
    }

    fn is_default(&self) -> bool {
        self.0 == 0.0
    }
}

impl Serialize for Double {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let Self(number) = *self;
        if number.is_finite() {
            return to.serialize_f64(number);
        }
        to.serialize_str(match (number.is_nan(), number > 0.0) {
            (true, _) => "NaN",
            (false, true) => "Infinity",
            (false, false) => "-Infinity",
        })
    }
}

/// Bytes, in base 64 on the wire.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Bytes(pub Vec<u8>);

const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const STANDARD: GeneralPurpose = GeneralPurpose::new(&base64::alphabet::STANDARD, LENIENT);
const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&base64::alphabet::URL_SAFE, LENIENT);

impl Wire for Bytes {
    fn expected() -> String {
        "bytes in base 64".to_owned()
    }

    fn read(value: Value) -> Result<Self, Bad> {
        let text = value.as_str();
        let read = text.and_then(|text| {
            let standard = STANDARD.decode(text).ok();
            standard.or_else(|| URL_SAFE.decode(text).ok())
        });
        let bad = || Bad::found("bytes in base 64", &value);
        read.map(Self).ok_or_else(bad)
    }

    fn is_default(&self) -> bool {
        self.0.is_empty()
    }
}

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&general_purpose::STANDARD.encode(&self.0))
    }
}

/// The word or number of an enumeration that is only looked at to be refused, or whose words are
/// told apart by others.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(untagged)]
pub enum Word {
    /// By name.
    Name(String),
    /// By number.
    Number(i64),
}

impl Word {
    /// Its name among those known, or as it was written.
    pub fn name(&self, known: &[(&'static str, i64)]) -> String {
        match self {
            Self::Name(name) => name.clone(),
            Self::Number(number) => {
                let found = known.iter().find(|(_, known)| known == number);
                found.map_or_else(|| number.to_string(), |(name, _)| (*name).to_owned())
            }
        }
    }
}

impl Default for Word {
    fn default() -> Self {
        Self::Number(0)
    }
}

impl Wire for Word {
    fn expected() -> String {
        "a name or a number".to_owned()
    }

    fn read(value: Value) -> Result<Self, Bad> {
        match value {
            Value::String(name) => Ok(Self::Name(name)),
            Value::Number(number) if number.is_i64() => {
                Ok(Self::Number(number.as_i64().unwrap_or_default()))
            }
            other => Err(Bad::found("a name or a number", &other)),
        }
    }

    fn is_default(&self) -> bool {
        *self == Self::Number(0)
    }
}

/// Something that is only looked at to be refused.
#[derive(Clone, PartialEq, Debug, Default, Serialize)]
#[serde(transparent)]
pub struct Anything(pub Value);

impl Wire for Anything {
    fn expected() -> String {
        "anything".to_owned()
    }

    fn read(value: Value) -> Result<Self, Bad> {
        Ok(Self(value))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// What a log holds is what was decided upon, to the last bit.
    #[test]
    fn numbers_are_read_back_as_they_were() {
        let awkward = [
            "1898885999999999625e-18",
            "1648499999999999628e-18",
            "5e-324",
            "0.1",
        ];
        let awkward = awkward.map(|text| text.parse::<f64>().unwrap());
        let mut state = 1_u64;
        let any = std::iter::repeat_with(|| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            // Between one and two: where amounts and lengths of time are.
            f64::from_bits(0x3ff0_0000_0000_0000 | (state >> 12))
        });
        for number in awkward.into_iter().chain(any.take(20_000)) {
            let text = serde_json::to_string(&Double(number)).unwrap();
            let read = Double::read(serde_json::from_str(&text).unwrap()).unwrap();
            assert_eq!(read.0.to_bits(), number.to_bits(), "{text}");
        }
    }

    fn check<T: Wire + PartialEq + std::fmt::Debug>(value: Value, expected: Result<T, &str>) {
        let shown = value.to_string();
        match (T::read(value), expected) {
            (Ok(read), Ok(expected)) => assert_eq!(read, expected, "{shown}"),
            (Err(bad), Err(text)) => assert_eq!(bad.to_string(), text, "{shown}"),
            (read, expected) => panic!("{shown}: {read:?}, expected {expected:?}"),
        }
    }

    #[test]
    fn numbers_may_be_text() {
        check(json!(31_000), Ok(31_000_u64));
        check(json!("31000"), Ok(31_000_u64));
        check(json!("18446744073709551615"), Ok(u64::MAX));
        check(json!(3.0), Ok(3_u32));
        check(json!("3e2"), Ok(300_i64));
        check(json!("-9223372036854775808"), Ok(i64::MIN));
        let whole = "expected a whole number from 0 to 4294967295, found ";
        for (value, found) in [
            (json!("soon"), r#"the text "soon""#),
            (json!(""), r#"the text """#),
            (json!("0x10"), r#"the text "0x10""#),
            (json!("Infinity"), r#"the text "Infinity""#),
            (json!(1.5), "the number 1.5"),
            (json!(-1), "the number -1"),
            (json!(4_294_967_296_u64), "the number 4294967296"),
            (json!(true), "true"),
            (json!([1]), "a list"),
            (json!({"value": 1}), "an object"),
        ] {
            check::<u32>(value, Err(&format!("{whole}{found}")));
        }
        check::<i64>(
            json!("9223372036854775808"),
            Err("expected a whole number of 64 bits, found the text \"9223372036854775808\""),
        );
    }

    #[test]
    fn fractions_may_be_text_and_without_end() {
        check(json!(604_800), Ok(Double(604_800.0)));
        check(json!("604800"), Ok(Double(604_800.0)));
        check(json!("0.1"), Ok(Double(0.1)));
        check(json!("1e18"), Ok(Double(1e18)));
        check(json!("-Infinity"), Ok(Double(f64::NEG_INFINITY)));
        assert!(Double::read(json!("NaN")).unwrap().0.is_nan());
        for text in ["infinity", "nan", "a week", "1,5", "+1", ""] {
            let error = format!("expected a number, found the text {text:?}");
            check::<Double>(json!(text), Err(&error));
        }
        for number in [0.25, f64::INFINITY, f64::NEG_INFINITY] {
            let written = serde_json::to_value(Double(number)).unwrap();
            check(written, Ok(Double(number)));
        }
    }

    #[test]
    fn flags_may_be_text_and_text_may_not_be_a_number() {
        check(json!("true"), Ok(true));
        check(json!(false), Ok(false));
        for value in [json!(1), json!("yes"), json!("True"), json!("")] {
            let found = Bad::found("true or false", &value).to_string();
            check::<bool>(value, Err(&found));
        }
        check::<String>(json!(1), Err("expected text, found the number 1"));
        let long = "x".repeat(50);
        let start = "x".repeat(40);
        check::<u32>(
            json!(long),
            Err(&format!(
                "expected a whole number from 0 to 4294967295, found the text {start:?}..."
            )),
        );
    }

    #[test]
    fn bytes_are_text_in_base_64() {
        for text in ["aHVudGVyMg==", "aHVudGVyMg"] {
            check(json!(text), Ok(Bytes(b"hunter2".to_vec())));
        }
        check(json!("-_8="), Ok(Bytes(vec![0xfb, 0xff])));
        check::<Bytes>(
            json!("?"),
            Err("expected bytes in base 64, found the text \"?\""),
        );
        let bytes = Bytes(vec![0, 255, 7]);
        check(serde_json::to_value(&bytes).unwrap(), Ok(bytes));
    }

    #[test]
    fn an_id_has_a_value() {
        check(json!({"value": "a"}), Ok(Id::from("a")));
        check::<Id>(
            json!("a"),
            Err(r#"expected an id as in {"value": "..."}, found the text "a""#),
        );
        check::<Id>(json!({}), Err("`value`: missing; expected text"));
    }
}
