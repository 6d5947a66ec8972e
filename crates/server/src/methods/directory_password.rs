//! The password of the directory, for changes by somebody who is not locked out. The directory says whether it is right, not Keyward.
//!
//! Not here: the sign-in itself (a connector's), the proof that follows from it (`jobs/classify.rs`), and that it proves nothing for a change of
//! that very password (core counts sources).

use keyward_core::account::Method;

/// Which method this is.
pub const METHOD: Method = Method::DirectoryPassword;
