/* ziti-edge-client: a blocking client for the OpenZiti Edge Client API.
 *
 * Four rules hold for everything below.
 *
 * Ownership. A pointer to something non-const that you receive is yours: free it with the _free()
 *   function of its type, once, when nothing uses it any more. A pointer to something const is
 *   borrowed from what you got it from, and lives as long: all of a result ends with its _free().
 *   Every _free() accepts NULL. What you hand in stays yours, has to be valid until the call returns,
 *   and is copied where it is needed longer. In a struct that you fill in, zero and NULL mean the
 *   default; begin with its _INIT macro.
 * Strings. Text is UTF-8 and ends with a NUL, both ways. Text that you receive is NULL, for absent,
 *   only where a comment says so. An array that you receive is never NULL, also when it is empty, and
 *   ends with a NULL that its length does not count.
 * Errors. A function that can fail returns NULL for success, else an error that is yours. *out is
 *   NULL unless it succeeded. NULL where something is needed is ZEC_ERR_INVALID_ARGUMENT, no crash.
 * Threads. What takes a const handle may be called from any number of threads at once; freeing comes
 *   last. Callbacks run on the thread of the call that needs them, possibly on several threads at
 *   once: userdata has to allow for that. They return; no exception and no longjmp may leave them.
 */

#ifndef ZITI_EDGE_CLIENT_H
#define ZITI_EDGE_CLIENT_H

/* Printed by cbindgen from the Rust sources, do not edit. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ZEC_VERSION_MAJOR 0
#define ZEC_VERSION_MINOR 1
#define ZEC_VERSION_PATCH 0
#define ZEC_VERSION "0.1.0"

/* The result of a call must be looked at. */
#ifndef ZEC_MUST_USE
#if defined(__GNUC__)
#define ZEC_MUST_USE __attribute__((warn_unused_result))
#else
#define ZEC_MUST_USE
#endif
#endif

/* zec_client_options options = ZEC_CLIENT_OPTIONS_INIT; and likewise for the others. */
#define ZEC_AUTHENTICATOR_CHANGE_INIT \
  { sizeof(zec_authenticator_change), NULL, NULL, NULL, NULL }
#define ZEC_CLIENT_OPTIONS_INIT \
  { sizeof(zec_client_options), 0, 0, 0, 0, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0, NULL, NULL, \
    NULL, NULL, NULL, 0, 0, 0, NULL, NULL, 0, NULL, NULL, NULL, NULL }
#define ZEC_CREDENTIALS_INIT \
  { sizeof(zec_credentials), NULL, NULL, NULL }
#define ZEC_ENROLL_OPTIONS_INIT \
  { sizeof(zec_enroll_options), 0, 0, NULL, NULL, NULL, NULL, NULL, NULL, 0, 0, NULL, NULL, 0, \
    NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0, 0, 0, 0, 0 }
#define ZEC_IDENTITY_PARTS_INIT \
  { sizeof(zec_identity_parts), NULL, 0, NULL, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL }
#define ZEC_LIST_QUERY_INIT \
  { sizeof(zec_list_query), 0, 0, NULL, NULL }
#define ZEC_PROVIDER_OPTIONS_INIT \
  { sizeof(zec_provider_options), NULL, NULL, NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, NULL, NULL, NULL, \
    NULL, 0 }
#define ZEC_REQUEST_INIT \
  { sizeof(zec_request), NULL, NULL, NULL, 0, NULL, 0, NULL }
#define ZEC_ENROLL_BODY_INIT \
  { sizeof(zec_enroll_body), NULL, NULL, NULL, NULL, NULL, NULL, NULL }
#define ZEC_POSTURE_RESPONSE_INIT \
  { sizeof(zec_posture_response), 0, 0, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, 0 }
#define ZEC_SIGNER_OPTIONS_INIT \
  { sizeof(zec_signer_options), NULL, NULL, 0, NULL, 0, NULL, NULL, NULL }
#define ZEC_SERVICE_PATCH_INIT \
  { sizeof(zec_service_patch), NULL, NULL, 0, NULL, NULL, NULL, 0, NULL, NULL }
#define ZEC_SERVICE_QUERY_INIT \
  { sizeof(zec_service_query), 0, 0, NULL, NULL, NULL, 0, NULL, 0, NULL, 0 }
#define ZEC_SERVICE_UPDATE_INIT \
  { sizeof(zec_service_update), NULL, NULL, 0, 0, 0, NULL, 0, NULL, NULL }
#define ZEC_SESSION_REQUEST_INIT \
  { sizeof(zec_session_request), NULL, NULL, NULL }

/// The ways to sign, by the numbers that TLS has for them. ECDSA_P256_SHA256 and the like say curve or padding, and the
/// hash of the message. RSA_PSS has the same hash in its mask, and a salt as long as the hash.
#define ZEC_SCHEME_ECDSA_P256_SHA256 1027

#define ZEC_SCHEME_ECDSA_P384_SHA384 1283

#define ZEC_SCHEME_ECDSA_P521_SHA512 1539

#define ZEC_SCHEME_ED25519 2055

#define ZEC_SCHEME_RSA_PKCS1_SHA256 1025

#define ZEC_SCHEME_RSA_PKCS1_SHA384 1281

#define ZEC_SCHEME_RSA_PKCS1_SHA512 1537

#define ZEC_SCHEME_RSA_PSS_SHA256 2052

#define ZEC_SCHEME_RSA_PSS_SHA384 2053

#define ZEC_SCHEME_RSA_PSS_SHA512 2054

/// How to enroll. For zec_enroll_options.method: as the token says, the default; or, if the token says "network" or "ca" or
/// there is only an address, one of those that need no one-time token: no identity, only the network's CA bundle
/// (ZEC_METHOD_NETWORK); a third-party certificate (_CA); an external JWT (_TOKEN). Any other has to be that of the token.
#define ZEC_METHOD_OF_TOKEN 0

#define ZEC_METHOD_NETWORK 1

#define ZEC_METHOD_CA 2

#define ZEC_METHOD_TOKEN 3

#define ZEC_METHOD_OTT 4

#define ZEC_METHOD_OTTCA 5

#define ZEC_METHOD_UPDB 6

#define ZEC_METHOD_EROTT 7

/// The values of zec_enroll_options.key_kind and server_key_kind. A new ECDSA key on P-256, the default, or on P-384; a
/// new Ed25519 key; a new RSA key, which needs a library that was built with `aws-lc-rs`; the key in `key`; the key that
/// `signer` has.
#define ZEC_KEY_P256 0

#define ZEC_KEY_P384 1

#define ZEC_KEY_ED25519 2

#define ZEC_KEY_RSA 3

#define ZEC_KEY_EXISTING 4

#define ZEC_KEY_SIGNER 5

/// The kind of login that suits the controller.
#define ZEC_LOGIN_FLOW_AUTO 0

/// A session that one controller keeps.
#define ZEC_LOGIN_FLOW_LEGACY 1

/// Tokens by OpenID Connect, which all controllers of a network know.
#define ZEC_LOGIN_FLOW_OIDC 2

/// The operating system, to a query of type "OS": `os_type`, `os_version`, and if it is known `os_build`.
#define ZEC_POSTURE_OS 1

/// The Windows domain, to a query of type "DOMAIN": `domain`.
#define ZEC_POSTURE_DOMAIN 2

/// The hardware addresses, to a query of type "MAC": `mac_addresses`.
#define ZEC_POSTURE_MAC 3

/// A process, to a query of type "PROCESS", and for each path to one of type "PROCESS_MULTI": `path`, `is_running`, and
/// if they are known `hash` and `signer_fingerprints`.
#define ZEC_POSTURE_PROCESS 4

/// What the device went through, of its own accord, with the id of a query of type "MFA": `woken`, `unlocked`.
#define ZEC_POSTURE_ENDPOINT_STATE 5

/// What a caller can do about a failure. New codes may be added; numbers never change.
typedef enum {
  /// Success. Also the code of a NULL error.
  ZEC_OK = 0,
  /// An argument cannot be used; the message names it.
  ZEC_ERR_INVALID_ARGUMENT = 1,
  /// No usable answer came: name look-up, connection, proxy, or the connection broke.
  ZEC_ERR_TRANSPORT = 2,
  /// The controller refused the request.
  ZEC_ERR_API = 3,
  /// The controller wants a login, or a better one, and a new login did not help.
  ZEC_ERR_UNAUTHORIZED = 4,
  /// The answer cannot be read.
  ZEC_ERR_DECODE = 5,
  /// A bug in this library. The handles of the call should be freed and not be used again.
  ZEC_ERR_PANIC = 6,
  /// The time of the call was over.
  ZEC_ERR_TIMEOUT = 7,
  /// The call was canceled.
  ZEC_ERR_CANCELED = 8,
  /// The peer could not be trusted, or TLS could not be agreed on.
  ZEC_ERR_TLS = 9,
  /// An identity file, key, certificate, external JWT or saved session cannot be used, or a callback does not give it.
  ZEC_ERR_IDENTITY = 10,
  /// Enrollment cannot go on; zec_error_enrollment_problem() says why in one word.
  ZEC_ERR_ENROLLMENT = 11,
  /// The login waits for another factor. zec_error_factors() says for which as a list, and zec_client_status() in words.
  ZEC_ERR_LOGIN_PENDING = 12,
  /// The controller refuses this identity's credentials. Later calls end with this at once: for ten minutes, or, of a
  /// password, until zec_client_retry_now() or zec_client_set_credentials().
  ZEC_ERR_REJECTED = 13,
  /// This cannot be done here; the message names the way that works.
  ZEC_ERR_UNSUPPORTED = 14,
  /// The controller is too busy (429) or cannot serve now (503).
  ZEC_ERR_BUSY = 15,
  /// A file could not be read or written; what was there before is unchanged.
  ZEC_ERR_STORAGE = 16,
} zec_code;

/// Ends calls from any thread. To stop what other threads do with a client: cancel, wait for the threads, then free.
typedef struct zec_cancel zec_cancel;

/// A client of one identity's controllers. Any number of threads may use it at once. Its calls block, each at most for
/// the client's time limit. When no controller has served for two minutes there is one attempt a minute, and all other
/// calls end at once with the last error, but for zec_client_authenticate() and what follows zec_client_retry_now().
typedef struct zec_client zec_client;

/// A login at an identity provider on another device: show the user code and address, then call
/// zec_device_login_wait(), or zec_device_login_poll() now and then.
typedef struct zec_device_login zec_device_login;

/// Why a call failed. May be read and freed on any thread.
typedef struct zec_error zec_error;

/// Key, certificate, trusted CAs and controller addresses of an identity.
typedef struct zec_identity zec_identity;

/// Where external JWTs come from. Clients that use it keep it.
typedef struct zec_jwt_source zec_jwt_source;

/// Waits on this machine for the browser that a provider sends back. It listens from the moment it is made.
typedef struct zec_loopback zec_loopback;

/// A login at an identity provider in a browser, with no browser of its own: have the user open
/// zec_provider_login_url(), then call zec_provider_login_complete() with the address that the browser is sent back to.
/// zec_loopback_wait() can catch that.
typedef struct zec_provider_login zec_provider_login;

/// What a login at an identity provider brought: the token that controllers want, and what renews it. Any number of
/// threads may use it at once.
typedef struct zec_provider_token zec_provider_token;

/// Tells which services came, changed and went since it was last asked.
typedef struct zec_service_watch zec_service_watch;

/// Signs with a key that this process need not have. Enrollments and identities that use it keep it.
typedef struct zec_signer zec_signer;

/// Texts in a row.
typedef struct {
  const char *const *items;
  size_t len;
} zec_string_list;

/// What a zec_sign_callback fills in. It is all zero before.
typedef struct {
  /// The signature. One by ECDSA is DER, or the two numbers side by side as PKCS#11 has them.
  uint8_t bytes[1024];
  size_t len;
  /// Why there is none: text that becomes part of the error's message.
  char message[512];
} zec_signature;

/// Signs `message`, which is not hashed yet, by one of the schemes of the signer, and writes the signature to `out`.
/// Returns 0 if there is one, any other number to end the call with ZEC_ERR_IDENTITY; number and `out->message` appear
/// in the error. `ms_left` is what is left of the call's time limit. Nothing interrupts the callback, so keeping to the
/// time is up to it. It may use this library, except for the client on whose behalf it runs.
typedef int32_t (*zec_sign_callback)(uint16_t scheme,
                                     const uint8_t *message,
                                     size_t message_len,
                                     uint64_t ms_left,
                                     zec_signature *out,
                                     void *userdata);

/// Frees `userdata`. Runs once, on the thread that let go of it last.
typedef void (*zec_userdata_free)(void *userdata);

/// A key that stays where it is, and the function that signs with it. Begin with ZEC_SIGNER_OPTIONS_INIT. Everything
/// but `userdata` and `userdata_free` has to be set.
typedef struct {
  /// Set by the _INIT macro.
  size_t size;
  /// What identity files say in place of the key: a scheme, a colon and the name of the key, such as
  /// `pkcs11:token=work;object=alice`. What follows a question mark is never shown.
  const char *reference;
  /// The public key: DER of its SubjectPublicKeyInfo.
  const uint8_t *public_key;
  size_t public_key_len;
  /// The ways in which the key can sign (ZEC_SCHEME_...), the preferred one first. To enroll, one of
  /// ECDSA_P256_SHA256, ECDSA_P384_SHA384, ED25519 and RSA_PKCS1_SHA256 has to be among them; TLS 1.3 wants an RSA
  /// key to know one of RSA_PSS. Numbers that are not known here are passed over.
  const uint16_t *schemes;
  size_t schemes_len;
  zec_sign_callback sign;
  /// Passed to `sign`.
  void *userdata;
  /// Frees `userdata` when nothing uses the signer any more, also if the call fails, unless it fails because of
  /// `size`. May be NULL.
  zec_userdata_free userdata_free;
} zec_signer_options;

/// Keeps the text of an identity file, private key included. Returns 0 once it is kept, any other number to stop what
/// was going on; the number appears in the error. `identity_json` is wiped when the callback returns.
/// `ms_left` is what is left of the call's time limit. Nothing interrupts the callback, so keeping to the time is up
/// to it; the text should be kept even if it is 0, as an enrollment token is spent by then.
/// It may use this library, except for the client on whose behalf it runs.
typedef int32_t (*zec_save_callback)(const char *identity_json, uint64_t ms_left, void *userdata);

/// What an identity is put together from, where there is no identity file. Begin with ZEC_IDENTITY_PARTS_INIT.
///
/// `key`, `certificate` and `ca` are PEM text (with or without `pem:` before it), a path (with or without `file:`), or
/// `env:` and the name of an environment variable that holds one of these. They are read once, by the call.
typedef struct {
  /// Set by the _INIT macro.
  size_t size;
  /// Addresses as `https://host:port`, the preferred one first. At least one.
  const char *const *controllers;
  size_t controllers_len;
  /// The config types that logins ask for. Default: all.
  const char *const *config_types;
  size_t config_types_len;
  /// The private key, not encrypted. It needs the certificate.
  const char *key;
  /// The certificate of the key, and the intermediates after it.
  const char *certificate;
  /// The network's CA certificates.
  const char *ca;
  /// The identity file to write when the identity changes. Default: it is kept nowhere.
  const char *path;
  /// Is given the identity when it changes, in place of `path`; not both.
  zec_save_callback save;
  /// Passed to `save`.
  void *userdata;
  /// Frees `userdata` when it is no longer needed, also if the call fails, unless it fails because of `size`. May be
  /// NULL.
  zec_userdata_free userdata_free;
  /// Who signs with a key that stays where it is, in place of `key`; not both.
  const zec_signer *signer;
} zec_identity_parts;

/// What a certificate says.
typedef struct {
  /// Whom it is for, as `CN=...,O=...`.
  const char *subject;
  const char *issuer;
  /// In hex.
  const char *serial;
  /// Whom it is for, such as `spiffe://NETWORK/identity/ID`; or NULL.
  const char *spiffe_id;
  const char *not_before;
  /// Seconds since 1970.
  int64_t not_before_unix;
  const char *not_after;
  /// Seconds since 1970.
  int64_t not_after_unix;
} zec_certificate_description;

/// What there is to tell of an identity. No secrets.
typedef struct {
  /// The common name of the certificate: the identity's id if it was enrolled by this library, else whatever its
  /// maker chose. NULL without a certificate.
  const char *name;
  /// The id of the identity, where the certificate tells it (of controllers from 2.0 on); or NULL.
  const char *id;
  /// As `https://host:port`, the preferred one first.
  const char *const *controllers;
  size_t controllers_len;
  /// The config types that logins ask for; none means all.
  const char *const *config_types;
  size_t config_types_len;
  /// Such as "ECDSA P-256", "RSA 4096" or "Ed25519". NULL without a key.
  const char *key_kind;
  /// What it logs in with, without the intermediates. NULL without a certificate.
  const zec_certificate_description *certificate;
  /// The subjects of the CA certificates.
  const char *const *authorities;
  size_t authorities_len;
  /// The identity file, or NULL.
  const char *store;
  /// Who else can read or replace its files, as things are now; one sentence for each.
  const char *const *warnings;
  size_t warnings_len;
  /// All of this as one JSON object, in one line.
  const char *json;
} zec_identity_description;

/// The server side of a router that was enrolled by "erott": `id.server_cert` and `id.server_key` of its identity file.
typedef struct {
  /// The certificate with its intermediates, as PEM.
  const char *certificate;
  /// Its private key, as PEM. It is wiped when this is freed.
  const char *key;
} zec_server_certificate;

