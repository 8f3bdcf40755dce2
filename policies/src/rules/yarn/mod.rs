//! Hadoop YARN's capacity and fair schedulers, as releases 3.1 to 3.3 decide.
//!
//! Between queues ([`between`]) and inside of one ([`within`]) the capacity scheduler takes containers back
//! (`monitor.capacity` of its resource manager), [`victims`] says which; [`order`] is who is served first;
//! [`fair`] is the fair scheduler.

pub mod amounts;
pub mod between;
pub mod fair;
pub mod order;
pub mod starved;
#[cfg(test)]
mod tests;
pub mod victims;
pub mod within;
