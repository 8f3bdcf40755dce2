//! What was found, as a folder: a page, a table, and recipes that run.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use fairground_policies::registry::Registry;

use super::tables::{drawn, matrices, sheets};
use super::{AuditArgs, bad_name, command};
use crate::audit::property::Property;
use crate::audit::{AuditFinding, PolicyAudit, recipes, subject};

/// The folder: a page, the findings as a table, and a folder of recipes a policy.
pub(super) fn write(
    folder: &Path,
    audits: &[PolicyAudit],
    registry: &Registry,
    args: &AuditArgs,
) -> anyhow::Result<()> {
    let put = |path: PathBuf, text: String| {
        fs::write(&path, text).with_context(|| path.display().to_string())
    };
    fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    let mut rows = "policy,form,property,judged,holds\n".to_owned();
    for audit in audits {
        for one in &audit.findings {
            let _ = writeln!(
                rows,
                "\"{}\",{},{},{},{}",
                audit.policy,
                one.form.name(),
                one.property.name(),
                one.judged,
                holds(one)
            );
        }
    }
    put(folder.join("findings.csv"), rows)?;
    let mut page = format!("# What policies break\n\nMade by `{}`.\n\n", command(args));
    page += "```text\n";
    page += &matrices(audits);
    page += "```\n";
    let asked = |property: &Property| {
        let mut findings = audits.iter().flat_map(|audit| &audit.findings);
        findings.any(|one| one.property == *property)
    };
    page +=
        "\nWhat is asked, and behind the semicolon what is let pass where tasks come and go:\n\n";
    for property in Property::ALL.into_iter().filter(asked) {
        let slack = Some(property.slack()).filter(|slack| !slack.is_empty());
        let slack = slack.map_or_else(String::new, |slack| format!("; {slack}"));
        let _ = writeln!(
            page,
            "- **{}**: {}{slack}.",
            property.name(),
            property.about()
        );
    }
    page += "\n## Counterexamples\n";
    for sheet in sheets(audits, registry) {
        let _ = write!(page, "\n```text\n{}```\n", drawn(&sheet));
    }
    put(folder.join("README.md"), page)?;
    for audit in audits {
        let subject = subject(&audit.policy, registry).map_err(bad_name)?;
        let of_policy = folder.join(
            audit
                .policy
                .to_string()
                .replace(|c: char| !c.is_ascii_alphanumeric(), "-"),
        );
        for file in audit
            .findings
            .iter()
            .flat_map(|finding| recipes(finding, &subject, audit.division))
        {
            fs::create_dir_all(&of_policy).with_context(|| of_policy.display().to_string())?;
            put(of_policy.join(file.name), file.text)?;
        }
    }
    Ok(())
}

/// Whether the property holds as far as was seen; nothing where there was nothing to judge.
fn holds(finding: &AuditFinding) -> &'static str {
    match (&finding.violation, finding.judged) {
        (Some(_), _) => "no",
        (None, 0) => "",
        (None, _) => "yes",
    }
}
