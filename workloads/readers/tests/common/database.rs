//! Databases of `SQLite` as Azure's packing trace is one.

use rusqlite::Connection;

/// Types of virtual machine on two kinds of machine.
const TYPES: &str = "
CREATE TABLE vmType (id INTEGER PRIMARY KEY, vmTypeId INTEGER, machineId INTEGER, core REAL, memory REAL,
    hdd REAL, ssd REAL, nic REAL);
INSERT INTO vmType VALUES (0, 92, 5, 0.5, 0.25, NULL, 0.1, 0.1), (1, 92, 16, 0.25, 0.125, NULL, 0.1, 0.1),
    (2, 93, 16, 1, 1, NULL, 1, 1), (3, 94, 5, 0.1, NULL, NULL, 1, 1);
";

/// Virtual machines that were there before, are there longer, or are odd.
pub(crate) const VMS: &str = "
CREATE TABLE vm (vmId INTEGER, tenantId INTEGER, vmTypeId INTEGER, priority INTEGER, starttime REAL, endtime REAL,
    note TEXT);
INSERT INTO vm VALUES (0, 8, 92, 1, -785.5, 0.5, 'a'), (1, 8, 93, 0, 0.25, 1.25, ''), (2, 9, 94, 0, 2.5, NULL, ''),
    (3, 9, 95, 0, -1, NULL, ''), (4, 9, 92, 0, 3, 2, ''), (5, 9, 92, 0, 0.0000000000000001, 1e-6, '');
";

/// A database with types of virtual machine, and what else is said.
pub(crate) fn database(vms: &str) -> Vec<u8> {
    let folder = super::folder();
    let path = folder.path().join("vms.sqlite");
    let connection = Connection::open(&path).unwrap();
    connection
        .execute_batch(&format!("{TYPES}\n{vms}"))
        .unwrap();
    drop(connection);
    std::fs::read(&path).unwrap()
}
