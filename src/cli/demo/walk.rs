//! A whole reset, step by step, with every request and answer shown.

use serde_json::{Value, json};

use super::mailbox::Mailbox;
use super::{CANAL_HOUSE, JANE, NEW_PASSWORD, PASSWORD};
use crate::cli::client::{Answer, Ask, Server};
use crate::cli::{Error, Output};

/// Walks from "I forgot my password" to signed in.
pub(super) async fn through(
    server: &Server,
    mailbox: &mut Mailbox,
    out: &Output,
) -> Result<(), Error> {
    let users = "/api/sys/users";

    out.line("1. Jane of Canal House forgot her password. The portal asks for a link:\n")?;
    let body = json!({ "email": JANE, "businessId": CANAL_HOUSE });
    out.line(format!(
        "   POST /api/sys/users/startPasswordReset\n   {body}"
    ))?;
    let path = format!("{users}/startPasswordReset");
    answered(200, &server.ask(Ask::Json(path, body)).await?, out)?;

    let mail = mailbox.next().await?;
    let link = mail.link.clone().ok_or("the mail has no link")?;
    let token = mail.token().ok_or("the link has no token")?.to_owned();
    out.line(format!(
        "2. A mail goes to {}: \"{}\". Its link:\n\n   {link}\n",
        mail.to, mail.subject
    ))?;

    out.line("3. The portal's page posts the token with the new password:\n")?;
    let body = json!({ "Token": token, "Password": NEW_PASSWORD, "BusinessId": CANAL_HOUSE });
    out.line(format!(
        "   POST /api/sys/users/completePasswordReset\n   {{\"Token\": \"…\", \"Password\": \"{NEW_PASSWORD}\", \"BusinessId\": {CANAL_HOUSE}}}"
    ))?;
    let path = format!("{users}/completePasswordReset");
    let confirmed = answered(
        200,
        &server.ask(Ask::Json(path.clone(), body.clone())).await?,
        out,
    )?;
    let login = confirmed["Value"]
        .as_str()
        .ok_or("no one-time token came back")?;

    out.line("4. The link works once. A second try:\n")?;
    answered(400, &server.ask(Ask::Json(path, body)).await?, out)?;

    out.line("5. The one-time token in Value is exchanged for a session:\n")?;
    out.line("   POST /api/sys/users/exchange?validForInMinutes=1440&token=…")?;
    let path = format!("{users}/exchange?validForInMinutes=1440&token={login}");
    answered(200, &server.ask(Ask::Post(path)).await?, out)?;

    out.line("6. A notice goes to the address on file:\n")?;
    let notice = mailbox.next().await?;
    out.line(format!("   to {}: \"{}\"\n", notice.to, notice.subject))?;

    out.line("7. The old password is over, the new one signs Jane in:\n")?;
    for (password, status) in [(PASSWORD, 400), (NEW_PASSWORD, 200)] {
        out.line(format!(
            "   POST /api/token\n   grant_type=password username={JANE} password={password}"
        ))?;
        let form = vec![
            ("grant_type", "password".to_owned()),
            ("username", JANE.to_owned()),
            ("password", password.to_owned()),
        ];
        let path = "/api/token".to_owned();
        answered(status, &server.ask(Ask::Form(path, form)).await?, out)?;
    }
    out.line("The reset is complete, and Jane is back in.")
}

/// Shows an answer, with its tokens cut short, and returns it.
fn answered(wanted: u16, answer: &Answer, out: &Output) -> Result<Value, Error> {
    let body: Value = serde_json::from_str(&answer.body)?;
    let mut shown = answer.body.clone();
    for (name, value) in body.as_object().into_iter().flatten() {
        if let Some(text) = value.as_str()
            && (text.starts_with("eyJ") || name == "refresh_token")
        {
            let start: String = text.chars().take(12).collect();
            shown = shown.replace(text, &format!("{start}…"));
        }
    }
    out.line(format!("   -> {} {shown}\n", answer.status))?;
    if answer.status == wanted {
        Ok(body)
    } else {
        Err(format!("expected status {wanted}, got {}", answer.status).into())
    }
}
