//! The one way in which messages of the API are read and written: protobuf's JSON form, with the
//! leniency of Mesos.
//!
//! A message is declared once, with `message!`: its members with their types, what becomes of
//! each, and why. From that follow the type, its reader, its writer, the table in the README, and
//! the refusal of what is not supported. A member cannot be read differently from its neighbours,
//! and one that is not declared as supported is not left out silently.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

use serde::Serialize;
use serde_json::{Map, Value};

/// A value of the API.
pub trait Wire: Sized + Serialize {
    /// What an error says was expected.
    fn expected() -> String;

    /// Reads one that is there.
    ///
    /// # Errors
    /// When it is something else.
    fn read(value: Value) -> Result<Self, Bad>;

    /// What stands for one that is absent; `None` when it has to be there.
    fn absent() -> Option<Self> {
        None
    }

    /// Whether it is not written.
    fn is_absent(&self) -> bool {
        false
    }

    /// Whether it asks for nothing else than its absence would.
    fn is_default(&self) -> bool {
        false
    }

    /// The first member in it that asks for what is not supported.
    fn refused(&self) -> Option<Refused> {
        None
    }

    /// What message it is or holds.
    fn shape() -> Option<&'static Shape> {
        None
    }
}

/// A message as protobuf knows it.
#[derive(Debug)]
pub struct Shape {
    /// Its name: `ContainerInfo.DockerInfo`.
    pub name: &'static str,
    /// Its members.
    pub members: &'static [Member],
}

/// A member of a message.
#[derive(Debug)]
pub struct Member {
    /// Its name in JSON.
    pub name: &'static str,
    /// What becomes of it: a function of [`judge`].
    pub verdict: &'static str,
    /// The reason, or what it does.
    pub note: &'static str,
    /// The message that it holds.
    pub holds: fn() -> Option<&'static Shape>,
}

/// A step on the way to a value.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Step {
    Member(String),
    Item(usize),
}

/// The way to a value: `launch.task_infos[0].name`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Place {
    /// The last step first: it is found from the inside.
    steps: Vec<Step>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, step) in self.steps.iter().rev().enumerate() {
            match step {
                Step::Member(name) if index == 0 => f.write_str(name)?,
                Step::Member(name) => write!(f, ".{name}")?,
                Step::Item(item) => write!(f, "[{item}]")?,
            }
        }
        Ok(())
    }
}

/// Why a message cannot be read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Bad {
    place: Place,
    what: String,
}

impl Bad {
    /// Something else was found.
    pub fn found(expected: &str, found: &Value) -> Self {
        Self::new(format!("expected {expected}, found {}", described(found)))
    }

    /// As `what` says.
    pub fn new(what: String) -> Self {
        Self {
            place: Place::default(),
            what,
        }
    }

    fn in_member(mut self, name: &str) -> Self {
        self.place.steps.push(Step::Member(name.to_owned()));
        self
    }

    fn in_item(mut self, item: usize) -> Self {
        self.place.steps.push(Step::Item(item));
        self
    }
}

impl fmt::Display for Bad {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.place.steps.is_empty() {
            f.write_str(&self.what)
        } else {
            write!(f, "`{}`: {}", self.place, self.what)
        }
    }
}

/// What was found, for people: short.
fn described(value: &Value) -> String {
    match value {
        Value::Null => "nothing".to_owned(),
        Value::Bool(flag) => flag.to_string(),
        Value::Number(number) => format!("the number {number}"),
        Value::String(text) if text.chars().count() > 40 => {
            let start: String = text.chars().take(40).collect();
            format!("the text {start:?}...")
        }
        Value::String(text) => format!("the text {text:?}"),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "an object".to_owned(),
    }
}

/// A member that asks for what is not supported.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refused {
    place: Place,
    why: &'static str,
}

impl Refused {
    fn here() -> Self {
        Self {
            place: Place::default(),
            why: "",
        }
    }

