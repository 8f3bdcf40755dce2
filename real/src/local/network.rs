//! A bridge and network namespaces, made with iproute2.

use std::net::IpAddr;
use std::process::Command;

use anyhow::{Context as _, bail};

/// The names and addresses of one cluster's network.
#[derive(Debug)]
pub(super) struct Network {
    prefix: String,
    subnet: String,
}

impl Network {
    pub(super) fn new(prefix: &str, subnet: &str) -> Self {
        Self {
            prefix: prefix.to_owned(),
            subnet: subnet.to_owned(),
        }
    }

    /// The bridge's address: the master's inside.
    pub(super) fn bridge_address(&self) -> anyhow::Result<IpAddr> {
        let text = format!("{}.1", self.subnet);
        text.parse().with_context(|| {
            format!(
                "--subnet {}: expected three numbers, as in 10.87.0",
                self.subnet
            )
        })
    }

    /// An agent's address.
    pub(super) fn agent_address(&self, index: u32) -> String {
        format!("{}.{}", self.subnet, index + 10)
    }

    /// Makes the bridge.
    pub(super) fn make_bridge(&self) -> anyhow::Result<()> {
        let address = format!("{}/24", self.bridge_address()?);
        let taken = output(&["-o", "-4", "address", "show"])?;
        let own = format!(" {}.", self.subnet);
        if let Some(line) = taken.lines().find(|line| line.contains(&own)) {
            bail!(
                "--subnet {}: the machine has it already: {line}",
                self.subnet
            );
        }
        ip(&["link", "add", &self.prefix, "type", "bridge"])?;
        ip(&["address", "add", &address, "dev", &self.prefix])?;
        ip(&["link", "set", &self.prefix, "up"])
    }

    /// Makes an agent's namespace with a link to the bridge; its name.
    pub(super) fn make_namespace(&self, index: u32) -> anyhow::Result<String> {
        let namespace = format!("{}-{index}", self.prefix);
        let link = format!("{}.{index}", self.prefix);
        let address = format!("{}/24", self.agent_address(index));
        ip(&["netns", "add", &namespace])?;
        let peer = ["peer", "name", "eth0", "netns", &namespace];
        ip(&[&["link", "add", &link, "type", "veth"], &peer[..]].concat())?;
        ip(&["link", "set", &link, "master", &self.prefix, "up"])?;
        ip(&["-n", &namespace, "link", "set", "lo", "up"])?;
        ip(&["-n", &namespace, "address", "add", &address, "dev", "eth0"])?;
        ip(&["-n", &namespace, "link", "set", "eth0", "up"])?;
        Ok(namespace)
    }
}

/// Runs `ip`.
pub(super) fn ip(args: &[&str]) -> anyhow::Result<()> {
    output(args).map(drop)
}

pub(super) fn output(args: &[&str]) -> anyhow::Result<String> {
    let output = Command::new("ip").args(args).output();
    let output = output.context("the program `ip` (package iproute2) cannot be run")?;
    if !output.status.success() {
        let words = String::from_utf8_lossy(&output.stderr);
        bail!("ip {}: {}", args.join(" "), words.trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
