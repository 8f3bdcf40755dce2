//! Resources.

use super::volume::Volume;
use super::{Labels, Scalar};
use crate::wire::proto::{enumeration, message};
use crate::wire::scalar::{Id, Word};

enumeration! {
    /// How a resource is counted.
    ValueType {
        Scalar = "SCALAR" 0,
        Ranges = "RANGES" 1,
        Set = "SET" 2,
        Text = "TEXT" 3,
    }
}

message! {
    /// One entry of a list of resources.
    Resource "Resource" {
        provider_id: Option<Id>, refused "nobody but the agents provides resources";
        name: String, supported
            "`cpus`, `mem`, `disk`, `gpus` or `ports`; others are refused unless there is none of it";
        r#type: Option<ValueType>, supported "need not be said, but has to fit the name";
        scalar: Option<Scalar>, supported
            "rounded to thousandths; `mem` and `disk` up to whole MiB; from 0 to 1e9";
        ranges: Option<Ranges>, supported "of `ports`; one that is named twice counts once";
        set: Option<Set>, refused "no resource is counted by names";
        role: Option<String>, supported "`*` or that of the offer";
        allocation_info: Option<AllocationInfo>, supported "of the role of the offer";
        reservation: Option<Reservation>, refused "nothing is reserved";
        reservations: Vec<Reservation>, refused "nothing is reserved";
        disk: Option<Box<DiskInfo>>, refused "there are no volumes";
        revocable: Option<Revocable>, refused "nothing is taken back";
        shared: Option<Shared>, refused "nothing is shared";
    }
}

message! {
    /// Ranges of whole numbers.
    Ranges "Value.Ranges" {
        range: Vec<Range>, supported "see `Value.Range`";
    }
}

message! {
    /// From one number to another, both included.
    Range "Value.Range" {
        begin: u64, supported "a port from 0 to 65535";
        end: u64, supported "not smaller";
    }
}

message! {
    /// Names.
    Set "Value.Set", all refused "no resource is counted by names" {
        item: Vec<String>;
    }
}

message! {
    /// To whom it was offered.
    AllocationInfo "Resource.AllocationInfo" {
        role: Option<String>, supported "that of the offer";
    }
}

message! {
    /// For whom it is kept.
    Reservation "Resource.ReservationInfo", all refused "nothing is reserved" {
        r#type: Option<Word>;
        role: Option<String>;
        principal: Option<String>;
        labels: Option<Labels>;
    }
}

message! {
    /// A disk.
    DiskInfo "Resource.DiskInfo", all refused "there are no volumes" {
        persistence: Option<Persistence>;
        volume: Option<Volume>;
        source: Option<DiskSource>;
    }
}

message! {
    /// A volume that stays.
    Persistence "Resource.DiskInfo.Persistence", all refused "there are no volumes" {
        id: String;
        principal: Option<String>;
    }
}

message! {
    /// Where a disk is.
    DiskSource "Resource.DiskInfo.Source", all refused "there are no volumes" {
        r#type: Word;
        path: Option<DiskPath>;
        mount: Option<DiskMount>;
        vendor: Option<String>;
        id: Option<String>;
        metadata: Option<Labels>;
        profile: Option<String>;
    }
}

message! {
    /// In a directory.
    DiskPath "Resource.DiskInfo.Source.Path", all refused "there are no volumes" {
        root: Option<String>;
    }
}

message! {
    /// In a file system of its own.
    DiskMount "Resource.DiskInfo.Source.Mount", all refused "there are no volumes" {
        root: Option<String>;
    }
}

message! {
    /// That it may be taken back.
    Revocable "Resource.RevocableInfo", all refused "nothing is taken back" {
    }
}

message! {
    /// That others have it, too.
    Shared "Resource.SharedInfo", all refused "nothing is shared" {
    }
}

impl Resource {
    /// The role to which it was offered, if that is said.
    pub fn allocated_to(&self) -> Option<&str> {
        self.allocation_info.as_ref()?.role.as_deref()
    }
}
