//! The C face of which provider, as whom, and how to reach it.

#![allow(
    unsafe_code,
    non_camel_case_types,
    missing_docs,
    reason = "a C face: names, comments and rules are those of the header"
)]

use std::ffi::{c_char, c_void};
use std::mem::offset_of;

use super::{ProviderOptions, ProviderSettings, TargetToken};
use crate::api::authentication::external_jwt_signers::ExternalJwtSigner;
use crate::error::Error;
use crate::ffi::{
    Options, Userdata, optional_text, reach, read_options, text, texts, zec_cancel, zec_external_jwt_signer,
    zec_userdata_free,
};
use crate::login::provider::keeper::ffi::{keeper, zec_refresh_token_callback};

/// Which identity provider to log in at, as which of its clients, and how to reach it; zero and NULL mean the default.
/// Begin with ZEC_PROVIDER_OPTIONS_INIT, and set `signer`, or `client_id` and one of `issuer` and `configuration_url`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct zec_provider_options {
    /// Set by the _INIT macro.
    pub size: usize,
    /// What a network says of its provider (zec_external_jwt_signers_list()), in place of the fields down to
    /// `target_token`. Beside its scopes "offline_access" is asked for, unless `scopes` are given, which replace both. It
    /// may be freed afterwards.
    pub signer: *const zec_external_jwt_signer,
    /// What the provider calls itself ("iss" in its tokens): its OpenID configuration lies below.
    pub issuer: *const c_char,
    /// Where its OpenID configuration is, in place of `issuer`: whatever issuer it names is believed.
    pub configuration_url: *const c_char,
    /// By what it knows this application: a client without a secret.
    pub client_id: *const c_char,
    /// Whom the token has to be for ("aud"). For an access token the provider is asked for it as "audience".
    pub audience: *const c_char,
    /// The scopes to ask for; "openid" is always asked for. Many providers give a refresh token only for
    /// "offline_access".
    pub scopes: *const *const c_char,
    pub scopes_len: usize,
    /// Which token the controller wants: "ACCESS", the default, which has to be a JWT, or "ID".
    pub target_token: *const c_char,
    /// Ends the calls that ask the provider. May be freed while they have it.
    pub cancel: *const zec_cancel,
    /// `http://[user:password@]host:port`, or the same with `socks5://`, where names are looked up here, or
    /// `socks5h://`, where the proxy does that. Or "environment": the proxy that `https_proxy` names, else `all_proxy`,
    /// each also in upper case, for all hosts but those in `no_proxy`; if there is none, no proxy. Default: no proxy.
    pub proxy: *const c_char,
    /// PEM of CA certificates that may vouch for the provider beside the system's roots. Those of a network are never
    /// asked, and no certificate is ever shown.
    pub ca: *const c_char,
    /// Is given each refresh token of the login, to be kept for zec_provider_token_from_refresh_token().
    pub on_refresh_token: zec_refresh_token_callback,
    /// Passed to `on_refresh_token`.
    pub refresh_token_userdata: *mut c_void,
    /// Frees `refresh_token_userdata` when the login and all that it brought are freed, or when the call fails, unless it
    /// fails because of `size`: once for each call that is given these options. May be NULL.
    pub refresh_token_userdata_free: zec_userdata_free,
    /// The most time each call may take that asks the provider. Default 30,000.
    pub timeout_ms: u64,
}

// SAFETY: integers, pointers and functions that may be NULL; the last field ends where the struct ends.
unsafe impl Options for zec_provider_options {
    const END: usize = offset_of!(Self, timeout_ms) + size_of::<u64>();
}

