//! Resources as the API writes them, and as the core and the agents count them.

use fairground_policies::resources::{Mebibytes, Millicores, Milligpus, Resources};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::one_or_many;
use super::ports::Ports;
use crate::protocol::{Amounts, PortRange};

/// One entry of a list of resources.
#[derive(Clone, PartialEq, Debug, Deserialize)]
pub struct Resource {
    /// `cpus`, `mem`, `disk`, `gpus` or `ports`.
    pub name: String,
    #[serde(default)]
    scalar: Option<Scalar>,
    #[serde(default)]
    ranges: Option<Ranges>,
    #[serde(default)]
    role: Option<String>,
    #[serde(default)]
    allocation_info: Option<AllocationInfo>,
    #[serde(default, deserialize_with = "one_or_many")]
    reservations: Vec<Value>,
    #[serde(default)]
    reservation: Option<Value>,
    #[serde(default)]
    revocable: Option<Value>,
    #[serde(default)]
    shared: Option<Value>,
    #[serde(default)]
    disk: Option<Value>,
}

#[derive(Clone, PartialEq, Debug, Deserialize)]
struct AllocationInfo {
    role: String,
}

impl Resource {
    /// Why nothing of this kind is offered to a framework of `role`; `None` when it is.
    pub fn not_offered(&self, role: &str) -> Option<String> {
        let name = self.name.as_str();
        if self
            .scalar
            .is_some_and(|scalar| thousandths(name, scalar.value) == Ok(0))
        {
            return None;
        }
        let allocated = self.allocation_info.as_ref().map(|info| &info.role);
        let mut roles = self.role.iter().chain(allocated);
        if let Some(other) = roles.find(|other| *other != "*" && *other != role) {
            return Some(format!(
                "resource `{name}` is of role `{other}`; offered are those of `*`"
            ));
        }
        let others = [&self.reservation, &self.revocable, &self.shared, &self.disk];
        let is_special = !self.reservations.is_empty() || others.iter().any(|it| it.is_some());
        is_special.then(|| {
            format!(
                "resource `{name}` is reserved, revocable, shared or a volume; none are offered"
            )
        })
    }
}

#[derive(Clone, Copy, PartialEq, Debug, Deserialize)]
struct Scalar {
    value: f64,
}

#[derive(Clone, PartialEq, Debug, Deserialize)]
struct Ranges {
    #[serde(default, deserialize_with = "one_or_many")]
    range: Vec<Range>,
}

#[derive(Clone, Copy, PartialEq, Debug, Deserialize)]
struct Range {
    begin: u64,
    end: u64,
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

/// The sum of a list of resources. Amounts of nothing are dropped.
///
/// # Errors
/// When an entry has no value, a bad one, or a name that this cluster does not share.
pub fn amounts(resources: &[Resource]) -> Result<Amounts, String> {
    let mut sum = Amounts::default();
    let mut ports = Vec::new();
    for resource in resources {
        let name = resource.name.as_str();
        if name == "ports" {
            let ranges = resource.ranges.as_ref();
            let ranges = ranges.ok_or("resource `ports` has no `ranges`")?;
            for range in &ranges.range {
                ports.push(port_range(*range)?);
            }
            continue;
        }
        let scalar = resource.scalar;
        let value = scalar
            .ok_or_else(|| format!("resource `{name}` has no `scalar`"))?
            .value;
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

fn port_range(range: Range) -> Result<PortRange, String> {
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
                {"name": "ports", "type": "RANGES", "ranges": {"range": {"begin": 31000, "end": 31001}}},
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
