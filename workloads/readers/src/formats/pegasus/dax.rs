//! DAX: abstract workflows in XML, versions 2 and 3, as planners, generators and simulators write them.

use std::io::{self, BufRead, Read};

use quick_xml::Reader as Xml;
use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};

use super::{Flow, FlowTask, Flows, Notation, Workflows, bytes_of, cores_of, import, seconds_of};
use crate::formats::prelude::{Form, Holds, Named, ReadError, quoted};
use crate::formats::source::Plain;

/// The longest tag or text, in bytes.
const LONGEST: u64 = 16 << 20;
/// How deep elements may stand in each other.
const DEEPEST: usize = 64;

pub(crate) const FORM: Form = Form {
    about: "an abstract workflow in XML, with or without run times (Pegasus DAX 2 and 3)",
    signs: &[Holds("<adag"), Named(".dax")],
    import: Ok(import::<Dax>),
    samples: &[
        r#"<?xml version="1.0" encoding="UTF-8"?>
<!-- generated: 2008-09-24T14:28:09-07:00 -->
<adag xmlns="http://pegasus.isi.edu/schema/DAX" version="2.1" count="1" index="0" name="test" jobCount="3" fileCount="0" childCount="2">
  <job id="ID00000" namespace="Montage" name="mProjectPP" version="1.0" runtime="13.39">
    <uses file="region.hdr" link="input" register="true" transfer="true" optional="false" type="data" size="304"/>
    <uses file="p.fits" link="output" register="false" transfer="false" optional="false" type="data" size="4222080.5"/>
  </job>
  <job id="ID00001" namespace="Montage" name="mDiffFit" version="1.0" runtime="1.2e1" numcores="2"/>
  <job id="ID00002" namespace="Montage" name="mAdd" version="1.0" runtime="0"></job>
  <child ref="ID00001"><parent ref="ID00000"/></child>
  <child ref="ID00002"><parent ref="ID00000"/><parent ref="ID00001"/></child>
</adag>
"#,
        r#"<adag version="3.6" name="a &amp; b">
  <metadata key="creator">me</metadata>
  <job id="1" name="train"><argument>-i <file name="f.in"/></argument>
    <profile namespace="pegasus" key="cores">32</profile><profile namespace="pegasus" key="nodes">2</profile>
    <profile namespace="pegasus" key="runtime">3600</profile><profile namespace="pegasus" key="memory">2048</profile>
    <profile namespace="condor" key="request_gpus">4</profile><profile namespace="globus" key="maxwalltime">90</profile>
    <uses name="f.in" link="inout" size="10"/></job>
  <dax id="2" file="inner.dax"/>
  <child ref="2"><parent ref="1" edge-label="x"/></child>
</adag>
"#,
    ],
    ..Form::of::<Workflows<Dax>>()
};

/// This notation.
pub struct Dax;

/// Bytes that are counted in lines, and of which no tag or text takes too many.
struct Limited {
    inner: Plain,
    line: u64,
    left: u64,
}

impl BufRead for Limited {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.left == 0 {
            let message = "a tag or text of more than 16 MiB";
            return Err(io::Error::new(io::ErrorKind::InvalidData, message));
        }
        let chunk = self.inner.fill_buf()?;
        Ok(&chunk[..chunk.len().min(self.left as usize)])
    }

    fn consume(&mut self, count: usize) {
        if let Ok(chunk) = self.inner.fill_buf() {
            let read = &chunk[..count.min(chunk.len())];
            self.line += memchr::memchr_iter(b'\n', read).count() as u64;
        }
        self.left = self.left.saturating_sub(count as u64);
        self.inner.consume(count);
    }
}

impl Read for Limited {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(buffer)?;
        self.consume(count);
        Ok(count)
    }
}

/// A file on its way.
#[derive(Default)]
struct Elements {
    /// The names of the elements around.
    path: Vec<String>,
    flow: Option<(u64, Flow)>,
    child: String,
    /// The namespace, the key and the text of a profile.
    profile: Option<[String; 3]>,
}

impl Notation for Dax {
    const MEMBER: &'static str = "workflow.dax";

    fn read(plain: Plain, flows: &mut Flows) -> Result<(), ReadError> {
        let mut xml = Xml::from_reader(Limited {
            inner: plain,
            line: 1,
            left: LONGEST,
        });
        let mut elements = Elements::default();
        let mut buffer = Vec::new();
        loop {
            buffer.clear();
            xml.get_mut().left = LONGEST;
            let event = xml.read_event_into(&mut buffer);
            let line = xml.get_ref().line;
            let read = match event {
                Ok(Event::Eof) if elements.path.is_empty() && elements.flow.is_none() => {
                    return Ok(());
                }
                Ok(Event::Eof) => {
                    let error = ReadError::expected(
                        "the end of the workflow, </adag>",
                        "the end of the file",
                    );
                    Err(error.hint("the file is truncated"))
                }
                Ok(Event::Start(tag)) => elements
                    .begin(&tag, line, flows)
                    .and_then(|()| elements.enter(&tag)),
                Ok(Event::Empty(tag)) => elements
                    .begin(&tag, line, flows)
                    .and_then(|()| elements.enter(&tag))
                    .and_then(|()| elements.end(flows)),
                Ok(Event::End(_)) => elements.end(flows),
                Ok(Event::Text(text)) => {
                    if let Some(profile) = &mut elements.profile {
                        profile[2].push_str(&text.into_inner());
                    }
                    Ok(())
                }
                Ok(_) => Ok(()),
                Err(error) => {
                    let said = ReadError::said(format!("expected a workflow in XML; {error}"));
                    Err(said.hint("the file is damaged or truncated, or no XML"))
                }
            };
            read.map_err(|error| error.line(line))?;
        }
    }
}