/// What an enrollment token says. Nothing of it is proved before zec_identity_enroll() has met the issuer.
typedef struct {
  /// How it enrolls: "ott", "ottca", "ca", "updb", "erott" or "network".
  const char *method;
  /// The controller that made the token, as `https://host:port`.
  const char *issuer;
  /// The id of the identity that enrolls; empty where no token names it.
  const char *subject;
  /// Seconds since 1970, by the controller's clock; or 0 if the token does not expire.
  int64_t expires_at_unix;
  /// The fields of zec_enroll_options that have to be set, such as "password"; others may come.
  const char *const *needs;
  size_t needs_len;
} zec_enrollment;

/// How to enroll; zero and NULL mean the default. Begin with ZEC_ENROLL_OPTIONS_INIT.
/// Without `path` or `save` a crash can lose the identity after the token is spent.
typedef struct {
  /// Set by the _INIT macro.
  size_t size;
  /// Other than 0: trust the system's roots too when verifying controllers, not only the network's CA bundle, which a
  /// network may lack then. Without one in the identity its clients need the same option.
  uint32_t trust_system_roots;
  /// The most time the whole enrollment may take. Default 30,000.
  uint64_t timeout_ms;
  /// The identity file to write. One that is there already is never replaced: that is ZEC_ERR_IDENTITY. Beside it,
  /// `NAME.lock` stays; `NAME.pending` holds the new key until the enrollment is through, and is kept while the token
  /// may be spent.
  const char *path;
  /// Is given the identity, in place of `path`; not both.
  zec_save_callback save;
  /// Passed to `save`.
  void *userdata;
  /// Frees `userdata` when it is no longer needed, also if the call fails, unless it fails because of `size`. May be
  /// NULL.
  zec_userdata_free userdata_free;
  /// Ends the enrollment.
  const zec_cancel *cancel;
  /// `http://[user:password@]host:port`, or the same with `socks5://`, where names are looked up here, or
  /// `socks5h://`, where the proxy does that. Or "environment": the proxy that `https_proxy` names, else `all_proxy`,
  /// each also in upper case, for all hosts but those in `no_proxy`; if there is none, no proxy. Default: no proxy.
  const char *proxy;
  /// Which key the identity gets: ZEC_KEY_...
  uint32_t key_kind;
  /// For ZEC_KEY_RSA: 2048 (the default), 3072 or 4096.
  uint32_t key_bits;
  /// For ZEC_KEY_EXISTING, which the methods "ottca" and "ca" need unless there is a signer: a private key in PKCS#8,
  /// SEC1 or PKCS#1, as PEM text or DER.
  const uint8_t *key;
  /// For ZEC_KEY_SIGNER. The identity keeps it; the handle may be freed.
  const zec_signer *signer;
  /// How many bytes `key` has.
  uint64_t key_len;
  /// For an address in place of a token: PEM of the CA certificates that vouch for the controller when it is met.
  /// Default: the system's roots.
  const char *ca;
  /// For "ottca" and "ca": PEM of the certificate that a third-party CA has issued, and after it the intermediates.
  const char *certificate;
  /// For "ca": the name that the identity shall have, which counts where the CA's pattern for names asks for it.
  const char *name;
  /// For "updb": the user name; that of the enrollment counts, see zec_identity_username().
  const char *username;
  /// For "updb": the password that the user shall have. It is stored nowhere.
  const char *password;
  /// For "token": what an external JWT signer has issued. It is stored nowhere.
  const char *external_jwt;
  /// For "token": the id of the signer, where the JWT's issuer does not tell. No controller was seen to take it.
  const char *signer_id;
  /// For "erott" with ZEC_KEY_EXISTING as server_key_kind: as `key`, for the router's server side.
  const uint8_t *server_key;
  /// How many bytes `server_key` has.
  uint64_t server_key_len;
  /// For "erott": which key the router's server side gets: ZEC_KEY_..., but for ZEC_KEY_SIGNER.
  uint32_t server_key_kind;
  /// For ZEC_KEY_RSA as server_key_kind: as `key_bits`.
  uint32_t server_key_bits;
  /// How to enroll: ZEC_METHOD_...
  uint32_t method;
  /// For "token", other than 0: asks for no certificate: the identity will log in by such tokens.
  uint32_t without_certificate;
} zec_enroll_options;

/// What a zec_jwt_callback is told.
typedef struct {
  /// The id of the signer whose token is wanted; NULL for a login, for which any signer of the network will do.
  const char *signer;
  /// What is left of the call's time limit. Nothing interrupts the callback, so keeping to the time is up to it.
  uint64_t ms_left;
  /// True if the token that was supplied last is refused, or has expired: it is of no use to supply it again.
  bool refused;
} zec_jwt_request;

/// What a zec_jwt_callback fills in. It is all zero before, and wiped afterwards.
typedef struct {
  /// The token, with a NUL at its end.
  char token[16384];
  /// Why there is none: text that becomes part of the error's message.
  char message[512];
} zec_jwt;

/// Writes an external JWT to `out`. Returns 0 if there is one, any other number to end the call with ZEC_ERR_IDENTITY;
/// number and `out->message` appear in the error. It runs on the thread of the call that needs the token, perhaps on
/// several at once. It may use this library, except for the client on whose behalf it runs.
typedef int32_t (*zec_jwt_callback)(const zec_jwt_request *request, zec_jwt *out, void *userdata);

/// One controller of a client.
typedef struct {
  /// As `https://host:port`.
  const char *url;
  /// How long ago it answered last, whatever it said; -1 if it did not yet.
  int64_t answered_ago_ms;
  /// Why it could not be used last, or NULL.
  const char *failure;
  /// How long ago that was; -1 without one.
  int64_t failed_ago_ms;
  /// How much longer it is asked last because it failed; -1 if it is asked in turn.
  int64_t avoided_for_ms;
} zec_controller_status;

/// What a client and its derived ones did since it was made.
typedef struct {
  /// Requests to controllers, those included that got no answer.
  uint64_t requests;
  /// Connections that were begun.
  uint64_t connections;
  /// Requests that were sent once more, because a kept connection turned out to be closed.
  uint64_t retries;
  /// Requests that went to another controller, because one failed.
  uint64_t failovers;
  /// Logins that were made.
  uint64_t logins;
  /// Logins that were refused, or could not be made.
  uint64_t failed_logins;
  /// Logins that were renewed without a new one.
  uint64_t refreshes;
  /// Logins that a controller called over when they were used.
  uint64_t expired_logins;
} zec_counters;

/// How a client is doing. Ages and times left are by the clock that nobody sets, but for those of the certificate. No
/// secrets.
typedef struct {
  /// As the login says, else as the certificate does if that tells it; or NULL.
  const char *identity_id;
  /// As the login says; or NULL.
  const char *identity_name;
  /// The one that would be asked first at the front.
  const zec_controller_status *const *controllers;
  size_t controllers_len;
  /// "none", "complete", "pending" or "rejected"; other words may come.
  const char *login_state;
  /// Other than 0 while a thread logs in; the state is that from before.
  uint32_t login_in_flight;
  /// Other than 0 if an answer has told the controllers' clock.
  uint32_t is_clock_known;
  /// What a "pending" login still wants, in words.
  const char *const *login_factors;
  size_t login_factors_len;
  /// The controller that made the login, or NULL.
  const char *login_controller;
  /// How long the login lasts, at least; -1 without one.
  int64_t login_expires_in_ms;
  /// The refusal by which the login is "rejected", or NULL.
  const char *login_refusal;
  /// How long ago that was; -1 without one.
  int64_t login_refused_ago_ms;
  /// When the identity's certificate ends, as RFC 3339; NULL without one.
  const char *certificate_ends;
  /// The same in seconds since 1970; 0 without one.
  int64_t certificate_ends_unix;
  /// How long that is from now by the local clock, 0 once it is over; -1 without one.
  int64_t certificate_left_ms;
  /// By how many seconds the controllers' clock is ahead of the local one, as their last answer told; negative if it is
  /// behind.
  int64_t clock_ahead_seconds;
  /// Why a call that needed a controller failed last, or NULL.
  const char *last_error;
  /// How long ago that was; -1 without one.
  int64_t last_error_ago_ms;
  zec_counters counters;
  /// All of this as one JSON object, in one line.
  const char *json;
} zec_status;

/// One step of a diagnosis.
typedef struct {
  /// "resolve", "connect", "proxy", "tls", "name", "chain", "version", "clock", "certificate" or "login"; other words
  /// may come.
  const char *kind;
  /// "ok", "failed", or "skipped" as something before it failed or it is not needed.
  const char *outcome;
  /// What was found, or why the step failed or was skipped.
  const char *detail;
  /// What to do, if the step failed and the detail does not say; or NULL.
  const char *advice;
} zec_diagnosis_step;

/// The way to one controller, step by step.
typedef struct {
  /// As `https://host:port`.
  const char *url;
  /// In the order in which they were taken.
  const zec_diagnosis_step *const *steps;
  size_t steps_len;
} zec_controller_diagnosis;

/// The client that was diagnosed: what it is, where it runs, and how it was set up. No secrets.
typedef struct {
  /// The version of this library.
  const char *version;
  /// What it was built with, such as "ring".
  const char *const *features;
  size_t features_len;
  /// Operating system, its release where it is known, and architecture.
  const char *system;
  /// When the diagnosis began, by the local clock, as RFC 3339.
  const char *time;
  /// The same in seconds since 1970.
  int64_t time_unix;
  /// The identity, with the file that it is kept in. It is freed with the diagnosis.
  const zec_identity_description *identity;
  /// True if a signer has the identity's key.
  bool is_key_in_signer;
  /// By what the client logs in: "certificate", "password" or "external_jwt"; other words may come.
  const char *credentials;
  /// Which kind of login it was told to make: "auto", "legacy" or "oidc"; other words may come.
  const char *login_flow;
  /// The proxy, without its password, or NULL; some hosts may be excepted from it.
  const char *proxy;
  /// True if the system's roots are trusted, too.
  bool trusts_system_roots;
  /// The time limit of a call.
  uint64_t timeout_ms;
  /// The time limit of opening one connection.
  uint64_t connect_timeout_ms;
} zec_diagnosed_client;

/// Which step on the way to a login fails, and why.
typedef struct {
  /// The way to each controller.
  const zec_controller_diagnosis *const *controllers;
  size_t controllers_len;
  /// The identity's certificate and its login.
  const zec_diagnosis_step *const *identity;
  size_t identity_len;
  /// Whether no step failed.
  bool is_ok;
  /// All of this for people, in lines.
  const char *text;
  /// All of this as one JSON object, in one line.
  const char *json;
  /// What was diagnosed, and where.
  const zec_diagnosed_client *client;
} zec_diagnosis;

/// Something that changed about a client's login or identity, or failed to, without being asked for.
typedef struct {
  /// "login_renewed", "login_needs_factor", "login_failed", "certificate_renewed", "renewal_recovered",
  /// "certificate_reloaded", "renewal_failed", "controllers_changed", "controllers_failed", "ca_added", "ca_removed"
  /// or "ca_failed"; other words may come.
  const char *kind;
  /// The same in words, with what is new. No secrets.
  const char *message;
  /// What went wrong; ZEC_OK if nothing did.
  zec_code code;
} zec_event;

/// What zec_client_maintain() did.
typedef struct {
  /// What changed and what failed, in order; empty if there was nothing to do.
  const zec_event *const *events;
  size_t events_len;
  /// When it wants to be called again, from now on. Calling it earlier or later does no harm.
  uint64_t next_ms;
} zec_maintenance;

/// What another part of a program needs to use the login of a client. Wiped when it is freed.
typedef struct {
  /// "legacy": `token` is the value of the header `zt-session`, good at `controller` only. "oidc": an access token
  /// for `Authorization: Bearer`, which all controllers of the network know. Other words may come.
  const char *kind;
  /// What proves the login: whoever has it can do all that the identity may.
  const char *token;
  /// The external JWT that has to come with it as `Authorization: Bearer`, or NULL.
  const char *second_factor_jwt;
  /// How long the token is good, as far as is known.
  uint64_t left_ms;
  /// The controller that made the login, as `https://host:port`.
  const char *controller;
  const char *api_session_id;
  /// The id of the identity that is logged in, or NULL.
  const char *identity_id;
  /// The CA certificates of the network as PEM; empty where only the system's roots are trusted.
  const char *ca;
  /// The certificate chain of the identity as PEM, leaf first, or NULL.
  const char *certificate;
  /// How the key of that certificate is reached, which stays where it is: "pem", in the text of the identity;
  /// "signer", which signs with it; "none" without a certificate.
  const char *key;
  /// All controllers of the network that the identity names, the preferred one first.
  const char *const *controllers;
  size_t controllers_len;
} zec_session_credentials;

/// Is told of an event once what it tells is done. It may use this library, its client included.
typedef void (*zec_event_callback)(const zec_event *event, void *userdata);

/// By what a client logs in. Begin with ZEC_CREDENTIALS_INIT, and set either user name and password, or `jwt`, or
/// nothing: then it is the certificate of the identity, which is shown to controllers in this case only.
typedef struct {
  /// Set by the _INIT macro.
  size_t size;
  const char *username;
  /// Kept in memory that is wiped.
  const char *password;
  /// External JWTs to log in with. May be freed while clients use it.
  const zec_jwt_source *jwt;
} zec_credentials;

/// Keeps the session for the next process, as zec_client_save_session() gives it; `saved` is wiped when the callback
/// returns. It is NULL once the client gave the session up. `ms_left` is what is left of the call's time limit: nothing
/// interrupts the callback, so keeping to the time is up to it. Returns 0 once the session is kept; any other number is
/// logged, and the session is used all the same. It runs on the thread of the call that made the session, before the
/// session is used. Others that have something to tell it wait for it, each within the time of its call: what it is given
/// last is right. It may use this library, except for the client on whose behalf it runs.
typedef int32_t (*zec_session_change_callback)(const char *saved, uint64_t ms_left, void *userdata);

/// How a client works; zero and NULL mean the default. Begin with ZEC_CLIENT_OPTIONS_INIT.
typedef struct {
  /// Set by the _INIT macro.
  size_t size;
  /// Other than 0: trust the system's roots too when verifying controllers, not only the network's CA bundle.
  uint32_t trust_system_roots;
  /// Other than 0: do not ask for compressed answers.
  uint32_t no_gzip;
  /// Other than 0: do not tell the controller operating system, architecture and host name at login.
  uint32_t no_environment;
  /// The most time one call may take. Default 30,000.
  uint64_t timeout_ms;
  /// The most time opening one connection may take, from the look-up of the name to the end of the TLS handshake.
  /// Default 10,000.
  uint64_t connect_timeout_ms;
  /// The most rows a list may have; a longer one is ZEC_ERR_INVALID_ARGUMENT. Default 1,000,000.
  uint64_t max_rows;
  /// The file in which the identity is kept. Default: the one it was loaded from or enrolled into. It is read again
  /// when the controller refuses the certificate, as another process may have renewed it.
  const char *path;
  /// Is given the identity when a call changes it, in place of `path`, not both.
  zec_save_callback save;
  /// Passed to `save`.
  void *userdata;
  /// Frees `userdata` when the last client that uses it is freed, or when the call fails, unless it fails because of
  /// `size`. May be NULL.
  zec_userdata_free userdata_free;
  /// Ends the calls of this client and of those derived from it. May be freed while they have it.
  const zec_cancel *cancel;
  /// `http://[user:password@]host:port`, or the same with `socks5://`, where names are looked up here, or
  /// `socks5h://`, where the proxy does that. Or "environment": the proxy that `https_proxy` names, else `all_proxy`,
  /// each also in upper case, for all hosts but those in `no_proxy`; if there is none, no proxy. Default: no proxy.
  const char *proxy;
  /// The types of the configs that services carry, by name or id; "all" for every type. Default: those that the
  /// identity file names, else all.
  const char *const *config_types;
  size_t config_types_len;
  /// The application's id and version, shown to administrators. At most 255 bytes of each are sent.
  const char *app_id;
  const char *app_version;
  /// Is told what changed without being asked for. See zec_client_maintain().
  zec_event_callback on_event;
  /// Passed to `on_event`.
  void *event_userdata;
  /// Frees `event_userdata`, when and as `userdata_free` does `userdata`. May be NULL.
  zec_userdata_free event_userdata_free;
  /// How long before its end a certificate is due to be renewed, of which two thirds of its time are the most.
  /// Default: when a third of its time is left, at most 30 days.
  uint64_t renew_before_ms;
  /// Other than 0: each renewal makes a new key. Default: only those for which the controller asks for one.
  uint32_t always_renew_key;
  /// Which key a renewal makes that needs a new one: ZEC_KEY_P256, ZEC_KEY_P384, ZEC_KEY_ED25519 or ZEC_KEY_RSA, which
  /// has 2048 bits.
  uint32_t renewal_key_kind;
  /// By what the client logs in. Default: the certificate of the identity; one without it needs others.
  const zec_credentials *credentials;
  /// The external JWT that logins get which want one as a second factor: it is sent with every request. May be freed
  /// while clients use it.
  const zec_jwt_source *second_factor_jwt;
  /// Which kind of login is made: ZEC_LOGIN_FLOW_AUTO, ZEC_LOGIN_FLOW_LEGACY or ZEC_LOGIN_FLOW_OIDC.
  uint64_t login_flow;
  /// Is given each session before it is used, to be kept for the next process. See zec_client_resume_session().
  zec_session_change_callback on_session_change;
  /// Passed to `on_session_change`.
  void *session_userdata;
  /// Frees `session_userdata`, when and as `userdata_free` does `userdata`. May be NULL.
  zec_userdata_free session_userdata_free;
  /// The session to go on with, as by zec_client_resume_session(); one that cannot be used is the error of the call.
  const char *saved_session;
} zec_client_options;

