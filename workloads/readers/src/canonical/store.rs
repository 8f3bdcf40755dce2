//! Writing and reading a canonical trace.
//!
//! Rows may come in any order; they are sorted by key as they are written, in runs that go to
//! temporary files, so memory stays bounded and the same rows always give the same files.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use parquet::basic::{Compression, ConvertedType, Repetition, Type as Physical, ZstdLevel};
use parquet::data_type::{ByteArrayType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::Type;

use super::account::{Became, Counted};
use super::graphs::{self, Sound};
use super::tables::{
    Buffer, Change, Edge, Job, Load, Machine, Service, Stage, Table, Tasks, Tenant, Usage,
};
use super::{ImportAccount, MachineSize, Manifest, Units, VERSION, WallClock, columns};
use crate::error::ReadError;
use crate::formats::place::Place;
use crate::scratch::Scratch;
use crate::sorted::{ROWS_IN_MEMORY, Sorted};
use crate::trace::{Assumption, Input};

/// The file that says what a folder is.
pub const MANIFEST: &str = "manifest.json";

/// The rows of one table on their way to a file.
pub(crate) struct Rows<T>(pub(super) Sorted<T>);

impl<T: Table> Default for Rows<T> {
    fn default() -> Self {
        Self(Sorted::by(place))
    }
}

/// Where a row belongs.
pub(super) fn place<T: Table>(row: &T) -> (u64, u64) {
    (row.key(), row.then())
}

/// A trace that is being written. Nothing is at its place before [`Writer::finish`].
pub struct Writer {
    /// The version of the form in which its digest is taken: an older one where an old trace is only written
    /// anew.
    pub(crate) version: u32,
    /// What amounts mean.
    pub units: Units,
    /// How large the cluster is, where the source says so.
    pub machine: Option<MachineSize>,
    /// What clocks showed, where the source says so.
    pub clock: Option<WallClock>,
    /// What the source leaves unsaid.
    pub assumptions: Vec<Assumption>,
    /// The files it is made of.
    pub sources: Vec<Input>,
    /// The account of the import that makes it.
    pub account: Option<ImportAccount>,
    /// Whether the graphs of its jobs are to be checked, and its account settled with the outcome.
    pub(crate) settle: bool,
    /// Jobs that no cluster could run.
    pub(crate) impossible: BTreeSet<u64>,
    /// The digest that must come out, if that is known, and where it is told.
    pub expected: Option<(String, Place)>,
    target: Target,
    parts: Parts,
}

/// Where a trace is written to.
enum Target {
    /// A folder, which is made beside its place.
    Folder { place: PathBuf, beside: Scratch },
    /// Memory: nothing is on a disk, where rows need no sorting in runs.
    Memory(Shelf),
}

/// Tables that are kept in memory as they would be in files, by name.
#[derive(Clone, Default, Debug)]
pub(crate) struct Shelf(Arc<Mutex<BTreeMap<&'static str, Bytes>>>);

impl Shelf {
    fn put(&self, name: &'static str, table: Vec<u8>) {
        let mut tables = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        tables.insert(name, table.into());
    }

    fn get(&self, name: &str) -> Bytes {
        let tables = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        tables.get(name).cloned().unwrap_or_default()
    }
}

impl Target {
    /// Writes the rows of a table; how many there are.
    fn write<T: Table>(
        &self,
        rows: impl Iterator<Item = Result<T, ReadError>>,
        version: u32,
        hasher: &mut blake3::Hasher,
    ) -> Result<u64, ReadError> {
        match self {
            Self::Folder { beside, .. } => {
                let path = beside.path().join(format!("{}.parquet", T::NAME));
                let file = File::create(&path).map_err(|error| ReadError::io(&path, &error))?;
                Ok(write_table(rows, file, version, hasher)?.0)
            }
            Self::Memory(tables) => {
                let (count, table) = write_table(rows, Vec::new(), version, hasher)?;
                tables.put(T::NAME, table);
                Ok(count)
            }
        }
    }
}

/// A table that a [`Writer`] has.
pub trait Part: Table + Counted {
    /// Its rows.
    #[doc(hidden)]
    fn of(parts: &mut Parts) -> &mut impl Push<Self>;
}

/// Where rows go.
#[doc(hidden)]
pub trait Push<T> {
    fn push_row(&mut self, row: T) -> Result<(), ReadError>;
}

impl<T: Table> Push<T> for Rows<T> {
    fn push_row(&mut self, row: T) -> Result<(), ReadError> {
        self.0.push(row, 1)
    }
}

macro_rules! parts {
    ($($field:ident: $row:ident),+) => {
        /// The rows of every table.
        #[doc(hidden)]
        #[derive(Default)]
        pub struct Parts {
            $(pub(super) $field: Rows<$row>,)+
        }

        $(impl Part for $row {
            fn of(parts: &mut Parts) -> &mut impl Push<Self> {
                &mut parts.$field
            }
        })+

        impl Writer {
            fn write_parts(&mut self) -> Result<(Vec<(String, u64)>, String), ReadError> {
                let mut hasher = digest_of(self.version, &self.units, self.machine.as_ref(), self.clock.as_ref());
                let mut counts = Vec::new();
                $(self.parts.$field.0.finish()?;)+
                let mut sound = self.sound()?;
                $(
                    let rows = self.parts.$field.0.rows();
                    let rows = rows.filter(|row| match row {
                        Ok(row) => sound.keeps(row),
                        Err(_) => true,
                    });
                    let count = self.target.write(rows, self.version, &mut hasher)?;
                    self.parts.$field = Rows::default();
                    counts.push((<$row as Table>::NAME.to_owned(), count));
                )+
                if let Some(account) = &mut self.account {
                    for (thing, why, count) in sound.left_out() {
                        account.leave_out(thing, Became::Dropped(why), count);
                    }
                }
                Ok((counts, hasher.finalize().to_hex().to_string()))
            }
        }
    };
}

parts! {
    machines: Machine, changes: Change, tenants: Tenant, jobs: Job, stages: Stage, edges: Edge,
    tasks: Tasks, services: Service, loads: Load, usage: Usage
}

impl Writer {
    /// A new trace that will be the folder `place`.
    ///
    /// # Errors
    /// When something is there already, or nothing can be written beside it.
    pub fn new(place: &Path, units: Units) -> Result<Self, ReadError> {
        let failed = |error: io::Error| ReadError::said(format!("cannot be written: {error}"));
        if place.exists() {
            let error = ReadError::expected("a new folder", "one that is there");
            return Err(error.file(place).hint("name another folder, or remove it"));
        }
        let around = match place.parent() {
            Some(around) if !around.as_os_str().is_empty() => around,
            _ => Path::new("."),
        };
        let beside =
            fs::create_dir_all(around).and_then(|()| Scratch::folder_in(around, ".trace-"));
        let beside = beside.map_err(|error| failed(error).file(place))?;
        let place = place.to_owned();
        Ok(Self::to(Target::Folder { place, beside }, units))
    }

    /// A new trace whose tables come to lie on `shelf`.
    pub(crate) fn in_memory(shelf: Shelf, units: Units) -> Self {
        Self::to(Target::Memory(shelf), units)
    }

    fn to(target: Target, units: Units) -> Self {
        Self {
            version: VERSION,
            units,
            machine: None,
            clock: None,
            assumptions: Vec::new(),
            sources: Vec::new(),
            account: None,
            settle: false,
            impossible: BTreeSet::new(),
            expected: None,
            target,
            parts: Parts::default(),
        }
    }

    /// Adds a row.
    ///
    /// # Errors
    /// When it cannot be put aside.
    pub fn push<T: Part>(&mut self, row: T) -> Result<(), ReadError> {
        T::of(&mut self.parts).push_row(row)
    }

    /// Which rows are kept: all of them, unless this is an import.
    fn sound(&mut self) -> Result<Sound, ReadError> {
        if !self.settle {
            return Ok(Sound::default());
        }
        let impossible = std::mem::take(&mut self.impossible);
        let stages = self.parts.stages.0.rows();
        graphs::check(self.parts.edges.0.rows(), stages, impossible)
    }

    /// Writes everything and puts it in its place.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn finish(mut self) -> Result<Manifest, ReadError> {
        let (rows, digest) = self.write_parts().map_err(|error| match &self.target {
            Target::Folder { place, .. } => error.file(place),
            Target::Memory(_) => error,
        })?;
        if let Some(account) = self.account.as_ref().filter(|_| self.settle) {
            account.check()?;
            self.assumptions.extend(account.assumptions());
        }
        self.assumptions.sort();
        self.assumptions.dedup();
        if let Some((expected, told)) = self.expected.filter(|(expected, _)| *expected != digest) {
            let error = ReadError::expected(format!("rows with the digest {expected}"), digest);
            let hint = "the rows were changed or truncated since the digest was taken";
            return Err(told.of(error).place("key `digest`").hint(hint));
        }
        let manifest = Manifest {
            version: self.version,
            units: self.units,
            machine: self.machine,
            clock: self.clock,
            sources: self.sources,
            assumptions: self.assumptions,
            account: self.account,
            rows,
            digest,
        };
        let Target::Folder { place, beside } = self.target else {
            return Ok(manifest);
        };
        let text = serde_json::to_string_pretty(&manifest).unwrap_or_default() + "\n";
        let written = fs::write(beside.path().join(MANIFEST), text);
        let placed = written.and_then(|()| beside.put(&place));
        placed
            .map_err(|error| ReadError::said(format!("cannot be written: {error}")).file(&place))?;
        Ok(manifest)
    }
}

/// The beginning of a digest: rows follow, table after table.
pub(super) fn digest_of(
    version: u32,
    units: &Units,
    machine: Option<&MachineSize>,
    clock: Option<&WallClock>,
) -> blake3::Hasher {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&version.to_le_bytes());
    let parts = [
        serde_json::to_string(units).ok(),
        machine.and_then(|machine| serde_json::to_string(machine).ok()),
        clock.and_then(|clock| serde_json::to_string(clock).ok()),
    ];
    for part in parts.into_iter().flatten() {
        hasher.update(part.as_bytes());
    }
    hasher
}

