//! Gavel in a master: agents of two kinds, of which one framework is three times as fast on one.
