//! Email addresses.

use lettre::Address;
use mail_parser::MessageParser;
use readmit::email::{EmailAddress, EmailError};

/// Whoever reads the address later, in a header, in a command, or in another program's library, reads the
/// same one mailbox.
pub(crate) fn judge(text: &str) {
    let address = match EmailAddress::parse(text) {
        Ok(address) => address,
        Err(EmailError::Empty) => {
            assert_eq!(text.trim_matches([' ', '\t']), "");
            return;
        }
        Err(EmailError::NotAscii) => {
            assert!(!text.is_ascii());
            return;
        }
        Err(EmailError::TooLong | EmailError::Invalid) => return,
    };
    let shown = address.as_str();
    assert_eq!(shown, text.trim_matches([' ', '\t']));
    assert!(shown.len() <= EmailAddress::MAX_OCTETS);
    assert!(
        shown.bytes().all(|byte| byte.is_ascii_graphic()),
        "{shown:?}"
    );
    assert!(!shown.contains(['"', '<', '>', ',', ';', ':', '(', ')', '\\', '[', ']']));
    assert!(
        !shown.contains("=?") || address.domain().contains("=?"),
        "{shown}"
    );
    assert_eq!(shown.matches('@').count(), 1);
    assert_eq!(format!("{}@{}", address.local(), address.domain()), shown);
    assert_eq!(address.key(), shown.to_ascii_lowercase());

    let again =
        EmailAddress::parse(address.key()).expect("the form that is stored is an address too");
    assert_eq!(again, address);
    assert_eq!(again.as_str(), address.key());

    let library: Address = shown.parse().expect("the library that sends takes it");
    assert_eq!(
        (library.user(), library.domain()),
        (address.local(), address.domain())
    );
    let header = format!("To: {shown}\r\n\r\n");
    let message = MessageParser::default().parse(&header).expect("a message");
    let read = message.to().and_then(|to| to.as_list()).expect("a list");
    assert_eq!(read.len(), 1, "{read:?}");
    assert_eq!(read[0].address.as_deref(), Some(shown));
    assert_eq!(read[0].name, None);
}
