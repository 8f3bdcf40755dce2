//! Resources as the API writes them, and as the core and the agents count them.

use fairground_policies::resources::{Kind, Mebibytes, Millicores, Milligpus, Resources};
use serde_json::{Map, Value, json};

use super::messages::resource::{Range, Resource, ValueType};
use super::ports::Ports;
use super::proto::Wire as _;
use crate::protocol::{Amounts, PortRange};

/// Whether there is nothing of a resource: it is dropped, whatever else is said about it.
fn is_nothing(resource: &Resource) -> bool {
    let scalar = resource.scalar.as_ref();
    scalar.is_some_and(|scalar| thousandths(&resource.name, scalar.value.0) == Ok(0))
}

/// The sum of what a task asks for on what was offered to `role`.
///
/// # Errors
/// When some of it is not offered to such a framework, or is no amount.
pub fn asked(resources: &[Resource], role: &str) -> Result<Amounts, String> {
    for (index, resource) in resources.iter().enumerate() {
        if is_nothing(resource) {
            continue;
        }
        let name = &resource.name;
        let said = resource.role.as_deref().filter(|said| *said != "*");
        let mut roles = said.into_iter().chain(resource.allocated_to());
        if let Some(other) = roles.find(|other| *other != role) {
            return Err(format!(
                "resource `{name}` is of role `{other}`; offered are those of `*`"
            ));
        }
        if let Some(refused) = resource.refused() {
            return Err(format!(
                "resource `{name}`: `resources[{index}]`: {refused}"
            ));
        }
    }
    amounts(resources)
}

/// Thousandths of `value`, rounded as the API rounds before every comparison.
///
/// # Errors
/// When the number is negative, not finite or beyond what any machine has.
pub fn thousandths(name: &str, value: f64) -> Result<u64, String> {
    let rounded = (value * 1000.0).round();
    if (0.0..=Resources::MAX_UNITS as f64).contains(&rounded) {
        Ok(rounded as u64)
    } else {
        Err(format!(
            "resource `{name}` is {value}; expected a number from 0 to 1e9"
        ))
    }
}

/// Whole MiB that hold `value` MB of the API, which are MiB in truth.
///
/// # Errors
/// When the number is negative, not finite or beyond what any machine has.
pub fn mebibytes(name: &str, value: f64) -> Result<u64, String> {
    Ok(thousandths(name, value)?.div_ceil(1000))
}

/// So many units of a kind as the API has them.
pub fn number(kind: Kind, units: u64) -> f64 {
    match kind {
        Kind::Cpus | Kind::Gpus => units as f64 / 1000.0,
        Kind::Mem | Kind::Disk => units as f64,
    }
}

/// The units of so much of a kind as the API has it.
///
/// # Errors
/// When the number is negative, not finite or beyond what any machine has.
pub fn units(kind: Kind, value: f64) -> Result<u64, String> {
    match kind {
        Kind::Cpus | Kind::Gpus => thousandths(kind.name(), value),
        Kind::Mem | Kind::Disk => mebibytes(kind.name(), value),
    }
}

/// The sum of a list of resources. Amounts of nothing are dropped.
///
/// # Errors
/// When an entry has no value, a bad one, or a name that this cluster does not share.
pub fn amounts(resources: &[Resource]) -> Result<Amounts, String> {
    let mut sum = Amounts::default();
    let mut ports = Vec::new();
    for resource in resources {
        let name = resource.name.as_str();
        let (kind, word) = if name == "ports" {
            (ValueType::Ranges, "RANGES")
        } else {
            (ValueType::Scalar, "SCALAR")
        };
        if resource.r#type.is_some_and(|said| said != kind) && !is_nothing(resource) {
            return Err(format!("resource `{name}` is not of type {word}"));
        }
        if name == "ports" {
            let ranges = resource.ranges.as_ref();
            let ranges = ranges.ok_or("resource `ports` has no `ranges`")?;
            for range in &ranges.range {
                ports.push(port_range(range)?);
            }
            continue;
        }
        let scalar = resource.scalar.as_ref();
        let value = scalar.ok_or_else(|| format!("resource `{name}` has no `scalar`"))?;
        let value = value.value.0;
        match name {
            "cpus" => sum.millicores += thousandths(name, value)?,
            "mem" => sum.mem_mib += mebibytes(name, value)?,
            "disk" => sum.disk_mib += mebibytes(name, value)?,
            "gpus" => sum.milligpus += thousandths(name, value)?,
            _ if thousandths(name, value)? == 0 => {}
            _ => {
                return Err(format!(
                    "resource `{name}` is not shared here; known are cpus, mem, disk, gpus, ports"
                ));
            }
        }
    }
    sum.ports = Ports::new(ports).ranges().to_vec();
    Ok(sum)
}

