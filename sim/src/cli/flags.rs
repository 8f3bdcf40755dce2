//! Keys of a recipe that a flag sets: what is wrong with them is said of the flag, because nobody wrote
//! the key.

use std::collections::BTreeMap;

use anyhow::bail;

use crate::experiment::ExperimentError;
use crate::recipe::RecipeError;

/// The flags that were given, by the key that each sets.
#[derive(Default)]
pub(super) struct Flags(Vec<(&'static str, &'static str)>);

impl Flags {
    /// `flag` sets `key`, if it was given.
    pub(super) fn took(&mut self, key: &'static str, flag: &'static str, given: bool) {
        self.0.extend(given.then_some((key, flag)));
    }

    /// That no setting says, too, what a flag says: one of them would win in silence.
    pub(super) fn only(&self, settings: &[String]) -> anyhow::Result<()> {
        for setting in settings {
            let key = setting.split('=').next().unwrap_or_default().trim();
            // A member of a list is a part of it.
            let whole = key.split('.').next().unwrap_or_default();
            if let Some((_, flag)) = self.0.iter().find(|(one, _)| *one == whole) {
                bail!(
                    "{flag} and --set {setting}: two values for `{whole}`\n  hint: leave one of \
                     them out"
                );
            }
        }
        let key = |setting: &String| {
            setting
                .split_once('=')
                .map(|(key, _)| key.trim().to_owned())
        };
        let mut seen = BTreeMap::new();
        for setting in settings {
            let Some(before) = key(setting).and_then(|key| seen.insert(key, setting)) else {
                continue;
            };
            bail!(
                "--set {before} and --set {setting}: two values for one key\n  hint: leave one of them out"
            );
        }
        Ok(())
    }

    /// What a command says, with flags in place of the keys that they set.
    pub(super) fn blame<T>(&self, ended: anyhow::Result<T>) -> anyhow::Result<T> {
        ended.map_err(|error| self.of(&error).map_or(error, |said| anyhow::anyhow!(said)))
    }

    fn of(&self, error: &anyhow::Error) -> Option<String> {
        let recipe = error.downcast_ref::<RecipeError>();
        let names = error.downcast_ref::<ExperimentError>();
        let (origin, key) = match (recipe, names) {
            (Some(RecipeError::Senseless { path, key, .. }), _) => (path, key),
            (_, Some(ExperimentError::Name { origin, key, .. })) => (origin, key),
            _ => return None,
        };
        let (_, flag) = self.0.iter().find(|(one, _)| one == key)?;
        let said = error.to_string();
        let said = said.strip_prefix(&format!("{origin}: `{key}`: "))?;
        Some(format!("{flag}: {said}"))
    }
}
