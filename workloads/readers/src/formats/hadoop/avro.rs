//! Values of Avro in binary, as the JSON that Avro writes for them.
//!
//! Source: the specification of Apache Avro 1.11, "Schema Declaration", "Binary Encoding" and "JSON Encoding".
//! Nothing in the bytes says what they are: the schema does, which somebody else wrote as well. So a type that
//! holds itself is refused, and values, depth and bytes are bounded.

use std::collections::BTreeMap;
use std::io::{self, Read as _};
use std::sync::Arc;

use serde_json::{Map, Number, Value};

use crate::error::{ReadError, quoted};
use crate::formats::LONGEST_LINE;

/// How deep types may be within each other.
const DEEPEST: usize = 64;
/// How many values there may be in one, and how many of them for each byte, as some take none.
const MOST_VALUES: u64 = 1 << 20;
const A_BYTE: u64 = 16;
/// What types there are.
const KINDS: &str = "null, boolean, int, long, float, double, bytes, string, fixed, enum, array, map, record, or a \
                     list of them";

/// A type, and its name where it has one.
#[derive(Clone, Debug)]
pub(super) struct AvroType {
    kind: Arc<AvroKind>,
    name: Arc<str>,
    depth: usize,
}

#[derive(Debug)]
enum AvroKind {
    Null,
    Boolean,
    Int,
    Long,
    Float,
    Double,
    Bytes,
    Text,
    Fixed(u64),
    Enum(Vec<String>),
    Array(AvroType),
    Map(AvroType),
    Record(Vec<(String, AvroType)>),
    Union(Vec<AvroType>),
}

impl AvroType {
    /// Understands a schema.
    pub(super) fn read(schema: &Value) -> Result<Self, ReadError> {
        AvroNames::default().read(schema, "")
    }
}

/// The types that have names, as far as they are known.
#[derive(Default)]
struct AvroNames(BTreeMap<String, AvroType>);

impl AvroNames {
    fn read(&mut self, schema: &Value, around: &str) -> Result<AvroType, ReadError> {
        match schema {
            Value::String(name) => self.named(name, around),
            Value::Array(branches) => {
                let branches = branches.iter().map(|one| self.read(one, around));
                let branches = branches.collect::<Result<Vec<AvroType>, _>>()?;
                let depth = branches.iter().map(|one| one.depth).max();
                made(AvroKind::Union(branches), "union", depth)
            }
            Value::Object(members) => self.declared(members, around),
            other => Err(unknown(other)),
        }
    }

    fn named(&self, name: &str, around: &str) -> Result<AvroType, ReadError> {
        let kind = match name {
            "null" => AvroKind::Null,
            "boolean" => AvroKind::Boolean,
            "int" => AvroKind::Int,
            "long" => AvroKind::Long,
            "float" => AvroKind::Float,
            "double" => AvroKind::Double,
            "bytes" => AvroKind::Bytes,
            "string" => AvroKind::Text,
            name => {
                let known = self.0.get(&full(name, around)).or_else(|| self.0.get(name));
                return known.cloned().ok_or_else(|| {
                    let error = ReadError::expected("a type that is declared before", quoted(name));
                    error.hint("types that hold themselves are not read")
                });
            }
        };
        made(kind, name, None)
    }

    fn declared(
        &mut self,
        members: &Map<String, Value>,
        around: &str,
    ) -> Result<AvroType, ReadError> {
        let text = |key: &str| members.get(key).and_then(Value::as_str);
        let part = |key: &str| members.get(key).ok_or_else(|| missing(key));
        let kind = part("type")?;
        let named = match kind.as_str() {
            Some(kind @ ("record" | "error" | "enum" | "fixed")) => kind,
            Some("array") => {
                let items = self.read(part("items")?, around)?;
                let depth = items.depth;
                return made(AvroKind::Array(items), "array", Some(depth));
            }
            Some("map") => {
                let values = self.read(part("values")?, around)?;
                let depth = values.depth;
                return made(AvroKind::Map(values), "map", Some(depth));
            }
            _ => return self.read(kind, around),
        };
        let name = text("name").ok_or_else(|| missing("name"))?;
        let name = full(name, text("namespace").unwrap_or(around));
        let around = name.rsplit_once('.').map_or("", |pair| pair.0);
        let one = match named {
            "enum" => {
                let symbols = part("symbols")?
                    .as_array()
                    .ok_or_else(|| missing("symbols"))?;
                let symbols = symbols.iter().map(|one| Some(one.as_str()?.to_owned()));
                let symbols = symbols.collect::<Option<_>>();
                made(
                    AvroKind::Enum(symbols.ok_or_else(|| missing("symbols"))?),
                    &name,
                    None,
                )
            }
            "fixed" => {
                let size = part("size")?.as_u64().ok_or_else(|| missing("size"))?;
                made(AvroKind::Fixed(size), &name, None)
            }
            _ => {
                let fields = part("fields")?
                    .as_array()
                    .ok_or_else(|| missing("fields"))?;
                let fields = fields.iter().map(|field| self.field(field, around));
                let fields = fields.collect::<Result<Vec<_>, _>>()?;
                let depth = fields.iter().map(|(_, one)| one.depth).max();
                made(AvroKind::Record(fields), &name, depth)
            }
        }?;
        self.0.insert(name, one.clone());
        Ok(one)
    }

