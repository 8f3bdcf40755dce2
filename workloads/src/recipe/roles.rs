//! Roles: the tree in which frameworks are ranked, what each role counts, is guaranteed and may not
//! exceed.

use fairground_policies::message::{Event, RoleId};
use fairground_policies::resources::{Kind, Mebibytes, Millicores, QuotaLimit, Resources};
use fairground_policies::share::Weight;
use serde::{Deserialize, Serialize};

use super::{Recipe, RecipeError, weight};
use crate::units;

/// What is said of a role, which is named by its path: `research/vision`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoleSpec {
    /// Its path; the roles above it are there without being named.
    pub name: String,
    /// How much it counts against its siblings.
    #[serde(default = "weight", with = "units::decimal")]
    pub weight: u32,
    /// What is kept for it and those below it, whoever else wants it.
    #[serde(default, skip_serializing_if = "QuotaSpec::is_empty")]
    pub guarantee: QuotaSpec,
    /// The most it and those below it are offered together.
    #[serde(default, skip_serializing_if = "QuotaSpec::is_empty")]
    pub limit: QuotaSpec,
}

/// Amounts of some kinds of resource.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct QuotaSpec {
    /// Cores.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpus: Option<QuotaCores>,
    /// Memory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mem: Option<QuotaMemory>,
    /// Disk space.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disk: Option<QuotaMemory>,
    /// Accelerators.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gpus: Option<QuotaGpus>,
}

/// Cores as a recipe writes them.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct QuotaCores(#[serde(with = "units::cores")] pub Millicores);

/// Memory or disk space as a recipe writes it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct QuotaMemory(#[serde(with = "units::memory")] pub Mebibytes);

/// Accelerators as a recipe writes them, kept in thousandths.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct QuotaGpus(#[serde(with = "units::decimal")] pub u32);

impl QuotaSpec {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    fn limit(&self) -> QuotaLimit {
        QuotaLimit::from_units([
            self.cpus.map(|QuotaCores(Millicores(units))| units),
            self.mem.map(|QuotaMemory(Mebibytes(units))| units),
            self.disk.map(|QuotaMemory(Mebibytes(units))| units),
            self.gpus.map(|QuotaGpus(units)| u64::from(units)),
        ])
    }

    pub(super) fn amounts(&self) -> Resources {
        let limit = self.limit();
        Resources::from_units(Kind::ALL.map(|kind| limit.of(kind).unwrap_or(0)))
    }
}

/// A role of a recipe, in the order of paths: those above come before those below.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Role {
    /// Its path.
    pub path: String,
    /// The role right above it.
    pub parent: Option<RoleId>,
    /// How much it counts, in thousandths.
    pub weight: u32,
    /// What is kept for it.
    pub guarantee: Resources,
    /// The most it is offered.
    pub limit: QuotaLimit,
}

impl Role {
    /// What a master is told of it.
    pub fn events(&self, role: RoleId) -> Vec<Event> {
        let mut events = vec![Event::RoleSet {
            role,
            parent: self.parent,
            weight: Weight::from_thousandths(self.weight).unwrap_or_default(),
        }];
        if self.has_quota() {
            events.push(Event::QuotaSet {
                role,
                guarantee: self.guarantee,
                limit: self.limit,
            });
        }
        events
    }

    /// Whether it is guaranteed anything or may not exceed something.
    pub fn has_quota(&self) -> bool {
        !self.guarantee.is_zero() || self.limit != QuotaLimit::NONE
    }

    /// What is said of it, for people.
    pub fn told(&self) -> String {
        let mut told = vec![format!("weight {}", f64::from(self.weight) / 1000.0)];
        if !self.guarantee.is_zero() {
            told.push(format!("guaranteed {}", self.guarantee));
        }
        let limited = Kind::ALL.into_iter().filter_map(|kind| {
            let mut most = [0; Kind::COUNT];
            most[kind as usize] = self.limit.of(kind)?;
            Some(match most[kind as usize] {
                0 => format!("no {}", kind.name()),
                _ => Resources::from_units(most).to_string(),
            })
        });
        let limited: Vec<String> = limited.collect();
        if !limited.is_empty() {
            told.push(format!("at most {}", limited.join(" ")));
        }
        told.join(", ")
    }
}