/// A factor that a login still wants. Each text may be NULL.
typedef struct {
  /// "MFA", "TOTP" or "EXT-JWT"; other words may come.
  const char *type_id;
  /// Who asks: "ziti", or "url" for an identity provider.
  const char *provider;
  const char *http_method;
  /// Where the factor is answered: below the API for "ziti", else the identity provider.
  const char *http_url;
  /// What a code is made of: "alpha", "numeric" or "alphaNumeric".
  const char *format;
  /// The fewest characters a code has, or 0.
  uint64_t min_length;
  /// The most characters a code has, or 0.
  uint64_t max_length;
  const char *client_id;
  const char *const *scopes;
  size_t scopes_len;
  /// The id of the signer whose token is wanted.
  const char *id;
  /// 1 if the identity has TOTP set up, 0 if not, -1 if the controller did not say.
  int32_t is_totp_enrolled;
  /// True if the client has supplied this factor, and it is refused or has expired. Controllers do not say so.
  bool is_refused;
} zec_auth_query;

/// A login as the controller sees it. Each text but `id` and `tags_json` may be NULL.
typedef struct {
  /// It proves nothing: that is what the token is for, which stays inside the client.
  const char *id;
  const char *identity_id;
  const char *identity_name;
  const char *authenticator_id;
  /// The factors that are still wanted; empty once the login is complete.
  const zec_auth_query *const *auth_queries;
  size_t auth_queries_len;
  /// Seconds since 1970, by the controller's clock; or 0 if the controller did not say.
  int64_t expires_at_unix;
  /// How many seconds the session lasts from its start, or up to controller 1.7 from its last use; or 0. Not what is
  /// left of it.
  uint64_t expiration_seconds;
  /// The config types that service lists of this session hold: ids, or the word "all".
  const char *const *config_types;
  size_t config_types_len;
  /// The address that the controller saw the login come from.
  const char *ip_address;
  /// True if the login needs a TOTP code.
  bool is_mfa_required;
  /// True if the login has had its TOTP code.
  bool is_mfa_complete;
  /// True if the certificate of this login can be renewed at the controller.
  bool is_cert_extendable;
  /// True if an administrator asks for the certificate to be renewed.
  bool is_cert_extend_requested;
  /// True if an administrator asks for the certificate to be renewed with a new key.
  bool is_cert_key_roll_requested;
  /// True if the certificate was shown without its intermediates.
  bool improper_client_cert_chain;
  /// This and the times below are as the controller wrote them (RFC 3339).
  const char *expires_at;
  const char *created_at;
  const char *updated_at;
  const char *last_activity_at;
  const char *cached_last_activity_at;
  /// What an administrator attached to the session, as a JSON object.
  const char *tags_json;
} zec_api_session;

/// Factors that a login still wants.
typedef struct {
  const zec_auth_query *const *items;
  size_t len;
} zec_auth_query_list;

/// Which rows of a list are wanted; zero and NULL mean the default. Begin with ZEC_LIST_QUERY_INIT.
typedef struct {
  /// Set by the _INIT macro.
  size_t size;
  /// For a page: at most this many. Controllers send at most 500, which is the default.
  uint64_t limit;
  /// For a page: without this many at the beginning.
  uint64_t offset;
  /// Only rows that match a filter in the controller's language, such as `name contains "db"`. What comes from
  /// elsewhere has to be quoted: see zec_filter_quote().
  const char *filter;
  /// Sorted by a field, such as `name` or `createdAt desc`.
  const char *sort;
} zec_list_query;

/// An identity provider that a network trusts, and what a client needs to log in there. Each text but `id` and
/// `tags_json` may be NULL.
typedef struct {
  const char *id;
  const char *name;
  /// Where its users log in.
  const char *external_auth_url;
  /// Where its OpenID configuration is, if that is not below its address.
  const char *open_id_configuration_url;
  /// The client id to log in with.
  const char *client_id;
  /// Whom its tokens have to be for.
  const char *audience;
  /// The scopes to ask for.
  const char *const *scopes;
  size_t scopes_len;
  /// Which of its tokens the controller wants: "ACCESS" or "ID". NULL means "ACCESS".
  const char *target_token;
  /// True if its tokens enroll identities that get a certificate.
  bool enroll_to_cert_enabled;
  /// True if its tokens enroll identities that go on logging in by such tokens.
  bool enroll_to_token_enabled;
  /// This and `updated_at` are as the controller wrote them (RFC 3339).
  const char *created_at;
  const char *updated_at;
  /// What an administrator attached to it, as a JSON object.
  const char *tags_json;
} zec_external_jwt_signer;

/// Identity providers, in the order in which the controller sent them.
typedef struct {
  const zec_external_jwt_signer *const *items;
  size_t len;
  /// How many match in all: for a page, how far to go on.
  uint64_t total;
} zec_external_jwt_signer_list;

/// Is shown one identity provider, which is valid until it returns. Any answer but 0 ends the call, as a success.
typedef int32_t (*zec_external_jwt_signer_callback)(const zec_external_jwt_signer *signer,
                                                    void *userdata);

/// Keeps a refresh token for the next start, in the place of the one before; `refresh_token` is wiped when the callback
/// returns. It is NULL once the provider takes the last one no more. Returns 0 once it is kept; any other number is
/// logged, and the login goes on. It runs before the token is used, on the thread of the call that got it, one call at a
/// time for each login. `ms_left` is what is left of that call's time limit; nothing interrupts the callback, so keeping
/// to the time is up to it, and the token should be kept even if it is 0. It may use this library, except for the
/// token of the same login and for clients that log in by it.
typedef int32_t (*zec_refresh_token_callback)(const char *refresh_token,
                                              uint64_t ms_left,
                                              void *userdata);

/// Which identity provider to log in at, as which of its clients, and how to reach it; zero and NULL mean the default.
/// Begin with ZEC_PROVIDER_OPTIONS_INIT, and set `signer`, or `client_id` and one of `issuer` and `configuration_url`.
typedef struct {
  /// Set by the _INIT macro.
  size_t size;
  /// What a network says of its provider (zec_external_jwt_signers_list()), in place of the fields down to
  /// `target_token`. Beside its scopes "offline_access" is asked for, unless `scopes` are given, which replace both. It
  /// may be freed afterwards.
  const zec_external_jwt_signer *signer;
  /// What the provider calls itself ("iss" in its tokens): its OpenID configuration lies below.
  const char *issuer;
  /// Where its OpenID configuration is, in place of `issuer`: whatever issuer it names is believed.
  const char *configuration_url;
  /// By what it knows this application: a client without a secret.
  const char *client_id;
  /// Whom the token has to be for ("aud"). For an access token the provider is asked for it as "audience".
  const char *audience;
  /// The scopes to ask for; "openid" is always asked for. Many providers give a refresh token only for
  /// "offline_access".
  const char *const *scopes;
  size_t scopes_len;
  /// Which token the controller wants: "ACCESS", the default, which has to be a JWT, or "ID".
  const char *target_token;
  /// Ends the calls that ask the provider. May be freed while they have it.
  const zec_cancel *cancel;
  /// `http://[user:password@]host:port`, or the same with `socks5://`, where names are looked up here, or
  /// `socks5h://`, where the proxy does that. Or "environment": the proxy that `https_proxy` names, else `all_proxy`,
  /// each also in upper case, for all hosts but those in `no_proxy`; if there is none, no proxy. Default: no proxy.
  const char *proxy;
  /// PEM of CA certificates that may vouch for the provider beside the system's roots. Those of a network are never
  /// asked, and no certificate is ever shown.
  const char *ca;
  /// Is given each refresh token of the login, to be kept for zec_provider_token_from_refresh_token().
  zec_refresh_token_callback on_refresh_token;
  /// Passed to `on_refresh_token`.
  void *refresh_token_userdata;
  /// Frees `refresh_token_userdata` when the login and all that it brought are freed, or when the call fails, unless it
  /// fails because of `size`: once for each call that is given these options. May be NULL.
  zec_userdata_free refresh_token_userdata_free;
  /// The most time each call may take that asks the provider. Default 30,000.
  uint64_t timeout_ms;
} zec_provider_options;

/// The tokens as they were at one moment. All of it is wiped when it is freed.
typedef struct {
  /// The one that controllers want, expired or not.
  const char *token;
  /// NULL if none came, and so are the next three.
  const char *access_token;
  const char *id_token;
  /// Providers may give another one with each refresh, and then this one is used up: keep the newest.
  const char *refresh_token;
  /// What the provider calls the user. Nobody has checked the signature of the token that says so.
  const char *subject;
  /// How long `token` is still good; 0 once it is not, -1 if the provider did not say.
  int64_t expires_in_ms;
} zec_provider_tokens;

/// Where one version of an API is served. `path` may be NULL.
typedef struct {
  /// Such as "edge-client".
  const char *binding;
  /// Such as "v1".
  const char *version;
  /// The path below every address of the controller.
  const char *path;
  /// Where the controller believes it is reached. May lack the path, and may be empty.
  const char *const *api_base_urls;
  size_t api_base_urls_len;
} zec_api_version;

/// Which software a controller runs, which APIs it serves, and what it can do. Each text may be NULL.
typedef struct {
  /// Such as "v2.0.3"; development builds say "v0.0.0".
  const char *version;
  const char *revision;
  /// In any form.
  const char *build_date;
  /// What it was built with, such as "go1.26.1".
  const char *runtime_version;
  /// What the controller can do, such as "OIDC_AUTH"; unknown words may come.
  const char *const *capabilities;
  size_t capabilities_len;
  const zec_api_version *const *api_versions;
  size_t api_versions_len;
} zec_version_info;

/// Where a controller can be reached by one protocol. `address` may be NULL.
typedef struct {
  /// Such as "https".
  const char *name;
  /// Host and port.
  const char *address;
} zec_protocol;

/// The protocols of a controller, by name.
typedef struct {
  const zec_protocol *const *items;
  size_t len;
} zec_protocol_list;

/// The CA certificates of a network.
typedef struct {
  /// All that can be used, each once, as PEM. Roots and intermediates in any order.
  const char *pem;
  /// What could not be read or used, and why: one line for each of the first twenty.
  const char *const *problems;
  size_t problems_len;
} zec_ca_certificates;

/// Where a controller serves one version of an API. Each text but `binding` may be NULL.
typedef struct {
  /// Such as "edge-client".
  const char *binding;
  /// Such as "v1".
  const char *version;
  /// The address with the path.
  const char *url;
} zec_api_address;

/// One controller of a cluster. Each text but `id` and `tags_json` may be NULL.
typedef struct {
  const char *id;
  const char *name;
  /// Where routers reach it, such as "tls:ctrl.example.test:6262".
  const char *ctrl_address;
  /// Its certificate, as PEM.
  const char *cert_pem;
  /// The SHA-1 of its certificate, in hexadecimal.
  const char *fingerprint;
  /// True if the cluster can reach it.
  bool is_online;
  /// True if it is to lead the cluster when it can.
  bool is_preferred_leader;
  /// Where it serves its APIs.
  const zec_api_address *const *api_addresses;
  size_t api_addresses_len;
  /// This and the times below are as the controller wrote them (RFC 3339).
  const char *last_joined_at;
  const char *created_at;
  const char *updated_at;
  /// What an administrator attached to it, as a JSON object.
  const char *tags_json;
} zec_controller;

/// Controllers, in the order in which the controller sent them. `len` is 0 if there is none.
typedef struct {
  const zec_controller *const *items;
  size_t len;
  /// How many match in all: for a page, how far to go on.
  uint64_t total;
} zec_controller_list;

/// Is shown one controller, which is valid until it returns. Any answer but 0 ends the call, as a success.
typedef int32_t (*zec_controller_callback)(const zec_controller *controller, void *userdata);

/// An API document that a controller serves. Each text but `id` and `tags_json` may be NULL.
typedef struct {
  /// Such as "edge-client".
  const char *id;
  const char *name;
  /// This and `updated_at`: when the controller was started, as it wrote it (RFC 3339).
  const char *created_at;
  const char *updated_at;
  /// A JSON object.
  const char *tags_json;
} zec_spec;

/// The API documents of a controller.
typedef struct {
  const zec_spec *const *items;
  size_t len;
} zec_spec_list;

/// The text of an API document.
typedef struct {
  /// What it is, such as "application/json", or NULL.
  const char *media_type;
  /// The document as it came.
  const char *text;
} zec_spec_body;

/// The body for zec_enrollments_enroll(): `csr` by itself, or any of the others, or nothing for the methods "ottca" and
/// "ca". Begin with ZEC_ENROLL_BODY_INIT.
typedef struct {
  /// Set by the _INIT macro.
  size_t size;
  /// For "ott": the certificate request as PEM, as all of the body. Every controller reads it.
  const char *csr;
  /// For "ott": the certificate request as PEM, in JSON. Controllers before 1.5 do not find it.
  const char *client_csr;
  /// For "ca": the name that the identity shall have.
  const char *name;
  /// For "updb": the user name; the one of the enrollment counts.
  const char *username;
  /// For "updb": the password that the identity shall have.
  const char *password;
  /// For "erott": the certificate requests of the router's client and server side, as PEM.
  const char *cert_csr;
  const char *server_cert_csr;
} zec_enroll_body;

/// What an enrollment gave. Each text is NULL where its method does not give it; some give nothing at all.
typedef struct {
  /// The certificate that was issued, with its intermediates, as PEM.
  const char *cert;
  /// The CA certificates of the network, as PEM. Where it is NULL, zec_controller_ca_certificates() has them.
  const char *ca;
  /// The certificate for the server side of a router, with its intermediates, as PEM.
  const char *server_cert;
  /// The user name that can log in now, whichever was asked for. Controllers up to 1.4 do not say it.
  const char *username;
  /// Where the network's controllers serve the client API. Controllers before 2.1 do not say it.
  const char *const *controllers;
  size_t controllers_len;
} zec_enrolled;

/// A token by which anybody may join a network. `name` may be NULL.
typedef struct {
  const char *name;
  /// The token, for zec_enrollment_parse(). No secret: the controller hands it to everybody.
  const char *token;
} zec_network_jwt;

/// The tokens by which anybody may join a network.
typedef struct {
  const zec_network_jwt *const *items;
  size_t len;
} zec_network_jwt_list;

/// One public key, in the words of RFC 7517. Each text may be NULL. Known from the API document only.
typedef struct {
  /// "RSA" or "EC".
  const char *kty;
  const char *kid;
  /// Such as "RS256".
  const char *alg;
  /// The member `use`: "sig" or "enc".
  const char *key_use;
  /// Such as "verify".
  const char *const *key_ops;
  size_t key_ops_len;
  const char *n;
  const char *e;
  const char *crv;
  const char *x;
  const char *y;
  /// Its certificate with the intermediates, each in base64.
  const char *const *x5c;
  size_t x5c_len;
  const char *x5t;
  /// The member `x5t#S256`.
  const char *x5t_s256;
  const char *x5u;
} zec_jwk;

/// The public keys of a controller. Known from the API document only.
typedef struct {
  const zec_jwk *const *keys;
  size_t keys_len;
} zec_jwks;

/// A nonce that a controller has signed. Each text may be NULL. Known from the API document only.
typedef struct {
  const char *signature;
  const char *algorithm;
  /// The id of the key.
  const char *kid;
  /// The CA certificates that vouch for the key.
  const char *ca_pool;
} zec_nonce_signature;

/// The answer of a device to one posture query. Fields of another kind are not looked at. Begin with
/// ZEC_POSTURE_RESPONSE_INIT.
typedef struct {
  /// Set by the _INIT macro.
  size_t size;
  /// What is told: one of ZEC_POSTURE_….
  uint32_t kind;
  /// Other than 0: the process runs.
  uint32_t is_running;
  /// Other than 0: the device has just woken up.
  uint32_t woken;
  /// Other than 0: the device has just been unlocked.
  uint32_t unlocked;
  /// The id of the query.
  const char *id;
  /// "Windows", "WindowsServer", "Linux", "macOS", "iOS" or "Android".
  const char *os_type;
  /// The version as three numbers, such as "6.1.0": a check of versions does not pass with any other form.
  const char *os_version;
  /// May be NULL.
  const char *os_build;
  const char *domain;
  /// Such as "00:11:22:33:44:55"; one that fits is enough.
  const char *const *mac_addresses;
  size_t mac_addresses_len;
  /// The path that the query names.
  const char *path;
  /// The SHA-512 of the program, in hexadecimal. May be NULL.
  const char *hash;
  /// The SHA-1 of the certificates that signed the program, in hexadecimal.
  const char *const *signer_fingerprints;
  size_t signer_fingerprints_len;
} zec_posture_response;

/// A service with a posture query whose timeout has changed. Each text but `id` may be NULL.
typedef struct {
  const char *id;
  const char *name;
  /// Such as "MFA".
  const char *posture_query_type;
  /// How many seconds the query stays passed; -1 for ever, or not told.
  int64_t timeout;
  /// How many of them are left; 0 if it is over, -1 if there is no end, or not told.
  int64_t timeout_remaining;
} zec_posture_service;

/// What posture responses have changed: the services whose timeouts are new, most often none.
typedef struct {
  const zec_posture_service *const *services;
  size_t services_len;
} zec_posture_answer;

/// A token that says that a TOTP code was given. It is secret, so freeing wipes it.
typedef struct {
  /// A JWT.
  const char *token;
  /// When the code was given, as the controller wrote it (RFC 3339), or NULL.
  const char *issued_at;
} zec_totp_token;