    fn field(&mut self, field: &Value, around: &str) -> Result<(String, AvroType), ReadError> {
        let name = field.get("name").and_then(Value::as_str);
        let name = name.ok_or_else(|| missing("name"))?;
        let kind = field.get("type").ok_or_else(|| missing("type"))?;
        Ok((name.to_owned(), self.read(kind, around)?))
    }
}

/// A name with its namespace.
fn full(name: &str, around: &str) -> String {
    if name.contains('.') || around.is_empty() {
        return name.to_owned();
    }
    format!("{around}.{name}")
}

/// A type that holds others, which are so deep.
fn made(kind: AvroKind, name: &str, within: Option<usize>) -> Result<AvroType, ReadError> {
    let depth = within.map_or(0, |depth| depth + 1);
    if depth > DEEPEST {
        let expected = format!("types at most {DEEPEST} deep");
        return Err(ReadError::expected(expected, "deeper ones"));
    }
    Ok(AvroType {
        kind: Arc::new(kind),
        name: Arc::from(name),
        depth,
    })
}

fn missing(key: &str) -> ReadError {
    ReadError::expected(format!("a type with its `{key}`"), "one without")
}

fn unknown(schema: &Value) -> ReadError {
    ReadError::expected("a type", quoted(&schema.to_string())).hint(KINDS)
}

/// Bytes that are understood as values.
pub(super) struct AvroValues<R> {
    bytes: R,
    /// How many bytes were read of all.
    read: u64,
    /// At how many the value that is read now must end, and how many values it may still have.
    end: u64,
    left: u64,
}

/// Why a value cannot be read.
pub(super) enum AvroError {
    Read(io::Error),
    Bad(ReadError),
}

impl From<ReadError> for AvroError {
    fn from(error: ReadError) -> Self {
        Self::Bad(error)
    }
}

fn bad<T>(expected: &str, found: impl std::fmt::Display) -> Result<T, AvroError> {
    Err(ReadError::expected(expected, found).into())
}

impl<R: io::BufRead> AvroValues<R> {
    pub(super) const fn new(bytes: R) -> Self {
        let (read, end, left) = (0, 0, 0);
        Self {
            bytes,
            read,
            end,
            left,
        }
    }

    /// How many bytes were read so far.
    pub(super) const fn read(&self) -> u64 {
        self.read
    }

    /// The next value of this type; nothing where there are no more bytes.
    pub(super) fn next(&mut self, kind: &AvroType) -> Result<Option<Value>, AvroError> {
        if self.bytes.fill_buf().map_err(AvroError::Read)?.is_empty() {
            return Ok(None);
        }
        self.end = self.read + LONGEST_LINE as u64;
        self.left = MOST_VALUES;
        let begin = self.read;
        let value = self.value(kind, begin)?;
        if self.read == begin {
            return bad("values that take bytes", "a type that takes none");
        }
        Ok(Some(value))
    }

