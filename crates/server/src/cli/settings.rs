//! What the flags of `demo`, `serve` and `worker` set in the configuration. The same checks then hold for a flag as for a key.

use super::args::{DemoArgs, ServeArgs, WorkerArgs};
use super::exit::CliError;
use crate::config::FlagValue;

fn set(key: &'static str, flag: &'static str, value: impl ToString) -> FlagValue {
    FlagValue { key, value: value.to_string(), flag }
}

impl ServeArgs {
    /// The settings that these flags make.
    pub fn settings(&self) -> Vec<FlagValue> {
        let role = self.role.map(|role| set("server.role", "--role", role.as_str()));
        let listen = self.listen.map(|listen| set("server.listen", "--listen", listen));
        role.into_iter().chain(listen).collect()
    }
}

impl WorkerArgs {
    /// The settings that these flags make; the role is the command's own.
    pub fn settings(&self) -> Vec<FlagValue> {
        let threads = self.threads.map(|threads| set("worker.threads", "--threads", threads));
        std::iter::once(set("server.role", "keyward worker", "worker")).chain(threads).collect()
    }
}

impl DemoArgs {
    /// The settings that these flags make. Other machines are let in only with `--expose` (ECO-02).
    pub fn settings(&self) -> Result<Vec<FlagValue>, CliError> {
        if !self.listen.ip().is_loopback() && !self.expose {
            return Err(CliError::Usage(format!(
                "`{}` lets other machines in, and in a demonstration anybody who comes in can play every role; --expose allows it. A browser opens it as localhost alone",
                self.listen
            )));
        }
        Ok(vec![
            set("server.listen", "--listen", self.listen),
            set("server.public_url", "--listen", format!("http://localhost:{}", self.listen.port())),
            set("database.url", "keyward demo", "sqlite::memory:"),
        ])
    }
}
