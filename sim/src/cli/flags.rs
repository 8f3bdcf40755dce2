//! Keys of a recipe that a flag sets: what is wrong with them is said of the flag, because nobody wrote
//! the key.

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