/// Whether services changed.
typedef struct {
  /// When something last changed that may show in the identity's services, by the controller's clock (RFC 3339). It may
  /// change though nothing shows.
  const char *last_change_at;
} zec_service_updates;

/// Where an edge router takes connections of one protocol.
typedef struct {
  /// Such as "tls".
  const char *protocol;
  /// Such as "tls://router.test:3022".
  const char *url;
} zec_router_address;

/// An edge router, through which a data plane reaches services. Each text but `name` and the JSON may be NULL: each
/// answer shows another part of a router.
typedef struct {
  /// Only routers of the own identity have one.
  const char *id;
  /// No other router of the network has it.
  const char *name;
  /// Empty where the answer does not know it.
  const char *hostname;
  /// How far the router knows what the controller knows, such as "SYNC_DONE".
  const char *sync_status;
  /// What the network reckons for going through it, or -1 if the controller did not say.
  int64_t cost;
  /// True if the router is connected to the controller.
  bool is_online;
  /// 1 if no traffic between other routers goes through it, 0 if some may, -1 if the controller did not say.
  int32_t no_traversal;
  /// 1 if an administrator has turned it off, 0 if not, -1 if the controller did not say.
  int32_t disabled;
  /// Where it takes connections.
  const zec_router_address *const *supported_protocols;
  size_t supported_protocols_len;
  /// Where to connect for a session; empty in answers that are not about a session.
  const zec_router_address *const *urls;
  size_t urls_len;
  /// What an administrator attached to it for applications, as a JSON object.
  const char *app_data_json;
  /// As the controller wrote it (RFC 3339); and the next likewise.
  const char *created_at;
  const char *updated_at;
  /// What an administrator attached to it, as a JSON object.
  const char *tags_json;
} zec_edge_router;

/// Edge routers, in the order in which the controller sent them. `len` is 0 if there is none.
typedef struct {
  const zec_edge_router *const *items;
  size_t len;
  /// How many match in all: for a page, how far to go on.
  uint64_t total;
} zec_edge_router_list;

/// An enrollment that was not used yet. Whoever has its token can become this identity. Each text may be NULL.
typedef struct {
  const char *id;
  /// A secret: the token alone. Wiped when the identity is freed, like the next; copies are yours to wipe.
  const char *token;
  /// A secret: the token as it is handed out, for zec_identity_enroll().
  const char *jwt;
  /// Until when it can be used, as the controller wrote it (RFC 3339).
  const char *expires_at;
  /// For "ottca": the CA whose certificates it takes.
  const char *ca_id;
  const char *ca_name;
} zec_open_enrollment;

/// What a login told of its host. Each text may be NULL.
typedef struct {
  /// The processor, such as "x86_64".
  const char *arch;
  /// The domain it is a member of.
  const char *domain;
  const char *hostname;
  /// The operating system, such as "linux".
  const char *os;
  const char *os_release;
  const char *os_version;
} zec_env_info;

/// What a login told of its program. Each text may be NULL.
typedef struct {
  const char *app_id;
  const char *app_version;
  /// The branch that the library was built from.
  const char *branch;
  /// The revision that the library was built from.
  const char *revision;
  /// The library, such as "ziti-edge-client".
  const char *sdk_type;
  /// The version of the library.
  const char *version;
} zec_sdk_info;

/// A network interface of the host of an identity.
typedef struct {
  /// Such as "eth0", or NULL.
  const char *name;
  /// The MAC address, or NULL.
  const char *hardware_address;
  /// The largest packet that it takes, in bytes; 0 if the controller did not say.
  uint64_t mtu;
  /// Its number at its host, or -1 if the controller did not say.
  int64_t index;
  /// True if it is switched on.
  bool is_up;
  /// True if it is connected.
  bool is_running;
  /// True if it leads back to the host itself.
  bool is_loopback;
  /// True if it can send to all of its network.
  bool is_broadcast;
  /// True if it can send to groups.
  bool is_multicast;
  /// Its IP addresses with their networks.
  const char *const *addresses;
  size_t addresses_len;
} zec_network_interface;

/// What going to a service costs where this identity hosts it.
typedef struct {
  const char *service_id;
  /// 0 to 65535.
  uint64_t cost;
} zec_hosting_cost;

/// Whether a service is to be reached through this identity where it hosts it.
typedef struct {
  const char *service_id;
  /// "default", "required" or "failed"; other words may come.
  const char *precedence;
} zec_hosting_precedence;

/// An identity as the controller knows it. Each text but `id` and the JSON may be NULL.
typedef struct {
  const char *id;
  const char *name;
  /// The kind of identity, such as "Default"; and its name.
  const char *type_id;
  const char *type_name;
  /// The identity's name at an identity provider.
  const char *external_id;
  /// The policy that says how it logs in; and its name.
  const char *auth_policy_id;
  const char *auth_policy_name;
  /// True for an administrator.
  bool is_admin;
  /// True for the administrator that the network was set up with.
  bool is_default_admin;
  /// True if it has a second factor that was verified.
  bool is_mfa_enabled;
  /// True if it cannot log in.
  bool disabled;
  /// True while it has a login that is not OIDC.
  bool has_api_session;
  /// True while one of its programs is connected to an edge router.
  bool has_edge_router_connection;
  /// The same as a word: "online", "offline" or "unknown".
  const char *edge_router_connection_status;
  /// Since when it cannot log in, as the controller wrote it (RFC 3339); and until when, without an end if NULL.
  const char *disabled_at;
  const char *disabled_until;
  /// The authenticator by certificate, and the SHA-1 of the certificate in hexadecimal.
  const char *cert_authenticator_id;
  const char *cert_fingerprint;
  /// The authenticator by password, and its user name.
  const char *updb_authenticator_id;
  const char *updb_username;
  /// Enrollments that were not used yet, by their method, or NULL.
  const zec_open_enrollment *enrollment_ott;
  const zec_open_enrollment *enrollment_ottca;
  const zec_open_enrollment *enrollment_updb;
  /// What it may do in the management API, such as "service.read". Controllers before 1.6 do not say.
  const char *const *permissions;
  size_t permissions_len;
  /// What policies know it by.
  const char *const *role_attributes;
  size_t role_attributes_len;
  /// What the last login told of its host, or NULL.
  const zec_env_info *env_info;
  /// What the last login told of its program, or NULL.
  const zec_sdk_info *sdk_info;
  /// What programs told of its network interfaces. Controllers before 1.6 do not say.
  const zec_network_interface *const *interfaces;
  size_t interfaces_len;
  /// What going to services that it hosts costs if nothing else is said: 0 to 65535, or -1 if the controller did not
  /// say.
  int64_t default_hosting_cost;
  /// Whether services are to be reached through it if nothing else is said: "default", "required" or "failed".
  const char *default_hosting_precedence;
  const zec_hosting_cost *const *service_hosting_costs;
  size_t service_hosting_costs_len;
  const zec_hosting_precedence *const *service_hosting_precedences;
  size_t service_hosting_precedences_len;
  /// What an administrator attached to it for applications, as a JSON object.
  const char *app_data_json;
  /// As the controller wrote it (RFC 3339); and the next likewise, which a login changes.
  const char *created_at;
  const char *updated_at;
  /// What an administrator attached to it, as a JSON object.
  const char *tags_json;
} zec_identity_detail;

/// Is shown one edge router, which is valid until it returns. Any answer but 0 ends the call, as a success.
typedef int32_t (*zec_edge_router_callback)(const zec_edge_router *router, void *userdata);

/// A certificate that stands for a session. Each text but `id`, `certificate` and `tags_json` may be NULL.
typedef struct {
  const char *id;
  /// PEM; the intermediates may follow.
  const char *certificate;
  /// The SHA-1 of the certificate, in hexadecimal.
  const char *fingerprint;
  /// Whom it names, such as "CN=alice".
  const char *subject;
  /// When it ends to be valid, in seconds since 1970; or 0 if the controller did not say.
  int64_t valid_to_unix;
  /// This and the times below are as the controller wrote them (RFC 3339).
  const char *valid_from;
  const char *valid_to;
  const char *created_at;
  const char *updated_at;
  /// What is attached to it, as a JSON object.
  const char *tags_json;
} zec_session_certificate;

/// Session certificates, in the order in which the controller sent them. `len` is 0 if there is none.
typedef struct {
  const zec_session_certificate *const *items;
  size_t len;
  /// How many match in all: for a page, how far to go on.
  uint64_t total;
} zec_session_certificate_list;

/// Is shown one session certificate, which is valid until it returns. Any answer but 0 ends the call, as a success.
typedef int32_t (*zec_session_certificate_callback)(const zec_session_certificate *certificate,
                                                    void *userdata);

/// A certificate that was just issued for a session.
typedef struct {
  const char *id;
  /// PEM, with the intermediates after it.
  const char *certificate;
  /// The CA certificates of the network as PEM, or NULL.
  const char *cas;
} zec_new_session_certificate;

/// One way in which an identity can log in: a certificate, or user name and password. Each text but `id` and
/// `tags_json` may be NULL.
typedef struct {
  const char *id;
  /// "cert", or "updb" for user name and password; other words may come.
  const char *method;
  const char *identity_id;
  const char *identity_name;
  /// The name to log in with.
  const char *username;
  /// The certificate as PEM; its intermediates may follow.
  const char *cert_pem;
  /// The SHA-1 of the certificate, in hexadecimal.
  const char *fingerprint;
  /// True if the network issued the certificate, so that it can be extended.
  bool is_issued_by_network;
  /// True if an administrator asks for the certificate to be extended.
  bool is_extend_requested;
  /// True if an administrator asks for it to be extended with a new key.
  bool is_key_roll_requested;
  /// True if the key changed when the certificate was last extended.
  bool last_extend_rolled_keys;
  /// True if at the last login the certificate came with all that leads to a CA of the network.
  bool last_auth_resolved_to_root;
  /// When an administrator asked. This and the times below are as the controller wrote them (RFC 3339).
  const char *extend_requested_at;
  const char *created_at;
  const char *updated_at;
  /// What is attached to it, as a JSON object.
  const char *tags_json;
} zec_authenticator;

/// Authenticators, in the order in which the controller sent them. `len` is 0 if there is none.
typedef struct {
  const zec_authenticator *const *items;
  size_t len;
  /// How many match in all: for a page, how far to go on.
  uint64_t total;
} zec_authenticator_list;

/// Is shown one authenticator, which is valid until it returns. Any answer but 0 ends the call, as a success.
typedef int32_t (*zec_authenticator_callback)(const zec_authenticator *authenticator, void *userdata);

/// New values for an authenticator by user name and password. Begin with ZEC_AUTHENTICATOR_CHANGE_INIT.
typedef struct {
  /// Set by the _INIT macro.
  size_t size;
  /// The password that is right so far.
  const char *current_password;
  /// The name to log in with. Default: as it is.
  const char *username;
  /// The new password. Default: as it is.
  const char *password;
  /// All tags, as a JSON object. Default: as they are.
  const char *tags_json;
} zec_authenticator_change;

/// A certificate that is to replace the one of an authenticator.
typedef struct {
  /// PEM, with the intermediates after it; from controllers of 1.3 without them.
  const char *client_cert;
  /// The CA certificates of the network as PEM, or NULL.
  const char *ca;
} zec_extended_certificate;

/// A second factor, verified or not. It holds secrets, so freeing wipes it.
typedef struct {
  const char *id;
  /// True once a code of the user's device was seen: logins want one from then on.
  bool is_verified;
  /// What sets up a device, as "otpauth://..."; NULL once it is verified.
  const char *provisioning_url;
  /// None once it is verified.
  const char *const *recovery_codes;
  size_t recovery_codes_len;
  /// This and the time below are as the controller wrote them (RFC 3339), or NULL.
  const char *created_at;
  const char *updated_at;
  /// What an administrator attached to it, as a JSON object.
  const char *tags_json;
} zec_mfa;

/// A picture that sets up a device. It is as secret as the provisioning URL, so freeing wipes it.
typedef struct {
  /// A PNG file.
  const uint8_t *png;
  size_t png_len;
} zec_qr_code;

/// The recovery codes that are left. They are secret, so freeing wipes them.
typedef struct {
  /// Of the second factor.
  const char *id;
  const char *const *recovery_codes;
  size_t recovery_codes_len;
  /// This and the time below are those of the second factor, as the controller wrote them (RFC 3339), or NULL.
  const char *created_at;
  const char *updated_at;
  /// What an administrator attached to it, as a JSON object.
  const char *tags_json;
} zec_recovery_codes;

/// Which services are wanted; zero and NULL mean the default. Begin with ZEC_SERVICE_QUERY_INIT.
typedef struct {
  /// Set by the _INIT macro.
  size_t size;
  /// For a page: at most this many. Controllers send at most 500, which is the default.
  uint64_t limit;
  /// For a page: without this many at the beginning.
  uint64_t offset;
  /// Only services that match a filter in the controller's language, such as `name contains "db"`. What comes from
  /// elsewhere has to be quoted: see zec_filter_quote().
  const char *filter;
  /// Sorted by a field, such as `name` or `createdAt desc`.
  const char *sort;
  /// With configs of these types, by name or id; "all" for every type. Default: those of the client's options.
  const char *const *config_types;
  size_t config_types_len;
  /// Role attributes such as "#web" or ids such as "@4FTq" to select by. All controllers seen so far ignore this and
  /// the next: filter by `anyOf(roleAttributes) = "web"` instead.
  const char *const *role_filter;
  size_t role_filter_len;
  /// "AllOf" or "AnyOf".
  const char *role_semantic;
  /// Must be 0: without it the struct would end with padding where pointers have four bytes.
  size_t reserved;
} zec_service_query;

/// A service that this identity may dial or host.
typedef struct {
  const char *id;
  const char *name;
  /// True if this identity may connect to it, as long as its device passes the checks: see zec_service_can_use_dial().
  bool can_dial;
  /// True if this identity may host it, likewise: see zec_service_can_use_bind().
  bool can_bind;
  bool encryption_required;
  /// After how many milliseconds without data a connection is closed; 0 is never.
  int64_t max_idle_time_ms;
  /// The configs that were asked for, as one JSON object of config type to config; `{}` if there is none.
  const char *config_json;
  /// The ids of all configs of the service, asked for or not.
  const char *const *config_ids;
  size_t config_ids_len;
  /// What this identity may do, in the controller's words: "Dial", "Bind"; other words may come.
  const char *const *permissions;
  size_t permissions_len;
  /// The attributes that policies select the service by.
  const char *const *role_attributes;
  size_t role_attributes_len;
  /// The posture checks by policy, as a JSON array; `[]` if there is none.
  const char *posture_queries_json;
  /// What an administrator attached to the service, as one JSON object; `{}` if there is nothing.
  const char *tags_json;
  /// How the network picks among the terminators, such as `smartrouting`, or NULL.
  const char *terminator_strategy;
  /// As the controller wrote it (RFC 3339), or NULL.
  const char *created_at;
  /// As the controller wrote it (RFC 3339), or NULL. A change of its configs alone does not count.
  const char *updated_at;
} zec_service;

/// Services, in the order in which the controller sent them. `len` is 0 if there is none.
typedef struct {
  const zec_service *const *items;
  size_t len;
  /// How many services match in all: for a page, how far to go on.
  uint64_t total;
} zec_service_list;

/// Is shown one service, which is valid until it returns. Any answer but 0 ends the call, as a success.
typedef int32_t (*zec_service_callback)(const zec_service *service, void *userdata);

/// All that can be said of a service; zero and NULL mean nothing, or the default. Begin with ZEC_SERVICE_UPDATE_INIT.
typedef struct {
  /// Set by the _INIT macro.
  size_t size;
  /// Required.
  const char *name;
  /// The ids of its configs.
  const char *const *configs;
  size_t configs_len;
  /// Other than 0: data has to be encrypted from end to end.
  uint64_t encryption_required;
  /// After how many milliseconds without data a connection is closed; 0 is never.
  int64_t max_idle_time_ms;
  /// The attributes that policies select the service by.
  const char *const *role_attributes;
  size_t role_attributes_len;
  /// What is attached to it, as a JSON object.
  const char *tags_json;
  /// How the network picks among the terminators, such as "smartrouting".
  const char *terminator_strategy;
} zec_service_update;

/// What is changed of a service: NULL leaves as it is. Begin with ZEC_SERVICE_PATCH_INIT.
typedef struct {
  /// Set by the _INIT macro.
  size_t size;
  const char *name;
  /// The ids of its configs. To take all away, point to something and leave the length 0.
  const char *const *configs;
  size_t configs_len;
  /// Points to 0, or to another number if data has to be encrypted from end to end.
  const int32_t *encryption_required;
  /// Points to how many milliseconds without data close a connection; 0 is never.
  const int64_t *max_idle_time_ms;
  /// The attributes that policies select the service by. To take all away, as with `configs`.
  const char *const *role_attributes;
  size_t role_attributes_len;
  /// What is attached to it, as a JSON object.
  const char *tags_json;
  /// How the network picks among the terminators, such as "smartrouting".
  const char *terminator_strategy;
} zec_service_patch;

/// A process that a check looks for, on one operating system. Each text may be NULL.
typedef struct {
  /// "Windows", "WindowsServer", "Android", "iOS", "Linux" or "macOS".
  const char *os_type;
  /// The path of the program.
  const char *path;
} zec_posture_query_process;

