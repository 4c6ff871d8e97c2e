/**
 * Helpers of the TLS tests: certificate files, TLS connections, and a proxy
 * that decrypts the traffic between servers.
 *
 * @module
 */
import { type TlsFiles, TlsIdentity } from "../../runtime/certificates.ts";
import { SystemClock } from "../../runtime/clock.ts";
import {
  acceptSecurely,
  connectSecurely,
  type SecureTransport,
} from "../../runtime/secure_transport.ts";
import {
  closeQuietly,
  type Transport,
  writeAllBytes,
} from "../../runtime/transport.ts";
import { authority, hill } from "../fakes/certificates.ts";
import { connect, type TestHerd } from "./process.ts";

const clock = new SystemClock();

/** The TLS files of a server, in the folder of a herd's logs. */
export class Files {
  readonly #folder: string;

  constructor(herd: TestHerd, files: TlsFiles = hill) {
    this.#folder = herd.logFolder;
    this.write(files);
    Deno.writeTextFileSync(this.#path("ca"), authority);
    Deno.writeTextFileSync(this.#path("secret"), "a-secret-of-tests-only\n");
  }

  /** Replaces the certificate and the key. */
  write({ certificate, key }: TlsFiles): void {
    Deno.writeTextFileSync(this.#path("cert"), certificate);
    Deno.writeTextFileSync(this.#path("key"), key);
  }

  /** Flags of a server with TLS for clients. */
  get flags(): string[] {
    return [
      `--tls-cert=${this.#path("cert")}`,
      `--tls-key=${this.#path("key")}`,
    ];
  }

  /** Flags of a server with TLS for clients and links. */
  get linkFlags(): string[] {
    return [
      ...this.flags,
      `--tls-ca=${this.#path("ca")}`,
      `--secret-file=${this.#path("secret")}`,
    ];
  }

  /** Permissions to read these files and no others. */
  get permissions(): string[] {
    const paths = ["cert", "key", "ca", "secret", "herd"]
      .map((name) => this.#path(name));
    return [
      "--no-prompt",
      "--allow-net",
      "--allow-write",
      `--allow-read=${paths.join()}`,
    ];
  }

  #path(name: string): string {
    return `${this.#folder}/${name}.pem`;
  }

  /** A flag with a herd file of Hill and Smith, one with another peer port. */
  herdFlag(herd: TestHerd, moved: "Hill" | "Smith", peerPort: number): string {
    const servers = [
      { name: "Hill" },
      { name: "Jaquez" },
      { name: "Smith" },
    ].map((server) => server.name === moved ? { ...server, peerPort } : server);
    const { basePort } = herd;
    const file = { basePort, servers, links: [["Hill", "Smith"]] };
    const path = `${this.#folder}/herd-${moved}.json`;
    Deno.writeTextFileSync(path, JSON.stringify(file));
    return `--config=${path}`;
  }
}

/** Starts TLS on a connection to a server with a certificate for 127.0.0.1. */
export function startTls(plain: Transport): SecureTransport {
  return connectSecurely(plain, "127.0.0.1", authority, clock);
}

/** Connects to a port with TLS. */
export async function connectTls(port: number): Promise<SecureTransport> {
  return startTls(await connect(port));
}

/**
 * Forwards connections between two servers. With files, it decrypts the
 * traffic: it has its own certificate, which their authority has issued for the
 * same address.
 */
export class InterceptingProxy implements AsyncDisposable {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #connections: Transport[] = [];
  readonly #tasks: Promise<void>[] = [];

  /** @param files Its certificate; undefined to forward the encrypted bytes. */
  constructor(port: number, files: TlsFiles | undefined) {
    this.#tasks.push(this.#accept(port, files && new TlsIdentity(files)));
  }

  get port(): number {
    return this.#listener.addr.port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    this.#connections.forEach(closeQuietly);
    await Promise.all(this.#tasks);
  }

  async #accept(port: number, identity: TlsIdentity | undefined) {
    for await (const accepted of this.#listener) {
      const near = identity === undefined
        ? accepted
        : acceptSecurely(accepted, identity.credentials, clock);
      const far = identity === undefined
        ? await connect(port)
        : await connectTls(port);
      this.#connections.push(near, far);
      this.#tasks.push(forward(near, far), forward(far, near));
    }
  }
}

async function forward(from: Transport, to: Transport): Promise<void> {
  const buffer = new Uint8Array(4096);
  try {
    let count;
    while ((count = await from.read(buffer)) !== null) {
      await writeAllBytes(to, buffer.slice(0, count));
    }
    await to.closeWrite();
  } catch {
    // One of the two was closed.
  }
  closeQuietly(from);
  closeQuietly(to);
}
