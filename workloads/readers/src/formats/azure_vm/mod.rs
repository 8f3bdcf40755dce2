//! Azure's virtual machines: the list of machines ([`table`]) and their CPU use ([`readings`]).

pub mod readings;
pub mod table;
