//! A real slapd for tests: its own temporary directory, free ports of the loopback interface, TLS by a CA of its own, ended when it is dropped.
//!
//! Where slapd is not installed, [`shared`] says why and gives None; with `KEYWARD_REQUIRE_REAL=1` that is a failure.

use std::{
    fmt::Write as _,
    fs,
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex, PoisonError, Weak},
    thread,
    time::Duration,
};

use tempfile::TempDir;

pub const SUFFIX: &str = "dc=keyward,dc=test";
pub const PEOPLE: &str = "ou=people,dc=keyward,dc=test";
pub const DEFAULT_POLICY: &str = "cn=default,ou=policies,dc=keyward,dc=test";
/// The bind account as it should be.
pub const SERVICE: (&str, &str) = ("cn=keyward,ou=services,dc=keyward,dc=test", "svc-Keyward-1");
/// A bind account that may do too much.
pub const MANAGER: (&str, &str) = ("cn=manager,ou=services,dc=keyward,dc=test", "mgr-Keyward-1");
/// A bind account that may do too little.
pub const READER: (&str, &str) = ("cn=reader,ou=services,dc=keyward,dc=test", "rdr-Keyward-1");
/// The administrator of the server.
pub const ROOT: (&str, &str) = ("cn=root,dc=keyward,dc=test", "root-Keyward-1");

const FIRST_NAMES: &str = "ada ben cleo dan eva finn gus hana ivo jana kai lea max nina otto pia quin rosa sven tara";

#[derive(Debug)]
pub struct Slapd {
    pub port: u16,
    pub tls_port: u16,
    dir: TempDir,
    child: Mutex<Child>,
}

impl Drop for Slapd {
    fn drop(&mut self) {
        let child = self.child.get_mut().unwrap_or_else(PoisonError::into_inner);
        let _ = child.kill();
        let _ = child.wait();
    }
}

impl Slapd {
    pub fn ca_file(&self) -> PathBuf {
        self.dir.path().join("ca.crt")
    }
    /// What the server has written about operations so far.
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(self.dir.path().join("log")).expect("the log")).into_owned()
    }
    /// Ends the server and starts it again on the same data and ports.
    pub fn restart(&self) {
        let mut child = self.child.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = child.kill();
        let _ = child.wait();
        *child = serve(self.dir.path(), self.port, self.tls_port).expect("slapd starts again");
        assert!(answers(self.port), "slapd answers again");
    }

    fn start() -> Result<Self, String> {
        for tool in ["/usr/sbin/slapd", "/usr/sbin/slapadd", "/usr/lib/ldap/ppolicy.so", "/usr/lib/ldap/argon2.so"] {
            if !Path::new(tool).exists() {
                return Err(format!("{tool} is not installed"));
            }
        }
        let dir = tempfile::tempdir().map_err(|error| error.to_string())?;
        let at = dir.path();
        make_certificates(at)?;
        for (name, text) in [("config.ldif", config(at)), ("data.ldif", data())] {
            fs::write(at.join(name), text).map_err(|error| error.to_string())?;
        }
        for folder in ["cfg", "db"] {
            fs::create_dir(at.join(folder)).map_err(|error| error.to_string())?;
        }
        for (number, name) in [("0", "config.ldif"), ("1", "data.ldif")] {
            let mut add = Command::new("/usr/sbin/slapadd");
            add.args(["-q", "-n", number, "-F"]).arg(at.join("cfg")).arg("-l").arg(at.join(name));
            run(&mut add)?;
        }
        if rustix::process::geteuid().is_root() {
            run(Command::new("chown").args(["-R", "openldap:openldap"]).arg(at))?;
        }
        // Another process may take a free port before slapd does.
        for _ in 0..5 {
            let (port, tls_port) = (free_port(), free_port());
            let mut child = serve(at, port, tls_port)?;
            if answers(port) && child.try_wait().is_ok_and(|ended| ended.is_none()) {
                return Ok(Self { port, tls_port, dir, child: Mutex::new(child) });
            }
            let _ = child.kill();
            let _ = child.wait();
        }
        Err("slapd does not answer".to_owned())
    }
}

