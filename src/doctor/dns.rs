//! Questions about texts in zones, to a resolver that looks them up for us (RFC 1035).

use std::fs;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use simple_dns::rdata::{OPT, RData};
use simple_dns::{CLASS, Name, Packet, PacketFlag, Question, RCODE, TYPE};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::timeout;

use crate::entropy::Entropy;

/// How long one resolver may take for one answer.
const PATIENCE: Duration = Duration::from_secs(3);
/// Which datagrams get through everywhere (<https://www.dnsflagday.net/2020/>).
const DATAGRAM: u16 = 1232;

/// Those who are asked, one after the other.
pub(super) struct Resolver {
    servers: Vec<SocketAddr>,
    entropy: Entropy,
}

impl Resolver {
    /// The one that was named, or else those of the system; none if it has none.
    pub(super) fn new(named: Option<SocketAddr>) -> Option<Self> {
        let servers = named.map_or_else(of_system, |server| vec![server]);
        (!servers.is_empty()).then_some(Self {
            servers,
            entropy: Entropy::System,
        })
    }

    /// The TXT records of the name, each in one piece; none when there are none.
    pub(super) async fn texts(&self, name: &str) -> Result<Vec<String>, String> {
        let mut problem = String::new();
        for server in &self.servers {
            match timeout(PATIENCE, self.ask(*server, name)).await {
                Ok(Ok(texts)) => return Ok(texts),
                Ok(Err(error)) => problem = format!("{server}: {error}"),
                Err(_) => problem = format!("{server} does not answer"),
            }
        }
        Err(problem)
    }

    async fn ask(&self, server: SocketAddr, name: &str) -> Result<Vec<String>, String> {
        let id = u16::from_be_bytes(self.entropy.bytes());
        let query = query(id, name).map_err(|error| error.to_string())?;
        let any: SocketAddr = match server.ip() {
            IpAddr::V4(_) => ([0, 0, 0, 0], 0).into(),
            IpAddr::V6(_) => ([0_u16; 8], 0).into(),
        };
        let words = |error: std::io::Error| error.to_string();
        let socket = UdpSocket::bind(any).await.map_err(words)?;
        socket.connect(server).await.map_err(words)?;
        socket.send(&query).await.map_err(words)?;
        let mut buffer = [0; DATAGRAM as usize];
        loop {
            let length = socket.recv(&mut buffer).await.map_err(words)?;
            match read(&buffer[..length], id, name) {
                Answer::Texts(texts) => return Ok(texts),
                Answer::Refused(why) => return Err(why),
                Answer::Cut => return over_tcp(server, &query, id, name).await,
                // Somebody else's, or forged: the right one may still come.
                Answer::Foreign => {}
            }
        }
    }
}

/// An answer that is too long for a datagram comes over a connection (RFC 7766).
async fn over_tcp(
    server: SocketAddr,
    query: &[u8],
    id: u16,
    name: &str,
) -> Result<Vec<String>, String> {
    let exchange = async {
        let mut stream = TcpStream::connect(server).await?;
        let length = u16::try_from(query.len()).map_err(std::io::Error::other)?;
        stream.write_all(&length.to_be_bytes()).await?;
        stream.write_all(query).await?;
        let length = stream.read_u16().await?;
        let mut answer = vec![0; usize::from(length)];
        stream.read_exact(&mut answer).await?;
        Ok::<_, std::io::Error>(answer)
    };
    let answer = exchange.await.map_err(|error| error.to_string())?;
    match read(&answer, id, name) {
        Answer::Texts(texts) => Ok(texts),
        Answer::Refused(why) => Err(why),
        Answer::Cut | Answer::Foreign => Err("its answer is unusable".to_owned()),
    }
}

fn query(id: u16, name: &str) -> simple_dns::Result<Vec<u8>> {
    let mut packet = Packet::new_query(id);
    packet.set_flags(PacketFlag::RECURSION_DESIRED);
    *packet.opt_mut() = Some(OPT {
        opt_codes: Vec::new(),
        udp_packet_size: DATAGRAM,
        version: 0,
    });
    packet.questions.push(Question::new(
        Name::new(name)?,
        TYPE::TXT.into(),
        CLASS::IN.into(),
        false,
    ));
    packet.build_bytes_vec()
}

enum Answer {
    Texts(Vec<String>),
    Refused(String),
    /// There is more of it than fits.
    Cut,
    /// Not to our question.
    Foreign,
}

fn read(bytes: &[u8], id: u16, name: &str) -> Answer {
    let Ok(packet) = Packet::parse(bytes) else {
        return Answer::Foreign;
    };
    let asked = packet.questions.first().map(|it| it.qname.to_string());
    let is_ours = packet.id() == id
        && packet.has_flags(PacketFlag::RESPONSE)
        && asked.is_some_and(|asked| asked.eq_ignore_ascii_case(name));
    if !is_ours {
        return Answer::Foreign;
    }
    if packet.has_flags(PacketFlag::TRUNCATION) {
        return Answer::Cut;
    }
    match packet.rcode() {
        RCODE::NoError | RCODE::NameError => {}
        code => return Answer::Refused(format!("the resolver says {code:?}")),
    }
    // What aliases lead to is in the answer, too.
    let texts = packet
        .answers
        .into_iter()
        .filter_map(|record| match record.rdata {
            RData::TXT(text) => String::try_from(text).ok(),
            _ => None,
        });
    Answer::Texts(texts.collect())
}

/// As resolv.conf(5) names them.
fn of_system() -> Vec<SocketAddr> {
    let text = fs::read_to_string("/etc/resolv.conf").unwrap_or_default();
    let addresses = text.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        let address = words
            .next()
            .filter(|word| *word == "nameserver")
            .and(words.next());
        address?.parse::<IpAddr>().ok()
    });
    addresses
        .take(3)
        .map(|ip| SocketAddr::new(ip, 53))
        .collect()
}
