//! All rules.
//!
//! To add one: write `rules/NAME.rs` and `rules/NAME.md`, and add one line to [`RULES`].

mod allocation_from_input;
mod archive_traversal;
mod argument_injection;
mod blocking_handler;
mod body_unbounded;
mod buffer_constructor;
mod buffer_no_assert;
mod buffer_unsafe;
mod code_from_string;
mod code_injection;
mod command_injection;
mod constructor_chain;
mod cookie_flags;
mod cookie_unprotected;
mod cors_credentials;
mod csrf_disabled;
mod csrf_order;
mod decompression_bomb;
mod deserialize_code;
mod deserialize_v8;
mod download_and_run;
mod electron_isolation;
mod encoded_payload;
mod environment_sent;
mod error_details;
mod exfiltration_host;
mod file_race;
mod framework_html;
mod graphql_exposed;
mod hard_coded_key;
mod hard_coded_password;
mod header_injection;
pub(crate) mod ignore_comment;
mod insecure_random;
mod jwt_decode;
mod jwt_none;
mod jwt_verification;
mod log_forging;
mod lost_update;
mod mass_assignment;
mod missing_helmet;
mod mongo_where;
mod nosql_injection;
mod obfuscated_code;
mod open_redirect;
mod path_traversal;
mod persistence_command;
mod persistence_write;
mod post_message_any;
mod process_binding;
mod program_from_input;
mod prototype_pollution;
mod query_injection;
mod react_html;
mod reflection;
mod regex_dos_flow;
mod regex_exponential;
mod regex_injection;
mod regex_polynomial;
mod require_dynamic;
mod runs_fetched;
mod secret_sent;
mod secret_token;
mod shell_command;
mod sql_injection;
mod ssrf;
mod static_iv;
mod static_root;
pub(crate) mod syntax_error;
mod template_injection;
mod template_unescaped;
mod temporary_file;
mod timer_string;
mod timing_unsafe;
mod tls_old_version;
mod tls_unverified;
mod unintended_require_flow;
mod unsafe_deserialise;
mod weak_cipher;
mod weak_hash;
mod weak_key;
mod weak_key_derivation;
mod xml_entities;
mod xss;

use crate::Rule;

/// Every rule.
pub const RULES: &[Rule] = &[
    allocation_from_input::RULE,
    archive_traversal::RULE,
    argument_injection::RULE,
    blocking_handler::RULE,
    body_unbounded::RULE,
    buffer_constructor::RULE,
    buffer_no_assert::RULE,
    buffer_unsafe::RULE,
    code_from_string::RULE,
    code_injection::RULE,
    command_injection::RULE,
    constructor_chain::RULE,
    cookie_flags::RULE,
    cookie_unprotected::RULE,
    cors_credentials::RULE,
    csrf_disabled::RULE,
    csrf_order::RULE,
    decompression_bomb::RULE,
    deserialize_code::RULE,
    deserialize_v8::RULE,
    download_and_run::RULE,
    electron_isolation::RULE,
    encoded_payload::RULE,
    environment_sent::RULE,
    error_details::RULE,
    exfiltration_host::RULE,
    file_race::RULE,
    framework_html::RULE,
    graphql_exposed::RULE,
    hard_coded_key::RULE,
    hard_coded_password::RULE,
    header_injection::RULE,
    ignore_comment::RULE,
    insecure_random::RULE,
    jwt_decode::RULE,
    jwt_none::RULE,
    jwt_verification::RULE,
    log_forging::RULE,
    lost_update::RULE,
    mass_assignment::RULE,
    missing_helmet::RULE,
    mongo_where::RULE,
    nosql_injection::RULE,
    obfuscated_code::RULE,
    open_redirect::RULE,
    path_traversal::RULE,
    persistence_command::RULE,
    persistence_write::RULE,
    post_message_any::RULE,
    process_binding::RULE,
    program_from_input::RULE,
    prototype_pollution::RULE,
    query_injection::RULE,
    react_html::RULE,
    reflection::RULE,
    regex_dos_flow::RULE,
    regex_exponential::RULE,
    regex_injection::RULE,
    regex_polynomial::RULE,
    require_dynamic::RULE,
    runs_fetched::RULE,
    secret_sent::RULE,
    secret_token::RULE,
    shell_command::RULE,
    sql_injection::RULE,
    ssrf::RULE,
    static_iv::RULE,
    static_root::RULE,
    syntax_error::RULE,
    template_injection::RULE,
    template_unescaped::RULE,
    temporary_file::RULE,
    timer_string::RULE,
    timing_unsafe::RULE,
    tls_old_version::RULE,
    tls_unverified::RULE,
    unintended_require_flow::RULE,
    unsafe_deserialise::RULE,
    weak_cipher::RULE,
    weak_hash::RULE,
    weak_key::RULE,
    weak_key_derivation::RULE,
    xml_entities::RULE,
    xss::RULE,
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
    pub(crate) use crate::flow::{FlowFinding, Origin, SinkKind};
    pub(crate) use crate::grade::{self, Grade};
    pub(crate) use crate::issue::Issue;
    pub(crate) use crate::policy::Policy;
    pub(crate) use crate::rule::{Check, Rule, Scope};
}

#[cfg(test)]
mod tests;
