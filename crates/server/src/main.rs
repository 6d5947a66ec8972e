//! Starts the server or runs one of its commands. Deliberately holds no logic: everything that can be tested is in the library.

fn main() {}
