//! Volumes. There are none; what asks for one is known, and refused.

use std::collections::BTreeMap;

use super::command::Secret;
use super::container::Image;
use crate::wire::proto::message;
use crate::wire::scalar::Word;

message! {
    /// A volume.
    Volume "Volume", all refused "there are no volumes" {
        mode: Word;
        container_path: String;
        host_path: Option<String>;
        image: Option<Box<Image>>;
        source: Option<Box<VolumeSource>>;
    }
}

message! {
    /// Where a volume comes from.
    VolumeSource "Volume.Source", all refused "there are no volumes" {
        r#type: Option<Word>;
        docker_volume: Option<DockerVolume>;
        host_path: Option<HostPath>;
        sandbox_path: Option<SandboxPath>;
        secret: Option<Secret>;
        csi_volume: Option<Box<CSIVolume>>;
    }
}

message! {
    /// A volume of a driver.
    DockerVolume "Volume.Source.DockerVolume", all refused "there are no volumes" {
        driver: Option<String>;
        name: String;
        driver_options: Option<Parameters>;
    }
}

message! {
    /// Words for a driver.
    Parameters "Parameters", all refused "there is nothing to be given parameters" {
        parameter: Vec<Parameter>;
    }
}

message! {
    /// One word for a driver.
    Parameter "Parameter", all refused "there is nothing to be given parameters" {
        key: String;
        value: String;
    }
}

message! {
    /// A path of the machine.
    HostPath "Volume.Source.HostPath", all refused "there are no volumes" {
        path: String;
        mount_propagation: Option<MountPropagation>;
    }
}

message! {
    /// Who sees later mounts.
    MountPropagation "MountPropagation", all refused "there are no volumes" {
        mode: Option<Word>;
    }
}

message! {
    /// A path of a sandbox.
    SandboxPath "Volume.Source.SandboxPath", all refused "there are no volumes" {
        r#type: Option<Word>;
        path: String;
    }
}

message! {
    /// A volume of a plugin.
    CSIVolume "Volume.Source.CSIVolume", all refused "there are no volumes" {
        plugin_name: String;
        static_provisioning: Option<StaticProvisioning>;
    }
}

message! {
    /// A volume that a plugin has already.
    StaticProvisioning "Volume.Source.CSIVolume.StaticProvisioning", all refused
    "there are no volumes" {
        volume_id: String;
        volume_capability: VolumeCapability;
        node_stage_secrets: BTreeMap<String, Secret>;
        node_publish_secrets: BTreeMap<String, Secret>;
        volume_context: BTreeMap<String, String>;
    }
}

message! {
    /// How a plugin's volume is used.
    VolumeCapability "Volume.Source.CSIVolume.VolumeCapability", all refused
    "there are no volumes" {
        block: Option<BlockVolume>;
        mount: Option<MountVolume>;
        access_mode: AccessMode;
    }
}

message! {
    /// As a device.
    BlockVolume "Volume.Source.CSIVolume.VolumeCapability.BlockVolume", all refused
    "there are no volumes" {
    }
}

message! {
    /// As a file system.
    MountVolume "Volume.Source.CSIVolume.VolumeCapability.MountVolume", all refused
    "there are no volumes" {
        fs_type: Option<String>;
        mount_flags: Vec<String>;
    }
}

message! {
    /// By how many.
    AccessMode "Volume.Source.CSIVolume.VolumeCapability.AccessMode", all refused
    "there are no volumes" {
        mode: Word;
    }
}
