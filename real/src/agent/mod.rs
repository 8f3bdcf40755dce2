//! The agent: runs tasks on one machine and tells the master how they do.
