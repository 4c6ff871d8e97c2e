/**
 * How a server proves who it is: HMAC-SHA-256 by the runtime's WebCrypto, and
 * nonces that nobody can foresee.
 *
 * @module
 */

/** Bytes of a nonce: enough that none comes twice. */
const nonceBytes = 16;

/** A new nonce: 32 hexadecimal digits. */
export function createNonce(): string {
  return crypto.getRandomValues(new Uint8Array(nonceBytes)).toHex();
}

/** A key for the hash of the table of clients. */
export function createHashKey(): [number, number] {
  const [one, other] = crypto.getRandomValues(new Uint32Array(2));
  return [one, other];
}

/**
 * Makes what proves knowledge of these secrets: for a text, the HMAC of each,
 * as 64 hexadecimal digits. The text is ASCII.
 */
export function createProver(
  secrets: readonly string[],
): (text: string) => Promise<string[]> {
  const encoder = new TextEncoder();
  const keys = Promise.all(
    secrets.map((secret) =>
      crypto.subtle.importKey(
        "raw",
        encoder.encode(secret),
        { name: "HMAC", hash: "SHA-256" },
        false,
        ["sign"],
      )
    ),
  );
  return async (text) => {
    const proofs = (await keys).map((key) =>
      crypto.subtle.sign("HMAC", key, encoder.encode(text))
    );
    return (await Promise.all(proofs)).map((proof) =>
      new Uint8Array(proof).toHex()
    );
  };
}
