//! A job history in Avro's binary encoding, made of one in JSON.

use serde_json::Value;

/// The schema of the histories here: as Hadoop's, with fewer events.
pub(crate) const SCHEMA: &str = r#"{"type":"record","name":"Event","namespace":"x","fields":[
    {"name":"type","type":{"type":"enum","name":"EventType","symbols":["JOB_SUBMITTED","JOB_FINISHED","ODD"]}},
    {"name":"event","type":[
        {"type":"record","name":"JobSubmitted","fields":[
            {"name":"jobid","type":"string"},
            {"name":"submitTime","type":"long"},
            {"name":"acls","type":{"type":"map","values":"string"}},
            {"name":"tags","type":["null","string"],"default":null}]},
        {"type":"record","name":"JobFinished","fields":[
            {"name":"jobid","type":{"type":"string","avro.java.string":"String"}},
            {"name":"finishTime","type":"long"},
            {"name":"maps","type":"int"},
            {"name":"total","type":{"type":"record","name":"Counters","fields":[
                {"name":"counts","type":{"type":"array","items":{"type":"record","name":"Counter","fields":[
                    {"name":"name","type":"string"},{"name":"value","type":"long"}]}}}]}},
            {"name":"reduce","type":"Counters"}]},
        {"type":"record","name":"Odd","fields":[
            {"name":"yes","type":"boolean"},
            {"name":"single","type":"float"},
            {"name":"double","type":"double"},
            {"name":"bytes","type":"bytes"},
            {"name":"four","type":{"type":"fixed","name":"Four","size":4}},
            {"name":"nothing","type":"null"},
            {"name":"many","type":["null",{"type":"array","items":"int"}]}]}]}]}"#;

/// Its events as JSON.
pub(crate) const EVENTS: &[&str] = &[
    r#"{"type":"JOB_SUBMITTED","event":{"x.JobSubmitted":{"jobid":"job_1","submitTime":1526555642677,"acls":{},"tags":null}}}"#,
    r#"{"type":"JOB_SUBMITTED","event":{"x.JobSubmitted":{"jobid":"job_2","submitTime":-1,"acls":{"a":"x\n","b":""},"tags":{"string":"t"}}}}"#,
    r#"{"type":"ODD","event":{"x.Odd":{"yes":true,"single":0.5,"double":-1e300,"bytes":"a\u0000\u00ff","four":"abcd","nothing":null,"many":{"array":[0,-1,2147483647,-2147483648]}}}}"#,
    r#"{"type":"JOB_FINISHED","event":{"x.JobFinished":{"jobid":"job_1","finishTime":1526555658299,"maps":3,"total":{"counts":[{"name":"c","value":9223372036854775807},{"name":"d","value":-9223372036854775808}]},"reduce":{"counts":[]}}}}"#,
];

/// The history in JSON.
pub(crate) fn text() -> String {
    format!("Avro-Json\n{}\n{}\n", one_line(SCHEMA), EVENTS.join("\n\n"))
}

/// The history in binary.
pub(crate) fn binary() -> Vec<u8> {
    let events = EVENTS.iter().map(|event| event.parse().unwrap());
    written(SCHEMA, events)
}

fn one_line(schema: &str) -> String {
    schema.parse::<Value>().unwrap().to_string()
}

/// Events of any schema.
pub(crate) fn written(schema: &str, events: impl Iterator<Item = Value>) -> Vec<u8> {
    let mut bytes = format!("Avro-Binary\n{}\n", one_line(schema)).into_bytes();
    let schema = schema.parse().unwrap();
    let mut writer = Writer {
        schema: &schema,
        bytes: &mut bytes,
    };
    events.for_each(|event| writer.value(&schema, &event));
    bytes
}

struct Writer<'a> {
    schema: &'a Value,
    bytes: &'a mut Vec<u8>,
}

