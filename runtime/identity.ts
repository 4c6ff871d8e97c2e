/**
 * What servers need to authenticate each other: HMAC-SHA-256 by WebCrypto, and
 * random nonces.
 *
 * @module
 */

/** Bytes of a nonce: enough that no nonce occurs twice. */
const nonceBytes = 16;

/** A new random nonce: 32 hexadecimal digits. */
export function createNonce(): string {
  return crypto.getRandomValues(new Uint8Array(nonceBytes)).toHex();
}

/** A random key for the hash table of clients: two numbers of 32 bits. */
export function createHashKey(): [number, number] {
  const [one, other] = crypto.getRandomValues(new Uint32Array(2));
  return [one, other];
}

/**
 * Creates the function that proves knowledge of these secrets. For an ASCII
 * text it gives the HMAC with each secret, as 64 hexadecimal digits.
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