/// One check of the device, and how it went. Each text but `id` and `tags_json` may be NULL.
typedef struct {
  /// By which responses name the check.
  const char *id;
  /// "OS", "PROCESS", "PROCESS_MULTI", "DOMAIN", "MAC" or "MFA"; other words may come.
  const char *query_type;
  /// True if the device passes the check.
  bool is_passing;
  /// True if an "MFA" check wants a code again after the device slept.
  bool prompt_on_wake;
  /// True if an "MFA" check wants a code again after the device was locked.
  bool prompt_on_unlock;
  /// How many seconds there are for that code, or -1. Known from the API document only.
  int64_t prompt_grace_period_seconds;
  /// For how many seconds a pass holds; -1 without an end.
  int64_t timeout;
  /// For how many seconds the pass still held when the controller answered; -1 without an end.
  int64_t timeout_remaining;
  /// When the pass ends, by the controller's clock. This and the times below are as the controller wrote them
  /// (RFC 3339).
  const char *timeout_at;
  /// The process that is looked for, of a "PROCESS" check, or NULL.
  const zec_posture_query_process *process;
  /// The processes that are looked for, of a "PROCESS_MULTI" check.
  const zec_posture_query_process *const *processes;
  size_t processes_len;
  const char *created_at;
  const char *updated_at;
  /// What an administrator attached to the check, as a JSON object.
  const char *tags_json;
} zec_posture_query;

/// What one policy asks of the device before it grants what it grants.
typedef struct {
  /// Where a policy checks nothing, controllers may send a sentence in place of its id.
  const char *policy_id;
  /// What the policy grants, "Dial" or "Bind"; or NULL.
  const char *policy_type;
  /// True if all queries pass, or there is none.
  bool is_passing;
  const zec_posture_query *const *queries;
  size_t queries_len;
} zec_posture_query_set;

/// The posture checks of a service by policy, in no particular order.
typedef struct {
  const zec_posture_query_set *const *items;
  size_t len;
} zec_posture_query_set_list;

/// Ports from `low` to `high`, both included.
typedef struct {
  uint16_t low;
  uint16_t high;
} zec_port_range;

/// How a service is dialed.
typedef struct {
  /// The terminator identity to dial, or NULL; may hold variables such as "$dst_hostname".
  const char *identity;
  /// How long connecting may take, or -1.
  int64_t connect_timeout_seconds;
} zec_dial_options;

/// What a tunneler intercepts for a service ("intercept.v1").
typedef struct {
  /// "tcp", "udp".
  const char *const *protocols;
  size_t protocols_len;
  /// IP addresses, CIDR blocks, DNS names, and wildcards such as "*.example.test".
  const char *const *addresses;
  size_t addresses_len;
  const zec_port_range *const *port_ranges;
  size_t port_ranges_len;
  /// How the service is dialed, or NULL.
  const zec_dial_options *dial_options;
  /// The source address that the hosting side is to use, or NULL; may hold variables such as "$src_ip".
  const char *source_ip;
  /// Addresses or CIDR blocks of the only clients to intercept; empty for all.
  const char *const *allowed_source_addresses;
  size_t allowed_source_addresses_len;
} zec_intercept_v1;

/// Forwarded addresses whose first bits are those of `from` get those of `to`. Each text may be NULL.
typedef struct {
  /// An IP address.
  const char *from;
  /// An IP address of the same kind.
  const char *to;
  /// How many bits are replaced, or -1.
  int32_t prefix_length;
} zec_address_translation;

/// What follows from the outcome of a check. Each text may be NULL.
typedef struct {
  /// "pass", "fail" or "change".
  const char *trigger;
  /// How often it has to happen in a row, or -1.
  int32_t consecutive_events;
  /// For how long it has to be so, such as "10s".
  const char *duration;
  /// "mark healthy", "mark unhealthy", "increase cost 10", "decrease cost 10" or "send event".
  const char *action;
} zec_check_action;

/// A check that opens a connection. Each text may be NULL; durations are such as "5s" or "500ms".
typedef struct {
  /// "host:port".
  const char *address;
  /// How much time lies between two checks.
  const char *interval;
  /// How long one check may take.
  const char *timeout;
  /// What follows from its outcome.
  const zec_check_action *const *actions;
  size_t actions_len;
} zec_port_check;

/// A check that makes an HTTP request. Each text may be NULL; durations are such as "5s" or "500ms".
typedef struct {
  const char *url;
  /// "GET", "POST", "PUT" or "PATCH".
  const char *method;
  /// What is sent.
  const char *body;
  /// The HTTP status of a good answer, or -1.
  int32_t expect_status;
  /// A text that a good answer holds.
  const char *expect_in_body;
  /// How much time lies between two checks.
  const char *interval;
  /// How long one check may take.
  const char *timeout;
  /// What follows from its outcome.
  const zec_check_action *const *actions;
  size_t actions_len;
} zec_http_check;

/// How a service is hosted. Each text may be NULL, each number is -1 if it is not set.
typedef struct {
  /// True to make the terminator addressable by the name of the hosting identity.
  bool bind_using_edge_identity;
  /// What the terminator costs: the cheapest is taken first.
  int32_t cost;
  /// The name by which the terminator is addressed; may hold variables such as "$tunneler_id.name".
  const char *identity;
  /// How long connecting may take, such as "5s".
  const char *connect_timeout;
  /// How long connecting may take; `connect_timeout` wins.
  int64_t connect_timeout_seconds;
  /// "default", "required" or "failed".
  const char *precedence;
  /// At how many edge routers to host.
  int64_t max_connections;
} zec_listen_options;

/// A proxy between the hosting side and the place it connects to. Each text may be NULL.
typedef struct {
  /// "http".
  const char *kind;
  /// "host:port".
  const char *address;
} zec_host_proxy;

/// Where a tunneler that hosts a service connects to ("host.v1"). Protocol, address and port are each either fixed, or
/// forwarded from the side that dials; what is forwarded has to be among what is allowed. Each text may be NULL.
typedef struct {
  /// "tcp" or "udp".
  const char *protocol;
  /// An IP address or a host name.
  const char *address;
  /// The port, or -1.
  int32_t port;
  /// True to use the protocol that was intercepted, in place of `protocol`; and likewise for the next two.
  bool forward_protocol;
  bool forward_address;
  bool forward_port;
  /// What may be forwarded.
  const char *const *allowed_protocols;
  size_t allowed_protocols_len;
  /// IP addresses, CIDR blocks, DNS names and wildcards.
  const char *const *allowed_addresses;
  size_t allowed_addresses_len;
  const zec_port_range *const *allowed_port_ranges;
  size_t allowed_port_ranges_len;
  /// What becomes of forwarded addresses.
  const zec_address_translation *const *forward_address_translations;
  size_t forward_address_translations_len;
  /// The source addresses that clients may ask for; the hosting side makes local routes for them.
  const char *const *allowed_source_addresses;
  size_t allowed_source_addresses_len;
  const zec_port_check *const *port_checks;
  size_t port_checks_len;
  const zec_http_check *const *http_checks;
  size_t http_checks_len;
  /// How the service is hosted, or NULL.
  const zec_listen_options *listen_options;
  /// The proxy to connect through, or NULL.
  const zec_host_proxy *proxy;
} zec_host_v1;

/// Where a tunneler that hosts a service connects to, with one terminator for each place ("host.v2").
typedef struct {
  /// The places. They are freed with this.
  const zec_host_v1 *const *terminators;
  size_t terminators_len;
} zec_host_v2;

/// What a tunneler intercepts for a service, over TCP and UDP ("ziti-tunneler-client.v1").
typedef struct {
  /// An IP address or a DNS name, or NULL.
  const char *hostname;
  /// The port, or -1.
  int32_t port;
} zec_tunneler_client_v1;

/// Where a tunneler that hosts a service connects to ("ziti-tunneler-server.v1"). Each text may be NULL.
typedef struct {
  /// "tcp" or "udp".
  const char *protocol;
  /// An IP address or a host name.
  const char *hostname;
  /// The port, or -1.
  int32_t port;
  const zec_port_check *const *port_checks;
  size_t port_checks_len;
  const zec_http_check *const *http_checks;
  size_t http_checks_len;
} zec_tunneler_server_v1;

/// A service that is gone, or may no longer be used.
typedef struct {
  const char *id;
  /// The name that it had.
  const char *name;
} zec_removed_service;

/// What a poll found. All lengths are 0 if nothing changed.
typedef struct {
  /// Services that were not there before.
  const zec_service *const *added;
  size_t added_len;
  /// Services of which something is different now, as they are now.
  const zec_service *const *changed;
  size_t changed_len;
  const zec_removed_service *const *removed;
  size_t removed_len;
} zec_service_changes;

/// One place at which a service is hosted. Each text but `id` and `tags_json` may be NULL.
typedef struct {
  const char *id;
  /// Which instance of the service it is, where its host gave it a name to be dialed by; else empty.
  const char *identity;
  /// The router that it is reached through.
  const char *router_id;
  const char *service_id;
  const char *service_name;
  /// As the controller wrote it (RFC 3339); and the next likewise.
  const char *created_at;
  const char *updated_at;
  /// What is attached to it, as a JSON object.
  const char *tags_json;
} zec_terminator;

/// Terminators, in the order in which the controller sent them. `len` is 0 if there is none.
typedef struct {
  const zec_terminator *const *items;
  size_t len;
  /// How many match in all: for a page, how far to go on.
  uint64_t total;
} zec_terminator_list;

/// Is shown one terminator, which is valid until it returns. Any answer but 0 ends the call, as a success.
typedef int32_t (*zec_terminator_callback)(const zec_terminator *terminator, void *userdata);

/// The leave to dial or to host one service. Each text but `id`, `token` and `tags_json` may be NULL.
typedef struct {
  const char *id;
  /// A secret: what edge routers ask for. Wiped when the session is freed; copies are yours to wipe. Where it is the
  /// same as the id, it is only a stand-in: since controller 2.0 zec_sessions_create() alone has the token.
  const char *token;
  /// "Dial" or "Bind"; other words may come.
  const char *kind;
  const char *service_id;
  const char *service_name;
  /// The login that the session belongs to.
  const char *api_session_id;
  const char *identity_id;
  /// The edge routers to reach the service through; empty if none is there for it.
  const zec_edge_router *const *edge_routers;
  size_t edge_routers_len;
  /// The ids of the policies that allow it; empty in the answer of zec_sessions_create(), and in networks without any
  /// posture check.
  const char *const *service_policy_ids;
  size_t service_policy_ids_len;
  /// As the controller wrote it (RFC 3339); and the next likewise.
  const char *created_at;
  const char *updated_at;
  /// What is attached to it, as a JSON object.
  const char *tags_json;
} zec_session;

/// Sessions, in the order in which the controller sent them. `len` is 0 if there is none.
typedef struct {
  const zec_session *const *items;
  size_t len;
  /// How many match in all: for a page, how far to go on.
  uint64_t total;
} zec_session_list;

/// Is shown one session, which is valid until it returns. Any answer but 0 ends the call, as a success.
typedef int32_t (*zec_session_callback)(const zec_session *session, void *userdata);

/// Which session is wanted. Begin with ZEC_SESSION_REQUEST_INIT.
typedef struct {
  /// Set by the _INIT macro.
  size_t size;
  /// The service.
  const char *service_id;
  /// "Dial" to use the service, "Bind" to host it. Default: "Dial".
  const char *kind;
  /// What to attach to the session, as a JSON object. Default: nothing.
  const char *tags_json;
} zec_session_request;

/// A posture check that stands in the way of a session.
typedef struct {
  /// The id, which is also that of the query in the service's posture queries; or NULL.
  const char *id;
  /// What is checked: "OS", "DOMAIN", "MAC", "PROCESS", "PROCESS_MULTI" or "MFA"; other words may come. Or NULL.
  const char *type_id;
  /// False in all that was seen so far.
  bool is_passing;
  /// Whatever else the controller tells of the check, as a JSON object; nothing so far.
  const char *details_json;
} zec_failed_check;

/// A policy that would allow the session, if the device passed its posture checks.
typedef struct {
  const char *policy_id;
  /// Its checks that stand in the way.
  const zec_failed_check *const *checks;
  size_t checks_len;
} zec_failed_policy;

/// Policies whose posture checks failed; passing those of any one of them is enough.
typedef struct {
  const zec_failed_policy *const *items;
  size_t len;
} zec_failed_policy_list;

/// A request for zec_client_request(). Begin with ZEC_REQUEST_INIT.
typedef struct {
  /// Set by the _INIT macro.
  size_t size;
  /// "GET", "POST", "PUT", "PATCH" or "DELETE".
  const char *method;
  /// Below the base path of the API and escaped, such as "/services/a%20b".
  const char *path;
  /// Names and values in turn, not escaped.
  const char *const *query;
  /// How many names and values; an even number.
  size_t query_len;
  /// May be NULL.
  const uint8_t *body;
  size_t body_len;
  /// What the body is. Default: "application/json".
  const char *media_type;
} zec_request;

/// The answer to zec_client_request().
typedef struct {
  /// 200 to 299.
  uint16_t http_status;
  /// What the body is, or NULL.
  const char *content_type;
  /// The body as it came, and a NUL that `body_len` does not count. Wiped when the answer is freed.
  const uint8_t *body;
  size_t body_len;
} zec_answer;

/// Takes one log line: `level` from 1 (errors) to 5 (all there is), `target` the part of the library that wrote it.
/// Runs on the thread of the call that logs, possibly on several threads at once. It must not use the clients whose
/// calls it logs.
typedef void (*zec_log_callback)(int32_t level,
                                 const char *target,
                                 const char *message,
                                 void *userdata);

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/// The version of the library that is linked, such as "0.1.0"; ZEC_VERSION is the one that was compiled against.
const char *zec_version(void);

/// Wipes a text that is yours and frees it. Do not change its length before.
void zec_string_free(char *string);

void zec_string_list_free(zec_string_list *list);

/// ZEC_OK if `error` is NULL.
zec_code zec_error_code(const zec_error *error);

/// A sentence for the log, without a secret. Never NULL.
const char *zec_error_message(const zec_error *error);

/// What the call was doing when it failed: "resolve", "connect", "proxy", "proxy_login" (the proxy refuses the user
/// name and password of its address, or wants some), "tls", "send", "wait" or "body"; or NULL.
const char *zec_error_stage(const zec_error *error);

/// What stands in the way of an enrollment, as one word such as "token_expired", or NULL.
const char *zec_error_enrollment_problem(const zec_error *error);

/// Why a saved session cannot be taken up again, as one word such as "expired", or NULL.
const char *zec_error_session_problem(const zec_error *error);

/// The HTTP status of the controller's answer, or 0. Controllers of 1.5 and later also send 601 to 606.
uint16_t zec_error_http_status(const zec_error *error);

/// The controller's code such as "INVALID_AUTH", or NULL.
const char *zec_error_api_code(const zec_error *error);

/// What the controller calls the request in its log, or NULL.
const char *zec_error_request_id(const zec_error *error);

/// The cause as the controller sent it: JSON of changing shape, or NULL.
const char *zec_error_cause_json(const zec_error *error);

/// The milliseconds until another try is of use: as long as the controller asks to be left alone, or, of
/// ZEC_ERR_REJECTED, until a login asks it again (a certificate or external JWT that is refused is believed to be so for
/// ten minutes; zec_client_retry_now has the next call ask). 0 where nothing says so.
uint64_t zec_error_retry_after_ms(const zec_error *error);

/// True where the same call may succeed later without a change.
bool zec_error_is_retryable(const zec_error *error);

void zec_error_free(zec_error *error);

/// Makes a token that has not been used.
ZEC_MUST_USE zec_error *zec_cancel_new(zec_cancel **out);

/// Ends all calls that were given `cancel`, within 100 ms, and all later ones at once: it cannot be undone.
/// May be called on any thread, but not in a signal handler. NULL is ignored.
void zec_cancel_cancel(const zec_cancel *cancel);

/// True once zec_cancel_cancel() was called. False for NULL.
bool zec_cancel_is_canceled(const zec_cancel *cancel);

/// Allowed while calls and clients have it: they go on, and can no longer be canceled by it.
void zec_cancel_free(zec_cancel *cancel);

/// Makes a signer. Asks nothing of it yet.
ZEC_MUST_USE zec_error *zec_signer_new(const zec_signer_options *options, zec_signer **out);

/// Enrollments and identities that use the signer go on using it.
void zec_signer_free(zec_signer *signer);

/// The text in double quotes and escaped, as a filter wants values. Free it with zec_string_free(). A text with a
/// backslash right before an f, n, r or t is ZEC_ERR_INVALID_ARGUMENT: no controller can be asked for it.
ZEC_MUST_USE
zec_error *zec_filter_quote(const char *value,
                            char **out);

/// Reads an identity file, of at most 8 MiB; clients made from it keep it there (zec_client_options).
ZEC_MUST_USE
zec_error *zec_identity_load(const char *path,
                             zec_identity **out);

/// Reads the text of an identity file. `file:` references in it are relative to the current folder.
ZEC_MUST_USE zec_error *zec_identity_from_json(const char *identity_json, zec_identity **out);

/// Reads an identity file whose key `signer` has: in place of the key it has the signer's reference.
ZEC_MUST_USE
zec_error *zec_identity_load_with_signer(const char *path,
                                         const zec_signer *signer,
                                         zec_identity **out);

/// The same for the text of an identity file. `file:` references in it are relative to the current folder.
ZEC_MUST_USE
zec_error *zec_identity_from_json_with_signer(const char *identity_json,
                                              const zec_signer *signer,
                                              zec_identity **out);

