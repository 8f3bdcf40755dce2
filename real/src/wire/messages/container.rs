//! Containers and their fences.

use super::command::Secret;
use super::volume::Volume;
use super::{Labels, volume::Parameter};
use crate::wire::proto::{enumeration, message};
use crate::wire::scalar::Word;

enumeration! {
    /// Who would make the container in Mesos. Here one agent does all.
    ContainerType {
        Docker = "DOCKER" 1,
        Mesos = "MESOS" 2,
    }
}

message! {
    /// What surrounds a task.
    ContainerInfo "ContainerInfo" {
        r#type: ContainerType, supported
            "DOCKER needs `docker`; MESOS without an image has the agent's root directory";
        volumes: Vec<Volume>, refused "a task sees its sandbox and its root directory only";
        hostname: Option<String>, refused "a container is called as its machine";
        docker: Option<Box<DockerInfo>>, supported "of a container of type DOCKER";
        mesos: Option<Box<MesosInfo>>, supported "of a container of type MESOS";
        network_infos: Vec<NetworkInfo>, supported "as far as it is the agent's network";
        linux_info: Option<Box<LinuxInfo>>, supported "see `LinuxInfo`: an empty one only";
        rlimit_info: Option<Box<RLimitInfo>>, supported "see `RLimitInfo`: an empty one only";
        tty_info: Option<TTYInfo>, refused "a task has no terminal";
    }
}

message! {
    /// A container of type MESOS.
    MesosInfo "ContainerInfo.MesosInfo" {
        image: Option<Box<Image>>, supported "the agent's root directory without it";
    }
}

enumeration! {
    /// What kind of image.
    ImageType {
        Appc = "APPC" 1,
        Docker = "DOCKER" 2,
    }
}

message! {
    /// A root directory.
    Image "Image" {
        r#type: ImageType, only(ImageType::Docker) "DOCKER only, whose images stand for directories";
        appc: Option<Appc>, refused "images of type DOCKER stand for directories";
        docker: Option<DockerImage>, supported "has to be there";
        cached: Option<bool>, harmless "an image is a directory; nothing is pulled";
    }
}

message! {
    /// An image of type APPC.
    Appc "Image.Appc", all refused "images of type DOCKER stand for directories" {
        name: String;
        id: Option<String>;
        labels: Option<Labels>;
    }
}

message! {
    /// An image of type DOCKER.
    DockerImage "Image.Docker" {
        name: String, supported "one that the master maps to a directory, `--image NAME=DIR`";
        credential: Option<Credential>, harmless "nothing is pulled";
        config: Option<Secret>, harmless "nothing is pulled";
    }
}

message! {
    /// Who pulls an image.
    Credential "Credential", all harmless "nothing is pulled" {
        principal: String;
        secret: Option<String>;
    }
}

enumeration! {
    /// The network of a container of type DOCKER.
    DockerNetwork {
        Host = "HOST" 1,
        Bridge = "BRIDGE" 2,
        None = "NONE" 3,
        User = "USER" 4,
    }
}

message! {
    /// A container of type DOCKER.
    DockerInfo "ContainerInfo.DockerInfo" {
        image: Option<String>, supported
            "one that the master maps to a directory, `--image NAME=DIR`; without it it is refused";
        network: Option<DockerNetwork>, only(Some(DockerNetwork::Host))
            "HOST only, as tasks have the network of their agent";
        port_mappings: Vec<DockerPortMapping>, refused
            "tasks have the network of their agent; nothing is mapped";
        privileged: Option<bool>, refused "tasks get no privileges";
        parameters: Vec<Parameter>, refused "no docker is there to be given parameters";
        force_pull_image: Option<bool>, harmless "an image is a directory; nothing is pulled";
        volume_driver: Option<String>, refused "there are no volumes";
    }
}

message! {
    /// A port of a container of type DOCKER.
    DockerPortMapping "ContainerInfo.DockerInfo.PortMapping", all refused
    "tasks have the network of their agent; nothing is mapped" {
        host_port: u32;
        container_port: u32;
        protocol: Option<String>;
    }
}

message! {
    /// A network that a container joins.
    NetworkInfo "NetworkInfo" {
        ip_addresses: Vec<IPAddress>, refused "tasks have the addresses of their agent";
        name: Option<String>, refused
            "there are no networks but that of the agent, which has no name";
        groups: Vec<String>, refused "tasks have the network of their agent";
        labels: Option<Labels>, harmless "are for networks with a name";
        port_mappings: Vec<PortMapping>, harmless
            "are of networks with a name, which are refused; Mesos maps none without one either";
    }
}

message! {
    /// An address asked for.
    IPAddress "NetworkInfo.IPAddress", all refused "tasks have the addresses of their agent" {
        protocol: Option<Word>;
        ip_address: Option<String>;
    }
}

message! {
    /// A port of a container.
    PortMapping "NetworkInfo.PortMapping", all harmless "are of networks with a name" {
        host_port: u32;
        container_port: u32;
        protocol: Option<String>;
    }
}

message! {
    /// What Linux can fence.
    LinuxInfo "LinuxInfo" {
        capability_info: Option<CapabilityInfo>, refused "tasks get no capabilities";
        bounding_capabilities: Option<CapabilityInfo>, refused "tasks get no capabilities";
        effective_capabilities: Option<CapabilityInfo>, refused "tasks get no capabilities";
        share_pid_namespace: Option<bool>, refused "tasks see their own processes only";
        seccomp: Option<SeccompInfo>, refused "the filter of system calls is the agent's";
        ipc_mode: Option<Word>, refused "tasks have queues and shared memory of their own";
        shm_size: Option<u32>, refused "shared memory counts as the task's memory";
        share_cgroups: Option<bool>, only(Some(true))
            "true only, as nothing nested is there to share them with";
    }
}

message! {
    /// Privileges.
    CapabilityInfo "CapabilityInfo", all refused "tasks get no capabilities" {
        capabilities: Vec<Word>;
    }
}

message! {
    /// A filter of system calls.
    SeccompInfo "SeccompInfo", all refused "the filter of system calls is the agent's" {
        profile_name: Option<String>;
        unconfined: Option<bool>;
    }
}

message! {
    /// Limits of a process.
    RLimitInfo "RLimitInfo" {
        rlimits: Vec<RLimit>, refused "limits are those of `limits` and of the agent";
    }
}

message! {
    /// One limit of a process.
    RLimit "RLimitInfo.RLimit", all refused "limits are those of `limits` and of the agent" {
        r#type: Option<Word>;
        hard: Option<u64>;
        soft: Option<u64>;
    }
}

message! {
    /// A terminal.
    TTYInfo "TTYInfo", all refused "a task has no terminal" {
        window_size: Option<WindowSize>;
    }
}

message! {
    /// The size of a terminal.
    WindowSize "TTYInfo.WindowSize", all refused "a task has no terminal" {
        rows: u32;
        columns: u32;
    }
}