fn unwritten(error: &ParquetError) -> ReadError {
    ReadError::said(format!("cannot be written: {error}"))
}

fn write_table<T: Table, W: io::Write + Send>(
    rows: impl Iterator<Item = Result<T, ReadError>>,
    out: W,
    version: u32,
    hasher: &mut blake3::Hasher,
) -> Result<(u64, W), ReadError> {
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_created_by("fairground".to_owned())
        .build();
    let schema = Arc::new(schema::<T>(version).map_err(|error| unwritten(&error))?);
    let mut writer = SerializedFileWriter::new(out, schema, Arc::new(properties))
        .map_err(|error| unwritten(&error))?;
    hasher.update(T::NAME.as_bytes());
    let mut columns: Vec<Buffer> = T::TABLE.iter().map(|_| Buffer::default()).collect();
    let (mut count, mut held) = (0, 0);
    for row in rows {
        let row = row?;
        row.digest(hasher, version);
        row.put(&mut columns);
        count += 1;
        held += 1;
        if held == ROWS_IN_MEMORY {
            held = 0;
            write_group::<T>(&mut writer, &mut columns, version)
                .map_err(|error| unwritten(&error))?;
        }
    }
    if held > 0 {
        write_group::<T>(&mut writer, &mut columns, version).map_err(|error| unwritten(&error))?;
    }
    hasher.update(&u64::to_le_bytes(count));
    let out = writer.into_inner().map_err(|error| unwritten(&error))?;
    Ok((count, out))
}