    /// The same, seen from the message that it is in.
    pub fn inside(mut self, name: &str, note: &'static str) -> Self {
        if self.why.is_empty() {
            self.why = note;
        }
        self.place.steps.push(Step::Member(name.to_owned()));
        self
    }

    fn in_item(mut self, item: usize) -> Self {
        self.place.steps.push(Step::Item(item));
        self
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is not supported: {}", self.place, self.why)
    }
}

/// What can become of a member. The names are those of `message!`.
pub mod judge {
    use super::{Refused, Wire};

    /// It does what the API says; what is in it is judged by itself.
    pub fn supported<T: Wire>(member: &T) -> Option<Refused> {
        member.refused()
    }

    /// The same, of a member that only this cluster has.
    pub fn own<T: Wire>(member: &T) -> Option<Refused> {
        member.refused()
    }

    /// It is judged by those who use it.
    pub const fn apart<T: Wire>(_member: &T) -> Option<Refused> {
        None
    }

    /// It changes nothing of what runs.
    pub const fn harmless<T: Wire>(_member: &T) -> Option<Refused> {
        None
    }

    /// It is refused unless it asks for what is there without it.
    pub fn refused<T: Wire>(member: &T) -> Option<Refused> {
        (!member.is_default()).then(Refused::here)
    }

    /// It is refused unless it asks for this.
    pub fn only<T: Wire + PartialEq>(member: &T, this: &T) -> Option<Refused> {
        (!member.is_absent() && member != this).then(Refused::here)
    }
}

/// The members of an object while a message is read from it.
pub struct Members(Map<String, Value>);

impl Members {
    /// Those of a message.
    ///
    /// # Errors
    /// When it is not an object.
    pub fn of(value: Value) -> Result<Self, Bad> {
        match value {
            Value::Object(members) => Ok(Self(members)),
            other => Err(Bad::found("an object", &other)),
        }
    }

    /// Takes one out.
    ///
    /// # Errors
    /// When it cannot be read, or is absent and has to be there.
    pub fn take<T: Wire>(&mut self, name: &str) -> Result<T, Bad> {
        let there = self.0.remove(name).filter(|value| !value.is_null());
        let read = there.map_or_else(
            || {
                let missing = || Bad::new(format!("missing; expected {}", T::expected()));
                T::absent().ok_or_else(missing)
            },
            T::read,
        );
        read.map_err(|bad| bad.in_member(name))
    }

    /// What is left is known to nobody and ignored, as Mesos does. A name that only is spelt as
    /// other APIs spell it would be ignored there too, and is told of here.
    ///
    /// # Errors
    /// When there is such a name.
    pub fn finish(self, shape: &Shape) -> Result<(), Bad> {
        for name in self.0.keys().filter(|name| !name.contains('_')) {
            let snake = snake_case(name);
            if snake != *name && shape.members.iter().any(|member| member.name == snake) {
                return Err(
                    Bad::new(format!("names are in snake_case; expected `{snake}`"))
                        .in_member(name),
                );
            }
        }
        Ok(())
    }
}

fn snake_case(name: &str) -> String {
    let mut snake = String::with_capacity(name.len() + 4);
    for character in name.chars() {
        if character.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(character.to_ascii_lowercase());
    }
    snake
}

/// The name of a member, of an identifier that may be written raw.
pub const fn plain(identifier: &'static str) -> &'static str {
    match identifier.as_bytes() {
        [b'r', b'#', ..] => identifier.split_at(2).1,
        _ => identifier,
    }
}

impl<T: Wire> Wire for Option<T> {
    fn expected() -> String {
        T::expected()
    }

    fn read(value: Value) -> Result<Self, Bad> {
        T::read(value).map(Some)
    }

    fn absent() -> Option<Self> {
        Some(None)
    }

    fn is_absent(&self) -> bool {
        self.is_none()
    }

    fn is_default(&self) -> bool {
        self.as_ref().is_none_or(Wire::is_default)
    }

    fn refused(&self) -> Option<Refused> {
        self.as_ref().and_then(Wire::refused)
    }

    fn shape() -> Option<&'static Shape> {
        T::shape()
    }
}