    fn value(&mut self, kind: &AvroType, begin: u64) -> Result<Value, AvroError> {
        self.left = self.left.saturating_sub(1);
        let many = MOST_VALUES - self.left > (self.read - begin + 64) * A_BYTE;
        if self.left == 0 || many {
            let expected = format!("at most {MOST_VALUES} values in one, and {A_BYTE} a byte");
            return bad(&expected, "more");
        }
        Ok(match &*kind.kind {
            AvroKind::Null => Value::Null,
            AvroKind::Boolean => match self.exactly::<1>()? {
                [0] => Value::Bool(false),
                [1] => Value::Bool(true),
                [other] => return bad("0 or 1 for no or yes", other),
            },
            AvroKind::Int => {
                let number = self.whole()?;
                let number = i32::try_from(number).or_else(|_| bad("a number of 32 bits", number));
                number?.into()
            }
            AvroKind::Long => self.whole()?.into(),
            AvroKind::Float => real(f64::from(f32::from_le_bytes(self.exactly()?))),
            AvroKind::Double => real(f64::from_le_bytes(self.exactly()?)),
            AvroKind::Bytes => {
                let length = self.length()?;
                letters(&self.many(length)?)
            }
            AvroKind::Fixed(length) => letters(&self.many(*length)?),
            AvroKind::Text => self.text()?.into(),
            AvroKind::Enum(symbols) => self.one_of(symbols)?.as_str().into(),
            AvroKind::Union(branches) => {
                let branch = self.one_of(branches)?;
                let value = self.value(branch, begin)?;
                match &*branch.kind {
                    AvroKind::Null => value,
                    _ => Value::Object([(branch.name.to_string(), value)].into_iter().collect()),
                }
            }
            AvroKind::Array(items) => {
                let mut all = Vec::new();
                self.blocks(|values| {
                    all.push(values.value(items, begin)?);
                    Ok(())
                })?;
                Value::Array(all)
            }
            AvroKind::Map(items) => {
                let mut all = Map::new();
                self.blocks(|values| {
                    let key = values.text()?;
                    all.insert(key, values.value(items, begin)?);
                    Ok(())
                })?;
                Value::Object(all)
            }
            AvroKind::Record(fields) => {
                let mut all = Map::new();
                for (name, kind) in fields {
                    all.insert(name.clone(), self.value(kind, begin)?);
                }
                Value::Object(all)
            }
        })
    }

    /// Reads the items of blocks, each of which says how many it has.
    fn blocks(
        &mut self,
        mut item: impl FnMut(&mut Self) -> Result<(), AvroError>,
    ) -> Result<(), AvroError> {
        loop {
            let count = self.whole()?;
            if count < 0 {
                // How many bytes they take, for who passes over them.
                self.whole()?;
            }
            match count.unsigned_abs() {
                0 => return Ok(()),
                count => (0..count).try_for_each(|_| item(self))?,
            }
        }
    }

    fn one_of<'a, T>(&mut self, all: &'a [T]) -> Result<&'a T, AvroError> {
        let at = self.whole()?;
        let one = usize::try_from(at).ok().and_then(|at| all.get(at));
        one.map_or_else(
            || bad(&format!("one of {} by its number", all.len()), at),
            Ok,
        )
    }

    /// A number with seven bits a byte, the lowest first, its sign in the lowest of all.
    fn whole(&mut self) -> Result<i64, AvroError> {
        let mut number = 0_u64;
        for shift in (0..64).step_by(7) {
            let [byte] = self.exactly()?;
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                break;
            }
            number |= bits << shift;
            if byte < 0x80 {
                return Ok((number >> 1).cast_signed() ^ -(number & 1).cast_signed());
            }
        }
        bad("a number of 64 bits", "a longer one")
    }

    fn length(&mut self) -> Result<u64, AvroError> {
        let length = self.whole()?;
        u64::try_from(length).or_else(|_| bad("a length", length))
    }

    fn text(&mut self) -> Result<String, AvroError> {
        let length = self.length()?;
        String::from_utf8(self.many(length)?).or_else(|_| bad("text in UTF-8", "other bytes"))
    }

    fn exactly<const N: usize>(&mut self) -> Result<[u8; N], AvroError> {
        let mut bytes = [0; N];
        self.bytes
            .read_exact(&mut bytes)
            .map_err(|error| match error.kind() {
                io::ErrorKind::UnexpectedEof => truncated(),
                _ => AvroError::Read(error),
            })?;
        self.read += N as u64;
        Ok(bytes)
    }

    /// So many bytes; memory grows with those that are there, not with those that are said to be.
    fn many(&mut self, length: u64) -> Result<Vec<u8>, AvroError> {
        if length > self.end.saturating_sub(self.read) {
            return bad(
                &format!("a value of at most {LONGEST_LINE} bytes"),
                "a longer one",
            );
        }
        let mut bytes = Vec::new();
        let mut part = self.bytes.by_ref().take(length);
        let read = part.read_to_end(&mut bytes).map_err(AvroError::Read)? as u64;
        self.read += read;
        if read == length {
            Ok(bytes)
        } else {
            Err(truncated())
        }
    }
}

fn truncated() -> AvroError {
    let error = ReadError::expected("more of a value", "the end of the file");
    error
        .hint("the file is truncated: its writer still wrote, or fetch it again")
        .into()
}

/// A number as JSON has it, or the name of one that it has not.
fn real(number: f64) -> Value {
    Number::from_f64(number).map_or_else(|| number.to_string().into(), Value::Number)
}

/// Bytes as JSON has them: a letter each.
fn letters(bytes: &[u8]) -> Value {
    bytes
        .iter()
        .copied()
        .map(char::from)
        .collect::<String>()
        .into()
}
