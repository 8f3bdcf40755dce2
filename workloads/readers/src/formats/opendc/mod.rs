//! What `OpenDC` simulates: tasks ([`tasks`]) with the fragments of CPU that they use ([`fragments`]),
//! workflows of the Workflow Trace Archive ([`wta`]) and of the Grid Workloads Archive ([`gwf`]), and
//! the series of Bitbrains' virtual machines ([`bitbrains`]).

pub mod bitbrains;
pub mod fragments;
pub mod gwf;
pub mod materna;
pub mod tasks;
pub mod wta;
