//! The effective configuration as TOML, in the layout of the sample.

use std::fmt::{Display, Write};
use std::path::Path;
use std::time::Duration;

use data_encoding::HEXLOWER;
use toml::Value;

use super::Config;
use super::kinds::{Quota, show_size, show_span};

/// What stands for a secret.
const SET: &str = "(set, not shown)";

pub(super) fn to_toml(config: &Config) -> String {
    let mut out = String::new();
    for (section, keys) in sections(config) {
        if !out.is_empty() {
            out.push('\n');
        }
        // Writing to a String cannot fail.
        let _ = writeln!(out, "[{section}]");
        for (key, value) in keys {
            let _ = writeln!(out, "{key} = {value}");
        }
    }
    out
}

type Keys = Vec<(&'static str, Value)>;

fn sections(config: &Config) -> [(&'static str, Keys); 16] {
    [
        ("http", http(config)),
        ("storage", storage(config)),
        ("keys", vec![("dir", path(&config.keys.dir))]),
        ("backup", backup(config)),
        ("smtp", smtp(config)),
        ("outbox", outbox(config)),
        ("reset", reset(config)),
        ("otp", otp(config)),
        ("tokens", tokens(config)),
        ("introspection", introspection(config)),
        ("notices", vec![("sign_in", config.notices.sign_in.into())]),
        ("password", password(config)),
        ("limits", limits(config)),
        ("audit", vec![("keep", span(config.audit.keep))]),
        ("metrics", vec![("listen", optional(config.metrics.listen))]),
        ("log", log(config)),
    ]
}

fn http(config: &Config) -> Keys {
    let http = &config.http;
    vec![
        ("listen", text(http.listen)),
        ("public_url", text(&http.public_url)),
        (
            "tls_cert",
            http.tls
                .as_ref()
                .map_or_else(|| text(""), |tls| path(&tls.cert)),
        ),
        (
            "tls_key",
            http.tls
                .as_ref()
                .map_or_else(|| text(""), |tls| path(&tls.key)),
        ),
        ("hsts", span(http.hsts)),
        ("allowed_origins", list(&http.allowed_origins)),
        ("trusted_proxies", list(&http.trusted_proxies)),
        ("forwarding_header", text(http.forwarding_header.as_str())),
        ("max_connections", count(http.max_connections)),
        ("max_in_flight", count(http.max_in_flight)),
        ("max_body", text(show_size(http.max_body))),
        ("header_timeout", span(http.header_timeout)),
        ("request_timeout", span(http.request_timeout)),
        ("shutdown_timeout", span(http.shutdown_timeout)),
    ]
}

fn storage(config: &Config) -> Keys {
    let storage = &config.storage;
    vec![
        ("path", path(&storage.path)),
        ("max_group", count(storage.max_group)),
        ("queue", count(storage.queue)),
        ("readers", count(storage.readers)),
        ("busy_timeout", span(storage.busy_timeout)),
    ]
}

fn backup(config: &Config) -> Keys {
    let backup = &config.backup;
    let passphrase = backup.passphrase.as_ref().map_or("", |_| SET);
    vec![
        ("dir", backup.dir.as_deref().map_or_else(|| text(""), path)),
        ("every", span(backup.every)),
        ("keep", count(backup.keep)),
        ("with_keys", backup.with_keys.into()),
        ("passphrase", text(passphrase)),
        // The file's content has become the passphrase above.
        ("passphrase_file", text("")),
    ]
}

fn smtp(config: &Config) -> Keys {
    let smtp = &config.smtp;
    let password = if smtp.password.is_some() { SET } else { "" };
    vec![
        (
            "url",
            match smtp.urls.as_slice() {
                [only] => text(only),
                several => list(several),
            },
        ),
        ("from", text(&smtp.from)),
        (
            "username",
            text(smtp.username.as_deref().unwrap_or_default()),
        ),
        ("password", text(password)),
        // The file's content has become the password above.
        ("password_file", text("")),
        (
            "token_file",
            smtp.token_file.as_deref().map_or_else(|| text(""), path),
        ),
        (
            "ca_file",
            smtp.ca_file.as_deref().map_or_else(|| text(""), path),
        ),
        ("timeout", span(smtp.timeout)),
        (
            "hello_name",
            text(smtp.hello_name.as_deref().unwrap_or_default()),
        ),
    ]
}

fn outbox(config: &Config) -> Keys {
    let outbox = &config.outbox;
    vec![
        ("first_retry", span(outbox.first_retry)),
        ("max_retry", span(outbox.max_retry)),
        ("lease", span(outbox.lease)),
        ("poll", span(outbox.poll)),
        ("concurrency", count(outbox.concurrency)),
        ("rate", outbox.rate.unwrap_or(0).into()),
        ("max_crashes", outbox.max_crashes.into()),
        ("alarm_after", span(outbox.alarm_after)),
        ("keep_sent", span(outbox.keep_sent)),
        ("keep_dropped", span(outbox.keep_dropped)),
        ("keep_dead", span(outbox.keep_dead)),
    ]
}

fn reset(config: &Config) -> Keys {
    let reset = &config.reset;
    vec![
        ("ttl", span(reset.ttl)),
        ("welcome_ttl", span(reset.welcome_ttl)),
        ("max_pending", reset.max_pending.into()),
        ("cooldown", span(reset.cooldown)),
    ]
}

fn tokens(config: &Config) -> Keys {
    let tokens = &config.tokens;
    vec![
        ("access_ttl", span(tokens.access_ttl)),
        ("refresh_ttl", span(tokens.refresh_ttl)),
        ("refresh_grace", span(tokens.refresh_grace)),
        ("max_exchange", span(tokens.max_exchange)),
    ]
}

fn otp(config: &Config) -> Keys {
    let otp = &config.otp;
    vec![
        ("ttl", span(otp.ttl)),
        ("digits", otp.digits.into()),
        ("cooldown", span(otp.cooldown)),
        ("max_attempts", otp.max_attempts.into()),
    ]
}

fn introspection(config: &Config) -> Keys {
    let servers = &config.introspection.resource_servers;
    let shown = servers.iter().map(|server| {
        let hash = HEXLOWER.encode(&server.secret_sha256);
        text(format!("{}:{hash}", server.name))
    });
    vec![("resource_servers", Value::Array(shown.collect()))]
}

fn password(config: &Config) -> Keys {
    let password = &config.password;
    vec![
        ("min_length", count(password.min_length)),
        ("min_score", password.min_score.into()),
        (
            "breach_file",
            password
                .breach_file
                .as_deref()
                .map_or_else(|| text(""), path),
        ),
        ("argon2_memory_kib", password.argon2_memory_kib.into()),
        ("argon2_iterations", password.argon2_iterations.into()),
        ("argon2_parallelism", password.argon2_parallelism.into()),
        ("threads", count(password.threads)),
        ("queue", count(password.queue)),
    ]
}

fn limits(config: &Config) -> Keys {
    let limits = &config.limits;
    vec![
        ("enabled", limits.enabled.into()),
        ("max_keys", count(limits.max_keys)),
        ("reset", quota(limits.reset.client)),
        ("reset_email", quota(limits.reset.email)),
        ("reset_business", quota(limits.reset.business)),
        ("complete", quota(limits.complete.client)),
        ("complete_business", quota(limits.complete.business)),
        ("otp", quota(limits.otp.client)),
        ("otp_email", quota(limits.otp.email)),
        ("otp_business", quota(limits.otp.business)),
        ("verify", quota(limits.verify.client)),
        ("verify_email", quota(limits.verify.email)),
        ("verify_business", quota(limits.verify.business)),
        ("sign_in", quota(limits.sign_in.client)),
        ("sign_in_email", quota(limits.sign_in.email)),
        ("exchange", quota(limits.exchange.client)),
        ("refresh", quota(limits.refresh.client)),
        ("strength", quota(limits.strength.client)),
        ("any", quota(limits.any.client)),
    ]
}

fn quota(quota: Option<Quota>) -> Value {
    text(quota.map_or_else(String::new, |quota| quota.to_string()))
}

fn log(config: &Config) -> Keys {
    vec![
        ("level", text(&config.log.level)),
        ("format", text(config.log.format.as_str())),
    ]
}

fn text(value: impl Display) -> Value {
    Value::String(value.to_string())
}

fn optional(value: Option<impl Display>) -> Value {
    value.map_or_else(|| text(""), text)
}

fn list(items: &[impl Display]) -> Value {
    Value::Array(items.iter().map(text).collect())
}

fn path(path: &Path) -> Value {
    text(path.display())
}

fn span(span: Duration) -> Value {
    text(show_span(span))
}

fn count(count: usize) -> Value {
    Value::Integer(i64::try_from(count).unwrap_or(i64::MAX))
}
