//! The text of a recipe, with settings (`key.path=value`) in place of what it says.

use super::{Recipe, RecipeError};

fn malformed(origin: &str, text: &str, error: &toml::de::Error) -> RecipeError {
    let before = &text[..error.span().map_or(0, |span| span.start.min(text.len()))];
    RecipeError::Malformed {
        path: origin.to_owned(),
        line: before.matches('\n').count() + 1,
        column: before.chars().rev().take_while(|c| *c != '\n').count() + 1,
        problem: error.message().to_owned(),
    }
}

/// The recipe in `text` with every setting applied.
///
/// Lines are named only in the text as it was written; what is wrong with a setting is said of the
/// setting.
pub(super) fn read(text: &str, settings: &[String], origin: &str) -> Result<Recipe, RecipeError> {
    let unset = toml::from_str::<Recipe>(text);
    if settings.is_empty() {
        return unset.map_err(|error| malformed(origin, text, &error));
    }
    let table: toml::Table = text
        .parse()
        .map_err(|error| malformed(origin, text, &error))?;
    let mut root = toml::Value::Table(table);
    let mut last_error = unset.as_ref().err().cloned();
    let mut culprit = None;
    for setting in settings {
        apply(&mut root, setting).map_err(|problem| wrong(setting, problem))?;
        let error = root.clone().try_into::<Recipe>().err();
        if error.is_some() && last_error.is_none() {
            culprit = Some(setting);
        }
        last_error = error;
    }
    match (root.try_into(), culprit, unset) {
        (Ok(recipe), ..) => Ok(recipe),
        (Err(error), Some(setting), _) => Err(wrong(setting, error.message().to_owned())),
        (Err(_), None, Err(error)) => Err(malformed(origin, text, &error)),
        (Err(error), None, Ok(_)) => Err(malformed(origin, "", &error)),
    }
}

fn wrong(setting: &str, problem: String) -> RecipeError {
    RecipeError::Setting {
        setting: setting.to_owned(),
        problem,
    }
}

fn apply(root: &mut toml::Value, setting: &str) -> Result<(), String> {
    let (key, value) = setting
        .split_once('=')
        .ok_or("expected key=value, as in cluster.0.agents=12")?;
    *find(root, key.trim())? = read_value(value.trim());
    Ok(())
}

/// A value as TOML would read it; anything else is text.
fn read_value(text: &str) -> toml::Value {
    let document = format!("value = {text}");
    let parsed = document.parse::<toml::Table>().ok();
    let value = parsed.and_then(|mut table| table.remove("value"));
    value.unwrap_or_else(|| toml::Value::String(text.to_owned()))
}

/// The value at a path such as `framework.hadoop.weight` or `cluster.0.agents`: members of a list
/// go by their number or their name.
fn find<'a>(root: &'a mut toml::Value, path: &str) -> Result<&'a mut toml::Value, String> {
    let mut place = root;
    for key in path.split('.') {
        place = match place {
            toml::Value::Table(table) => table
                .entry(key)
                .or_insert_with(|| toml::Value::Table(toml::Table::new())),
            toml::Value::Array(list) => {
                let named = |value: &toml::Value| {
                    value.get("name").and_then(toml::Value::as_str) == Some(key)
                };
                let members = members(list);
                let index = key.parse().ok().or_else(|| list.iter().position(named));
                index
                    .and_then(|index: usize| list.get_mut(index))
                    .ok_or_else(|| unknown_member(key, &members))?
            }
            _ => return Err(format!("`{key}` is inside something that has no parts")),
        };
    }
    Ok(place)
}

/// What the members of a list are called: by name where they have one, else by number.
fn members(list: &[toml::Value]) -> Vec<String> {
    let named = |(i, value): (usize, &toml::Value)| {
        let name = value.get("name").and_then(toml::Value::as_str);
        name.map_or_else(|| i.to_string(), str::to_owned)
    };
    list.iter().enumerate().map(named).collect()
}

fn unknown_member(key: &str, members: &[String]) -> String {
    format!("the list has no `{key}`; it has {}", members.join(", "))
}