fn port_range(range: &Range) -> Result<PortRange, String> {
    match (u16::try_from(range.begin), u16::try_from(range.end)) {
        (Ok(begin), Ok(end)) if begin <= end => Ok(PortRange { begin, end }),
        _ => Err(format!(
            "ports {}-{} are not a range of ports; expected 0 to 65535, the smaller first",
            range.begin, range.end
        )),
    }
}

impl Amounts {
    /// What of these the core counts: all but which ports.
    pub fn counted(&self) -> Resources {
        Resources::new(Millicores(self.millicores), Mebibytes(self.mem_mib))
            .with_disk(Mebibytes(self.disk_mib))
            .with_gpus(Milligpus(self.milligpus))
    }

    /// The ports.
    pub fn port_set(&self) -> Ports {
        Ports::new(self.ports.iter().copied())
    }

    /// What the core counted, with ports.
    pub fn of(counted: Resources, ports: &Ports) -> Self {
        Self {
            millicores: counted.cpus().0,
            mem_mib: counted.mem().0,
            disk_mib: counted.disk().0,
            milligpus: counted.gpus().0,
            ports: ports.ranges().to_vec(),
        }
    }

    /// As a list of the API: what there is nothing of is left out. `offered` adds the role field
    /// that frameworks without refined reservations look for.
    pub fn to_api(&self, shape: &Shape<'_>) -> Value {
        let mut list = Vec::new();
        for (name, value) in self.scalars() {
            if value > 0.0 {
                list.push(json!({"name": name, "type": "SCALAR", "scalar": {"value": value}}));
            }
        }
        if !self.ports.is_empty() {
            list.push(json!({"name": "ports", "type": "RANGES", "ranges": {"range": self.ports}}));
        }
        for entry in &mut list {
            if !shape.refined {
                entry["role"] = json!("*");
            }
            if let Some(role) = shape.allocated_to {
                entry["allocation_info"] = json!({"role": role});
            }
        }
        Value::Array(list)
    }

    /// As the endpoints show resources: numbers, and ranges as text.
    pub fn to_endpoint(&self) -> Value {
        let mut members = Map::new();
        for (name, value) in self.scalars() {
            members.insert(name.to_owned(), json!(value));
        }
        if !self.ports.is_empty() {
            members.insert("ports".to_owned(), json!(self.port_set().to_string()));
        }
        Value::Object(members)
    }

    fn scalars(&self) -> [(&'static str, f64); 4] {
        [
            ("cpus", self.millicores as f64 / 1000.0),
            ("mem", self.mem_mib as f64),
            ("disk", self.disk_mib as f64),
            ("gpus", self.milligpus as f64 / 1000.0),
        ]
    }
}

/// What a framework's capabilities change about the resources it is shown.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Shape<'a> {
    /// It understands refined reservations: unreserved is said by saying nothing.
    pub refined: bool,
    /// It has several roles and wants to know for which one this is.
    pub allocated_to: Option<&'a str>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(json: &Value, expected: &Result<Amounts, String>) {
        let list: Vec<Resource> = serde_json::from_value(json.clone()).unwrap();
        assert_eq!(&amounts(&list), expected, "{json}");
    }

    #[test]
    fn resources_of_clients_are_understood() {
        check(
            &json!([
                {"name": "cpus", "type": "SCALAR", "scalar": {"value": 0.1}, "role": "*"},
                {"name": "mem", "type": "SCALAR", "scalar": {"value": 32}},
                {"name": "gpus", "type": "SCALAR", "scalar": {"value": 0}},
                {"name": "ports", "type": "RANGES", "ranges": {"range": {"begin": "31000", "end": 31001}}},
            ]),
            &Ok(Amounts {
                millicores: 100,
                mem_mib: 32,
                ports: vec![PortRange {
                    begin: 31000,
                    end: 31001,
                }],
                ..Amounts::default()
            }),
        );
        check(
            &json!([{"name": "mem", "scalar": {"value": 0.5}}]),
            &Ok(Amounts {
                mem_mib: 1,
                ..Amounts::default()
            }),
        );
        check(
            &json!([{"name": "cpus", "scalar": {"value": -1}}]),
            &Err("resource `cpus` is -1; expected a number from 0 to 1e9".to_owned()),
        );
        check(
            &json!([{"name": "tapes", "scalar": {"value": 2}}]),
            &Err(
                "resource `tapes` is not shared here; known are cpus, mem, disk, gpus, ports"
                    .to_owned(),
            ),
        );
    }

    #[test]
    fn what_is_shown_follows_the_capabilities() {
        let one = Amounts {
            millicores: 500,
            ..Amounts::default()
        };
        assert_eq!(
            one.to_api(&Shape::default()),
            json!([{"name": "cpus", "type": "SCALAR", "scalar": {"value": 0.5}, "role": "*"}])
        );
        let refined = Shape {
            refined: true,
            allocated_to: Some("web"),
        };
        assert_eq!(
            one.to_api(&refined),
            json!([{"name": "cpus", "type": "SCALAR", "scalar": {"value": 0.5},
                    "allocation_info": {"role": "web"}}])
        );
    }
}
