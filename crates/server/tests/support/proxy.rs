//! A TCP proxy that breaks things in chosen ways, from the first request on that holds a chosen word.
//! Threads and blocking sockets: it must not share a runtime with what it breaks.

use std::{
    io::{Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Condvar, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

/// What happens to a connection once it is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wire {
    /// Nothing.
    Whole,
    /// The request arrives, its answer does not, the connection ends: applied, then dropped.
    LosesAnswer,
    /// The request arrives, its answer does not, the connection stays: applied, and no answer in time.
    SwallowsAnswer,
    /// The request does not arrive, the connection stays: not applied, and no answer in time.
    SwallowsRequest,
    /// The request does not arrive, the connection ends: not applied, dropped.
    LosesRequest,
    /// The request does not arrive, and its answer is "success": a directory that lies.
    Lies,
    /// The request waits until it is let go.
    Holds,
    /// The connection ends, and the request arrives when it is let go: dropped, then applied.
    Late,
    /// The request arrives a fifth of a second later.
    Slow,
    /// The request arrives twice.
    Twice,
    /// Nobody listens.
    Refuses,
}

#[derive(Debug, Clone)]
struct Plan {
    wire: Wire,
    word: Vec<u8>,
    /// How many requests with the word pass before one is broken.
    spare: Arc<AtomicUsize>,
    gate: Arc<Gate>,
}

/// Where requests wait: whether one has come, and whether it may go.
#[derive(Debug, Default)]
struct Gate {
    state: Mutex<(bool, bool)>,
    moved: Condvar,
}

impl Gate {
    fn come(&self) {
        self.state.lock().expect("the gate").0 = true;
        self.moved.notify_all();
    }
    fn pass(&self) {
        self.come();
        let state = self.state.lock().expect("the gate");
        drop(self.moved.wait_while(state, |(_, open)| !*open).expect("the gate"));
    }
}

#[derive(Debug)]
pub struct Proxy {
    pub port: u16,
    plan: Arc<Mutex<Plan>>,
}

impl Proxy {
    /// In front of a port of this machine.
    pub fn before(port: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        let own = listener.local_addr().expect("an address").port();
        let plan = Arc::new(Mutex::new(Plan::new(Wire::Whole, "", 0)));
        let shared = Arc::clone(&plan);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if shared.lock().expect("the plan").wire == Wire::Refuses {
                    continue;
                }
                let Ok(server) = TcpStream::connect(SocketAddr::from(([127, 0, 0, 1], port))) else {
                    continue;
                };
                let broken = Arc::new(AtomicBool::new(false));
                for (from, to, is_request) in [(&client, &server, true), (&server, &client, false)] {
                    let (from, to) = (from.try_clone().expect("a socket"), to.try_clone().expect("a socket"));
                    let (plan, broken) = (Arc::clone(&shared), Arc::clone(&broken));
                    thread::spawn(move || carry(from, to, is_request, &plan, &broken));
                }
            }
        });
        Self { port: own, plan }
    }
    fn gate(&self) -> Arc<Gate> {
        Arc::clone(&self.plan.lock().expect("the plan").gate)
    }
    /// Waits until a request has come that is broken; where its answer is, until that has come. Blocks its thread.
    pub fn wait_for_request(&self) {
        let gate = self.gate();
        let state = gate.state.lock().expect("the gate");
        drop(gate.moved.wait_while(state, |(held, _)| !*held).expect("the gate"));
    }
    /// Whether one has come.
    pub fn has_come(&self) -> bool {
        self.gate().state.lock().expect("the gate").0
    }
    /// Lets it go, and all that come after.
    pub fn let_go(&self) {
        let gate = self.gate();
        gate.state.lock().expect("the gate").1 = true;
        gate.moved.notify_all();
    }
    /// Breaks each connection from the request on that holds `word`.
    pub fn arm(&self, wire: Wire, word: &str) {
        self.arm_after(0, wire, word);
    }
    /// The same, but so many requests with the word pass before.
    pub fn arm_after(&self, spare: usize, wire: Wire, word: &str) {
        *self.plan.lock().expect("the plan") = Plan::new(wire, word, spare);
    }
}

impl Plan {
    fn new(wire: Wire, word: &str, spare: usize) -> Self {
        Self { wire, word: word.as_bytes().to_vec(), spare: Arc::new(AtomicUsize::new(spare)), gate: Arc::default() }
    }
    /// Whether this request is the one to break.
    fn strikes(&self, request: &[u8]) -> bool {
        if self.word.is_empty() || !request.windows(self.word.len()).any(|part| part == self.word) {
            return false;
        }
        let less = |spare: usize| spare.checked_sub(1);
        self.spare.fetch_update(Ordering::SeqCst, Ordering::SeqCst, less).is_err()
    }
}

fn carry(mut from: TcpStream, mut to: TcpStream, is_request: bool, plan: &Mutex<Plan>, broken: &AtomicBool) {
    let mut buffer = [0; 16 * 1024];
    while let Ok(count) = from.read(&mut buffer) {
        let plan = plan.lock().expect("the plan").clone();
        let bytes = &buffer[..count];
        if is_request && plan.strikes(bytes) {
            broken.store(true, Ordering::SeqCst);
        }
        let is_broken = plan.wire == Wire::Refuses || broken.load(Ordering::SeqCst);
        let wire = if is_broken { plan.wire } else { Wire::Whole };
        let vanishes = match (wire, is_request) {
            (Wire::LosesRequest, true) | (Wire::LosesAnswer, false) | (Wire::Refuses, _) => {
                plan.gate.come();
                break;
            }
            (Wire::Lies, true) => {
                // Nothing but the one request is in the way of this connection.
                broken.store(false, Ordering::SeqCst);
                let _ = from.write_all(&extended_success(bytes));
                plan.gate.come();
                true
            }
            (Wire::Holds, true) => {
                plan.gate.pass();
                false
            }
            (Wire::Slow, true) => {
                thread::sleep(Duration::from_millis(200));
                false
            }
            (Wire::Late, true) => {
                let _ = from.shutdown(Shutdown::Both);
                plan.gate.pass();
                // The connection ends when the answer has come; ended now, the request might not be read.
                let _ = to.write_all(bytes);
                return;
            }
            (Wire::Twice, true) => {
                broken.store(false, Ordering::SeqCst);
                let _ = to.write_all(bytes);
                plan.gate.come();
                false
            }
            (Wire::SwallowsRequest, true) | (Wire::SwallowsAnswer, false) => {
                plan.gate.come();
                true
            }
            _ => false,
        };
        if count == 0 || (!vanishes && to.write_all(bytes).is_err()) {
            break;
        }
    }
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}

/// An extended response with `success` to a request (RFC 4511 section 4.12), for message numbers of one byte.
fn extended_success(request: &[u8]) -> Vec<u8> {
    let extra = if request[1] < 0x80 { 0 } else { usize::from(request[1] & 0x7f) };
    let number = request[2 + extra + 2];
    vec![0x30, 0x0c, 0x02, 0x01, number, 0x78, 0x07, 0x0a, 0x01, 0x00, 0x04, 0x00, 0x04, 0x00]
}
