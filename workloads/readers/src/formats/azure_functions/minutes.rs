//! Azure Functions, 2019: how often each function was invoked in each minute of a day.
//!
//! Source: github.com/Azure/AzurePublicDataset, `AzureFunctionsDataset2019`,
//! `invocations_per_function_md.anon.d*.csv` (Shahrad et al., ATC 2020). CSV with a header: owner,
//! application, function (hashes), what triggers it, and a column for each minute, named by its
//! number. Files cut for experiments have fewer or more minutes than a day's 1440.

use super::MOST_INVOCATIONS;
use crate::formats::cells::bare;
use crate::formats::prelude::*;
use crate::formats::table::Table;

const COLUMNS: [&str; 4] = ["HashOwner", "HashApp", "HashFunction", "Trigger"];
/// The most minutes of one file: a year.
const MOST_MINUTES: usize = 366 * 1440;

pub(crate) const FORM: Form = Form {
    about: "invocations of functions in each minute of a day (Azure Functions 2019)",
    signs: &[Begins("HashOwner,HashApp,HashFunction,Trigger")],
    unkept: &["Trigger"],
    import: Ok(import),
    samples: &["\
HashOwner,HashApp,HashFunction,Trigger,1,2,3
c455,68ba,f1,http,0,5,1
c455,68ba,f2,timer,1,1,1
"],
    ..Form::of::<Rows<Record>>()
};

/// One function.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record {
    /// Whose it is.
    pub owner: String,
    /// The application it is part of.
    pub app: String,
    /// The function.
    pub function: String,
    /// What triggers it: `http`, `timer`, `queue`; empty where the file does not say.
    pub trigger: String,
    /// Invocations in each minute.
    pub minutes: Vec<u64>,
}

contents! { Record: |row| Requests row.invocations(); }

/// Where the columns of a file stand.
#[derive(Default)]
pub struct Layout {
    table: Table<4>,
    /// The position of each minute's column, in the order of the minutes.
    minutes: Vec<usize>,
}

impl Row for Record {
    type Layout = Layout;
    const MEMBER: &'static str = "invocations_per_function.csv";
    const ONE: &'static str = "function";
    const ABOUT: &'static str = "columns: HashOwner, HashApp, HashFunction, Trigger, 1, 2, ...";
    const HEADED: bool = true;

    /// The columns of minutes have numbers for names.
    fn reads(name: &str) -> bool {
        COLUMNS.contains(&name) || name.parse::<usize>().is_ok()
    }

    fn header(line: &str, layout: &mut Layout) -> Result<(), ReadError> {
        layout.table = Table::header(line, ',', &COLUMNS, [true, true, true, false])?;
        let numbered = |(position, name): (usize, &str)| {
            let minute = bare(name).parse::<usize>().ok()?;
            Some((minute, position))
        };
        let minutes: BTreeMap<usize, usize> =
            line.split(',').enumerate().filter_map(numbered).collect();
        let first = minutes.keys().next().copied();
        let whole = minutes.keys().copied().eq(1..=minutes.len());
        if !whole || minutes.is_empty() || minutes.len() > MOST_MINUTES {
            let found = match first {
                None => "none".to_owned(),
                Some(first) => format!("{} from {first}", minutes.len()),
            };
            let error = ReadError::expected("a column for each minute from 1 on", found);
            return Err(error.hint(Self::ABOUT));
        }
        layout.minutes = minutes.into_values().collect();
        Ok(())
    }

    fn row(line: &str, layout: &mut Layout) -> Result<Option<Self>, ReadError> {
        let [owner, app, function, trigger] = layout.table.cells(line, ',', &COLUMNS)?;
        let texts: Vec<&str> = line.split(',').collect();
        let count = |position: &usize| {
            let cell = Cell::new(*position, "invocations in a minute", bare(texts[*position]));
            cell.round("invocations", MOST_INVOCATIONS)
        };
        Ok(Some(Self {
            owner: owner.word("an owner")?.to_owned(),
            app: app.word("an application")?.to_owned(),
            function: function.word("a function")?.to_owned(),
            trigger: trigger.text().to_owned(),
            minutes: layout.minutes.iter().map(count).collect::<Result<_, _>>()?,
        }))
    }

    fn end(layout: &Layout, _: u64, seen: &mut Seen) {
        seen.fill("columns", layout.table.width());
        seen.fill("minutes", layout.minutes.len());
    }
}

impl Record {
    /// Invocations in all minutes.
    pub fn invocations(&self) -> u64 {
        self.minutes.iter().sum()
    }
}

shows! { Record: |one|
    "owner": one.owner, "app": one.app, "function": one.function, "trigger": one.trigger,
    "minutes": one.minutes.len(), "invocations": one.invocations(),
}

impl Told for Record {
    fn see(&self, seen: &mut Seen) {
        let invocations = self.invocations();
        seen.count("functions");
        seen.columns();
        seen.count_if("minutes", false);
        seen.distinct("owners", &self.owner);
        seen.distinct("apps", &self.app);
        seen.tally("triggers", &self.trigger);
        seen.sum("total_invocations", invocations);
        seen.figures("invocations_per_function", "invocations", [invocations]);
    }
}

fn import(import: &mut Import<'_>, path: &Path) -> Done {
    import.sees(0);
    let mut id = 0;
    import.each(Rows::open(path)?, |import, function: Record| {
        let tenant = import.tenant(&function.owner)?;
        let name = format!("{}/{}", function.app, function.function);
        import.push(Service {
            id,
            name,
            tenant,
            memory: None,
        })?;
        for (minute, requests) in function.minutes.into_iter().enumerate() {
            if requests > 0 {
                import.push(Load {
                    service: id,
                    start: seconds(minute as u64 * 60),
                    length: seconds(60),
                    requests,
                    ..Load::default()
                })?;
            }
        }
        id += 1;
        Ok(Became::Imported)
    })
}