/// Writes the identity file: whole or not at all, in place of what is there. A new file is readable by its owner only;
/// one that is there keeps owner and mode. Waits at most 10 s for another process that writes it. The file `NAME.lock`
/// beside it stays. If the identity was loaded from that file, what another process changed in it since then stays, too;
/// ZEC_ERR_IDENTITY if both changed the same.
ZEC_MUST_USE
zec_error *zec_identity_save(const zec_identity *identity,
                             const char *path);

/// The text of the identity file, private key included. Free it with zec_string_free(), which wipes it.
ZEC_MUST_USE
zec_error *zec_identity_to_json(const zec_identity *identity,
                                char **out);

/// The user name that an enrollment by "updb" gave the identity: that of the enrollment, where the controller tells it,
/// or else the one that was asked for. *out is NULL for any other identity, also once it was loaded from its file; free
/// it with zec_string_free().
ZEC_MUST_USE
zec_error *zec_identity_username(const zec_identity *identity,
                                 char **out);

/// The addresses of the controllers as `https://host:port`, the preferred one first. There is always one.
ZEC_MUST_USE
zec_error *zec_identity_controllers(const zec_identity *identity,
                                    zec_string_list **out);

void zec_identity_free(zec_identity *identity);

/// Puts an identity together from what an identity file would hold, without one.
ZEC_MUST_USE
zec_error *zec_identity_from_parts(const zec_identity_parts *parts,
                                   zec_identity **out);

/// The same identity with other controllers, the preferred one first, as `https://host:port`. Nothing is written before
/// it is saved.
ZEC_MUST_USE
zec_error *zec_identity_with_controllers(const zec_identity *identity,
                                         const char *const *controllers,
                                         size_t controllers_len,
                                         zec_identity **out);

/// What there is to tell of an identity: name, controllers, key kind, certificate, CA bundle.
ZEC_MUST_USE
zec_error *zec_identity_describe(const zec_identity *identity,
                                 zec_identity_description **out);

void zec_identity_description_free(zec_identity_description *description);

/// The server side of a router. *out is NULL for any other identity.
ZEC_MUST_USE
zec_error *zec_identity_server_certificate(const zec_identity *identity,
                                           zec_server_certificate **out);

void zec_server_certificate_free(zec_server_certificate *certificate);

/// Reads an enrollment token, the text of a `.jwt` file; or the address of a controller, `https://host:port`, where no
/// token is needed. No I/O.
ZEC_MUST_USE
zec_error *zec_enrollment_parse(const char *jwt,
                                zec_enrollment **out);

/// The text of a token file, such as `alice.jwt`, for the functions here; what is no enrollment token is an error that
/// names the file. Free it with zec_string_free(), which wipes it.
ZEC_MUST_USE
zec_error *zec_enrollment_load(const char *path,
                               char **out);

void zec_enrollment_free(zec_enrollment *enrollment);

/// How far an earlier enrollment into `path` with this token came: "nothing" (it was not tried, or came to its end),
/// "key_kept" (the token is as it was), "answer_lost" (it may be spent: zec_identity_resume() asks again),
/// "certificate_issued" or "carried_out" (zec_identity_enroll() stores the identity); others may come. *out is not to be
/// freed.
ZEC_MUST_USE
zec_error *zec_enrollment_pending(const char *jwt,
                                  const char *path,
                                  const char **out);

/// Goes on with an enrollment that was interrupted, with the key and request in `NAME.pending` beside `options->path`:
/// sends the request also where the controller may have been given it before, which zec_identity_enroll() does not.
/// The problem "token_not_known" means then that it was carried out, and its certificate lost, or that the token is gone.
/// Where no certificate is issued, one login by what was enrolled tells the two apart.
/// POST /enroll (enroll)
ZEC_MUST_USE
zec_error *zec_identity_resume(const char *jwt,
                               const zec_enroll_options *options,
                               zec_identity **out);

/// Enrolls by a token: makes a key, obtains a certificate, stores both; or by what else its method needs, which
/// zec_enrollment_parse() tells, in the options. `jwt` may be the address of a controller, `https://host:port`, where no
/// token is needed: see `method` and `ca` of the options. `options` may be NULL for "ott", "erott" and "network".
/// Once the token is on its way, a time limit, a cancel or a broken connection is ZEC_ERR_ENROLLMENT with the problem
/// "maybe_spent", not the code of its own: another try with this token may be refused, and is up to
/// zec_identity_resume().
/// POST /enroll (enroll)
ZEC_MUST_USE
zec_error *zec_identity_enroll(const char *jwt,
                               const zec_enroll_options *options,
                               zec_identity **out);

/// Makes a source of one token. When that expires, or is refused, a client needs new credentials.
ZEC_MUST_USE zec_error *zec_jwt_source_token(const char *jwt, zec_jwt_source **out);

/// Makes a source that asks `supply` for a token whenever one is needed, and once more if that one is refused.
/// `userdata` is passed to it, and freed by `userdata_free`, which may be NULL, when nothing uses the source any more,
/// also if the call fails.
ZEC_MUST_USE
zec_error *zec_jwt_source_supplier(zec_jwt_callback supply,
                                   void *userdata,
                                   zec_userdata_free userdata_free,
                                   zec_jwt_source **out);

/// Clients that use the source go on using it.
void zec_jwt_source_free(zec_jwt_source *source);

/// How a client is doing, as far as it knows: no I/O, and no call under way is waited for. It may be called from inside
/// of any callback, too.
ZEC_MUST_USE
zec_error *zec_client_status(const zec_client *client,
                             zec_status **out);

void zec_status_free(zec_status *status);

/// Tries each step on the way to a login, at every controller, and says which fails, why, and what to do. It takes no
/// longer than one call may; each controller has its share of that. Nothing is spent and nothing changed, but that a
/// client without a login logs in, as its next call would, and waits for nothing that may come later. What fails, by a cancel token, too, is in the diagnosis and is
/// no error.
ZEC_MUST_USE
zec_error *zec_client_diagnose(const zec_client *client,
                               zec_diagnosis **out);

void zec_diagnosis_free(zec_diagnosis *diagnosis);

/// Does all that is due, and says when it wants to be called next: renews the login before it ends and the certificate
/// (zec_client_renew_if_due()); takes over the list of the controllers and their CA certificates.
///
/// Nothing of this happens by itself, and a client works without it, as long as its certificate, its controllers and
/// their CA do. It has the time limit of one call for all it does. What fails is told as an event, holds up nothing
/// else, and is tried again later. Whatever changes the identity is saved at once, where it is kept, and used from then
/// on. While a login fails, or waits for a factor, what needs one waits with it, and one event tells of both. A call on
/// another thread that is busy with the same is waited for, so that nothing is done twice; from inside of a callback of
/// its own it does nothing.
///
/// Controllers and CA certificates are only taken from a controller whose certificate the network's CA bundle verifies.
/// New CA certificates are trusted beside the old ones, which go once all controllers that can be reached were verified
/// without them, for a day.
ZEC_MUST_USE
zec_error *zec_client_maintain(const zec_client *client,
                               zec_maintenance **out);

void zec_maintenance_free(zec_maintenance *maintenance);

/// Renews the certificate now, whether or not it is due. The new one, and its key if that is new, too, are kept beside
/// the identity before they are confirmed, and take its place once they have logged in; should anything fail, the old
/// ones stay. A client without `path` or `save` is ZEC_ERR_INVALID_ARGUMENT, a certificate that the network did not
/// issue ZEC_ERR_UNSUPPORTED. If the new one is in use but cannot be saved yet, that is the error, and an event tells it.
///
/// POST /current-identity/authenticators/{id}/extend (extendCurrentIdentityAuthenticator) and …/extend-verify
/// (extendVerifyCurrentIdentityAuthenticator)
ZEC_MUST_USE
zec_error *zec_client_renew(const zec_client *client,
                            zec_event **out);

/// The same if it is due: if an administrator asks for it, its end is near, or a renewal was interrupted. *out is NULL
/// if it is not, or if another thread did it meanwhile.
ZEC_MUST_USE
zec_error *zec_client_renew_if_due(const zec_client *client,
                                   zec_event **out);

void zec_event_free(zec_event *event);

/// What another part of a program needs to use this login, such as one that dials services. Logs in if there is no
/// login, and renews one that is due for it; so is a legacy session that is near its end, unless its controller moves that
/// when it is used, or the next one would want a code of its user. ZEC_ERR_LOGIN_PENDING if the login waits for a factor. Who needs a
/// certificate of the session's own has one made by zec_session_certificates_create().
ZEC_MUST_USE
zec_error *zec_client_credentials(const zec_client *client,
                                  zec_session_credentials **out);

void zec_session_credentials_free(zec_session_credentials *credentials);

/// The session as text that another process of the same identity can take up by zec_client_resume_session(). *out is
/// NULL if there is none. The text is as secret as a password; free it with zec_string_free(), which wipes it. No I/O.
ZEC_MUST_USE
zec_error *zec_client_save_session(const zec_client *client,
                                   char **out);

/// Goes on with a session that was saved, in the place of the one there is: nobody has to log in, or give a code again,
/// unless a call finds that the controller does not know the session any more. If it cannot be used here,
/// zec_error_session_problem() says why, and the client stays as it was. No I/O.
ZEC_MUST_USE
zec_error *zec_client_resume_session(const zec_client *client,
                                     const char *saved);

/// Makes a client. No I/O. `options` may be NULL; `identity` may be freed afterwards.
ZEC_MUST_USE
zec_error *zec_client_new(const zec_identity *identity,
                          const zec_client_options *options,
                          zec_client **out);

/// The same client with another time limit per call; the tighter of both holds. `timeout_ms` must not be 0, which
/// other interfaces take for "no limit" or for "at once". It shares login and connections with `client`, which may be
/// freed first.
ZEC_MUST_USE
zec_error *zec_client_with_timeout(const zec_client *client,
                                   uint64_t timeout_ms,
                                   zec_client **out);

/// The same client with one more cancel token; each of them ends its calls. It shares login and connections with
/// `client`, which may be freed first.
ZEC_MUST_USE
zec_error *zec_client_with_cancel(const zec_client *client,
                                  const zec_cancel *cancel,
                                  zec_client **out);

/// The same client for the management API of the same controllers. It has the operations on the own session and the own
/// authenticators, zec_controller_version() and zec_client_request(), and logs in as ever; anything else is
/// ZEC_ERR_UNSUPPORTED without any I/O. It shares login and connections with `client`, which may be freed first.
ZEC_MUST_USE
zec_error *zec_client_management(const zec_client *client,
                                 zec_client **out);

/// The identity as it is now; it may have been renewed since the client was made.
ZEC_MUST_USE zec_error *zec_client_identity(const zec_client *client, zec_identity **out);

/// Has this client and those derived from it log in with other credentials from now on, the next time that a call needs
/// a login: the one there is is used no more, and left to expire. Calls in flight end as they began. No I/O.
/// `credentials` may be freed afterwards. ZEC_ERR_TIMEOUT if another thread renews the identity for as long as a call
/// may take.
ZEC_MUST_USE
zec_error *zec_client_set_credentials(const zec_client *client,
                                      const zec_credentials *credentials);

/// Has this client and those derived from it take the external JWT of a second factor from elsewhere from now on. The
/// login stays; one whose JWT was refused gets another one with the next call that needs it. No I/O. `source` may be freed
/// afterwards.
ZEC_MUST_USE
zec_error *zec_client_set_second_factor_jwt(const zec_client *client,
                                            const zec_jwt_source *source);

/// Takes no earlier refusal of the credentials, or of an external JWT, for an answer any more: the next call that needs
/// a login asks the controller again. It also tries controllers that have failed, or asked to be left alone, without
/// waiting for its turn. No I/O.
ZEC_MUST_USE
zec_error *zec_client_retry_now(const zec_client *client);

/// Closes its connections, unless derived clients still use them; no I/O. The session stays: see zec_client_logout().
void zec_client_free(zec_client *client);

/// Logs in with the client's credentials, also if there is a login; later calls use the session. Optional: a call that
/// needs a login makes one. If `auth_queries` is not empty, the login waits for those factors. A refusal is
/// ZEC_ERR_REJECTED; a password that was refused is not sent again before zec_client_set_credentials() or
/// zec_client_retry_now(). One that nobody has judged, as its answers were lost, is sent by other calls three times in a
/// row, after which they end with ZEC_ERR_IDENTITY; by this one it is sent again.
/// POST /authenticate (authenticate)
ZEC_MUST_USE
zec_error *zec_client_authenticate(const zec_client *client,
                                   zec_api_session **out);

/// Gives the login the TOTP or recovery code that it waits for; later calls use it. Logs in first if there is no login.
/// `auth_queries` of `out` is empty if no other factor is wanted. A wrong code is ZEC_ERR_API with the code
/// "MFA_INVALID_TOKEN", or "INVALID TOTP CODE" over OIDC, and changes nothing. After a lost answer the code is not sent
/// again, as a recovery code works once.
/// POST /authenticate/mfa (authenticateMfa)
ZEC_MUST_USE
zec_error *zec_client_authenticate_mfa(const zec_client *client,
                                       const char *code,
                                       zec_api_session **out);

/// Ends the session, if there is one; the next call that needs one logs in anew. Calls under way on other threads end as
/// they began: what they log in for is theirs alone, and is ended with them. Over OIDC the tokens are forgotten and the
/// refresh token is revoked, as far as the controller can; an access token that a refresh has brought may be good for
/// somebody who has seen it until its time is over. If the call fails the session is used no more all the same.
/// DELETE /current-api-session (deleteCurrentApiSession)
ZEC_MUST_USE
zec_error *zec_client_logout(const zec_client *client);

/// Ends the login of this client and, as far as the controllers do, all others of its identity, made over OIDC by this
/// or any other program. Logs in first if there is no login. Controllers of 2.0 end all access tokens of the identity
/// that were made until then, and no refresh token but this client's: other clients go on with a refresh. Those before
/// 2.0 end this client's refresh token only. `before` is set to true if the controller had done so before: it does so
/// only once for an identity. ZEC_ERR_UNSUPPORTED if the login is a session that one controller keeps.
/// POST /oidc/end_session
ZEC_MUST_USE
zec_error *zec_client_logout_everywhere(const zec_client *client,
                                        bool *before);

/// The factors for which the login of a call waits: an error with the code ZEC_ERR_LOGIN_PENDING. Empty for every other
/// error, and for NULL.
ZEC_MUST_USE
zec_error *zec_error_factors(const zec_error *error,
                             zec_auth_query_list **out);

void zec_auth_query_list_free(zec_auth_query_list *list);

/// What is known here that may matter to a refusal of the credentials (ZEC_ERR_REJECTED), such as that the certificate
/// expired or when the last login succeeded; one sentence for each, all of them in the message, too. Controllers do not
/// say why they refuse. Empty for every other error, and for NULL.
ZEC_MUST_USE
zec_error *zec_error_known_facts(const zec_error *error,
                                 zec_string_list **out);

/// All enabled identity providers that match the query. `query` may be NULL; it must have no `limit` and no `offset`,
/// and filters only by fields that services have too, such as `name`. Needs no login.
/// GET /external-jwt-signers (listExternalJwtSigners), page by page
ZEC_MUST_USE
zec_error *zec_external_jwt_signers_list(const zec_client *client,
                                         const zec_list_query *query,
                                         zec_external_jwt_signer_list **out);

/// One page of the enabled identity providers that match the query. `query` may be NULL. Needs no login.
/// GET /external-jwt-signers (listExternalJwtSigners)
ZEC_MUST_USE
zec_error *zec_external_jwt_signers_page(const zec_client *client,
                                         const zec_list_query *query,
                                         zec_external_jwt_signer_list **out);

/// Shows the enabled identity providers that match the query to `callback` one by one, without keeping them all.
/// `query` may be NULL; it must have no `limit` and no `offset`. The time limit holds for all pages and all that the
/// callback does. Needs no login.
/// GET /external-jwt-signers (listExternalJwtSigners), page by page
ZEC_MUST_USE
zec_error *zec_external_jwt_signers_for_each(const zec_client *client,
                                             const zec_list_query *query,
                                             zec_external_jwt_signer_callback callback,
                                             void *userdata);

void zec_external_jwt_signer_list_free(zec_external_jwt_signer_list *list);

/// Tokens for a refresh token that was kept from an earlier login, so that nobody has to be asked again. One that is no
/// good any more is ZEC_ERR_API with the code "invalid_grant".
ZEC_MUST_USE
zec_error *zec_provider_token_from_refresh_token(const zec_provider_options *options,
                                                 const char *refresh_token,
                                                 zec_provider_token **out);

/// The tokens as they are now. No I/O.
ZEC_MUST_USE
zec_error *zec_provider_token_get(const zec_provider_token *token,
                                  zec_provider_tokens **out);

void zec_provider_tokens_free(zec_provider_tokens *tokens);

/// The token that controllers want, renewed if it is near its end; or in any case, if it was `refused`. One that is not
/// over yet is given also if it cannot be renewed. Free it with zec_string_free(), which wipes it.
ZEC_MUST_USE
zec_error *zec_provider_token_current(const zec_provider_token *token,
                                      bool refused,
                                      char **out);

/// Gets new tokens, whether or not the old ones are over. Without a refresh token it is ZEC_ERR_UNSUPPORTED.
ZEC_MUST_USE
zec_error *zec_provider_token_refresh(const zec_provider_token *token);

/// Makes a source that gives clients the token that controllers want, and renews it at the provider when it is near its
/// end or refused. `token` may be freed; while it is kept, it has the newest refresh token.
ZEC_MUST_USE
zec_error *zec_jwt_source_provider(const zec_provider_token *token,
                                   zec_jwt_source **out);

/// Sources that were made of it go on using it.
void zec_provider_token_free(zec_provider_token *token);

