//! A real PostgreSQL for the tests. One cluster for each program, one database for each test; who breaks the server has one alone.
//!
//! A cluster listens on a unix socket in a directory of its own and ends when the program does, however it ends.
//! Where Debian's binaries are missing, one line `SKIP postgres: …` says so; with `KEYWARD_REQUIRE_REAL=1` it is a failure instead.

use super::skip;

use std::{
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
};

use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

/// Starts the server, says so, and waits until nobody holds its standard input any more. Then it stops and clears up.
const KEEPER: &str = r#"
set -e
trap 'rm -rf "$DIR"' EXIT
"$BIN/initdb" -D "$DIR/data" -U keyward -A trust --no-sync -E UTF8 --locale=C.UTF-8 >"$DIR/initdb.log" 2>&1
cat >>"$DIR/data/postgresql.conf" <<CONF
listen_addresses = ''
unix_socket_directories = '$DIR'
max_connections = 400
shared_buffers = 64MB
CONF
"$BIN/pg_ctl" -w -D "$DIR/data" -l "$DIR/log" start >/dev/null 2>&1
echo ready
trap '' INT TERM HUP
cat >/dev/null || true
"$BIN/pg_ctl" -D "$DIR/data" -m immediate stop >/dev/null 2>&1 || true
"#;

/// A server, and what keeps it alive.
pub struct Cluster {
    socket_dir: PathBuf,
    /// By its standard input.
    _keeper: Child,
}

static CLUSTER: OnceLock<Result<Cluster, String>> = OnceLock::new();
static DATABASES: AtomicU32 = AtomicU32::new(0);

fn start(environment: &[(&str, String)]) -> Result<Cluster, String> {
    let bin = std::fs::read_dir("/usr/lib/postgresql")
        .map_err(|_| "no /usr/lib/postgresql".to_owned())?
        .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
        .filter(|bin| bin.join("initdb").exists())
        .max()
        .ok_or("no initdb below /usr/lib/postgresql")?;
    let dir = tempfile::Builder::new().prefix("kwpg").tempdir().map_err(|e| e.to_string())?.keep();
    // Set by a program of its own: whoever changes the user must not go by another clock yet.
    let within: Vec<String> = environment.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let mut command = if rustix::process::geteuid().is_root() {
        // PostgreSQL refuses to run as root.
        let owner = ["postgres", "nobody"].into_iter().find(|owner| {
            let chown = Command::new("chown").arg(owner).arg(&dir).status();
            chown.is_ok_and(|status| status.success())
        });
        let owner = owner.ok_or("no user to run the server as")?;
        let mut command = Command::new("setpriv");
        command.args(["--reuid", owner, "--regid", if owner == "nobody" { "nogroup" } else { owner }]);
        command.args(["--clear-groups", "env"]);
        command
    } else {
        Command::new("env")
    };
    let mut keeper = command
        .args(within)
        .args(["sh", "-c", KEEPER])
        .env("BIN", &bin)
        .env("DIR", &dir)
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|e| e.to_string())?;
    let mut line = String::new();
    let stdout = keeper.stdout.take().ok_or("no standard output")?;
    BufReader::new(stdout).read_line(&mut line).map_err(|e| e.to_string())?;
    if line != "ready\n" {
        let log = std::fs::read_to_string(dir.join("log")).unwrap_or_default();
        return Err(format!("the server in {} did not start: {log}", dir.display()));
    }
    Ok(Cluster { socket_dir: dir, _keeper: keeper })
}

/// The address of a new, empty database; `None` (and one line that says so) where there is no PostgreSQL.
pub async fn postgres() -> Option<String> {
    let cluster = tokio::task::spawn_blocking(|| CLUSTER.get_or_init(|| start(&[]))).await.unwrap();
    Some(there(cluster.as_ref())?.database().await)
}

/// The same in a server that nobody else uses, for whoever breaks it. It ends with what is returned.
pub async fn alone() -> Option<(Cluster, String)> {
    alone_in(Vec::new()).await
}

/// The same in an environment of its own, such as with another clock.
pub async fn alone_in(environment: Vec<(&'static str, String)>) -> Option<(Cluster, String)> {
    let cluster = tokio::task::spawn_blocking(move || start(&environment)).await.unwrap();
    there(cluster.as_ref())?;
    let cluster = cluster.ok()?;
    let database = cluster.database().await;
    Some((cluster, database))
}

fn there<'a>(cluster: Result<&'a Cluster, &String>) -> Option<&'a Cluster> {
    cluster.inspect_err(|why| skip("postgres", why)).ok()
}

impl Cluster {
    async fn database(&self) -> String {
        let host = self.socket_dir.display().to_string().replace('/', "%2F");
        let url = |database: &str| format!("postgres://keyward@localhost/{database}?host={host}");
        let name = format!("test{}", DATABASES.fetch_add(1, Ordering::SeqCst));
        let mut admin = PgConnection::connect(&url("postgres")).await.unwrap();
        let create = AssertSqlSafe(format!("CREATE DATABASE {name}"));
        sqlx::raw_sql(create).execute(&mut admin).await.unwrap();
        admin.close().await.unwrap();
        url(&name)
    }
}

/// The server's socket and the database behind an address of [`postgres`], for standing in between.
pub fn socket_and_database(url: &str) -> (PathBuf, String) {
    let (database, host) = url.split_once("?host=").unwrap();
    let (_, database) = database.rsplit_once('/').unwrap();
    let socket = PathBuf::from(host.replace("%2F", "/")).join(".s.PGSQL.5432");
    (socket, database.to_owned())
}
