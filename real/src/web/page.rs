//! Pages for people: what is here, in one document without scripts.

use std::fmt::Write as _;

use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use serde_json::Value;

/// A page: a title, facts, tables, and where to go on.
#[derive(Debug, Default)]
pub(crate) struct Page {
    pub(crate) title: String,
    pub(crate) facts: Vec<(&'static str, String)>,
    pub(crate) tables: Vec<Table>,
    pub(crate) links: Vec<(&'static str, &'static str)>,
}

/// A table; `empty` stands for one without rows, `more` behind one that is cut.
#[derive(Debug, Default)]
pub(crate) struct Table {
    pub(crate) title: &'static str,
    pub(crate) head: &'static [&'static str],
    pub(crate) rows: Vec<Vec<String>>,
    pub(crate) empty: &'static str,
    pub(crate) more: Option<String>,
}

/// Colours of both schemes have a contrast of 7 and more; tables scroll by themselves where they are
/// wider than the screen.
const STYLE: &str = "\
:root{color-scheme:light dark;--fg:#1b1f24;--bg:#fff;--soft:#4a5159;--line:#d0d5da;--link:#0b4a9e}
@media(prefers-color-scheme:dark){:root{--fg:#e8ebee;--bg:#15181c;--soft:#b6bdc5;--line:#3a4149;--link:#9cc8ff}}
body{margin:0 auto;padding:1rem;max-width:76rem;font:1rem/1.5 system-ui,sans-serif;color:var(--fg);background:var(--bg)}
h1{font-size:1.5rem;margin:.5rem 0}h2{font-size:1.1rem;margin:1.5rem 0 .3rem}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.1rem 1rem;margin:0}dt,.soft{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}
div{overflow-x:auto}table{border-collapse:collapse;min-width:100%}
th,td{text-align:left;padding:.25rem .8rem .25rem 0;border-bottom:1px solid var(--line);white-space:nowrap}
a{color:var(--link)}ul{padding-left:1.2rem;margin:.3rem 0}li{overflow-wrap:anywhere}p{margin:.3rem 0}";

impl Page {
    /// The document.
    pub(crate) fn html(&self) -> String {
        let title = escaped(&self.title);
        let mut html = format!(
            "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
             <title>{title}</title>\n<style>{STYLE}</style></head>\n<body><h1>{title}</h1>\n<dl>"
        );
        for (name, value) in &self.facts {
            put(
                &mut html,
                &format!("<dt>{name}</dt><dd>{}</dd>\n", escaped(value)),
            );
        }
        html.push_str("</dl>\n");
        for table in &self.tables {
            table.write(&mut html);
        }
        html.push_str("<h2>Endpoints</h2>\n<ul>");
        for (path, about) in &self.links {
            put(
                &mut html,
                &format!(
                    "<li><a href=\"{path}\">{path}</a> {}</li>\n",
                    escaped(about)
                ),
            );
        }
        html.push_str("</ul></body></html>\n");
        html
    }

    /// The answer. Names on it are other people's: nothing of it may run.
    pub(crate) fn response(&self) -> Response {
        let headers = [
            (header::CONTENT_TYPE, "text/html; charset=utf-8"),
            (
                header::CONTENT_SECURITY_POLICY,
                "default-src 'none'; style-src 'unsafe-inline'",
            ),
        ];
        (headers, self.html()).into_response()
    }
}

impl Table {
    fn write(&self, html: &mut String) {
        put(html, &format!("<h2>{}</h2>\n", self.title));
        if self.rows.is_empty() {
            put(
                html,
                &format!("<p class=\"soft\">{}</p>\n", escaped(self.empty)),
            );
            return;
        }
        html.push_str("<div><table><thead><tr>");
        for name in self.head {
            put(html, &format!("<th scope=\"col\">{name}</th>"));
        }
        html.push_str("</tr></thead>\n<tbody>");
        for row in &self.rows {
            html.push_str("<tr>");
            for cell in row {
                put(html, &format!("<td>{}</td>", escaped(cell)));
            }
            html.push_str("</tr>\n");
        }
        html.push_str("</tbody></table></div>\n");
        if let Some(more) = &self.more {
            put(html, &format!("<p class=\"soft\">{}</p>\n", escaped(more)));
        }
    }
}

fn put(html: &mut String, text: &str) {
    html.write_str(text).expect("text can be written");
}

/// A value of JSON as a cell.
pub(crate) fn cell(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// A length of time in the largest unit there is one of.
pub(crate) fn age(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{}m", seconds / 60),
        3600..86_400 => format!("{}h", seconds / 3600),
        _ => format!("{}d", seconds / 86_400),
    }
}

fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_has_one_unit() {
        for (seconds, expected) in [
            (0, "0s"),
            (59, "59s"),
            (60, "1m"),
            (7199, "1h"),
            (200_000, "2d"),
        ] {
            assert_eq!(age(seconds), expected);
        }
    }

    #[test]
    fn names_are_text_whatever_they_are() {
        let evil = "<script>alert('x')</script>\"&".to_owned();
        let page = Page {
            title: evil.clone(),
            facts: vec![("Cluster", evil.clone())],
            tables: vec![Table {
                title: "Frameworks",
                head: &["Name"],
                rows: vec![vec![evil]],
                ..Table::default()
            }],
            links: vec![("/state", "everything")],
        };
        let html = page.html();
        assert!(!html.contains("<script"), "{html}");
        let safe = "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&quot;&amp;";
        assert_eq!(html.matches(safe).count(), 4);
        assert!(html.contains("<a href=\"/state\">/state</a> everything"));
    }
}