/// Begins a login: asks the provider for its OpenID configuration, and makes what ties the browser's answer to this
/// login (state, nonce, PKCE). `redirect_uri` has to be one that the provider knows of the application: `http://` on
/// this machine, `https://`, or of a scheme of the application's own.
ZEC_MUST_USE
zec_error *zec_provider_login_begin(const zec_provider_options *options,
                                    const char *redirect_uri,
                                    zec_provider_login **out);

/// What the user has to open in a browser. It belongs into no log. NULL for NULL.
const char *zec_provider_login_url(const zec_provider_login *login);

/// Ends the login with the whole address to which the provider sent the browser back: checks that it answers this
/// login, else it is ZEC_ERR_INVALID_ARGUMENT and the right one may still come; and exchanges its code for tokens. What
/// the provider refuses is ZEC_ERR_API with its code, such as "access_denied".
ZEC_MUST_USE
zec_error *zec_provider_login_complete(const zec_provider_login *login,
                                       const char *redirect_url,
                                       zec_provider_token **out);

void zec_provider_login_free(zec_provider_login *login);

/// Listens on 127.0.0.1 at this port, or at any free one for 0; the redirect address ends with "/auth/callback". A port
/// that is taken is ZEC_ERR_TRANSPORT.
ZEC_MUST_USE
zec_error *zec_loopback_bind(uint16_t port,
                             zec_loopback **out);

/// Listens at a redirect address: `http://`, then `127.0.0.1`, `localhost` or `[::1]`, a port, and a path. Without a
/// port, or with 0, at any free one.
ZEC_MUST_USE
zec_error *zec_loopback_at(const char *redirect_uri,
                           zec_loopback **out);

/// The redirect address to begin a login with. NULL for NULL.
const char *zec_loopback_redirect_uri(const zec_loopback *loopback);

/// Waits at most `timeout_ms`, which must not be 0, for the browser that answers `login`, and tells its user to go back
/// to the program. All else is refused, and the wait goes on; the cancel token of the login ends it. The result is what
/// zec_provider_login_complete() wants; free it with zec_string_free(), which wipes it.
ZEC_MUST_USE
zec_error *zec_loopback_wait(const zec_loopback *loopback,
                             const zec_provider_login *login,
                             uint64_t timeout_ms,
                             char **out);

void zec_loopback_free(zec_loopback *loopback);

/// Begins a login: asks the provider for its OpenID configuration, and for a code. A provider that has no such login is
/// ZEC_ERR_UNSUPPORTED.
ZEC_MUST_USE
zec_error *zec_device_login_begin(const zec_provider_options *options,
                                  zec_device_login **out);

/// What the user has to enter. NULL for NULL.
const char *zec_device_login_user_code(const zec_device_login *login);

/// Where the user has to enter it. NULL for NULL.
const char *zec_device_login_verification_uri(const zec_device_login *login);

/// The same address with the code in it; NULL if the provider has none.
const char *zec_device_login_verification_uri_complete(const zec_device_login *login);

/// How long the code is still good; 0 once it is not, and for NULL.
uint64_t zec_device_login_expires_in_ms(const zec_device_login *login);

/// How long to wait between two polls: it grows if the provider asks for that. 0 for NULL.
uint64_t zec_device_login_interval_ms(const zec_device_login *login);

/// Asks once whether the user is done; *out is NULL if not. Within the interval after the last time it does not ask at
/// all. A user who says no is ZEC_ERR_API with the code "access_denied", a code that is over "expired_token".
ZEC_MUST_USE
zec_error *zec_device_login_poll(const zec_device_login *login,
                                 zec_provider_token **out);

/// Waits until the user is done, at most `timeout_ms`, which must not be 0; after ZEC_ERR_TIMEOUT it may be called
/// again. All else as for zec_device_login_poll().
ZEC_MUST_USE
zec_error *zec_device_login_wait(const zec_device_login *login,
                                 uint64_t timeout_ms,
                                 zec_provider_token **out);

void zec_device_login_free(zec_device_login *login);

/// The same as zec_controller_version(), from the first page of the API. Needs no login.
/// GET / (listRoot)
ZEC_MUST_USE zec_error *zec_controller_root(const zec_client *client, zec_version_info **out);

/// Which software the controller runs, which APIs it serves and where, and what it can do. Needs no login.
/// GET /version (listVersion)
ZEC_MUST_USE
zec_error *zec_controller_version(const zec_client *client,
                                  zec_version_info **out);

/// All capabilities that the software of the controller knows, such as "OIDC_AUTH"; which of them it has, is said by
/// zec_controller_version(). Needs no login. Free them with zec_string_list_free().
/// GET /enumerated-capabilities (listEnumeratedCapabilities)
ZEC_MUST_USE
zec_error *zec_controller_capabilities(const zec_client *client,
                                       zec_string_list **out);

/// Where the controller can be reached. Needs no login.
/// GET /protocols (listProtocols)
ZEC_MUST_USE zec_error *zec_controller_protocols(const zec_client *client, zec_protocol_list **out);

/// The CA certificates of the network as the controller has them now. The client goes on trusting what its identity
/// names. Needs no login.
/// GET /.well-known/est/cacerts (listWellKnownCas)
ZEC_MUST_USE
zec_error *zec_controller_ca_certificates(const zec_client *client,
                                          zec_ca_certificates **out);

void zec_version_info_free(zec_version_info *version);

void zec_protocol_list_free(zec_protocol_list *protocols);

void zec_ca_certificates_free(zec_ca_certificates *certificates);

/// All controllers of the network that match the query; none where there is no cluster. `query` may be NULL; it must
/// have no `limit` and no `offset`.
/// GET /controllers (listControllers), page by page
ZEC_MUST_USE
zec_error *zec_controllers_list(const zec_client *client,
                                const zec_list_query *query,
                                zec_controller_list **out);

/// One page of the controllers that match the query. `query` may be NULL.
/// GET /controllers (listControllers)
ZEC_MUST_USE
zec_error *zec_controllers_page(const zec_client *client,
                                const zec_list_query *query,
                                zec_controller_list **out);

/// Shows the controllers that match the query to `callback` one by one, without keeping them all. `query` may be NULL;
/// it must have no `limit` and no `offset`. The time limit holds for all pages and all that the callback does.
/// GET /controllers (listControllers), page by page
ZEC_MUST_USE
zec_error *zec_controllers_for_each(const zec_client *client,
                                    const zec_list_query *query,
                                    zec_controller_callback callback,
                                    void *userdata);

void zec_controller_list_free(zec_controller_list *list);

/// The API documents that the controller names. Needs no login.
/// GET /specs (listSpecs)
ZEC_MUST_USE zec_error *zec_specs_list(const zec_client *client, zec_spec_list **out);

/// What the controller says of an API document. It may have more than it lists. Needs no login.
/// GET /specs/{id} (detailSpec)
ZEC_MUST_USE zec_error *zec_specs_get(const zec_client *client, const char *id, zec_spec **out);

/// The text of an API document, which is asked for as JSON. Needs no login.
/// GET /specs/{id}/spec (detailSpecBody)
ZEC_MUST_USE
zec_error *zec_specs_body(const zec_client *client,
                          const char *id,
                          zec_spec_body **out);

void zec_spec_free(zec_spec *spec);

void zec_spec_list_free(zec_spec_list *list);

void zec_spec_body_free(zec_spec_body *body);

/// Enrolls by any method, in the form that every controller understands: one request, which is never repeated, by the
/// client's connections and without a login. Nothing is stored; if the answer is lost, the token may be spent.
/// zec_identity_enroll() is the whole way. `method` is ZEC_METHOD_OTT, _OTTCA, _CA, _UPDB or _EROTT; another one is
/// never sent. `token` is the `jti` of the enrollment token; only "ca" has none, and it may be NULL. "ottca" and "ca"
/// enroll the certificate of the client's identity. `body` may be NULL.
/// POST /enroll (enroll)
ZEC_MUST_USE
zec_error *zec_enrollments_enroll(const zec_client *client,
                                  uint32_t method,
                                  const char *token,
                                  const zec_enroll_body *body,
                                  zec_enrolled **out);

/// Has the network certify a key, as zec_enrollments_enroll() does; `csr` is the certificate request as PEM.
/// Controllers before 1.5 do not find the token.
/// POST /enroll/ott (enrollOtt)
ZEC_MUST_USE
zec_error *zec_enrollments_ott(const zec_client *client,
                               const char *token,
                               const char *csr,
                               zec_enrolled **out);

/// Enrolls the certificate of the client's identity, which the CA that the token names has issued, as
/// zec_enrollments_enroll() does. Controllers before 1.5 do not find the token.
/// POST /enroll/ottca (enrollOttCa)
ZEC_MUST_USE
zec_error *zec_enrollments_ottca(const zec_client *client,
                                 const char *token);

/// Enrolls the certificate of the client's identity, which any CA with automatic enrollment has issued. No controller
/// that was ever seen carries it out; zec_enrollments_enroll() with method "ca" works.
/// POST /enroll/ca (enrollCa)
ZEC_MUST_USE
zec_error *zec_enrollments_ca(const zec_client *client);

/// Sets the password of an identity, as zec_enrollments_enroll() does. The answer holds the user name, which is that of
/// the enrollment. Controllers before 1.5 do not have it.
/// POST /enroll/updb (enrollUpdb)
ZEC_MUST_USE
zec_error *zec_enrollments_updb(const zec_client *client,
                                const char *token,
                                const char *username,
                                const char *password,
                                zec_enrolled **out);

/// Enrolls a router. No controller that was ever seen carries it out; zec_enrollments_enroll() with method "erott"
/// works.
/// POST /enroll/erott (enrollErOtt)
ZEC_MUST_USE
zec_error *zec_enrollments_erott(const zec_client *client,
                                 const char *token,
                                 const char *client_csr,
                                 const char *server_csr,
                                 zec_enrolled **out);

/// Makes an identity for the holder of an external JWT. With a certificate request it gets a certificate; `csr` may be
/// NULL, and then the answer is empty and the identity logs in by such tokens. `signer_id` may be NULL; it names the
/// external JWT signer where the token's issuer does not tell. Controllers before 2.0 do not have it.
/// POST /enroll/token (enrollToken)
ZEC_MUST_USE
zec_error *zec_enrollments_token(const zec_client *client,
                                 const char *jwt,
                                 const char *csr,
                                 const char *signer_id,
                                 zec_enrolled **out);

/// Renews the certificates of a router, which the client's identity has to be; for anybody else it is
/// ZEC_ERR_UNAUTHORIZED.
/// POST /enroll/extend/router (extendRouterEnrollment)
ZEC_MUST_USE
zec_error *zec_enrollments_extend_router(const zec_client *client,
                                         const char *cert_csr,
                                         const char *server_cert_csr,
                                         zec_enrolled **out);

void zec_enrolled_free(zec_enrolled *enrolled);

/// The tokens by which anybody may join the network. Needs no login. Controllers before 1.3 do not have it.
/// GET /network-jwts (listNetworkJWTs)
ZEC_MUST_USE
zec_error *zec_network_jwts_list(const zec_client *client,
                                 zec_network_jwt_list **out);

void zec_network_jwt_list_free(zec_network_jwt_list *list);

/// The keys by which the controller signs its enrollment tokens. ZEC_ERR_UNSUPPORTED from every controller that was
/// ever seen.
/// GET /enroll/jwks (getEnrollmentJwks)
ZEC_MUST_USE
zec_error *zec_enrollments_jwks(const zec_client *client,
                                zec_jwks **out);

/// Has the controller sign `nonce`, a UUID, with the key named `key_id`. ZEC_ERR_UNSUPPORTED from every controller that
/// was ever seen.
/// POST /enroll/challenge (enrollmentChallenge)
ZEC_MUST_USE
zec_error *zec_enrollments_challenge(const zec_client *client,
                                     const char *nonce,
                                     const char *key_id,
                                     zec_nonce_signature **out);

void zec_jwks_free(zec_jwks *jwks);

void zec_nonce_signature_free(zec_nonce_signature *signature);

/// Answers one posture query. Responses are due after each login and after each change; a query that the controller
/// does not know is no error.
/// POST /posture-response (createPostureResponse)
ZEC_MUST_USE
zec_error *zec_posture_submit(const zec_client *client,
                              const zec_posture_response *response,
                              zec_posture_answer **out);

/// Answers several posture queries, within one time limit; without any it does nothing. To a controller that does not
/// have this operation the responses are sent one by one; if one of them fails, those before it count. `responses` may
/// be NULL if `responses_len` is 0.
/// POST /posture-response-bulk (createPostureResponseBulk)
ZEC_MUST_USE
zec_error *zec_posture_submit_bulk(const zec_client *client,
                                   const zec_posture_response *const *responses,
                                   size_t responses_len,
                                   zec_posture_answer **out);

void zec_posture_answer_free(zec_posture_answer *answer);

/// The session as the controller sees it now, also while it waits for a factor. If it waits no more, because the factor
/// was given by zec_client_request(), other calls go on with it from here on. Up to controller 1.7 asking keeps it alive.
/// GET /current-api-session (getCurrentAPISession)
ZEC_MUST_USE
zec_error *zec_current_api_session_get(const zec_client *client,
                                       zec_api_session **out);

/// Proves by a TOTP code that the user is there, and gives a token that says so. Only controllers since 1.7 have it,
/// and only for logins by OIDC; any other login is ZEC_ERR_API with the code "INVALID_BACKING_TOKEN_TYPE".
/// POST /current-api-session/totp-token (createTotpToken)
ZEC_MUST_USE
zec_error *zec_current_api_session_create_totp_token(const zec_client *client,
                                                     const char *code,
                                                     zec_totp_token **out);

/// When something last changed that may show in the identity's services. Only whether it is the same as before says
/// something: see zec_services_changed_since().
/// GET /current-api-session/service-updates (listServiceUpdates)
ZEC_MUST_USE
zec_error *zec_current_api_session_service_updates(const zec_client *client,
                                                   zec_service_updates **out);

void zec_totp_token_free(zec_totp_token *token);

void zec_service_updates_free(zec_service_updates *updates);

void zec_api_session_free(zec_api_session *session);

void zec_edge_router_list_free(zec_edge_router_list *list);

/// What the controller knows of the identity that is logged in.
/// GET /current-identity (getCurrentIdentity)
ZEC_MUST_USE
zec_error *zec_current_identity_get(const zec_client *client,
                                    zec_identity_detail **out);

void zec_identity_detail_free(zec_identity_detail *identity);

/// All edge routers that the identity may use and that match the query. Not all of them serve each service: see
/// zec_services_edge_routers(). `query` may be NULL; it must have no `limit` and no `offset`.
/// GET /current-identity/edge-routers (getCurrentIdentityEdgeRouters), page by page
ZEC_MUST_USE
zec_error *zec_current_identity_edge_routers(const zec_client *client,
                                             const zec_list_query *query,
                                             zec_edge_router_list **out);

/// One page of the edge routers that the identity may use and that match the query. `query` may be NULL.
/// GET /current-identity/edge-routers (getCurrentIdentityEdgeRouters)
ZEC_MUST_USE
zec_error *zec_current_identity_edge_routers_page(const zec_client *client,
                                                  const zec_list_query *query,
                                                  zec_edge_router_list **out);

/// Shows the edge routers that match the query to `callback` one by one, without keeping them all. `query` may be NULL;
/// it must have no `limit` and no `offset`. The time limit holds for all pages and all that the callback does.
/// GET /current-identity/edge-routers (getCurrentIdentityEdgeRouters), page by page
ZEC_MUST_USE
zec_error *zec_current_identity_edge_routers_for_each(const zec_client *client,
                                                      const zec_list_query *query,
                                                      zec_edge_router_callback callback,
                                                      void *userdata);

/// All certificates of the session that match the query. `query` may be NULL; it must have no `limit` and no `offset`.
/// Controllers of 1.3 and 2.0 list those of other sessions, too, which can be neither fetched nor deleted.
/// GET /current-api-session/certificates (listCurrentApiSessionCertificates), page by page
ZEC_MUST_USE
zec_error *zec_session_certificates_list(const zec_client *client,
                                         const zec_list_query *query,
                                         zec_session_certificate_list **out);

/// One page of the certificates of the session that match the query. `query` may be NULL.
/// GET /current-api-session/certificates (listCurrentApiSessionCertificates)
ZEC_MUST_USE
zec_error *zec_session_certificates_page(const zec_client *client,
                                         const zec_list_query *query,
                                         zec_session_certificate_list **out);

/// Shows the certificates of the session that match the query to `callback` one by one, without keeping them all.
/// `query` may be NULL; it must have no `limit` and no `offset`. The time limit holds for all pages and all that the
/// callback does.
/// GET /current-api-session/certificates (listCurrentApiSessionCertificates), page by page
ZEC_MUST_USE
zec_error *zec_session_certificates_for_each(const zec_client *client,
                                             const zec_list_query *query,
                                             zec_session_certificate_callback callback,
                                             void *userdata);

/// Issues a certificate for the key that signed the PEM of a certificate request, whose subject it takes over. It is
/// dated for some hours, and of use as long as the session.
/// POST /current-api-session/certificates (createCurrentApiSessionCertificate)
ZEC_MUST_USE
zec_error *zec_session_certificates_create(const zec_client *client,
                                           const char *csr_pem,
                                           zec_new_session_certificate **out);

/// One certificate of the session.
/// GET /current-api-session/certificates/{id} (detailCurrentApiSessionCertificate)
ZEC_MUST_USE
zec_error *zec_session_certificates_get(const zec_client *client,
                                        const char *id,
                                        zec_session_certificate **out);

