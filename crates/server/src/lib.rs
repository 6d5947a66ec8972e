//! The server and the command line of Keyward. The rules are in `keyward-core`; here is everything that touches the world.

pub mod ctx;
pub mod store;
