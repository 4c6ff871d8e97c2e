/**
 * Limits of identities, with units and reasons.
 *
 * @module
 */

/**
 * Most bytes of a token. Servers and proxies commonly limit a whole HTTP head to
 * 8 KiB, and a token is one line of it.
 */
export const maxTokenBytes = 4 * 1024;

/** Fewest bytes of a key: RFC 7518 requires the length of the hash. */
export const minKeyBytes = 32;

/** Most bytes of a key: a block of SHA-256. HMAC hashes longer keys first. */
export const maxKeyBytes = 64;

/** Most keys at once: an old one and a new one. */
export const maxKeys = 2;

/** Most characters of a key's ID, which every token repeats. */
export const maxKeyIdLength = 64;

/** Most characters of a token's ID, of which a file lists many. */
export const maxTokenIdLength = 128;

/** How far the clocks of an issuer and of a server may differ, in seconds. */
export const leewaySeconds = 60;

/** Most patterns in a list. Each is compared with the ID of each command. */
export const maxPatterns = 64;

/** Most bytes of a pattern or a subject: the default of `--max-id-bytes`. */
export const maxPatternBytes = 1024;

/**
 * Most memory of tokens that were accepted, in bytes: about 3,000 tokens with
 * few patterns. Others are checked again.
 */
export const maxCacheBytes = 4 * 1024 * 1024;

/**
 * Memory of an accepted token, in bytes: this much, and twice its length. A
 * token of 270 bytes took 1,119 bytes, and one of 2,497 bytes with 60 patterns
 * 4,804.
 */
export const cacheEntryBytes = 768;

/** Most characters of a key file: two keys, and comments. */
export const maxKeyFileLength = 4 * 1024;

/** Most characters of a list of revoked tokens: the most tokens, with notes. */
export const maxRevokedFileLength = 2 * 1024 * 1024;

/**
 * Most revoked tokens. Reading so many takes about 10 ms, in which a server
 * does nothing else, and 1 MB. To revoke more, replace the key.
 */
export const maxRevokedTokens = 10_000;

/** Most characters of an identities file: 200 for each of the most lines. */
export const maxIdentitiesFileLength = 1024 * 1024;

/**
 * Most lines of an identities file that name a certificate. Reading so many
 * takes about 20 ms, in which a server does nothing else.
 */
export const maxCertificateEntries = 5_000;

/** Most names of a certificate that are looked up. */
export const maxCertificateNames = 64;

/**
 * Most rates of identities that are remembered. Beyond that the one that was
 * used longest ago is forgotten, and starts with its full rate.
 */
export const maxRememberedRates = 10_000;
