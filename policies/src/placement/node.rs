//! Nodes and tasks, as placement sees them.

use crate::resources::{Kind, Resources};

/// A GPU, in thousandths.
pub(super) const DEVICE: u64 = 1000;

/// What a task asks for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct TaskShape {
    /// All of it.
    pub needs: Resources,
    /// On how many GPUs.
    pub devices: u32,
    /// How much of each of them, in thousandths: 1000 unless it is one that is shared.
    pub milli: u64,
    /// Which models of GPUs will do, a bit each.
    pub models: u64,
}

impl TaskShape {
    /// Any model will do.
    pub const ANY: u64 = u64::MAX;

    /// A task that needs so much: less than one GPU is a part of one, more are whole ones, rounded up.
    pub fn new(needs: Resources) -> Self {
        let gpus = needs.of(Kind::Gpus);
        let devices = gpus.div_ceil(DEVICE);
        Self {
            needs,
            devices: u32::try_from(devices).unwrap_or(u32::MAX),
            milli: if gpus < DEVICE { gpus } else { DEVICE },
            models: Self::ANY,
        }
    }
}

/// What a node has, and what of it is free.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NodeState {
    /// All of it.
    pub total: Resources,
    /// What is free.
    pub free: Resources,
    /// What is free of each GPU, in thousandths.
    pub devices: Vec<u64>,
    /// The bit of its GPUs' model.
    pub model: u64,
}

impl NodeState {
    /// An empty node; a GPU that it has only a part of comes last.
    pub fn new(total: Resources, model: u64) -> Self {
        let gpus = total.of(Kind::Gpus);
        let mut devices = vec![DEVICE; (gpus / DEVICE) as usize];
        if !gpus.is_multiple_of(DEVICE) {
            devices.push(gpus % DEVICE);
        }
        Self {
            total,
            free: total,
            devices,
            model,
        }
    }

    /// It turns out to have so much.
    pub(super) fn grow(&mut self, total: Resources) {
        let more = total.saturating_sub(self.total);
        let grown = Self::new(self.total + more, self.model);
        let had = self.devices.len();
        // What was a part of a GPU before is more of it now.
        let parts = Self::new(self.total, self.model).devices.into_iter();
        for (device, had) in parts.enumerate() {
            self.devices[device] += grown.devices[device] - had;
        }
        self.devices.extend(&grown.devices[had..]);
        self.total = grown.total;
    }

    /// Whether a task fits on it.
    pub fn fits(&self, shape: &TaskShape) -> bool {
        shape.needs.fits_in(self.free) && self.has_devices(shape)
    }

    /// Whether it has the GPUs that a task asks for, of a model that will do.
    pub(super) fn has_devices(&self, shape: &TaskShape) -> bool {
        if shape.devices == 0 {
            return true;
        }
        let room = self.devices.iter().filter(|free| **free >= shape.milli);
        shape.models & self.model != 0 && room.count() >= shape.devices as usize
    }

    /// A task starts on these of its GPUs.
    ///
    /// # Panics
    /// When there is no room for it.
    pub fn take(&mut self, shape: &TaskShape, devices: &[usize]) {
        self.free -= shape.needs;
        for device in devices {
            let left = self.devices[*device].checked_sub(shape.milli);
            self.devices[*device] = left.expect("as much of a GPU as is taken");
        }
    }

    /// A task ended that ran on these of its GPUs.
    pub fn give(&mut self, shape: &TaskShape, devices: &[usize]) {
        self.free += shape.needs;
        for device in devices {
            self.devices[*device] += shape.milli;
        }
    }
}