/// The server that the tests running at this moment share. The last one to let go ends it.
pub fn shared() -> Option<Arc<Slapd>> {
    static RUNNING: Mutex<Weak<Slapd>> = Mutex::new(Weak::new());
    let mut running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(slapd) = running.upgrade() {
        return Some(slapd);
    }
    let slapd = own()?;
    *running = Arc::downgrade(&slapd);
    Some(slapd)
}

/// A server for one test alone.
pub fn own() -> Option<Arc<Slapd>> {
    Slapd::start().map(Arc::new).inspect_err(|why| super::skip("slapd", why)).ok()
}

fn run(command: &mut Command) -> Result<(), String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.output().map_err(|error| format!("{name}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("{name}: {}", String::from_utf8_lossy(&output.stderr)))
}

fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    listener.local_addr().expect("an address").port()
}

fn serve(dir: &Path, port: u16, tls_port: u16) -> Result<Child, String> {
    let log =
        fs::OpenOptions::new().create(true).append(true).open(dir.join("log")).map_err(|error| error.to_string())?;
    let mut slapd = Command::new("/usr/sbin/slapd");
    slapd
        .args(["-d", "stats", "-h"])
        .arg(format!("ldap://127.0.0.1:{port} ldaps://127.0.0.1:{tls_port}"))
        .arg("-F")
        .arg(dir.join("cfg"));
    if rustix::process::geteuid().is_root() {
        slapd.args(["-u", "openldap", "-g", "openldap"]);
    }
    slapd.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn().map_err(|error| error.to_string())
}

/// Tries for a while; there is no event to wait for when a process opens its port.
fn answers(port: u16) -> bool {
    (0..200).any(|_| {
        let open = TcpStream::connect(("127.0.0.1", port)).is_ok();
        if !open {
            thread::sleep(Duration::from_millis(25));
        }
        open
    })
}

/// A CA, a server certificate by it, and a CA that nobody trusts.
fn make_certificates(dir: &Path) -> Result<(), String> {
    let openssl = |arguments: &str| run(Command::new("openssl").args(arguments.split(' ')).current_dir(dir));
    let ca = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign";
    openssl(&format!("{ca} -keyout ca.key -out ca.crt -subj /CN=ca"))?;
    openssl(&format!("{ca} -keyout other.key -out other.crt -subj /CN=other"))?;
    openssl(
        "req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout server.key -out server.csr -subj /CN=localhost",
    )?;
    let names = "subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth\nbasicConstraints=CA:FALSE\n";
    fs::write(dir.join("names"), names).map_err(|error| error.to_string())?;
    openssl("x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -extfile names -out server.crt")
}

/// With a trap that slapd can be set to: an empty password is accepted, as nobody's.
fn config(dir: &Path) -> String {
    let dir = dir.display();
    let (service, _) = SERVICE;
    let (manager, _) = MANAGER;
    let (root, root_password) = ROOT;
    format!(
        "dn: cn=config
objectClass: olcGlobal
cn: config
olcAllows: bind_anon_dn
olcTLSCACertificateFile: {dir}/ca.crt
olcTLSCertificateFile: {dir}/server.crt
olcTLSCertificateKeyFile: {dir}/server.key

dn: cn=module{{0}},cn=config
objectClass: olcModuleList
cn: module{{0}}
olcModulePath: /usr/lib/ldap
olcModuleLoad: back_mdb
olcModuleLoad: ppolicy
olcModuleLoad: memberof
olcModuleLoad: argon2

dn: cn=schema,cn=config
objectClass: olcSchemaConfig
cn: schema

include: file:///etc/ldap/schema/core.ldif
include: file:///etc/ldap/schema/cosine.ldif
include: file:///etc/ldap/schema/nis.ldif
include: file:///etc/ldap/schema/inetorgperson.ldif

dn: olcDatabase={{-1}}frontend,cn=config
objectClass: olcDatabaseConfig
objectClass: olcFrontendConfig
olcDatabase: {{-1}}frontend
olcPasswordHash: {{ARGON2}}

dn: olcDatabase={{1}}mdb,cn=config
objectClass: olcDatabaseConfig
objectClass: olcMdbConfig
olcDatabase: {{1}}mdb
olcSuffix: {SUFFIX}
olcDbDirectory: {dir}/db
olcDbMaxSize: 67108864
olcDbNoSync: TRUE
olcRootDN: {root}
olcRootPW: {root_password}
olcDbIndex: objectClass,uid,mail,member,entryUUID eq
olcAccess: to attrs=userPassword by dn.exact=\"{manager}\" manage by dn.exact=\"{service}\" =wx by anonymous auth by * none
olcAccess: to attrs=pwdHistory by * none
olcAccess: to attrs=pwdReset,pwdAccountLockedTime by dn.exact=\"{manager}\" manage by dn.exact=\"{service}\" write by users read by * none
olcAccess: to * by dn.exact=\"{manager}\" manage by users read by * none

dn: olcOverlay={{0}}ppolicy,olcDatabase={{1}}mdb,cn=config
objectClass: olcOverlayConfig
objectClass: olcPPolicyConfig
olcOverlay: {{0}}ppolicy
olcPPolicyDefault: {DEFAULT_POLICY}
olcPPolicyHashCleartext: TRUE
olcPPolicyUseLockout: TRUE

dn: olcOverlay={{1}}memberof,olcDatabase={{1}}mdb,cn=config
objectClass: olcOverlayConfig
objectClass: olcMemberOf
olcOverlay: {{1}}memberof
"
    )
}

