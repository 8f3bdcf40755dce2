//! Files whose values hold many jobs each: a whole workload in one object, all jobs of a cluster in another.

use std::collections::VecDeque;

use super::Accounted;
use crate::formats::prelude::*;
use crate::formats::survey::Unread;

/// A value with jobs in it.
pub trait Several: Document {
    /// Its jobs; one that is wrong says so.
    fn jobs(self) -> VecDeque<Result<Accounted, ReadError>>;

    /// What a member is called, where names of things stand among those of members.
    fn member(name: &str) -> &str {
        name
    }
}

/// The jobs of the values of a file.
pub struct Expanded<D> {
    documents: Documents<D>,
    jobs: VecDeque<Result<Accounted, ReadError>>,
}

impl<D: Several> Iterator for Expanded<D> {
    type Item = Result<Accounted, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(job) = self.jobs.pop_front() {
                return Some(job.map_err(|error| match self.place() {
                    Some(place) => place.of(error),
                    None => error,
                }));
            }
            match self.documents.next()? {
                Ok(document) => self.jobs = document.jobs(),
                Err(error) => return Some(Err(error)),
            }
        }
    }
}

impl<D: Several> Reader for Expanded<D> {
    type Record = Accounted;

    fn open(path: &Path) -> Result<Self, ReadError> {
        Ok(Self {
            documents: Documents::open(path)?,
            jobs: VecDeque::new(),
        })
    }

    fn place(&self) -> Option<Place> {
        self.documents.place()
    }
}

impl<D: Several> Unread for Expanded<D> {
    fn unread(&self) -> Vec<String> {
        let unread = self.documents.unread();
        let mut names: Vec<String> = unread
            .iter()
            .map(|name| D::member(name).to_owned())
            .collect();
        names.sort_unstable();
        names.dedup();
        names
    }
}
