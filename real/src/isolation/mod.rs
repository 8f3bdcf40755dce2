//! What keeps a task within its limits: control groups, namespaces, system call filters.
