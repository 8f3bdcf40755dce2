//! Commands for people to type again: what they typed, with other words.

/// A word as a shell takes it for one.
pub(super) fn quoted(word: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:=,+%@".contains(&byte);
    if !word.is_empty() && word.bytes().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// What was typed behind the name of the program.
pub(super) fn typed() -> Vec<String> {
    let words = std::env::args_os().skip(1);
    words
        .map(|word| word.to_string_lossy().into_owned())
        .collect()
}

/// The words without these flags, and what follows each up to the next flag; `most` values of it are taken at most.
pub(super) fn without(words: &[String], flags: &[(&str, usize)]) -> Vec<String> {
    let mut kept = Vec::new();
    let mut words = words.iter().peekable();
    while let Some(word) = words.next() {
        let (name, inside) = match word.split_once('=') {
            Some((name, _)) if name.starts_with("--") => (name, true),
            _ => (word.as_str(), false),
        };
        let Some((_, most)) = flags.iter().find(|(flag, _)| *flag == name) else {
            kept.push(word.clone());
            continue;
        };
        let mut left = if inside { 0 } else { *most };
        while left > 0 && words.next_if(|word| !word.starts_with("--")).is_some() {
            left -= 1;
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(words: &str, expected: &str) {
        let words: Vec<String> = words.split(' ').map(str::to_owned).collect();
        let flags = [("--policies", usize::MAX), ("--draws", 1), ("--json", 0)];
        assert_eq!(without(&words, &flags).join(" "), expected);
    }

    #[test]
    fn flags_go_with_their_values() {
        check("robust --draws 3 my.toml", "robust my.toml");
        check(
            "robust my.toml --policies a b c --seeds 3",
            "robust my.toml --seeds 3",
        );
        check(
            "robust --draws=3 my.toml --json other",
            "robust my.toml other",
        );
        check("robust my.toml --draws", "robust my.toml");
    }

    #[test]
    fn words_are_quoted_where_a_shell_would_read_them() {
        assert_eq!(quoted("my-trace.csv"), "my-trace.csv");
        assert_eq!(quoted("drf[tie=last]"), "'drf[tie=last]'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
        assert_eq!(quoted(""), "''");
    }
}
