//! Principals and their secrets, in the files that Mesos knows, and HTTP's way to say them.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use anyhow::{Context as _, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

/// Who somebody is and how it proves that.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Credential {
    /// Its name.
    pub principal: String,
    /// What nobody else knows.
    pub secret: String,
}

/// Its secret is nobody's to see.
impl std::fmt::Debug for Credential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Credential").field(&self.principal).finish()
    }
}

impl Credential {
    /// The only one of a file.
    ///
    /// # Errors
    /// When the file does not read, can be read by others, or has none or several.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let text = private_text(path)?;
        let all = if let Ok(one) = serde_json::from_str::<Self>(&text) {
            vec![one]
        } else {
            parse(&text).with_context(|| path.display().to_string())?
        };
        match <[Self; 1]>::try_from(all) {
            Ok([one]) => one.checked().with_context(|| path.display().to_string()),
            Err(all) => bail!(
                "{}: found {} credentials; expected one, as in `principal secret`",
                path.display(),
                all.len()
            ),
        }
    }

    fn checked(self) -> anyhow::Result<Self> {
        // What HTTP writes between the two.
        if self.principal.is_empty() || self.principal.contains([':', '\n']) {
            bail!(
                "the principal `{}` cannot be said over HTTP; expected a name without `:`",
                self.principal
            );
        }
        if self.secret.is_empty() {
            bail!("the secret of `{}` is empty", self.principal);
        }
        Ok(self)
    }

    /// Who a request says it comes from.
    fn of_header(value: &str) -> Option<Self> {
        let (scheme, encoded) = value.split_once(' ')?;
        if !scheme.eq_ignore_ascii_case("basic") {
            return None;
        }
        let bytes = STANDARD.decode(encoded.trim()).ok()?;
        let text = String::from_utf8(bytes).ok()?;
        let (principal, secret) = text.split_once(':')?;
        Some(Self {
            principal: principal.to_owned(),
            secret: secret.to_owned(),
        })
    }
}

/// Everybody who is known, with the digests of their secrets: they are compared in a time that tells
/// nothing of how much of one was right.
#[derive(Clone, Debug, Default)]
pub struct Credentials(BTreeMap<String, [u8; 32]>);

impl Credentials {
    /// Those of a file: `{"credentials": [{"principal": "p", "secret": "s"}]}`, or `p s` a line.
    ///
    /// # Errors
    /// When the file does not read, can be read by others, or is neither.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let all = parse(&private_text(path)?).with_context(|| path.display().to_string())?;
        Self::of(all).with_context(|| path.display().to_string())
    }

    fn of(all: Vec<Credential>) -> anyhow::Result<Self> {
        if all.is_empty() {
            bail!("there is no credential in it; expected `principal secret` a line, or JSON");
        }
        let mut known = BTreeMap::new();
        for credential in all {
            let Credential { principal, secret } = credential.checked()?;
            if known.insert(principal.clone(), digest(&secret)).is_some() {
                bail!("the principal `{principal}` is there twice; expected one secret each");
            }
        }
        Ok(Self(known))
    }

    /// Whose there are.
    pub fn principals(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// The principal that an `Authorization` header proves.
    pub fn identify(&self, header: &str) -> Option<String> {
        let said = Credential::of_header(header)?;
        let known = self.0.get(&said.principal);
        // Somebody unknown takes as long as a wrong secret.
        let expected = known.unwrap_or(&[0; 32]);
        let same = bool::from(digest(&said.secret).ct_eq(expected));
        (same && known.is_some()).then_some(said.principal)
    }
}

fn digest(secret: &str) -> [u8; 32] {
    Sha256::digest(secret).into()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    credentials: Vec<Credential>,
}