fn schema<T: Table>(version: u32) -> Result<Type, ParquetError> {
    let field = |column: &super::tables::Column| {
        let (physical, converted) = if column.text {
            (Physical::BYTE_ARRAY, ConvertedType::UTF8)
        } else {
            (Physical::INT64, ConvertedType::NONE)
        };
        let repetition = if column.optional {
            Repetition::OPTIONAL
        } else {
            Repetition::REQUIRED
        };
        Type::primitive_type_builder(column.name, physical)
            .with_converted_type(converted)
            .with_repetition(repetition)
            .build()
            .map(Arc::new)
    };
    let fields = T::TABLE
        .iter()
        .filter(|column| column.since <= version)
        .map(field)
        .collect::<Result<Vec<_>, _>>()?;
    Type::group_type_builder(T::NAME)
        .with_fields(fields)
        .build()
}

fn write_group<T: Table>(
    writer: &mut SerializedFileWriter<impl io::Write + Send>,
    columns: &mut [Buffer],
    version: u32,
) -> Result<(), ParquetError> {
    let mut group = writer.next_row_group()?;
    for (column, buffer) in T::TABLE.iter().zip(columns) {
        let defined = column.optional.then_some(buffer.defined.as_slice());
        if column.since <= version
            && let Some(mut open) = group.next_column()?
        {
            if column.text {
                open.typed::<ByteArrayType>()
                    .write_batch(&buffer.text, defined, None)?;
            } else {
                open.typed::<Int64Type>()
                    .write_batch(&buffer.whole, defined, None)?;
            }
            open.close()?;
        }
        *buffer = Buffer::default();
    }
    group.close()?;
    Ok(())
}

