//! The Keyward server as a library, so that its parts can be tested without starting it; `main.rs` only starts it.

pub mod account_name;
pub mod api;
pub mod app;
pub mod bare;
pub mod causes;
pub mod channels;
pub mod cli;
pub mod config;
pub mod connectors;
pub mod ctx;
pub mod demo;
pub mod evidence;
pub mod flow;
pub mod i18n;
pub mod jobs;
pub mod methods;
pub mod metrics;
pub mod passwords;
pub mod seal;
pub mod store;
pub mod terms;
pub mod token;
pub mod web;
