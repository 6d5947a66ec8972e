//! The program: takes what the operating system gives, hands it to [`keyward::cli`], and ends with its exit code.
//!
//! Nothing is decided here.

use std::process::ExitCode;

use keyward::cli::{self, Edge};

#[tokio::main]
async fn main() -> ExitCode {
    cli::run(Edge::of_process()).await.into()
}