fn data() -> String {
    let mut ldif = format!("dn: {SUFFIX}\nobjectClass: dcObject\nobjectClass: organization\no: test\ndc: keyward\n\n");
    for unit in ["people", "groups", "services", "policies", "machines"] {
        let _ = write!(ldif, "dn: ou={unit},{SUFFIX}\nobjectClass: organizationalUnit\nou: {unit}\n\n");
    }
    // The default, and one that differs in one thing each.
    for (name, rules) in [
        ("default", ""),
        ("young", "pwdMinAge: 3600\n"),
        ("safe", "pwdSafeModify: TRUE\n"),
        ("loose", "pwdCheckQuality: 1\npwdMinLength: 1\n"),
        ("once", "pwdMaxFailure: 1\n"),
    ] {
        let mut policy = format!(
            "dn: cn={name},ou=policies,{SUFFIX}\nobjectClass: device\nobjectClass: pwdPolicy\ncn: {name}\n{rules}"
        );
        for (attribute, value) in [
            ("pwdAttribute", "userPassword"),
            ("pwdCheckQuality", "2"),
            ("pwdMinLength", "10"),
            ("pwdInHistory", "3"),
            ("pwdLockout", "TRUE"),
            ("pwdMaxFailure", "5"),
            ("pwdLockoutDuration", "900"),
            ("pwdFailureCountInterval", "600"),
            ("pwdMustChange", "TRUE"),
        ] {
            if !rules.contains(attribute) {
                let _ = writeln!(policy, "{attribute}: {value}");
            }
        }
        let _ = writeln!(ldif, "{policy}");
    }
    for (dn, password) in [SERVICE, MANAGER, READER] {
        let name = &dn[3..dn.find(',').expect("a DN")];
        let _ = write!(
            ldif,
            "dn: {dn}\nobjectClass: applicationProcess\nobjectClass: simpleSecurityObject\ncn: {name}\nuserPassword: {password}\n\n"
        );
    }
    for (number, name) in FIRST_NAMES.split(' ').enumerate() {
        let _ = write!(
            ldif,
            "dn: uid={name}.abel,{PEOPLE}\nobjectClass: inetOrgPerson\nuid: {name}.abel\ncn: {name} Abel\nsn: Abel\nmail: {name}.abel@keyward.test\nemployeeNumber: {number}\nuserPassword: Start-{name}.abel-1\n\n"
        );
    }
    let member = |name: &str| format!("member: uid={name}.abel,{PEOPLE}\n");
    for (name, members) in [("staff", member("ada") + &member("ben")), ("finance", member("cleo"))] {
        let _ = write!(ldif, "dn: cn={name},ou=groups,{SUFFIX}\nobjectClass: groupOfNames\ncn: {name}\n{members}\n");
    }
    ldif
}
