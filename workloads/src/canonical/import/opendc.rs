//! `OpenDC`'s tasks: each a job by itself, or, where they name one another, workflows.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::graphs::{Done, ran, stage};
use super::{Draft, Import, millis};
use crate::canonical::account::{Became, Thing};
use crate::canonical::tables::Tasks;
use crate::formats::opendc::tasks::{Record, records};

/// A task until all that name it are known.
struct Held {
    id: String,
    submit: u64,
    tasks: Tasks,
}

/// Tasks and who waits for whom.
#[derive(Default)]
struct Linked {
    tasks: Vec<Held>,
    numbers: BTreeMap<String, usize>,
    /// Who waits and for whom, as the rows say it.
    links: Vec<(String, String)>,
}

pub(super) fn tasks(import: &mut Import<'_>, path: &Path) -> Done {
    import.assume(
        "job shape",
        "a virtual machine or task asks for all of its size",
    );
    import.assume("memory", "left out: every publisher has another unit");
    let mut rows = records(path)?;
    if !rows.has("parents") && !rows.has("children") {
        return import.each(rows.by_ref(), |import, row| {
            let tasks = size(&row);
            import.job(Draft::simple(row.id, Some(millis(row.submit)), tasks))
        });
    }
    let mut linked = Linked::default();
    import.each(rows.by_ref(), |_, row| Ok(linked.add(row)))?;
    linked.write(import)
}

fn size(row: &Record) -> Tasks {
    Tasks {
        cpus: Some(row.cores * 1000),
        gpus: row.gpus.map(|gpus| gpus * 1000),
        ..ran(Some(millis(row.duration)))
    }
}

impl Linked {
    fn add(&mut self, row: Record) -> Became {
        if self.numbers.contains_key(&row.id) {
            return Became::Merged("another row of the same task");
        }
        let links = row
            .parents
            .iter()
            .map(|parent| (row.id.clone(), parent.clone()));
        self.links.extend(links);
        let links = row
            .children
            .iter()
            .map(|child| (child.clone(), row.id.clone()));
        self.links.extend(links);
        self.numbers.insert(row.id.clone(), self.tasks.len());
        self.tasks.push(Held {
            submit: millis(row.submit),
            tasks: size(&row),
            id: row.id,
        });
        Became::Imported
    }

    /// Edges between tasks that are there, each once.
    fn edges(&mut self, import: &mut Import<'_>) -> BTreeSet<(usize, usize)> {
        let mut edges = BTreeSet::new();
        for (child, parent) in std::mem::take(&mut self.links) {
            match (self.numbers.get(&child), self.numbers.get(&parent)) {
                (Some(child), Some(parent)) => {
                    if !edges.insert((*child, *parent)) {
                        import.merged(Thing::Edges, 1, "told by both of their ends");
                    }
                }
                _ => import.passed(Thing::Edges, 1, "whose other end is not in the table"),
            }
        }
        edges
    }

    fn write(mut self, import: &mut Import<'_>) -> Done {
        let edges = self.edges(import);
        let mut root: Vec<usize> = (0..self.tasks.len()).collect();
        for (child, parent) in &edges {
            let (one, other) = (find(&mut root, *child), find(&mut root, *parent));
            root[one.max(other)] = one.min(other);
        }
        let mut workflows: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for task in 0..self.tasks.len() {
            workflows
                .entry(find(&mut root, task))
                .or_default()
                .push(task);
        }
        if workflows.len() < self.tasks.len() {
            import.assume(
                "workflows",
                "tasks that wait for one another are a job, submitted with its first task",
            );
        }
        for members in workflows.into_values() {
            let more = members.len() as u64 - 1;
            import.merged(Thing::Jobs, more, "another task of the same workflow");
            let number = import.number();
            let draft = self.draft(&members, &edges);
            import.numbered(number, draft)?;
        }
        Ok(())
    }

    fn draft(&self, members: &[usize], edges: &BTreeSet<(usize, usize)>) -> Draft {
        let first = &self.tasks[members[0]];
        if members.len() == 1 {
            return Draft::simple(first.id.clone(), Some(first.submit), first.tasks.clone());
        }
        let place = |task: &usize| members.binary_search(task).unwrap_or(0) as u64;
        let stages = members.iter().map(|member| {
            let parents = edges.range((*member, 0)..=(*member, usize::MAX));
            let parents = parents.map(|(_, parent)| place(parent)).collect();
            let task = &self.tasks[*member];
            stage(task.id.clone(), parents, vec![task.tasks.clone()])
        });
        let submits = members.iter().map(|member| self.tasks[*member].submit);
        Draft {
            name: format!("workflow of {}", first.id),
            submit: submits.min(),
            stages: stages.collect(),
            ..Draft::default()
        }
    }
}

/// What stands for all tasks that wait for one another.
fn find(root: &mut [usize], mut task: usize) -> usize {
    while root[task] != task {
        root[task] = root[root[task]];
        task = root[task];
    }
    task
}