/// A list, or a single item in its place. Nothing in a list is no item.
impl<T: Wire> Wire for Vec<T> {
    fn expected() -> String {
        format!("a list of {}", T::expected())
    }

    fn read(value: Value) -> Result<Self, Bad> {
        let Value::Array(items) = value else {
            return Ok(vec![T::read(value)?]);
        };
        let there = items.into_iter().enumerate();
        let there = there.filter(|(_, item)| !item.is_null());
        there
            .map(|(index, item)| T::read(item).map_err(|bad| bad.in_item(index)))
            .collect()
    }

    fn absent() -> Option<Self> {
        Some(Self::new())
    }

    fn is_absent(&self) -> bool {
        self.is_empty()
    }

    fn is_default(&self) -> bool {
        self.is_empty()
    }

    fn refused(&self) -> Option<Refused> {
        let mut items = self.iter().enumerate();
        items.find_map(|(index, item)| Some(item.refused()?.in_item(index)))
    }

    fn shape() -> Option<&'static Shape> {
        T::shape()
    }
}

impl<T: Wire> Wire for BTreeMap<String, T> {
    fn expected() -> String {
        format!("an object with {} under each name", T::expected())
    }

    fn read(value: Value) -> Result<Self, Bad> {
        let Members(members) = Members::of(value)?;
        let there = members.into_iter().filter(|(_, value)| !value.is_null());
        there
            .map(|(name, value)| match T::read(value) {
                Ok(value) => Ok((name, value)),
                Err(bad) => Err(bad.in_member(&name)),
            })
            .collect()
    }

    fn absent() -> Option<Self> {
        Some(Self::new())
    }

    fn is_absent(&self) -> bool {
        self.is_empty()
    }

    fn is_default(&self) -> bool {
        self.is_empty()
    }

    fn shape() -> Option<&'static Shape> {
        T::shape()
    }
}

impl<T: Wire> Wire for Box<T> {
    fn expected() -> String {
        T::expected()
    }

    fn read(value: Value) -> Result<Self, Bad> {
        T::read(value).map(Self::new)
    }

    fn is_default(&self) -> bool {
        T::is_default(self)
    }

    fn refused(&self) -> Option<Refused> {
        T::refused(self)
    }

    fn shape() -> Option<&'static Shape> {
        T::shape()
    }
}

/// The words of an enumeration, for an error.
pub fn words(known: &[(&str, i64)]) -> String {
    let mut text = String::new();
    for (index, (word, _)) in known.iter().enumerate() {
        let gap = if index == 0 { "" } else { ", " };
        // Text can always be written to.
        let _ = write!(text, "{gap}{word}");
    }
    text
}

