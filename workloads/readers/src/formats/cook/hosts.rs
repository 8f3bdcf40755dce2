//! Hosts of Cook's simulator: what each has, by role.

use serde::Deserialize;
use serde_json::Value;

use crate::formats::prelude::*;

/// The most of any resource one host may have.
const MOST: u64 = 1 << 40;

pub(crate) const FORM: Form = Form {
    about: "hosts with their resources, a JSON list (Cook's simulator)",
    machines: true,
    signs: &[Holds("\"hostname\"")],
    import: Ok(|import, path| {
        import.machines(Documents::open(path)?, |host: Record| Machine {
            cpus: Some(host.amount("cpus") * 1000),
            memory: Some(host.amount("mem")),
            gpus: Some(host.amount("gpus") * 1000),
            name: host.hostname,
            ..Machine::default()
        })
    }),
    samples: &[r#"[ {
  "hostname" : "0",
  "resources" : { "cpus" : { "*" : 10 }, "mem" : { "*" : 10000, "web" : 5 },
    "ports" : { "*" : [ { "begin" : 1, "end" : 100 } ] } }
} ]
"#],
    ..Form::of::<Documents<Record>>()
};

/// One host.
#[derive(Clone, PartialEq, Debug, Deserialize)]
pub struct Record {
    /// Its name.
    pub hostname: String,
    /// What it has by resource and role, `*` for any role. Ports are ranges, not amounts.
    pub resources: BTreeMap<String, BTreeMap<String, Value>>,
}

impl Record {
    /// How much it has of `resource`, over all roles; fractions are left off.
    pub fn amount(&self, resource: &str) -> u64 {
        let roles = self.resources.get(resource).into_iter().flatten();
        let amounts = roles.filter_map(|(_, amount)| whole(amount));
        amounts.fold(0, u64::saturating_add)
    }
}

fn whole(amount: &Value) -> Option<u64> {
    let whole = amount.as_u64();
    let whole = whole.or_else(|| amount.as_f64().filter(|n| *n >= 0.0).map(|n| n as u64));
    whole.filter(|amount| *amount <= MOST)
}

impl Document for Record {
    const ONE: &'static str = "host";
    const MEMBER: &'static str = "hosts.json";
    const KEYS: &'static str = "keys: hostname, resources { cpus: { *: n }, mem: { *: MB } }";

    fn check(&self) -> Result<(), ReadError> {
        for name in ["cpus", "mem", "gpus"] {
            for (role, amount) in self.resources.get(name).into_iter().flatten() {
                if whole(amount).is_none() {
                    let expected = format!("an amount from 0 to {MOST}");
                    let place = format!("key `resources.{name}.{role}`");
                    return Err(ReadError::expected(expected, amount).place(place));
                }
            }
        }
        Ok(())
    }
}

contents! { Record: |_| Machines 1; }

shows! { Record: |one|
    "hostname": one.hostname, "cpus": one.amount("cpus"), "mem_mb": one.amount("mem"),
    "gpus": one.amount("gpus"),
}

impl Told for Record {
    fn see(&self, seen: &mut Seen) {
        seen.count("hosts");
        for name in ["cpus", "mem", "gpus"] {
            seen.sum(name, self.amount(name));
        }
    }
}
