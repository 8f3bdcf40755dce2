//! Tasks that come and never end, placed until the cluster is full: what papers on fragmentation measure.

use std::collections::BTreeMap;
use std::path::Path;

use fairground_policies::placement::{NodeState, PlacementPolicy, Placer, TaskShape};
use fairground_policies::resources::{Mebibytes, Millicores, Milligpus, Resources};
use fairground_readers::formats::openb::{nodes, pods};
use fairground_readers::formats::rows::Rows;
use fairground_workloads::ReadError;
use fairground_workloads::rng;

/// Nodes, and the tasks of a trace.
#[derive(Clone, Debug)]
pub struct Packing {
    /// In the order of the file.
    pub nodes: Vec<NodeState>,
    /// In the order of the file.
    pub tasks: Vec<TaskShape>,
}

impl Packing {
    /// Reads a list of nodes and a list of pods (Alibaba's `openb`).
    ///
    /// # Errors
    /// When a row cannot be read, or there are more than 63 models of GPUs.
    pub fn read(node_list: &Path, pod_list: &Path) -> Result<Self, ReadError> {
        // A model that only pods name has a bit, too, of no node.
        let mut models: BTreeMap<String, u64> = BTreeMap::new();
        let mut bit = |model: &str| -> Result<u64, ReadError> {
            let next = models.len();
            if next >= 63 && !models.contains_key(model) {
                return Err(ReadError::expected("at most 63 models of GPUs", model));
            }
            Ok(*models.entry(model.to_owned()).or_insert(1 << next))
        };
        let mut all = Vec::new();
        for row in Rows::<nodes::Record>::open(node_list)? {
            let row = row?;
            let total = Resources::new(Millicores(row.millicores), Mebibytes(row.mebibytes))
                .with_gpus(Milligpus(row.gpus * 1000));
            all.push(NodeState::new(total, bit(&row.model)?));
        }
        let mut tasks = Vec::new();
        for row in Rows::<pods::Record>::open(pod_list)? {
            let row = row?;
            let needs = Resources::new(Millicores(row.millicores), Mebibytes(row.mebibytes))
                .with_gpus(Milligpus(row.gpus * row.milligpus));
            let mut shape = TaskShape::new(needs);
            if !row.models.is_empty() {
                shape.models = 0;
                for model in row.models.split('|') {
                    shape.models |= bit(model)?;
                }
            }
            tasks.push(shape);
        }
        Ok(Self { nodes: all, tasks })
    }

    /// GPUs of all nodes, in thousandths.
    pub fn capacity(&self) -> u64 {
        self.nodes.iter().map(|node| node.total.gpus().0).sum()
    }

    /// The tasks that come with a seed: those of the trace in a drawn order, and drawn copies of them behind, until
    /// the next would ask for more than `load` thousandths of all GPUs; where there are more, drawn ones are left
    /// out. As in the artefact of FGD, a copy counts there with what it asks of one GPU.
    pub fn arrivals(&self, load: u64, seed: u64) -> Vec<TaskShape> {
        let mut draw = rng::stream(seed, "packing");
        let mut tasks = self.tasks.clone();
        for last in (1..tasks.len()).rev() {
            tasks.swap(last, draw.below(last as u64 + 1) as usize);
        }
        let most = self.capacity() * load / 1000;
        let gpus = |shape: &TaskShape| shape.needs.gpus().0;
        let mut asked: u64 = tasks.iter().map(gpus).sum();
        while asked > most {
            let one = tasks.remove(draw.below(tasks.len() as u64) as usize);
            asked -= gpus(&one);
        }
        while asked < most {
            let one = self.tasks[draw.below(self.tasks.len() as u64) as usize];
            if asked + one.milli > most {
                break;
            }
            asked += gpus(&one);
            tasks.push(one);
        }
        tasks
    }

    /// Which part of the GPUs is held in the end, in parts of a million, and how many tasks fitted nowhere.
    pub fn place(&self, policy: PlacementPolicy, load: u64, seed: u64) -> (u64, u64) {
        let draw = rng::stream(seed, "placement").into_generator();
        let mut placer = Placer::new(policy, self.nodes.clone(), draw);
        for (shape, count) in self.mix() {
            placer.learn(&shape, count);
        }
        let (mut held, mut lost) = (0, 0);
        for shape in self.arrivals(load, seed) {
            match placer.place(&shape) {
                Some(_) => held += shape.needs.gpus().0,
                None => lost += 1,
            }
        }
        (held * 1_000_000 / self.capacity().max(1), lost)
    }

    /// How many tasks there are of each shape.
    fn mix(&self) -> Vec<(TaskShape, u64)> {
        let mut counts: BTreeMap<_, (TaskShape, u64)> = BTreeMap::new();
        for shape in &self.tasks {
            let key = (shape.needs.units(), shape.milli, shape.models);
            counts.entry(key).or_insert((*shape, 0)).1 += 1;
        }
        counts.into_values().collect()
    }
}