impl Recipe {
    /// All roles there are, those that are only above others included; ids are positions.
    pub fn roles(&self) -> Vec<Role> {
        let named = self.role.iter().map(|role| role.name.as_str());
        let used = self.framework.iter().filter_map(|one| one.role.as_deref());
        let mut paths: Vec<&str> = named.chain(used).flat_map(above).collect();
        paths.sort_unstable();
        paths.dedup();
        let id = |path: &str| {
            let position = paths.binary_search(&path).expect("a path of the list");
            RoleId(position as u32)
        };
        let role = |path: &&str| {
            let said = self.role.iter().find(|role| role.name == **path);
            Role {
                path: (*path).to_owned(),
                parent: path.rsplit_once('/').map(|(parent, _)| id(parent)),
                weight: said.map_or_else(weight, |role| role.weight),
                guarantee: said.map_or(Resources::ZERO, |role| role.guarantee.amounts()),
                limit: said.map_or(QuotaLimit::NONE, |role| role.limit.limit()),
            }
        };
        paths.iter().map(role).collect()
    }

    /// What is wrong with a role, with what is reserved for one, or with a framework: its key, and why.
    pub(super) fn check_all_roles(&self) -> Result<(), (String, String)> {
        self.check_roles()?;
        self.check_reservations()?;
        self.check_constraints()?;
        self.check_frameworks()
    }

    /// What is wrong with a role: its key, and why.
    fn check_roles(&self) -> Result<(), (String, String)> {
        let no_path = |path: &str| path.split('/').any(|part| part.is_empty() || part == ".");
        let expected = "expected a path, as in research/vision";
        for framework in &self.framework {
            if framework.role.as_deref().is_some_and(no_path) {
                let key = format!("framework.{}.role", framework.name);
                return Err((key, expected.to_owned()));
            }
        }
        let roles = self.roles();
        for (i, role) in self.role.iter().enumerate() {
            let key = format!("role.{}", role.name);
            let bad = |member: &str, why: String| Err((format!("{key}{member}"), why));
            if no_path(&role.name) {
                return Err(("role.name".to_owned(), expected.to_owned()));
            }
            if self.role[..i].iter().any(|other| other.name == role.name) {
                return bad("", "two roles have this name".to_owned());
            }
            if role.weight == 0 {
                return bad(".weight", "expected more than zero".to_owned());
            }
            let mut used = self.framework.iter().filter_map(|one| one.role.as_deref());
            if !used.any(|used| above(used).any(|path| path == role.name)) {
                let mut near = self.framework.iter().filter_map(|one| one.role.as_deref());
                let hint = near.next().map_or_else(
                    || "\n  hint: a framework is in it with `role = \"...\"`".to_owned(),
                    |role| format!("\n  hint: there is `{role}`"),
                );
                return bad("", format!("no framework is in it or below it{hint}"));
            }
            let guarantee = role.guarantee.amounts();
            for kind in Kind::ALL {
                let most = role.limit.limit().of(kind);
                if most.is_some_and(|most| most < guarantee.of(kind)) {
                    let why = format!("less {} than is guaranteed", kind.name());
                    return bad(".limit", why);
                }
            }
            let mut above = above(&role.name).skip(1);
            let over = |path: &str| {
                let limit = roles.iter().find(|role| role.path == path)?.limit;
                let most = |kind: Kind| limit.of(kind).unwrap_or(u64::MAX);
                let over = !guarantee.fits_in(Resources::from_units(Kind::ALL.map(most)));
                over.then(|| path.to_owned())
            };
            if let Some(path) = above.find_map(over) {
                return bad(
                    ".guarantee",
                    format!("more than `{path}` above it may hold"),
                );
            }
        }
        // The machines of a trace are not known yet.
        match self.machines {
            None => self.unkept(self.agents().into_iter().sum()),
            Some(_) => Ok(()),
        }
    }

    /// What is guaranteed must be there, of all that the agents have, or it is kept from everybody for ever.
    ///
    /// # Errors
    /// When it is not.
    pub fn check_promised(&self, origin: &str, total: Resources) -> Result<(), RecipeError> {
        let kept = self.unkept(total);
        kept.map_err(|(key, problem)| RecipeError::Senseless {
            path: origin.to_owned(),
            key,
            problem,
        })
    }

    fn unkept(&self, total: Resources) -> Result<(), (String, String)> {
        let roles = self.roles();
        let mut promised: Vec<Resources> = roles.iter().map(|role| role.guarantee).collect();
        let mut below = vec![Resources::ZERO; roles.len()];
        let mut all = Resources::ZERO;
        // Those below come after those above.
        for (i, role) in roles.iter().enumerate().rev() {
            promised[i] = promised[i].max(below[i]);
            match role.parent {
                Some(parent) => below[parent.index()] += promised[i],
                None => all += promised[i],
            }
        }
        if all.fits_in(total) {
            return Ok(());
        }
        let why = format!("{all} is guaranteed in all, and all agents have {total}");
        Err(("role".to_owned(), why))
    }
}

/// A path and those above it.
fn above(path: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(path), |path| Some(path.rsplit_once('/')?.0))
}
