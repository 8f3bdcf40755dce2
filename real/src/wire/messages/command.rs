//! Commands and their surroundings.

use crate::wire::proto::{enumeration, message};
use crate::wire::scalar::Bytes;

message! {
    /// What is run.
    CommandInfo "CommandInfo" {
        uris: Vec<Uri>, supported "fetched into the sandbox before the command starts";
        environment: Option<Environment>, supported "on top of the agent's own few variables";
        shell: Option<bool>, supported
            "true when absent: `value` is for `/bin/sh -c` and `arguments` are ignored";
        value: Option<String>, supported
            "what to run, also with an image: without it there is nothing to run";
        arguments: Vec<String>, supported
            "without `shell` all of argv, its first word being the program's own name";
        user: Option<String>, supported "the account; the framework's when absent";
    }
}

message! {
    /// Something to be fetched.
    Uri "CommandInfo.URI" {
        value: String, supported "`http`, `file` or an absolute path; others fail the task";
        executable: Option<bool>, supported "made executable; it is then not unpacked";
        extract: Option<bool>, supported "`tar` and `tar.gz` are unpacked unless it is false";
        cache: Option<bool>, harmless "nothing is cached: it is fetched each time";
        output_file: Option<String>, supported "the name in the sandbox";
        sha256: Option<String>, own "the digest that the content must have";
    }
}

message! {
    /// The variables of a task.
    Environment "Environment" {
        variables: Vec<Variable>, supported "a later one of the same name counts";
    }
}

enumeration! {
    /// Where the value of a variable is.
    VariableType {
        Unknown = "UNKNOWN" 0,
        Value = "VALUE" 1,
        Secret = "SECRET" 2,
    }
}

message! {
    /// One variable.
    Variable "Environment.Variable" {
        name: String, supported "not empty, without `=`";
        r#type: Option<VariableType>, supported "VALUE when absent; UNKNOWN is refused";
        value: Option<String>, supported "has to be there for VALUE, and only then";
        secret: Option<Secret>, supported "has to be there for SECRET, and only then";
    }
}

enumeration! {
    /// Where a secret is.
    SecretType {
        Unknown = "UNKNOWN" 0,
        Reference = "REFERENCE" 1,
        Value = "VALUE" 2,
    }
}

message! {
    /// A secret.
    Secret "Secret" {
        r#type: Option<SecretType>, supported "VALUE; others are refused";
        reference: Option<Reference>, refused "nothing here resolves references; give a `value`";
        value: Option<SecretValue>, supported "see `Secret.Value`";
    }
}

message! {
    /// The name of a secret.
    Reference "Secret.Reference", all refused "nothing here resolves references" {
        name: String;
        key: Option<String>;
    }
}

message! {
    /// A secret itself.
    SecretValue "Secret.Value" {
        data: Bytes, supported
            "what the variable holds: UTF-8 without zero bytes; the master's log has it (mode 0600)";
    }
}