impl zec_provider_options {
    /// # Safety
    /// As for [`read_options`], and the strings, the record and the handle in it are valid or NULL.
    pub(crate) unsafe fn rust(options: *const Self) -> Result<(ProviderSettings, ProviderOptions), Error> {
        // SAFETY: the same promise is asked of the caller.
        let given = unsafe { read_options(options, "options") }?;
        // First of all, so that its destructor runs whatever is wrong with the rest.
        let userdata = Userdata::new(given.refresh_token_userdata, given.refresh_token_userdata_free);
        let options = ProviderOptions {
            keeper: keeper(given.on_refresh_token, userdata),
            // SAFETY: a handle is NULL or was not freed yet, a string is NUL-terminated (header, "Ownership", "Strings").
            reach: unsafe { reach(given.timeout_ms, given.cancel, given.proxy) }?,
            // SAFETY: as above.
            ca: unsafe { optional_text(given.ca, "options.ca") }?.map(str::to_owned),
            ..ProviderOptions::default()
        };
        // SAFETY: the same promise is asked of the caller.
        Ok((unsafe { given.settings() }?, options))
    }

    /// # Safety
    /// The strings and the record are NULL or valid.
    unsafe fn settings(&self) -> Result<ProviderSettings, Error> {
        // SAFETY: a string is NULL or NUL-terminated (header, "Strings"); the array is as long as its length says.
        let scopes = unsafe { texts(self.scopes, self.scopes_len, "options.scopes") }?;
        // SAFETY: the record is NULL or was not freed yet (header, "Ownership").
        if let Some(signer) = unsafe { self.signer.as_ref() } {
            // SAFETY: as above, and its strings live as long.
            let settings = ProviderSettings::for_signer(&unsafe { model(signer) }?)?;
            return Ok(if scopes.is_empty() { settings } else { settings.scopes(&scopes) });
        }
        let read = |pointer: *const c_char, name: &str| {
            // SAFETY: a string is NULL or NUL-terminated (header, "Strings").
            unsafe { optional_text(pointer, name) }.map(|text| text.map(str::to_owned))
        };
        let issuer = read(self.issuer, "options.issuer")?;
        let configuration_url = read(self.configuration_url, "options.configuration_url")?;
        if issuer.is_some() == configuration_url.is_some() {
            let message = "options: expected signer, or one of issuer and configuration_url";
            return Err(Error::InvalidArgument(message.to_owned()));
        }
        Ok(ProviderSettings {
            issuer,
            configuration_url,
            // SAFETY: as above.
            client_id: unsafe { text(self.client_id, "options.client_id") }?.to_owned(),
            scopes: scopes.into_iter().map(str::to_owned).collect(),
            audience: read(self.audience, "options.audience")?,
            target: match read(self.target_token, "options.target_token")?.as_deref() {
                None | Some("ACCESS") => TargetToken::Access,
                Some("ID") => TargetToken::Id,
                Some(_) => {
                    let message = "argument options.target_token: expected \"ACCESS\" or \"ID\"";
                    return Err(Error::InvalidArgument(message.to_owned()));
                }
            },
        })
    }
}

/// As much of the record of a signer as a login needs.
///
/// # Safety
/// The strings of the record are NULL or NUL-terminated, its array is as long as its length says.
unsafe fn model(signer: &zec_external_jwt_signer) -> Result<ExternalJwtSigner, Error> {
    let read = |pointer: *const c_char, name: &str| {
        // SAFETY: the same promise is asked of the caller.
        unsafe { optional_text(pointer, &format!("options.signer.{name}")) }.map(|text| text.map(str::to_owned))
    };
    // SAFETY: as above.
    let scopes = unsafe { texts(signer.scopes, signer.scopes_len, "options.signer.scopes") }?;
    Ok(ExternalJwtSigner {
        id: read(signer.id, "id")?.unwrap_or_default(),
        name: read(signer.name, "name")?,
        external_auth_url: read(signer.external_auth_url, "external_auth_url")?,
        open_id_configuration_url: read(signer.open_id_configuration_url, "open_id_configuration_url")?,
        client_id: read(signer.client_id, "client_id")?,
        audience: read(signer.audience, "audience")?,
        scopes: scopes.into_iter().map(str::to_owned).collect(),
        target_token: read(signer.target_token, "target_token")?,
        enroll_to_cert_enabled: signer.enroll_to_cert_enabled,
        enroll_to_token_enabled: signer.enroll_to_token_enabled,
        created_at: None,
        updated_at: None,
        tags: serde_json::Map::new(),
    })
}
