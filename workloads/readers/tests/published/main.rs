//! The readers of published traces on small files: what they give, and what they say about damage.

#[path = "../common/mod.rs"]
mod common;

mod alibaba;
mod google;
mod gpus;
mod lists;
mod swf;
mod web;

use common::said;
use expect_test::Expect;
use fairground_readers::Format;

/// Everything that is said about files of these contents, one after the other.
fn check<T: AsRef<[u8]>>(format: Format, files: &[T], expected: &Expect) {
    let said: Vec<String> = files
        .iter()
        .map(|bytes| said(format, bytes.as_ref()))
        .collect();
    expected.assert_eq(&said.join("\n"));
}
