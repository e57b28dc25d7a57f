//! All rules.
//!
//! To add one: write `rules/NAME.rs` and `rules/NAME.md`, and add one line to [`RULES`].

mod buffer_constructor;
mod buffer_no_assert;
mod buffer_unsafe;
mod code_from_string;
mod constructor_chain;
mod cookie_flags;
mod cookie_unprotected;
mod cors_credentials;
mod csrf_order;
mod deserialize_code;
mod deserialize_v8;
mod download_and_run;
mod encoded_payload;
mod environment_sent;
mod error_details;
mod exfiltration_host;
mod graphql_exposed;
mod hard_coded_key;
mod hard_coded_password;
pub(crate) mod ignore_comment;
mod insecure_random;
mod jwt_decode;
mod jwt_none;
mod mongo_where;
mod obfuscated_code;
mod persistence_write;
mod post_message_any;
mod process_binding;
mod react_html;
mod regex_exponential;
mod regex_polynomial;
mod require_dynamic;
mod secret_token;
mod shell_command;
mod static_iv;
pub(crate) mod syntax_error;
mod template_unescaped;
mod timer_string;
mod timing_unsafe;
mod tls_old_version;
mod tls_unverified;
mod weak_cipher;
mod weak_hash;
mod weak_key;
mod weak_key_derivation;

use crate::Rule;

/// Every rule.
pub const RULES: &[Rule] = &[
    buffer_constructor::RULE,
    buffer_no_assert::RULE,
    buffer_unsafe::RULE,
    code_from_string::RULE,
    constructor_chain::RULE,
    cookie_flags::RULE,
    cookie_unprotected::RULE,
    cors_credentials::RULE,
    csrf_order::RULE,
    deserialize_code::RULE,
    deserialize_v8::RULE,
    download_and_run::RULE,
    encoded_payload::RULE,
    environment_sent::RULE,
    error_details::RULE,
    exfiltration_host::RULE,
    graphql_exposed::RULE,
    hard_coded_key::RULE,
    hard_coded_password::RULE,
    ignore_comment::RULE,
    insecure_random::RULE,
    jwt_decode::RULE,
    jwt_none::RULE,
    mongo_where::RULE,
    obfuscated_code::RULE,
    persistence_write::RULE,
    post_message_any::RULE,
    process_binding::RULE,
    react_html::RULE,
    regex_exponential::RULE,
    regex_polynomial::RULE,
    require_dynamic::RULE,
    secret_token::RULE,
    shell_command::RULE,
    static_iv::RULE,
    syntax_error::RULE,
    template_unescaped::RULE,
    timer_string::RULE,
    timing_unsafe::RULE,
    tls_old_version::RULE,
    tls_unverified::RULE,
    weak_cipher::RULE,
    weak_hash::RULE,
    weak_key::RULE,
    weak_key_derivation::RULE,
];

/// The rule of that name.
pub fn find(id: &str) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.id == id)
}

/// What rules are written with.
mod prelude {
    pub(crate) use nodeward_javascript::oxc::ast::{Expression, Statement};
    pub(crate) use nodeward_javascript::oxc::{AstKind, AstNode, AstType, GetSpan as _, Span};
    pub(crate) use nodeward_report::{Confidence, Severity, Threat};

    pub(crate) use crate::context::{
        Call, Constant, Context, Setting, ValueKind, last_name, names, setting_of, without_wrapping,
    };
    pub(crate) use crate::fix::Safety;
    pub(crate) use crate::issue::Issue;
    pub(crate) use crate::policy::Policy;
    pub(crate) use crate::rule::{Check, Rule, Scope};
}

#[cfg(test)]
mod tests;