/// Declares a message: `member: Type, verdict "note";`, a verdict being a function of [`judge`].
/// `all VERDICT "note"` before the members stands for the same of each.
macro_rules! message {
    (
        $(#[$meta:meta])*
        $name:ident $proto:literal, all $verdict:ident $note:literal {
            $($member:ident: $type:ty;)*
        }
    ) => {
        $crate::wire::proto::message! {
            $(#[$meta])*
            $name $proto { $($member: $type, $verdict $note;)* }
        }
    };
    (
        $(#[$meta:meta])*
        $name:ident $proto:literal {
            $($member:ident: $type:ty, $verdict:ident $(($only:expr))? $note:literal;)*
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, PartialEq, Debug, Default)]
        pub struct $name {
            $(#[doc = $note] pub $member: $type,)*
        }

        impl $name {
            /// Its members, and what becomes of them.
            pub const SHAPE: &'static $crate::wire::proto::Shape = &$crate::wire::proto::Shape {
                name: $proto,
                members: &[$($crate::wire::proto::Member {
                    name: $crate::wire::proto::plain(stringify!($member)),
                    verdict: stringify!($verdict),
                    note: $note,
                    holds: <$type as $crate::wire::proto::Wire>::shape,
                },)*],
            };
        }

        impl $crate::wire::proto::Wire for $name {
            fn expected() -> String {
                "an object".to_owned()
            }

            fn read(value: ::serde_json::Value) -> Result<Self, $crate::wire::proto::Bad> {
                #[allow(unused_mut, reason = "messages without members take nothing out")]
                let mut members = $crate::wire::proto::Members::of(value)?;
                let message = Self {
                    $($member: members.take($crate::wire::proto::plain(stringify!($member)))?,)*
                };
                members.finish(Self::SHAPE)?;
                Ok(message)
            }

            fn refused(&self) -> Option<$crate::wire::proto::Refused> {
                $(
                    let found = $crate::wire::proto::judge::$verdict(&self.$member $(, &$only)?);
                    if let Some(found) = found {
                        let name = $crate::wire::proto::plain(stringify!($member));
                        return Some(found.inside(name, $note));
                    }
                )*
                None
            }

            fn shape() -> Option<&'static $crate::wire::proto::Shape> {
                Some(Self::SHAPE)
            }
        }

        impl ::serde::Serialize for $name {
            fn serialize<S: ::serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                #[allow(unused_mut, reason = "messages without members write none")]
                let mut members = to.serialize_map(None)?;
                $(
                    if !$crate::wire::proto::Wire::is_absent(&self.$member) {
                        let name = $crate::wire::proto::plain(stringify!($member));
                        ::serde::ser::SerializeMap::serialize_entry(
                            &mut members, name, &self.$member,
                        )?;
                    }
                )*
                ::serde::ser::SerializeMap::end(members)
            }
        }

        impl<'de> ::serde::Deserialize<'de> for $name {
            fn deserialize<D: ::serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let value = <::serde_json::Value as ::serde::Deserialize>::deserialize(from)?;
                <Self as $crate::wire::proto::Wire>::read(value)
                    .map_err(<D::Error as ::serde::de::Error>::custom)
            }
        }
    };
}
pub(crate) use message;

/// Declares an enumeration: `Variant = "WORD" number`. The first is what an absent one is; `open`
/// ones read words that nobody knows as that.
macro_rules! enumeration {
    (
        $(#[$meta:meta])*
        $name:ident $($open:ident)? {
            $first:ident = $first_word:literal $first_number:literal
            $(, $variant:ident = $word:literal $number:literal)* $(,)?
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
        pub enum $name {
            #[doc = concat!("`", $first_word, "`.")] #[default] $first,
            $(#[doc = concat!("`", $word, "`.")] $variant,)*
        }

        impl $name {
            const ALL: &'static [Self] = &[Self::$first, $(Self::$variant),*];
            /// The words and numbers.
            pub const WORDS: &'static [(&'static str, i64)] =
                &[($first_word, $first_number), $(($word, $number)),*];
            const OPEN: bool = !<[&str]>::is_empty(&[$(stringify!($open))?]);

            /// Its word.
            pub fn word(self) -> &'static str {
                let index = Self::ALL.iter().position(|one| *one == self);
                Self::WORDS[index.expect("every variant is in the list")].0
            }
        }

        impl $crate::wire::proto::Wire for $name {
            fn expected() -> String {
                format!("one of {}", $crate::wire::proto::words(Self::WORDS))
            }

            fn read(value: ::serde_json::Value) -> Result<Self, $crate::wire::proto::Bad> {
                let place = Self::WORDS.iter().position(|(word, number)| match &value {
                    ::serde_json::Value::String(text) => text == word,
                    ::serde_json::Value::Number(found) => found.as_i64() == Some(*number),
                    _ => false,
                });
                match place {
                    Some(index) => Ok(Self::ALL[index]),
                    None if Self::OPEN => Ok(Self::$first),
                    None => Err($crate::wire::proto::Bad::found(&Self::expected(), &value)),
                }
            }

            fn is_default(&self) -> bool {
                *self == Self::default()
            }
        }

        impl ::serde::Serialize for $name {
            fn serialize<S: ::serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.serialize_str(self.word())
            }
        }
    };
}
pub(crate) use enumeration;
