/**
 * A server whose administration port requires tokens, and tokens for it.
 *
 * @module
 */
import { TokenKey } from "../../identity/token_keys.ts";
import { signTexts } from "../identity/make_token.ts";
import { type Program, TestHerd, until } from "./process.ts";

/** Two keys of these tests. */
export const keys = ["first", "second"].map((id, index) =>
  new TokenKey(id, new Uint8Array(32).fill(index + 1))
);
const bytesOf = new Map(
  keys.map((key, index) => [key, new Uint8Array(32).fill(index + 1)]),
);

/** A token with an ID. */
export function tokenOf(
  tokenId: string,
  claims: Record<string, unknown> = {},
  key: TokenKey = keys[0],
): string {
  return signTexts(
    JSON.stringify({ alg: "HS256", kid: key.id }),
    JSON.stringify({
      sub: "ops/mira",
      exp: Math.floor(Date.now() / 1000) + 3_600,
      jti: tokenId,
      role: "viewer",
      ...claims,
    }),
    bytesOf.get(key),
  );
}

/** A server, and the files that it reads. */
export class GuardedServer implements AsyncDisposable {
  readonly herd = new TestHerd();
  readonly #folder = Deno.makeTempDirSync({ prefix: "herd-tokens-" });
  program!: Program;

  constructor() {
    this.writeKeys(keys[0]);
    this.writeRevoked();
  }

  async start(...flags: readonly string[]): Promise<void> {
    this.program = await this.herd.start(
      "Hill",
      [
        "--admin",
        `--token-key-file=${this.pathOf("keys")}`,
        `--revoked-file=${this.pathOf("revoked")}`,
        "--local-clients",
        ...flags,
      ],
      {},
      ["--no-prompt", "--allow-net", "--allow-write", "--allow-read"],
    );
  }

  pathOf(name: string): string {
    return `${this.#folder}/${name}`;
  }

  write(name: string, text: string): string {
    const path = this.pathOf(name);
    Deno.writeTextFileSync(path, text, { mode: 0o600 });
    return path;
  }

  writeKeys(...some: readonly TokenKey[]): void {
    const lines = some.map((key) => `${key.formatLine()}\n`);
    this.write("keys", lines.join(""));
  }

  writeRevoked(...tokenIds: readonly string[]): void {
    this.write("revoked", tokenIds.map((id) => `${id}\n`).join(""));
  }

  /** Lets the server read its files again. Resolves when it has. */
  async renew(): Promise<void> {
    const count = () =>
      this.herd.log("Hill").split(/identities-(?:renewed|kept)/).length;
    const before = count();
    this.program.signal("SIGHUP");
    await until(() => count() > before);
  }

  /** The address of the administration port. */
  get address(): string {
    return `127.0.0.1:${this.herd.adminPortOf("Hill")}`;
  }

  /**
   * Sends a request with a token. Returns the status.
   *
   * @param client The address that it was passed on for, if it was.
   */
  async statusOf(
    path: string,
    token?: string,
    client?: string,
  ): Promise<number> {
    const headers = new Headers();
    if (token !== undefined) headers.set("authorization", `Bearer ${token}`);
    if (client !== undefined) headers.set("x-forwarded-for", client);
    const response = await fetch(`http://${this.address}${path}`, { headers });
    await response.body?.cancel();
    return response.status;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.herd[Symbol.asyncDispose]();
    await Deno.remove(this.#folder, { recursive: true });
  }
}