impl Elements {
    /// Whether these elements are around, from the outside in.
    fn around(&self, names: &[&str]) -> bool {
        self.path
            .iter()
            .map(String::as_str)
            .eq(names.iter().copied())
    }

    fn in_task(&self) -> bool {
        self.path.len() == 2 && is_task(&self.path[1])
    }

    /// An element begins.
    fn begin(
        &mut self,
        tag: &BytesStart<'_>,
        line: u64,
        flows: &mut Flows,
    ) -> Result<(), ReadError> {
        let name = tag.local_name();
        let name = name.as_ref();
        if self.path.is_empty() {
            if name != "adag" || self.flow.is_some() {
                let error = ReadError::expected("a workflow, <adag>", quoted(name));
                return Err(error.hint("an abstract workflow of Pegasus, DAX 2 or 3"));
            }
            self.flow = Some((line, Flow::default()));
        }
        let known: &[&str] = match name {
            "adag" => &["name", "version"],
            _ if self.around(&["adag"]) && is_task(name) => {
                &["id", "name", "file", "runtime", "numcores"]
            }
            "uses" if self.in_task() => &["link", "size"],
            "profile" if self.in_task() => &["namespace", "key"],
            "child" if self.around(&["adag"]) => &["ref"],
            "parent" if self.around(&["adag", "child"]) => &["ref"],
            _ => {
                flows.pass(|| format!("<{}>", shortened(name)));
                return Ok(());
            }
        };
        let mut values = vec![String::new(); known.len()];
        for attribute in tag.attributes() {
            let attribute = attribute.map_err(|error| wrong(name, &error.to_string()))?;
            let key = attribute.key.local_name();
            let key = key.as_ref();
            match known.iter().position(|known| *known == key) {
                Some(at) => {
                    let value = attribute.normalized_value(XmlVersion::Implicit1_0);
                    let value = value.map_err(|error| wrong(name, &error.to_string()))?;
                    values[at] = value.into_owned();
                }
                None if name == "adag" || attribute.key.as_ref().starts_with("xmlns") => {}
                None => flows.pass(|| format!("{name}.{}", shortened(key))),
            }
        }
        let Some((_, flow)) = &mut self.flow else {
            return Ok(());
        };
        let of = |at: usize, read: fn(&str) -> Result<u64, ReadError>| {
            let text = Some(values[at].as_str()).filter(|text| !text.is_empty());
            let place =
                |error: ReadError| error.place(format!("<{name}>, attribute {}", known[at]));
            text.map(read).transpose().map_err(place)
        };
        match name {
            "adag" => {
                [flow.record.name, flow.record.version] = values.try_into().unwrap_or_default();
            }
            "uses" => flow.task.uses(&values[0], of(1, bytes_of)?),
            "profile" => {
                let [namespace, key] = values.try_into().unwrap_or_default();
                self.profile = Some([namespace, key, String::new()]);
            }
            "child" => self.child = values.swap_remove(0),
            "parent" => flow.waits(&self.child, &values[0])?,
            _ => {
                flow.task = FlowTask {
                    runtime: of(3, seconds_of)?,
                    cores: of(4, cores_of)?,
                    nested: name != "job",
                    ..FlowTask::default()
                };
                let file = values.swap_remove(2);
                let named = values.swap_remove(1);
                flow.task.name = if named.is_empty() { file } else { named };
                flow.task.id = values.swap_remove(0);
            }
        }
        Ok(())
    }

    fn enter(&mut self, tag: &BytesStart<'_>) -> Result<(), ReadError> {
        if self.path.len() == DEEPEST {
            return Err(ReadError::expected(
                "a workflow",
                "elements within elements within elements",
            ));
        }
        self.path.push(tag.local_name().as_ref().to_owned());
        Ok(())
    }

    /// An element ends.
    fn end(&mut self, flows: &mut Flows) -> Result<(), ReadError> {
        let name = self.path.pop().unwrap_or_default();
        let Some((_, flow)) = &mut self.flow else {
            return Ok(());
        };
        match name.as_str() {
            "profile" => {
                if let Some([namespace, key, text]) = self.profile.take()
                    && !flow.task.profile(&namespace, &key, &text)?
                {
                    flows.pass(|| format!("profile {}.{}", shortened(&namespace), shortened(&key)));
                }
            }
            "adag" if self.path.is_empty() => {
                if let Some((line, flow)) = self.flow.take() {
                    flows.done.push_back((line, flow.finish()?));
                }
            }
            name if self.path.len() == 1 && is_task(name) => flow.push()?,
            _ => {}
        }
        Ok(())
    }
}

fn is_task(name: &str) -> bool {
    matches!(name, "job" | "dax" | "dag")
}

fn wrong(name: &str, error: &str) -> ReadError {
    ReadError::said(format!("expected attributes; {error}")).place(format!("<{}>", shortened(name)))
}

/// A name as it is told, however long it is.
fn shortened(name: &str) -> String {
    quoted(name).trim_matches('`').to_owned()
}
