//! Workflows of Pegasus 5 in YAML: jobs with profiles, and which are children of which.
//!
//! It is read as the events of a parser, so that nothing is kept of what is not read; an alias, of which Pegasus
//! writes none, is refused, so that none can stand for ever more.

use std::io::Read as _;

use saphyr_parser::{Event, Parser};

use super::{Flow, Flows, Notation, Workflows, bytes_of, import};
use crate::formats::documents::LARGEST_DOCUMENT;
use crate::formats::prelude::{Begins, Form, MayEnd, ReadError, quoted};
use crate::formats::source::Plain;

/// How deep lists and maps may stand in each other.
const DEEPEST: usize = 64;

pub(crate) const FORM: Form = Form {
    about: "an abstract workflow in YAML, with profiles (Pegasus 5)",
    signs: &[
        Begins("x-pegasus:"),
        Begins("pegasus:"),
        MayEnd(".yml"),
        MayEnd(".yaml"),
    ],
    import: Ok(import::<Yaml>),
    samples: &["\
x-pegasus: {apiLang: python, createdBy: me, createdOn: 11-24-20T10:08:48Z}
pegasus: \"5.0.4\"
name: diamond
jobs:
- type: job
  name: preprocess
  id: ID0000001
  arguments: [-i, f.a]
  uses:
  - {lfn: f.a, type: input, size: '1024'}
  - lfn: f.b
    type: output
    metadata: {size: 2048, creator: me}
  profiles:
    pegasus: {runtime: '60', cores: 4, memory: 2048, gpus: 1}
    condor: {request_memory: 'ifthenelse(1, 2, 3)'}
- {type: pegasusWorkflow, file: inner.yml, id: ID2, arguments: [], uses: []}
jobDependencies:
- id: ID0000001
  children: [ID2]
"],
    ..Form::of::<Workflows<Yaml>>()
};

/// This notation.
pub struct Yaml;

/// What stands around a value: a list, or a map at this key.
enum Nesting {
    List,
    Map(Option<String>),
}

/// A file on its way.
#[derive(Default)]
struct Values {
    path: Vec<Nesting>,
    flow: Flow,
    /// Whether a document has anything in it.
    any: bool,
    begun: u64,
    /// The file that a task uses: how, and its size.
    link: String,
    size: Option<u64>,
    /// The task that others wait for, and those that do.
    parent: String,
    children: Vec<String>,
}

impl Notation for Yaml {
    const MEMBER: &'static str = "workflow.yml";

    fn read(plain: Plain, flows: &mut Flows) -> Result<(), ReadError> {
        let mut bytes = Vec::new();
        let most = LARGEST_DOCUMENT as u64;
        let read = plain.take(most + 1).read_to_end(&mut bytes);
        read.map_err(|error| ReadError::io(std::path::Path::new(""), &error).line(1))?;
        if bytes.len() as u64 > most {
            let error = ReadError::expected("at most 64 MiB of YAML", "more");
            return Err(error.line(1));
        }
        let text = String::from_utf8(bytes).map_err(|_| {
            let error = ReadError::expected("text in UTF-8", "other bytes");
            error.line(1)
        })?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        let mut values = Values::default();
        for event in Parser::new_from_str(text) {
            let (event, span) = event.map_err(|error| {
                let said = format!("expected a workflow in YAML; {}", error.info());
                let error = ReadError::said(said).line(error.marker().line().max(1) as u64);
                error.hint("the file is damaged, truncated, or no YAML")
            })?;
            let line = span.start.line().max(1) as u64;
            values
                .see(event, line, flows)
                .map_err(|error| error.line(line))?;
        }
        Ok(())
    }
}

impl Values {
    /// The names of the maps around a value and their keys; a list has none.
    fn names(&self) -> Vec<&str> {
        let levels = self.path.iter();
        let name = |level| match level {
            &Nesting::List => "-",
            Nesting::Map(key) => key.as_deref().unwrap_or_default(),
        };
        levels.map(name).collect()
    }

    fn see(&mut self, event: Event<'_>, line: u64, flows: &mut Flows) -> Result<(), ReadError> {
        match event {
            Event::DocumentStart(_) => self.begun = line,
            Event::DocumentEnd => {
                let flow = std::mem::take(&mut self.flow);
                if std::mem::take(&mut self.any) {
                    flows.done.push_back((self.begun, flow.finish()?));
                }
            }
            Event::Alias(_) => {
                let error = ReadError::expected("a value", "an alias of one");
                return Err(error.hint("write the workflow without anchors and aliases"));
            }
            Event::Scalar(text, ..) => self.scalar(&text, flows)?,
            Event::SequenceStart(..) => self.enter(Nesting::List)?,
            Event::MappingStart(..) => self.enter(Nesting::Map(None))?,
            Event::SequenceEnd | Event::MappingEnd => {
                self.path.pop();
                self.end()?;
            }
            Event::Nothing | Event::StreamStart | Event::StreamEnd => {}
        }
        Ok(())
    }

    fn enter(&mut self, level: Nesting) -> Result<(), ReadError> {
        self.any = true;
        if self.path.len() == DEEPEST {
            return Err(ReadError::expected(
                "a workflow",
                "lists within lists within lists",
            ));
        }
        if matches!(self.path.last(), Some(Nesting::Map(None))) {
            return Err(ReadError::expected("a key that is text", "a list or map"));
        }
        self.path.push(level);
        Ok(())
    }

    /// A value is whole: what comes next in the map around it is a key.
    fn whole(&mut self) {
        if let Some(Nesting::Map(key)) = self.path.last_mut() {
            *key = None;
        }
    }

    fn scalar(&mut self, text: &str, flows: &mut Flows) -> Result<(), ReadError> {
        self.any = true;
        if let Some(Nesting::Map(key @ None)) = self.path.last_mut() {
            *key = Some(text.to_owned());
            return Ok(());
        }
        let (names, owned) = (self.names(), text.to_owned());
        let place = |error: ReadError, key: &str| error.place(format!("key `{key}`"));
        match names.as_slice() {
            ["name"] => self.flow.record.name = owned,
            ["pegasus"] => self.flow.record.version = owned,
            ["jobs", "-", "id"] => self.flow.task.id = owned,
            ["jobs", "-", "name" | "file"] => self.flow.task.name = owned,
            ["jobs", "-", "type"] => self.flow.task.nested = text != "job",
            ["jobs", "-", "uses", "-", "type"] => self.link = owned,
            ["jobs", "-", "uses", "-", "size"] | ["jobs", "-", "uses", "-", "metadata", "size"] => {
                self.size = Some(bytes_of(text).map_err(|error| place(error, "size"))?);
            }
            ["jobs", "-", "profiles", namespace, key] => {
                let (namespace, key) = ((*namespace).to_owned(), (*key).to_owned());
                if !self.flow.task.profile(&namespace, &key, text)? {
                    let short = |text: &str| quoted(text).trim_matches('`').to_owned();
                    flows.pass(|| format!("profile {}.{}", short(&namespace), short(&key)));
                }
            }
            ["jobDependencies", "-", "id"] => self.parent = owned,
            ["jobDependencies", "-", "children", "-"] => self.children.push(owned),
            [] => {
                let error = ReadError::expected("a workflow", quoted(text));
                return Err(error.hint("keys: pegasus, name, jobs, jobDependencies"));
            }
            ["jobs", "-", key, ..] if !key.starts_with("x-") => {
                let key = quoted(key);
                flows.pass(|| format!("jobs.{}", key.trim_matches('`')));
            }
            [key, ..] if !key.starts_with("x-") => {
                let key = quoted(key);
                flows.pass(|| key.trim_matches('`').to_owned());
            }
            _ => {}
        }
        self.whole();
        Ok(())
    }

    /// A list or a map is over.
    fn end(&mut self) -> Result<(), ReadError> {
        let names = self.names();
        match names.as_slice() {
            ["jobs", "-"] => self.flow.push()?,
            ["jobs", "-", "uses", "-"] => {
                let (link, size) = (std::mem::take(&mut self.link), self.size.take());
                self.flow.task.uses(&link, size);
            }
            ["jobDependencies", "-"] => {
                let parent = std::mem::take(&mut self.parent);
                for child in std::mem::take(&mut self.children) {
                    self.flow.waits(&child, &parent)?;
                }
            }
            _ => {}
        }
        self.whole();
        Ok(())
    }
}