/// A trace that is there.
#[derive(Clone, Debug)]
pub struct Opened {
    tables: Tables,
    /// What it says of itself.
    pub manifest: Manifest,
}

/// Where its tables are.
#[derive(Clone, Debug)]
enum Tables {
    Folder(PathBuf),
    /// In memory, of the trace that was at this place.
    Memory(Shelf, PathBuf),
}

impl Opened {
    /// Opens the folder of a trace.
    ///
    /// # Errors
    /// When it is none, or of another version.
    pub fn open(folder: &Path) -> Result<Self, ReadError> {
        let path = folder.join(MANIFEST);
        let text = fs::read(&path).map_err(|error| {
            ReadError::io(&path, &error)
                .hint("a canonical trace is a folder that `trace import` makes")
        })?;
        let manifest: Manifest = serde_json::from_slice(&text).map_err(|error| {
            let hint = "import the trace again with this version of the program";
            ReadError::json("a manifest", &error).file(&path).hint(hint)
        })?;
        Ok(Self {
            tables: Tables::Folder(folder.to_owned()),
            manifest,
        })
    }

    /// One whose tables lie on `shelf`, made of what is at `source`.
    pub(crate) fn in_memory(shelf: Shelf, source: &Path, manifest: Manifest) -> Self {
        Self {
            tables: Tables::Memory(shelf, source.to_owned()),
            manifest,
        }
    }

    /// Where its manifest is, or what it was made of.
    pub(super) fn manifest_path(&self) -> PathBuf {
        match &self.tables {
            Tables::Folder(folder) => folder.join(MANIFEST),
            Tables::Memory(_, source) => source.clone(),
        }
    }

    /// The rows of a table.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn rows<T: Table>(&self) -> Result<columns::Rows<T>, ReadError> {
        match &self.tables {
            Tables::Folder(folder) => {
                columns::Rows::open(&folder.join(format!("{}.parquet", T::NAME)))
            }
            Tables::Memory(tables, source) => columns::Rows::of(tables.get(T::NAME), source),
        }
    }
}