impl Writer<'_> {
    fn whole(&mut self, number: i64) {
        let mut rest = ((number << 1) ^ (number >> 63)).cast_unsigned();
        while rest >= 0x80 {
            self.bytes.push(rest as u8 | 0x80);
            rest >>= 7;
        }
        self.bytes.push(rest as u8);
    }

    fn text(&mut self, text: &str) {
        self.whole(i64::try_from(text.len()).unwrap());
        self.bytes.extend_from_slice(text.as_bytes());
    }

    fn value(&mut self, kind: &Value, value: &Value) {
        if let Some(branches) = kind.as_array() {
            let at = branches
                .iter()
                .position(|branch| is(branch, value))
                .unwrap();
            self.whole(i64::try_from(at).unwrap());
            let inner = value.as_object().and_then(|one| one.values().next());
            return self.value(&branches[at], inner.unwrap_or(&Value::Null));
        }
        let letters = |text: &Value| {
            let letters = text.as_str().unwrap().chars();
            letters
                .map(|one| u8::try_from(one).unwrap())
                .collect::<Vec<u8>>()
        };
        match kind.as_str().or_else(|| kind["type"].as_str()).unwrap() {
            "null" => {}
            "boolean" => self.bytes.push(u8::from(value.as_bool().unwrap())),
            "int" | "long" => self.whole(value.as_i64().unwrap()),
            "float" => {
                let number = value.as_f64().unwrap() as f32;
                self.bytes.extend_from_slice(&number.to_le_bytes());
            }
            "double" => self
                .bytes
                .extend_from_slice(&value.as_f64().unwrap().to_le_bytes()),
            "string" => self.text(value.as_str().unwrap()),
            "bytes" => {
                let letters = letters(value);
                self.whole(i64::try_from(letters.len()).unwrap());
                self.bytes.extend_from_slice(&letters);
            }
            "fixed" => self.bytes.extend_from_slice(&letters(value)),
            "enum" => {
                let mut symbols = kind["symbols"].as_array().unwrap().iter();
                let at = symbols.position(|symbol| symbol == value).unwrap();
                self.whole(i64::try_from(at).unwrap());
            }
            "array" => {
                let items = value.as_array().unwrap();
                // A block says how many, and may say how many bytes they take.
                if !items.is_empty() {
                    self.whole(-i64::try_from(items.len()).unwrap());
                    self.whole(0);
                }
                for item in items {
                    self.value(&kind["items"], item);
                }
                self.whole(0);
            }
            "map" => {
                for (key, item) in value.as_object().unwrap() {
                    self.whole(1);
                    self.text(key);
                    self.value(&kind["values"], item);
                }
                self.whole(0);
            }
            "record" => {
                for field in kind["fields"].as_array().unwrap() {
                    let name = field["name"].as_str().unwrap();
                    self.value(&field["type"], &value[name]);
                }
            }
            name => {
                let known = declared(self.schema, name).unwrap().clone();
                self.value(&known, value);
            }
        }
    }
}

/// Whether a value in JSON is of that branch.
fn is(branch: &Value, value: &Value) -> bool {
    let Some((name, _)) = value.as_object().and_then(|one| one.iter().next()) else {
        return branch == "null";
    };
    let kind = branch.as_str().or_else(|| branch["type"].as_str());
    let own = branch["name"].as_str().or(kind).unwrap();
    name.rsplit('.').next() == Some(own)
}

/// The type that is declared somewhere under that name.
fn declared<'a>(schema: &'a Value, name: &str) -> Option<&'a Value> {
    match schema {
        Value::Object(members) => {
            let own = members.get("name").is_some_and(|own| own == name);
            if own
                && members.get("type").is_some_and(Value::is_string)
                && members.contains_key("fields")
            {
                return Some(schema);
            }
            members.values().find_map(|one| declared(one, name))
        }
        Value::Array(all) => all.iter().find_map(|one| declared(one, name)),
        _ => None,
    }
}
