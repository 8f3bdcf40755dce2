//! What was found, in columns.

use std::fmt::Write as _;

use fairground_policies::registry::Registry;

use crate::audit::property::Property;
use crate::audit::{AuditFinding, AuditForm, PolicyAudit, subject, told};
use crate::run::Sheet;

/// What is printed of a finding: whether the property holds as far as was seen, and where that is not far how far.
fn verdict(finding: Option<&AuditFinding>) -> String {
    const FEW: u64 = 100;
    match finding {
        None => String::new(),
        Some(one) if one.violation.is_some() => "no".to_owned(),
        Some(one) if one.judged == 0 => "-".to_owned(),
        Some(one) if one.judged < FEW => format!("yes ({})", one.judged),
        Some(_) => "yes".to_owned(),
    }
}

/// The matrix of each form, with how much was searched.
pub(super) fn matrices(audits: &[PolicyAudit]) -> String {
    let mut text = String::new();
    for form in AuditForm::ALL {
        let of = |audit: &'_ PolicyAudit, property| {
            let mut all = audit.findings.iter();
            all.find(|one| (one.form, one.property) == (form, property))
                .cloned()
        };
        let some: Vec<&PolicyAudit> = audits
            .iter()
            .filter(|one| one.findings.iter().any(|f| f.form == form))
            .collect();
        if some.is_empty() {
            continue;
        }
        let mut rows = Vec::new();
        for property in Property::ALL {
            let found: Vec<_> = some.iter().map(|audit| of(audit, property)).collect();
            if found.iter().any(Option::is_some) {
                let cells = found.iter().map(|one| verdict(one.as_ref()));
                rows.push(
                    std::iter::once(property.name().to_owned())
                        .chain(cells)
                        .collect(),
                );
            }
        }
        let supposed = match form {
            AuditForm::Divisible => {
                "; everybody needs some of everything, and is alike; of ceei, which is solved, a thousandth is nothing"
            }
            AuditForm::Running => {
                "; a policy that gives whole agents away has six of them where shares are asked for"
            }
        };
        let note = "yes: nothing was found, in brackets where of fewer than a hundred; no: it does not hold; -: nothing to judge";
        let heads = std::iter::once("property".to_owned())
            .chain(some.iter().map(|one| one.policy.to_string()));
        if !text.is_empty() {
            text.push('\n');
        }
        text += &drawn(&Sheet {
            title: match form {
                AuditForm::Divisible => "divisible: what theorems are about".to_owned(),
                AuditForm::Running => "running: clusters on which tasks come and go".to_owned(),
            },
            note: format!("{note}{supposed}"),
            heads: heads.collect(),
            rows,
        });
    }
    text
}

/// A table in columns.
pub(super) fn drawn(sheet: &Sheet) -> String {
    let mut text = format!("{}\n", sheet.title);
    if !sheet.note.is_empty() {
        let _ = writeln!(text, "  {}", sheet.note);
    }
    let all = std::iter::once(&sheet.heads).chain(&sheet.rows);
    let width = |column: usize| {
        all.clone()
            .filter_map(|row| row.get(column))
            .map(|cell| cell.chars().count())
            .max()
    };
    let widths: Vec<usize> = (0..sheet.heads.len()).filter_map(width).collect();
    for row in all.clone() {
        let cells = row
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:<width$}"));
        let line = cells.collect::<Vec<_>>().join("  ");
        let _ = writeln!(text, "  {}", line.trim_end());
    }
    text
}

/// What violates properties, as tables.
pub(super) fn sheets(audits: &[PolicyAudit], registry: &Registry) -> Vec<Sheet> {
    let mut sheets = Vec::new();
    for one in audits {
        if let Ok(subject) = subject(&one.policy, registry) {
            let told = one
                .findings
                .iter()
                .filter_map(|finding| told(finding, &subject, one.division));
            sheets.extend(told);
        }
    }
    sheets
}
