//! From a finished comparison to files on disk: tables, figures, one report.
