//! A resolver on loopback that says what a test has told it to.

use std::collections::HashMap;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use simple_dns::rdata::{RData, TXT};
use simple_dns::{CLASS, Packet, PacketFlag, RCODE, ResourceRecord};

/// What a datagram holds, as most resolvers have it.
const DATAGRAM: usize = 1232;

/// See the module. It ends when it is dropped.
pub(crate) struct Resolver {
    address: SocketAddr,
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

/// The texts by name. A name that is not there has none; with the text `SERVFAIL`, it cannot be looked up.
type Zone = HashMap<String, Vec<String>>;

impl Resolver {
    pub(crate) fn start(records: &[(&str, &str)]) -> Self {
        let mut zone = Zone::new();
        for (name, text) in records {
            zone.entry((*name).to_owned())
                .or_default()
                .push((*text).to_owned());
        }
        let zone = Arc::new(zone);
        let tcp = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let address = tcp.local_addr().expect("an address");
        let udp = UdpSocket::bind(address).expect("the same port");
        let stop = Arc::new(AtomicBool::new(false));
        let datagrams = {
            let (zone, stop) = (Arc::clone(&zone), Arc::clone(&stop));
            std::thread::spawn(move || {
                let mut buffer = [0; 2048];
                while let Ok((length, from)) = udp.recv_from(&mut buffer) {
                    if stop.load(Ordering::Relaxed) {
                        break;
                    }
                    // A forged answer comes first: another number, another text.
                    let mut forged = buffer[..length].to_vec();
                    forged[0] ^= 0xff;
                    let lie =
                        Zone::from([("example.com".to_owned(), vec!["v=spf1 +all".to_owned()])]);
                    let _ = udp.send_to(&answer(&forged, &lie, DATAGRAM), from);
                    let _ = udp.send_to(&answer(&buffer[..length], &zone, DATAGRAM), from);
                }
            })
        };
        let connections = {
            let stop = Arc::clone(&stop);
            std::thread::spawn(move || {
                while let Ok((mut stream, _)) = tcp.accept() {
                    if stop.load(Ordering::Relaxed) {
                        break;
                    }
                    let mut length = [0; 2];
                    if stream.read_exact(&mut length).is_err() {
                        continue;
                    }
                    let mut query = vec![0; usize::from(u16::from_be_bytes(length))];
                    stream.read_exact(&mut query).expect("a query");
                    let answer = answer(&query, &zone, usize::from(u16::MAX));
                    let length = u16::try_from(answer.len()).expect("an answer of DNS");
                    let framed = [&length.to_be_bytes()[..], &answer].concat();
                    let _ = stream.write_all(&framed);
                }
            })
        };
        Self {
            address,
            stop,
            threads: vec![datagrams, connections],
        }
    }

    /// As `--resolver` takes it.
    pub(crate) fn argument(&self) -> String {
        format!("--resolver={}", self.address)
    }
}

impl Drop for Resolver {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        let any = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let _ = any.send_to(b"stop", self.address);
        let _ = std::net::TcpStream::connect(self.address);
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

fn answer(query: &[u8], zone: &Zone, most: usize) -> Vec<u8> {
    let query = Packet::parse(query).expect("a query");
    let question = query.questions.first().expect("a question");
    let name = question.qname.clone();
    let texts = zone.get(&name.to_string());
    let mut packet = Packet::new_reply(query.id());
    packet.set_flags(PacketFlag::RESPONSE);
    packet.questions.push(question.clone());
    match texts {
        None => *packet.rcode_mut() = RCODE::NameError,
        Some(texts) if texts[0] == "SERVFAIL" => *packet.rcode_mut() = RCODE::ServerFailure,
        Some(texts) => {
            for text in texts {
                let text = TXT::try_from(text.as_str()).expect("a text");
                let record = ResourceRecord::new(name.clone(), CLASS::IN, 60, RData::TXT(text));
                packet.answers.push(record);
            }
        }
    }
    let whole = packet.build_bytes_vec().expect("an answer");
    if whole.len() <= most {
        return whole;
    }
    packet.answers.clear();
    packet.set_flags(PacketFlag::TRUNCATION);
    packet.build_bytes_vec().expect("an answer")
}