fn parse(text: &str) -> anyhow::Result<Vec<Credential>> {
    if text.trim_start().starts_with('{') {
        // Not the parser's own words: they quote what it found, which may be a secret.
        let document: Document = serde_json::from_str(text).map_err(|error| {
            anyhow::anyhow!(
                "line {}, column {}: expected {{\"credentials\": [{{\"principal\": \"p\", \
                 \"secret\": \"s\"}}]}}",
                error.line(),
                error.column()
            )
        })?;
        return Ok(document.credentials);
    }
    let lines = (1..).zip(text.lines());
    let lines = lines.filter(|(_, line)| !line.trim().is_empty());
    let read = |(number, line): (usize, &str)| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [principal, secret] = words.as_slice() else {
            // Not what is found there: it may be a secret.
            bail!(
                "line {number}: found {} words; expected `principal secret`",
                words.len()
            );
        };
        Ok(Credential {
            principal: (*principal).to_owned(),
            secret: (*secret).to_owned(),
        })
    };
    lines.map(read).collect()
}

/// What is in a file that only its owner reads.
fn private_text(path: &Path) -> anyhow::Result<String> {
    let about = std::fs::metadata(path).with_context(|| path.display().to_string())?;
    let mode = about.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        bail!(
            "{}: others can read the secrets in it (mode {mode:o}); expected 600: `chmod 600 {}`",
            path.display(),
            path.display()
        );
    }
    std::fs::read_to_string(path).with_context(|| path.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(text: &str) -> String {
        format!("Basic {}", STANDARD.encode(text))
    }

    #[test]
    fn both_forms_say_the_same() {
        let json = r#"{"credentials": [{"principal": "a", "secret": "s:1"}, {"principal": "b", "secret": "t"}]}"#;
        for text in [json, "a s:1\n\n  b\tt\n"] {
            let known = Credentials::of(parse(text).unwrap()).unwrap();
            assert_eq!(known.identify(&header("a:s:1")).as_deref(), Some("a"));
            assert_eq!(known.identify(&header("b:t")).as_deref(), Some("b"));
            for wrong in ["a:t", "a:", "a", "c:t", ":", "A:s:1", "a:s:1 "] {
                assert_eq!(known.identify(&header(wrong)), None, "{wrong}");
            }
            for wrong in ["", "Basic", "Basic !", "Bearer YTpzOjE=", "YTpzOjE="] {
                assert_eq!(known.identify(wrong), None, "{wrong}");
            }
            assert!(known.identify("basic YTpzOjE=").is_some());
        }
    }

    #[test]
    fn what_is_wrong_with_a_file_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("credentials");
        let check = |text: &str, mode: u32, words: &str| {
            std::fs::write(&path, text).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            let error = format!("{:#}", Credentials::read(&path).unwrap_err());
            assert!(error.contains(words), "{error}");
            assert!(!error.contains("hush"), "secrets are not shown: {error}");
        };
        check("a hush", 0o644, "mode 644); expected 600");
        check("", 0o600, "no credential in it");
        check("a hush\nb hush more\n", 0o600, "line 2: found 3 words");
        check("a hush\na other\n", 0o600, "`a` is there twice");
        check("a:b hush", 0o600, "`a:b` cannot be said over HTTP");
        check(
            r#"{"credentials": [{"principal": "a"}]}"#,
            0o600,
            "line 1, column 35: expected {",
        );
        check(r#"{"credentials": ["a hush"]}"#, 0o600, "line 1, column");
        check(
            r#"{"credentials": [{"principal": "a", "secret": ""}]}"#,
            0o600,
            "is empty",
        );
        std::fs::write(&path, "a hush\nb hush").unwrap();
        let error = Credential::read(&path).unwrap_err().to_string();
        assert!(
            error.contains("found 2 credentials; expected one"),
            "{error}"
        );
        for text in ["a hush", r#"{"principal": "a", "secret": "hush"}"#] {
            std::fs::write(&path, text).unwrap();
            let one = Credential::read(&path).unwrap();
            assert_eq!((one.principal.as_str(), one.secret.as_str()), ("a", "hush"));
            assert!(!format!("{one:?}").contains("hush"));
        }
    }
}