/// Deletes a certificate of the session: it stands for the session no longer.
/// DELETE /current-api-session/certificates/{id} (deleteCurrentApiSessionCertificate)
ZEC_MUST_USE zec_error *zec_session_certificates_delete(const zec_client *client, const char *id);

void zec_session_certificate_free(zec_session_certificate *certificate);

void zec_session_certificate_list_free(zec_session_certificate_list *list);

void zec_new_session_certificate_free(zec_new_session_certificate *certificate);

/// All authenticators that match the query. `query` may be NULL; it must have no `limit` and no `offset`.
/// GET /current-identity/authenticators (listCurrentIdentityAuthenticators), page by page
ZEC_MUST_USE
zec_error *zec_authenticators_list(const zec_client *client,
                                   const zec_list_query *query,
                                   zec_authenticator_list **out);

/// One page of the authenticators that match the query. `query` may be NULL.
/// GET /current-identity/authenticators (listCurrentIdentityAuthenticators)
ZEC_MUST_USE
zec_error *zec_authenticators_page(const zec_client *client,
                                   const zec_list_query *query,
                                   zec_authenticator_list **out);

/// Shows the authenticators that match the query to `callback` one by one, without keeping them all. `query` may be
/// NULL; it must have no `limit` and no `offset`. The time limit holds for all pages and all that the callback does.
/// GET /current-identity/authenticators (listCurrentIdentityAuthenticators), page by page
ZEC_MUST_USE
zec_error *zec_authenticators_for_each(const zec_client *client,
                                       const zec_list_query *query,
                                       zec_authenticator_callback callback,
                                       void *userdata);

/// One authenticator of the identity's own.
/// GET /current-identity/authenticators/{id} (detailCurrentIdentityAuthenticator)
ZEC_MUST_USE
zec_error *zec_authenticators_get(const zec_client *client,
                                  const char *id,
                                  zec_authenticator **out);

/// Replaces user name and password, both of which have to be given. Sessions stay. A wrong current password is
/// ZEC_ERR_UNAUTHORIZED, with a cause that names the field "currentPassword".
/// PUT /current-identity/authenticators/{id} (updateCurrentIdentityAuthenticator)
ZEC_MUST_USE
zec_error *zec_authenticators_update(const zec_client *client,
                                     const char *id,
                                     const zec_authenticator_change *change);

/// Changes what is given. Sessions stay. A wrong current password is as for zec_authenticators_update().
/// PATCH /current-identity/authenticators/{id} (patchCurrentIdentityAuthenticator)
ZEC_MUST_USE
zec_error *zec_authenticators_patch(const zec_client *client,
                                    const char *id,
                                    const zec_authenticator_change *change);

/// Asks for a new certificate in place of the one that this client shows, for the key that signed the PEM of a
/// certificate request. The old one stays the valid one until zec_authenticators_extend_verify().
/// POST /current-identity/authenticators/{id}/extend (extendCurrentIdentityAuthenticator)
ZEC_MUST_USE
zec_error *zec_authenticators_extend(const zec_client *client,
                                     const char *id,
                                     const char *csr_pem,
                                     zec_extended_certificate **out);

/// Confirms the certificate that zec_authenticators_extend() gave. From now on logins need it: keep it first, with its
/// key. The session stays, but this client goes on showing its old certificate.
/// POST /current-identity/authenticators/{id}/extend-verify (extendVerifyCurrentIdentityAuthenticator)
ZEC_MUST_USE
zec_error *zec_authenticators_extend_verify(const zec_client *client,
                                            const char *id,
                                            const char *client_cert_pem);

void zec_authenticator_free(zec_authenticator *authenticator);

void zec_authenticator_list_free(zec_authenticator_list *list);

void zec_extended_certificate_free(zec_extended_certificate *certificate);

/// The second factor as it is: until it is verified, with all that sets up a device.
/// GET /current-identity/mfa (detailMfa)
ZEC_MUST_USE zec_error *zec_mfa_get(const zec_client *client, zec_mfa **out);

/// Begins to set up a second factor, and gives its id, which zec_string_free() frees. Logins do not want it before it
/// is verified. ZEC_ERR_API with the code "MFA_EXISTS" if there is one.
/// POST /current-identity/mfa (enrollMfa)
ZEC_MUST_USE
zec_error *zec_mfa_enroll(const zec_client *client,
                          char **out);

/// Removes the second factor. `code`, a TOTP or recovery code, may be NULL for one that is not verified.
/// DELETE /current-identity/mfa (deleteMfa)
ZEC_MUST_USE
zec_error *zec_mfa_delete(const zec_client *client,
                          const char *code);

/// Proves by a TOTP code that a device is set up: from now on logins want a code. The login itself stays, or becomes,
/// complete.
/// POST /current-identity/mfa/verify (verifyMfa)
ZEC_MUST_USE
zec_error *zec_mfa_verify(const zec_client *client,
                          const char *code);

/// The provisioning URL as a picture for the camera of a device, until it is verified.
/// GET /current-identity/mfa/qr-code (detailMfaQrCode)
ZEC_MUST_USE zec_error *zec_mfa_qr_code(const zec_client *client, zec_qr_code **out);

/// The recovery codes that are left, each of which stands in for a TOTP code once. `code` is a TOTP code.
/// GET /current-identity/mfa/recovery-codes (detailMfaRecoveryCodes)
ZEC_MUST_USE
zec_error *zec_mfa_recovery_codes(const zec_client *client,
                                  const char *code,
                                  zec_recovery_codes **out);

/// Replaces all recovery codes by new ones, which zec_mfa_recovery_codes() gives. `code` is a TOTP code.
/// POST /current-identity/mfa/recovery-codes (createMfaRecoveryCodes)
ZEC_MUST_USE
zec_error *zec_mfa_create_recovery_codes(const zec_client *client,
                                         const char *code);

void zec_mfa_free(zec_mfa *mfa);

void zec_recovery_codes_free(zec_recovery_codes *codes);

void zec_qr_code_free(zec_qr_code *code);

/// All services that this identity may dial or host and that match the query, each once. `query` may be NULL; it must
/// have no `limit` and no `offset`.
/// GET /services (listServices), page by page
ZEC_MUST_USE
zec_error *zec_services_list(const zec_client *client,
                             const zec_service_query *query,
                             zec_service_list **out);

/// One page of the services that match the query; `total` says how many there are in all. `query` may be NULL.
/// GET /services (listServices)
ZEC_MUST_USE
zec_error *zec_services_page(const zec_client *client,
                             const zec_service_query *query,
                             zec_service_list **out);

/// Shows the services that match the query to `callback` one by one, without keeping them all. `query` may be NULL; it
/// must have no `limit` and no `offset`. The time limit holds for all pages and all that the callback does.
/// GET /services (listServices), page by page
ZEC_MUST_USE
zec_error *zec_services_for_each(const zec_client *client,
                                 const zec_service_query *query,
                                 zec_service_callback callback,
                                 void *userdata);

void zec_service_list_free(zec_service_list *list);

/// The service with this id, with configs of the types in the client's options. One that this identity may not use is
/// ZEC_ERR_API with HTTP status 404.
/// GET /services/{id} (detailService)
ZEC_MUST_USE
zec_error *zec_services_get(const zec_client *client,
                            const char *id,
                            zec_service **out);

/// Frees a service that zec_services_get() returned; those of a list are freed with it.
void zec_service_free(zec_service *service);

/// Replaces a service. No controller seen so far lets a client do it: ZEC_ERR_UNSUPPORTED.
/// PUT /services/{id} (updateService)
ZEC_MUST_USE
zec_error *zec_services_update(const zec_client *client,
                               const char *id,
                               const zec_service_update *service);

/// Changes a service in part. No controller seen so far lets a client do it: ZEC_ERR_UNSUPPORTED.
/// PATCH /services/{id} (patchService)
ZEC_MUST_USE
zec_error *zec_services_patch(const zec_client *client,
                              const char *id,
                              const zec_service_patch *service);

/// Deletes a service. No controller seen so far lets a client do it: ZEC_ERR_UNSUPPORTED.
/// DELETE /services/{id} (deleteService)
ZEC_MUST_USE zec_error *zec_services_delete(const zec_client *client, const char *id);

/// The posture checks of a service by policy, with how they went when the controller answered. No I/O.
ZEC_MUST_USE
zec_error *zec_service_posture_queries(const zec_service *service,
                                       zec_posture_query_set_list **out);

void zec_posture_query_set_list_free(zec_posture_query_set_list *list);

/// Whether this identity may connect to the service from this device, as it was when the controller answered: it is
/// permitted, and of the policies that grant it at least one has all its posture checks passed. One that checks
/// nothing counts as passed, and so does having none. `*out` is false after a failure. No I/O.
ZEC_MUST_USE
zec_error *zec_service_can_use_dial(const zec_service *service,
                                    bool *out);

/// Whether this identity may host the service, by the same rule. `*out` is false after a failure. No I/O.
ZEC_MUST_USE
zec_error *zec_service_can_use_bind(const zec_service *service,
                                    bool *out);

/// The config of this type as JSON. `*out` is NULL after a success if the service has none, or it was not asked for.
/// Free it with zec_string_free(). No I/O.
ZEC_MUST_USE
zec_error *zec_service_raw_config(const zec_service *service,
                                  const char *config_type,
                                  char **out);

/// The config of type "intercept.v1". `*out` is NULL after a success if the service has none, or it was not asked for.
/// No I/O.
ZEC_MUST_USE
zec_error *zec_service_intercept_v1(const zec_service *service,
                                    zec_intercept_v1 **out);

void zec_intercept_v1_free(zec_intercept_v1 *intercept);

/// The config of type "host.v1". `*out` is NULL after a success if the service has none, or it was not asked for.
/// No I/O.
ZEC_MUST_USE
zec_error *zec_service_host_v1(const zec_service *service,
                               zec_host_v1 **out);

void zec_host_v1_free(zec_host_v1 *host);

/// The config of type "host.v2". `*out` is NULL after a success if the service has none, or it was not asked for.
/// No I/O.
ZEC_MUST_USE
zec_error *zec_service_host_v2(const zec_service *service,
                               zec_host_v2 **out);

void zec_host_v2_free(zec_host_v2 *host);

/// The config of type "ziti-tunneler-client.v1". `*out` is NULL after a success if the service has none, or it was not asked for.
/// No I/O.
ZEC_MUST_USE
zec_error *zec_service_tunneler_client_v1(const zec_service *service,
                                          zec_tunneler_client_v1 **out);

void zec_tunneler_client_v1_free(zec_tunneler_client_v1 *client);

/// The config of type "ziti-tunneler-server.v1". `*out` is NULL after a success if the service has none, or it was not asked for.
/// No I/O.
ZEC_MUST_USE
zec_error *zec_service_tunneler_server_v1(const zec_service *service,
                                          zec_tunneler_server_v1 **out);

void zec_tunneler_server_v1_free(zec_tunneler_server_v1 *server);

/// A stamp of now if it is another than `since`, or if `since` is NULL: something may have changed. `*out` is NULL after
/// a success if nothing did. Ask for the stamp before the services, not after, or a change in between is missed. Stamps
/// are only ever the same or not, never earlier or later. Free it with zec_string_free().
/// GET /current-api-session/service-updates (listServiceUpdates)
ZEC_MUST_USE
zec_error *zec_services_changed_since(const zec_client *client,
                                      const char *since,
                                      char **out);

/// A watch over the services that match the query. No I/O. `query` may be NULL; it must have no `limit` and no
/// `offset`. The client may be freed before the watch.
ZEC_MUST_USE
zec_error *zec_service_watch_new(const zec_client *client,
                                 const zec_service_query *query,
                                 zec_service_watch **out);

/// What changed since the last poll that succeeded; in the first one all services are added. A poll that finds nothing
/// new is one small request. After a failure the watch is as before, and the next poll tells all that this one would
/// have told. One thread at a time may poll a watch. A service has changed if anything that the controller says of it
/// differs, configs and the outcome of posture checks included, but not how much longer a check holds. What time alone
/// changes, such as a check whose time is over, may show only with the next change of something else.
/// GET /current-api-session/service-updates (listServiceUpdates), then GET /services (listServices), page by page
ZEC_MUST_USE
zec_error *zec_service_watch_poll(zec_service_watch *watch,
                                  zec_service_changes **out);

void zec_service_changes_free(zec_service_changes *changes);

void zec_service_watch_free(zec_service_watch *watch);

/// All terminators of the service that match the query: one for each program that hosts it, and each router that it
/// hosts it through. In filters the `identity` of a terminator is called `instanceId`. `query` may be NULL; it must have
/// no `limit` and no `offset`.
/// GET /services/{id}/terminators (listServiceTerminators), page by page
ZEC_MUST_USE
zec_error *zec_services_terminators(const zec_client *client,
                                    const char *id,
                                    const zec_list_query *query,
                                    zec_terminator_list **out);

/// One page of the terminators of the service that match the query. `query` may be NULL.
/// GET /services/{id}/terminators (listServiceTerminators)
ZEC_MUST_USE
zec_error *zec_services_terminators_page(const zec_client *client,
                                         const char *id,
                                         const zec_list_query *query,
                                         zec_terminator_list **out);

/// Shows the terminators of the service that match the query to `callback` one by one, without keeping them all.
/// `query` may be NULL; it must have no `limit` and no `offset`. The time limit holds for all pages and all that the
/// callback does.
/// GET /services/{id}/terminators (listServiceTerminators), page by page
ZEC_MUST_USE
zec_error *zec_services_terminators_for_each(const zec_client *client,
                                             const char *id,
                                             const zec_list_query *query,
                                             zec_terminator_callback callback,
                                             void *userdata);

void zec_terminator_list_free(zec_terminator_list *list);

/// The edge routers through which this identity may reach the service, without the addresses for a session, in one
/// answer. `session_token` may be NULL; else the controller checks that it is good and of this login, too. Controllers
/// 1.3 and 1.6 refuse the tokens that they gave out themselves to a login that is not OIDC.
/// GET /services/{id}/edge-routers (listServiceEdgeRouters)
ZEC_MUST_USE
zec_error *zec_services_edge_routers(const zec_client *client,
                                     const char *id,
                                     const char *session_token,
                                     zec_edge_router_list **out);

/// All sessions of this login that match the query; under OIDC the controller lists none. `query` may be NULL; it must
/// have no `limit` and no `offset`.
/// GET /sessions (listSessions), page by page
ZEC_MUST_USE
zec_error *zec_sessions_list(const zec_client *client,
                             const zec_list_query *query,
                             zec_session_list **out);

/// One page of the sessions of this login that match the query. `query` may be NULL.
/// GET /sessions (listSessions)
ZEC_MUST_USE
zec_error *zec_sessions_page(const zec_client *client,
                             const zec_list_query *query,
                             zec_session_list **out);

/// Shows the sessions that match the query to `callback` one by one, without keeping them all. `query` may be NULL; it
/// must have no `limit` and no `offset`. The time limit holds for all pages and all that the callback does.
/// GET /sessions (listSessions), page by page
ZEC_MUST_USE
zec_error *zec_sessions_for_each(const zec_client *client,
                                 const zec_list_query *query,
                                 zec_session_callback callback,
                                 void *userdata);

/// A session with a service: the token for its edge routers, and where they are. Under a login that is not OIDC asking
/// again gives the session that is there. Fails with the code "INVALID_POSTURE" if this device does not pass the posture
/// checks (see zec_error_failed_posture()), and with "NO_EDGE_ROUTERS_AVAILABLE" if no edge router that may serve the
/// two is online: try later.
/// POST /sessions (createSession)
ZEC_MUST_USE
zec_error *zec_sessions_create(const zec_client *client,
                               const zec_session_request *request,
                               zec_session **out);

/// The session with this id, of this login; under OIDC the controller finds none.
/// GET /sessions/{id} (detailSession)
ZEC_MUST_USE
zec_error *zec_sessions_get(const zec_client *client,
                            const char *id,
                            zec_session **out);

/// Ends the session with this id.
/// DELETE /sessions/{id} (deleteSession)
ZEC_MUST_USE zec_error *zec_sessions_delete(const zec_client *client, const char *id);

void zec_session_free(zec_session *session);

void zec_session_list_free(zec_session_list *list);

/// The posture checks that a session failed for: an error with the code "INVALID_POSTURE". Empty for every other error,
/// and for NULL.
ZEC_MUST_USE
zec_error *zec_error_failed_posture(const zec_error *error,
                                    zec_failed_policy_list **out);

void zec_failed_policy_list_free(zec_failed_policy_list *list);

/// Sends any request below the base path of the API, for operations that are newer than this library. It is a call
/// like any other: with the login, within the client's time limit, and a refusal is the same error. Only a GET is
/// sent again after a lost connection.
ZEC_MUST_USE
zec_error *zec_client_request(const zec_client *client,
                              const zec_request *request,
                              zec_answer **out);

void zec_answer_free(zec_answer *answer);

/// Sends the library's log lines of the whole process to `callback`, in place of an earlier one; NULL silences it.
/// `level`: 0 nothing, 1 errors, 2 warnings, 3 information, 4 details, 5 all there is. No line holds a secret.
/// An earlier callback may still be running on another thread when this returns: keep its `userdata` until the calls
/// that were running have ended. A callback may call this function. In a process whose Rust code has a logger already,
/// that one gets the lines, and this is ZEC_ERR_UNSUPPORTED.
ZEC_MUST_USE
zec_error *zec_set_log(int32_t level,
                       zec_log_callback callback,
                       void *userdata);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* ZITI_EDGE_CLIENT_H */
